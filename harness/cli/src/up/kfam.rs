//! KFAM behind a socket of its own, without TLS, as it stands behind the gateway.

use std::net::SocketAddr;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use proofmark_kubeflow::kfam::{Hangup, Kfam};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::error::ExpectedError;

/// As much as a binding or a Profile may take.
const LIMIT: usize = 1 << 20;

/// Serves KFAM on a free port of an address until `stop`; where it is.
pub(super) async fn serve(
    kfam: Kfam,
    listen: SocketAddr,
    stop: CancellationToken,
) -> Result<SocketAddr, ExpectedError> {
    let failed = |source| ExpectedError::System { what: "listen for KFAM", source };
    let listener = TcpListener::bind(SocketAddr::new(listen.ip(), 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move {
        loop {
            let stream = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "failed to accept a connection");
                        continue;
                    }
                },
            };
            let (kfam, stop) = (kfam.clone(), stop.clone());
            tokio::spawn(async move {
                let service = service_fn(|request| answer(&kfam, request));
                let connection =
                    http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
                tokio::select! {
                    () = stop.cancelled() => {}
                    ended = connection => if let Err(error) = ended {
                        tracing::debug!(%error, "connection ended");
                    },
                }
            });
        }
    });
    Ok(address)
}

async fn answer(kfam: &Kfam, request: Request<Incoming>) -> Result<Response<String>, Hangup> {
    let (parts, body) = request.into_parts();
    // Who sends more, or stops in the middle, is hung up on, too.
    let body = Limited::new(body, LIMIT).collect().await.map_err(|_| Hangup)?.to_bytes();
    kfam.answer(Request::from_parts(parts, body)).await
}
