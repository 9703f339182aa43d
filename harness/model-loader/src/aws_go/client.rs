//! A signed GET, and requests at all.

use super::error::{Asked, Error};
use crate::go::{self, UrlError};
use crate::host::Host;
use crate::net;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use proofmark_aws_sigv4::{Credentials, Payload, sign};

/// Asks S3.
pub(crate) struct Client<'a> {
    pub(crate) host: &'a Host,
    pub(crate) http: net::Client,
    /// The region that requests are signed for.
    pub(crate) region: String,
    /// Who signs; nobody where there are none.
    pub(crate) keys: Option<Credentials>,
    /// The endpoint that was given; empty where it follows from the region.
    pub(crate) endpoint: String,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client<'_> {
    /// What stands at a URL, whole or from one byte to another.
    ///
    /// # Errors
    /// When nobody answers, or the answer is an error.
    pub(crate) async fn get(&self, text: &str, range: Option<(u64, u64)>) -> Result<Answer, Error> {
        let url = go::parse(&Method::GET, text)?;
        let invalid = || UrlError::new(&Method::GET, text, "invalid URL");
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.uri = url.target.parse().map_err(|_| invalid())?;
        parts.headers.insert(header::HOST, HeaderValue::from_str(&url.authority()).map_err(|_| invalid())?);
        if let Some((first, last)) = range {
            let range = HeaderValue::from_str(&format!("bytes={first}-{last}")).map_err(|_| invalid())?;
            parts.headers.insert(header::RANGE, range);
        }
        if let Some(keys) = &self.keys {
            sign(&mut parts, keys, &self.region, "s3", Payload::Bytes(&[]), (self.host.clock)());
        }
        let request = net::Request { method: Method::GET, url, headers: parts.headers, body: Bytes::new() };
        let answer = send(self.host, &self.http, text, request).await?;
        if answer.status < 300 {
            return Ok(answer);
        }
        let asked = Asked { region: &self.region, endpoint: &self.endpoint };
        Err(Error::of_s3(answer.status, &answer.headers, &answer.body, &asked))
    }
}

/// Sends a request to a URL that was written like this, and waits for the whole answer.
pub(super) async fn send(host: &Host, http: &net::Client, url: &str, request: net::Request) -> Result<Answer, Error> {
    let method = request.method.clone();
    let net::Response { status, headers, body } = go::send(host, http, url, request).await?;
    let body = body.bytes().await.map_err(|_| UrlError::new(&method, url, "unexpected EOF"))?;
    Ok(Answer { status, headers, body })
}
