//! A post by Go's HTTP client: what the agent's logger sends.

use crate::go;
use crate::host::Host;
use crate::net::{self, Trust, certificates};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};

/// Whose certificates are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorities<'a> {
    /// Those of the system's authorities.
    System,
    /// Those of the authorities in this text of PEM.
    Pem(&'a [u8]),
    /// Everybody's.
    Anyone,
}

/// Why nothing was posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unposted {
    /// The text of PEM has no certificate.
    #[error("no certificate of an authority")]
    NoAuthority,
    /// There is no answer, in Go's words.
    #[error("{0}")]
    Unanswered(String),
}

/// Posts, and tells the status of the answer, whatever it is.
///
/// # Errors
/// [`Unposted`]
pub async fn post(
    host: &Host,
    url: &str,
    mut headers: HeaderMap,
    body: Bytes,
    authorities: Authorities<'_>,
) -> Result<u16, Unposted> {
    let trust = match authorities {
        Authorities::System => Trust::System,
        Authorities::Anyone => Trust::Anyone,
        Authorities::Pem(pem) => Trust::Authorities(certificates(pem).map_err(|_| Unposted::NoAuthority)?),
    };
    let client = net::Client { trust, ..net::Client::new(&host.environment) };
    let unanswered = |error: go::UrlError| Unposted::Unanswered(error.to_string());
    headers.insert(header::USER_AGENT, HeaderValue::from_static("Go-http-client/1.1"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let to = go::parse(&Method::POST, url).map_err(unanswered)?;
    let request = net::Request { method: Method::POST, url: to, headers, body };
    let answer = go::send(host, &client, url, request).await.map_err(unanswered)?;
    Ok(answer.status)
}
