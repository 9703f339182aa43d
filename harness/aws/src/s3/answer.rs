//! A request's way through the room.

use super::body::{self, Trailers};
use super::error;
use super::service::SERVICE;
use super::{address, control, form};
use crate::authorize::Call;
use crate::{Body, BodyError, Cloud, Fault, Service, full, gate};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use proofmark_aws_sigv4::Presigned;
use std::sync::Arc;

/// What operations know of a request beside their input.
pub(super) struct Context {
    pub(super) cloud: Cloud,
    pub(super) call: Call,
    pub(super) headers: HeaderMap,
    /// As it was sent, signature and all.
    query: String,
    /// Headers that come behind the body.
    pub(super) trailers: Trailers,
    /// The region that the host name stands for.
    pub(super) endpoint_region: Option<String>,
    /// Whether it is addressed to an account.
    pub(super) is_control: bool,
    /// What an operation refuses; `s3s` has no room for all of it.
    fault: Mutex<Option<Fault>>,
}

impl Context {
    /// That of a form, whose headers are those of the request that it stands for.
    pub(super) fn of_form(cloud: Cloud, call: Call, headers: HeaderMap, endpoint_region: Option<String>) -> Self {
        Self {
            cloud,
            call,
            headers,
            query: String::new(),
            trailers: Trailers::default(),
            endpoint_region,
            is_control: false,
            fault: Mutex::new(None),
        }
    }

    /// Where an object is.
    pub(super) fn object_url(&self, bucket: &str, key: &str) -> String {
        self.cloud.world().read().buckets.0.get(bucket).map_or_else(String::new, |bucket| bucket.object_url(key))
    }

    pub(super) fn refuse(&self, fault: Fault) {
        *self.fault.lock() = Some(fault);
    }

    /// Whether the query has a parameter of this name.
    pub(super) fn queried(&self, name: &str) -> bool {
        self.query.split('&').any(|part| part.split('=').next() == Some(name))
    }

