//! Webhooks behind a port of their own, for an API server in another process: TLS, HTTP/1.1 and HTTP/2.

use std::convert::Infallible;
use std::net::SocketAddr;
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

/// A bound port.
pub(crate) struct WebhookServer(TcpListener);

impl WebhookServer {
    /// Binds an address; port 0 takes a free one.
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, EnvError> {
        TcpListener::bind(address).await.map(Self).map_err(|error| failed(&error))
    }

    /// Serves on the current runtime for as long as that lives; where.
    pub(crate) fn serve(self, authority: &Authority, now: Timestamp, webhooks: Answer) -> Result<SocketAddr, EnvError> {
        let address = self.0.local_addr().map_err(|error| failed(&error))?;
        let certificate = authority.issue_server(&[], now).map_err(|error| failed(&error))?;
        let config = authority.server_config(&certificate).map_err(|error| failed(&error))?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            // Whoever cannot be accepted tries again.
            while let Ok((stream, _)) = self.0.accept().await {
                let (acceptor, webhooks) = (acceptor.clone(), webhooks.clone());
                tokio::spawn(async move {
                    let Ok(tls) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |request| answer(webhooks.clone(), request));
                    // A caller that hangs up in the middle has its reasons.
                    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(tls), service).await;
                });
            }
        });
        Ok(address)
    }
}

async fn answer(webhooks: Answer, request: Request<Incoming>) -> Result<Response<Full<bytes::Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LIMIT).collect().await else {
        let mut refusal = Response::new(Full::default());
        *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(refusal);
    };
    Ok(webhooks(Request::from_parts(parts, body.to_bytes())).await.map(Full::new))
}

fn failed(error: &dyn std::fmt::Display) -> EnvError {
    EnvError::Prepare { what: "the server of webhooks".to_owned(), why: error.to_string() }
}
