//! Webhooks behind a port of their own, for an API server in another process: TLS, HTTP/1.1 and HTTP/2.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use jiff::Timestamp;
use proofmark_identity::Authority;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::EnvError;
use crate::site::Answer;

/// More than any review holds: objects are at most 1.5 MiB, and a review has two of them.
const LIMIT: usize = 8 << 20;

/// A bound port of a host, which is a name or an address.
pub(crate) struct WebhookServer {
    host: String,
    listener: TcpListener,
}

impl WebhookServer {
    /// Binds a free port of a host of this machine. What a name stands for may be seen from elsewhere only, so with a name every address of this
    /// machine is meant.
    pub(crate) async fn bind(host: &str) -> Result<Self, EnvError> {
        let address = host.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let listener =
            TcpListener::bind((address, 0)).await.map_err(|error| failed(&format_args!("{host}: {error}")))?;
        Ok(Self { host: host.to_owned(), listener })
    }

    /// Serves on the current runtime for as long as that lives; at which port.
    pub(crate) fn serve(self, authority: &Authority, now: Timestamp, webhooks: Answer) -> Result<u16, EnvError> {
        let port = self.listener.local_addr().map_err(|error| failed(&error))?.port();
        let certificate = authority.issue_host(&self.host, now).map_err(|error| failed(&error))?;
        let config = authority.server_config(&certificate).map_err(|error| failed(&error))?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            // Whoever cannot be accepted tries again.
            while let Ok((stream, _)) = self.listener.accept().await {
                let (acceptor, webhooks) = (acceptor.clone(), webhooks.clone());
                tokio::spawn(async move {
                    let Ok(tls) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |request| answer(webhooks.clone(), request));
                    // A caller that hangs up in the middle has its reasons.
                    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(tls), service).await;
                });
            }
        });
        Ok(port)
    }
}

/// A webhook broke off: the stream is reset, or, before HTTP/2, the connection closed.
#[derive(Debug, thiserror::Error)]
#[error("the webhook gave no answer")]
struct BrokenOff;

async fn answer(webhooks: Answer, request: Request<Incoming>) -> Result<Response<Full<bytes::Bytes>>, BrokenOff> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LIMIT).collect().await else {
        let mut refusal = Response::new(Full::default());
        *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(refusal);
    };
    let answered = webhooks(Request::from_parts(parts, body.to_bytes())).await.ok_or(BrokenOff)?;
    Ok(answered.map(Full::new))
}

fn failed(error: &dyn std::fmt::Display) -> EnvError {
    EnvError::Prepare { what: "the server of webhooks".to_owned(), why: error.to_string() }
}
