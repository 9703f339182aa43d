//! The way into pods as a service for sockets.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use proofmark_mesh::Gateway;

/// As much as a request to a model may take.
const LIMIT: usize = 64 << 20;

/// Answers a request as it comes from a socket.
pub(super) async fn answer(gateway: Gateway, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LIMIT).collect().await else {
        let mut refusal = Response::new(Full::default());
        *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(refusal);
    };
    Ok(gateway.answer(Request::from_parts(parts, body.to_bytes())).await.map(Full::new))
}
