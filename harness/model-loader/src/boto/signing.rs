//! Requests, signed and ready to be sent.

use super::client::{Client, Operation, Service};
use super::credentials::Credentials;
use super::endpoint::Endpoint;
use crate::exception::{Exception, Link, Result};
use crate::net::{self, Url};
use crate::python;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use proofmark_aws_sigv4 as sigv4;

impl Client {
    /// The signed request, or why it cannot be sent.
    pub(super) async fn request(
        &self,
        operation: &Operation<'_>,
        url: &Url,
        endpoint: &Endpoint,
    ) -> Result<std::result::Result<net::Request, Exception>> {
        let mut headers = HeaderMap::new();
        for (name, value) in &operation.headers {
            match HeaderValue::from_str(value) {
                Ok(value) => headers.insert(HeaderName::from_static(name), value),
                Err(_) => return Ok(Err(invalid_header(value))),
            };
        }
        let request =
            net::Request { method: operation.method.clone(), url: url.clone(), headers, body: operation.body.clone() };
        let mut request = match &self.credentials {
            None => request,
            Some(credentials) => match self.sign(request, credentials, endpoint).await? {
                Ok(request) => request,
                Err(unsendable) => return Ok(Err(unsendable)),
            },
        };
        request.headers.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("proofmark-model-loader/", env!("CARGO_PKG_VERSION"))),
        );
        request.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ok(Ok(request))
    }

    async fn sign(
        &self,
        mut request: net::Request,
        credentials: &Credentials,
        endpoint: &Endpoint,
    ) -> Result<std::result::Result<net::Request, Exception>> {
        let Some(keys) = Box::pin(credentials.get(&self.host)).await? else {
            return Err(Exception::new("botocore.exceptions.NoCredentialsError", "Unable to locate credentials"));
        };
        if let Some(token) = &keys.session_token
            && HeaderValue::from_str(token).is_err()
        {
            return Ok(Err(invalid_header(token)));
        }
        // A key that cannot stand in a header does not keep the request from being signed, only from being sent.
        let sendable = HeaderValue::from_str(&keys.access_key_id).is_ok();
        let signer = sigv4::Credentials {
            access_key_id: if sendable { keys.access_key_id.clone() } else { "-".to_owned() },
            ..keys.clone()
        };
        let service = match (self.service, endpoint.express) {
            (Service::Sts, _) => "sts",
            (Service::S3, false) => "s3",
            (Service::S3, true) => "s3express",
        };
        let uri =
            request.url.target.parse().map_err(|_| Exception::value(format!("Invalid endpoint: {}", endpoint.base)))?;
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = request.method.clone();
        parts.uri = uri;
        parts.headers = std::mem::take(&mut request.headers);
        let authority = HeaderValue::from_str(&request.url.authority())
            .map_err(|_| Exception::value(format!("Invalid endpoint: {}", endpoint.base)))?;
        parts.headers.insert(header::HOST, authority);
        sigv4::sign(
            &mut parts,
            &signer,
            &endpoint.region,
            service,
            sigv4::Payload::Bytes(&request.body),
            (self.host.clock)(),
        );
        if !sendable {
            let signed =
                parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let wanted = signed.replacen("Credential=-/", &format!("Credential={}/", keys.access_key_id), 1);
            return Ok(Err(invalid_header(&wanted)));
        }
        request.headers = parts.headers;
        Ok(Ok(request))
    }
}

/// What Python's HTTP client says about a header that would break the request.
fn invalid_header(value: &str) -> Exception {
    let why = Exception::value(format!("Invalid header value {}", python::repr_bytes(value.as_bytes())));
    let message = format!("An HTTP Client raised an unhandled exception: {}", why.message);
    Exception::new("botocore.exceptions.HTTPClientError", message).because(Link::Context, why)
}
