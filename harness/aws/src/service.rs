//! Which service does a request mean, and who answers it?

use crate::authorize::Call;
use crate::protocol::{Form, json, query};
use crate::{Cloud, Fault, gate, iam, kms, organizations, s3, sts};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use proofmark_aws_sigv4::{Presigned, Signature};
use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body, in or out.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// A body that ended early or could not be read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BodyError(Box<dyn std::error::Error + Send + Sync>);

impl BodyError {
    /// Whatever the transport says.
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// What is wrong with the content, if that is why.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.0.downcast_ref()
    }
}

/// A body of known bytes.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// As much as a request of any service but S3 may carry.
const LIMIT: usize = 1 << 20;

/// A service of the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Simple Storage Service: REST and XML.
    S3,
    /// Security Token Service: the Query protocol.
    Sts,
    /// Identity and Access Management: the Query protocol.
    Iam,
    /// Key Management Service: the JSON protocol.
    Kms,
    /// Organizations: the JSON protocol.
    Organizations,
}

impl Service {
    const ALL: [Self; 5] = [Self::S3, Self::Sts, Self::Iam, Self::Kms, Self::Organizations];

    /// What requests to it are signed for, and the first label of its host names.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::Kms => "kms",
            Self::Organizations => "organizations",
        }
    }

    /// The service that a request means: what it is signed for; else its target, its host, or its form.
    pub fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        let signed_for = signature(request).map(|signature| signature.scope.service);
        if let Some(service) =
            Self::ALL.into_iter().find(|service| signed_for.as_deref() == Some(service.signing_name()))
        {
            return service;
        }
        match text(headers, "x-amz-target").and_then(|target| target.split('.').next()) {
            Some("TrentService") => return Self::Kms,
            Some("AWSOrganizationsV20161128") => return Self::Organizations,
            _ => {}
        }
        let host = text(headers, "host").unwrap_or_default();
        let label = host.split(['.', ':']).next().unwrap_or_default();
        if let Some(service) = Self::ALL.into_iter().find(|service| label == service.signing_name()) {
            return service;
        }
        // Tokens are traded without a signature, at any host.
        let form =
            text(headers, "content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let action =
            request.uri().query().is_some_and(|query| query.starts_with("Action=") || query.contains("&Action="));
        if request.uri().path() == "/" && ((request.method() == Method::POST && form) || action) {
            Self::Sts
        } else {
            Self::S3
        }
    }
}

fn signature<B>(request: &Request<B>) -> Option<Signature> {
    match text(request.headers(), "authorization") {
        Some(header) => Signature::from_header(header).ok(),
        None => Presigned::from_query(request.uri().query()?).ok().map(|presigned| presigned.signature),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Where a request comes from; transports put it into the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The address.
    pub ip: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
}

impl Cloud {
    /// Answers a request to any service.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let service = Service::of(&request);
        self.answer_as(service, request).await
    }

    /// Answers a request as one service, whatever it means: for endpoints that serve only one.
    pub async fn answer_as(&self, service: Service, request: Request<Body>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        name_host(&mut parts);
        if let Some(answer) = self.inspect(&parts) {
            return answer;
        }
        if sts::is_for_pod(&parts) {
            return sts::answer_pod(self, &parts).await;
        }
        if service == Service::S3 {
            return s3::answer(self, parts, body).await;
        }
        let request_id = self.random().uuid();
        let refuse = |fault: Fault| match service {
            Service::Iam => query::refuse(&fault, iam::NAMESPACE, &request_id),
            Service::Sts | Service::S3 => query::refuse(&fault, sts::NAMESPACE, &request_id),
            Service::Kms | Service::Organizations => json::refuse(&fault, &request_id),
        };
        let body = match whole(body).await {
            Ok(body) => body,
            Err(fault) => return refuse(fault),
        };
        let caller = match gate::identify(self, service, &parts, Some(&body)) {
            Ok(caller) => caller,
            Err(fault) => return refuse(fault),
        };
        let call = Call::new(self, &parts, caller, request_id.clone());
        let answered = match service {
            Service::Sts | Service::Iam | Service::S3 => {
                let form = Form::parse(parts.uri.query().unwrap_or_default(), &body);
                let action = form.get("Action").unwrap_or_default().to_owned();
                let (namespace, result) = if service == Service::Iam {
                    (iam::NAMESPACE, iam::answer(self, &call, &action, &form))
                } else {
                    (sts::NAMESPACE, sts::answer(self, &call, &action, &form).await)
                };
                result.map(|result| query::answer(&action, namespace, result, &request_id))
            }
            Service::Kms | Service::Organizations => {
                let action = text(&parts.headers, "x-amz-target").and_then(|target| target.split_once('.'));
                let action = action.map(|(_, action)| action.to_owned()).unwrap_or_default();
                let result = if service == Service::Kms {
                    kms::answer(self, &call, &action, &body)
                } else {
                    organizations::answer(self, &call, &action, &body)
                };
                result.map(|result| json::answer(&result, &request_id))
            }
        };
        answered.unwrap_or_else(refuse)
    }
}

/// HTTP/2 names the host in the URI, and signs it as a header.
fn name_host(parts: &mut Parts) {
    if !parts.headers.contains_key(http::header::HOST)
        && let Some(host) = parts.uri.authority().and_then(|host| http::HeaderValue::from_str(host.as_str()).ok())
    {
        parts.headers.insert(http::header::HOST, host);
    }
}

impl Call {
    /// A call whose caller is known.
    pub(crate) fn new(cloud: &Cloud, parts: &Parts, caller: gate::Caller, request_id: String) -> Self {
        let peer = parts.extensions.get::<Peer>().copied();
        Self {
            region: caller.signed.region().unwrap_or(&cloud.settings().region).to_owned(),
            caller,
            request_id,
            source_ip: peer.map(|peer| peer.ip),
            secure: peer.is_none_or(|peer| peer.secure),
            user_agent: text(&parts.headers, "user-agent").map(str::to_owned),
            referer: text(&parts.headers, "referer").map(str::to_owned),
        }
    }
}

async fn whole(body: Body) -> Result<Bytes, Fault> {
    match Limited::new(body, LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Fault::new(
            StatusCode::PAYLOAD_TOO_LARGE.as_u16(),
            "RequestEntityTooLarge",
            format!("Request body is larger than {LIMIT} bytes."),
        )),
        Err(error) => Err(Fault::new(400, "RequestIncomplete", format!("The request body ended early: {error}"))),
    }
}

impl<B> tower::Service<Request<B>> for Cloud
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let cloud = self.clone();
        let request = request.map(|body| body.map_err(BodyError::new).boxed_unsync());
        Box::pin(async move { Ok(cloud.answer(request).await) })
    }
}