    /// A header's value, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Answers a request.
pub(crate) async fn answer(cloud: &Cloud, parts: Parts, body: Body) -> Response<Body> {
    let request_id = cloud.random().request_id();
    let host_id = cloud.random().token(56);
    let method = parts.method.clone();
    let answered = if form::is_one(&parts) {
        upload(cloud, parts, body, &request_id, &host_id).await
    } else {
        match prepare(cloud, parts, body, &request_id) {
            Ok((context, request)) if context.is_control => {
                Ok(control::answer(&context, request, &request_id, &host_id).await)
            }
            Ok((context, request)) => Ok(serve(&context, request, &method, &request_id, &host_id).await),
            Err(fault) => Err(fault),
        }
    };
    let mut response = answered.unwrap_or_else(|fault| error::refuse(&fault, &method, &request_id, &host_id));
    let headers = response.headers_mut();
    for (name, value) in [("x-amz-request-id", &request_id), ("x-amz-id-2", &host_id)] {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    headers.insert(header::SERVER, HeaderValue::from_static("AmazonS3"));
    response
}

/// Answers a form.
async fn upload(
    cloud: &Cloud,
    parts: Parts,
    body: Body,
    request_id: &str,
    host_id: &str,
) -> Result<Response<Body>, Fault> {
    let form::Unfolded { context, request, reply } = form::unfold(cloud, parts, body, request_id).await?;
    let response = serve(&context, request, &Method::PUT, request_id, host_id).await;
    Ok(reply.answer(&context, response))
}

/// Verifies signature and body, and leaves a plain request in path style without a signature.
fn prepare(
    cloud: &Cloud,
    mut parts: Parts,
    body: Body,
    request_id: &str,
) -> Result<(Arc<Context>, Request<Body>), Fault> {
    if parts.method == Method::POST && parts.uri.path() == "/" {
        let message = "The specified method is not allowed against this resource.";
        return Err(Fault::new(405, "MethodNotAllowed", message)
            .with("Method", "POST")
            .with("ResourceType", "SERVICE"));
    }
    let headers = parts.headers.clone();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // Hosts of S3 Control begin with an account, which is no bucket.
    let is_control = control::is_for(&parts);
    let host = match is_control {
        true => address::Host::default(),
        false => address::read(host, &cloud.settings().domains),
    };
    let by_version_2 = gate::version2::is_in(&query);
    let ways = [headers.contains_key(header::AUTHORIZATION), Presigned::is_in(&query), by_version_2];
    if ways.iter().filter(|way| **way).count() > 1 {
        let message = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified";
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        return Err(error::invalid_argument(message, "Authorization", given));
    }
    let in_path_style = host.bucket.and_then(|bucket| address::in_path_style(&parts.uri, bucket));
    let caller = if by_version_2 {
        gate::version2::identify(cloud, &parts, in_path_style.as_ref().unwrap_or(&parts.uri).path())?
    } else {
        gate::identify(cloud, Service::S3, &parts, None)?
    };
    let verified = body::verified(&parts, &caller, body)?;
    let call = Call::new(cloud, &parts, caller, request_id.to_owned());
    if let Some(uri) = in_path_style {
        parts.uri = uri;
    }
    let endpoint_region = host.region.map(str::to_owned);
    super::request::check(&mut parts)?;
    strip(&mut parts, verified.decoded_length.as_deref());
    let context = Arc::new(Context {
        cloud: cloud.clone(),
        call,
        headers,
        query,
        trailers: verified.trailers,
        endpoint_region,
        is_control,
        fault: Mutex::new(None),
    });
    parts.extensions.insert(Arc::clone(&context));
    Ok((context, Request::from_parts(parts, verified.body)))
}

/// Takes away what has been dealt with: the signature and the encoding of the body.
fn strip(parts: &mut Parts, decoded_length: Option<&str>) {
    for name in ["authorization", "x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-security-token"] {
        parts.headers.remove(name);
    }
    // The host has been read; a bucket in it would be read again.
    parts.headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    if let Some(length) = decoded_length.and_then(|length| HeaderValue::from_str(length).ok()) {
        parts.headers.insert(header::CONTENT_LENGTH, length);
        let rest =
            parts.headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let rest: Vec<&str> =
            rest.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked" && !coding.is_empty()).collect();
        match HeaderValue::from_str(&rest.join(",")) {
            Ok(rest) if !rest.is_empty() => drop(parts.headers.insert(header::CONTENT_ENCODING, rest)),
            _ => drop(parts.headers.remove(header::CONTENT_ENCODING)),
        }
    }
    let query = parts.uri.query().unwrap_or_default();
    let is_version_2 = gate::version2::is_in(query);
    if is_version_2 || query.contains("X-Amz-") {
        let signs = |part: &&str| part.starts_with("X-Amz-") || (is_version_2 && gate::version2::owns(part));
        let kept: Vec<&str> = query.split('&').filter(|part| !signs(part)).collect();
        let path = parts.uri.path();
        let path = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
        if let Ok(uri) = path.parse() {
            parts.uri = uri;
        }
    }
}

async fn serve(
    context: &Context,
    request: Request<Body>,
    method: &Method,
    request_id: &str,
    host_id: &str,
) -> Response<Body> {
    let answered = SERVICE.call(request.map(s3s::Body::http_body_unsync)).await;
    if let Some(fault) = context.fault.lock().take() {
        return error::refuse(&fault, method, request_id, host_id);
    }
    match answered {
        Ok(response) if response.status().is_client_error() || response.status().is_server_error() => {
            restate(response, method, request_id, host_id).await
        }
        Ok(response) => response.map(|body| body.map_err(BodyError::new).boxed_unsync()),
        Err(error) => {
            tracing::error!(?error, "S3 failed");
            error::refuse(
                &Fault::new(500, "InternalError", "We encountered an internal error. Please try again."),
                method,
                request_id,
                host_id,
            )
        }
    }
}

/// What `s3s` itself refuses has neither request id nor host id, and some of it no message.
async fn restate(response: Response<s3s::Body>, method: &Method, request_id: &str, host_id: &str) -> Response<Body> {
    let (parts, body) = response.into_parts();
    let text = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let ids = format!("<RequestId>{request_id}</RequestId><HostId>{host_id}</HostId></Error>");
    let mut text = text.replace("</Error>", &ids);
    if text.contains("<Code>MalformedXML</Code>") && !text.contains("<Message>") {
        let message = error::malformed_xml().message;
        text = text.replace("</Code>", &format!("</Code><Message>{message}</Message>"));
    }
    let text = if *method == Method::HEAD { String::new() } else { text };
    let mut response = Response::from_parts(parts, full(text));
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}
