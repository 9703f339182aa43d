//! KFAM as a service for sockets.

use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use proofmark_kubeflow::kfam::{Hangup, Kfam};

/// As much as a binding or a Profile may take.
const LIMIT: usize = 1 << 20;

/// Answers a request as it comes from a socket.
pub(super) async fn answer(kfam: Kfam, request: Request<Incoming>) -> Result<Response<String>, Hangup> {
    let (parts, body) = request.into_parts();
    // Who sends more, or stops in the middle, is hung up on, too.
    let body = Limited::new(body, LIMIT).collect().await.map_err(|_| Hangup)?.to_bytes();
    kfam.answer(Request::from_parts(parts, body)).await
}
