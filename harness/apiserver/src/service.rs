//! The server as a `tower` service: what a client in this process talks to, without a socket.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;

use crate::authn::InProcess;
use crate::decode::BODY_MAX;
use crate::faults::ConnectionReset;
use crate::{ApiServer, Body};

/// The server as a `tower` service. Its caller is the administrator unless it impersonates or brings credentials.
#[derive(Clone)]
pub struct Service {
    server: ApiServer,
}

impl Service {
    pub(crate) fn new(server: ApiServer) -> Self {
        Self { server }
    }
}

impl<B> tower::Service<Request<B>> for Service
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: std::fmt::Display,
{
    type Response = Response<Body>;
    type Error = ConnectionReset;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let server = self.server.clone();
        if !request.headers().contains_key(http::header::AUTHORIZATION) {
            request.extensions_mut().insert(InProcess);
        }
        // Many requests wait for their turn, so each gets the room that its answer takes only when it is polled.
        Box::pin(async move { Box::pin(answer(&server, request)).await })
    }
}

/// Collects a request's body within bounds and has it answered.
pub(crate) async fn answer<B>(server: &ApiServer, request: Request<B>) -> Result<Response<Body>, ConnectionReset>
where
    B: http_body::Body + Send,
    B::Data: Send,
    B::Error: std::fmt::Display,
{
    let (parts, body) = request.into_parts();
    // One byte more than allowed tells a body that is too large; the handler words the refusal.
    let bytes = match collect(body, BODY_MAX + 1).await {
        Ok(bytes) => bytes,
        Err(why) => return Ok(crate::encode::plain(400, format!("{why}\n"))),
    };
    server.handle(Request::from_parts(parts, bytes)).await
}

async fn collect<B>(body: B, limit: usize) -> Result<Bytes, String>
where
    B: http_body::Body + Send,
    B::Data: Send,
    B::Error: std::fmt::Display,
{
    use bytes::{Buf as _, BufMut as _, BytesMut};
    let mut body = std::pin::pin!(body);
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame.map_err(|e| e.to_string())?.into_data() else {
            continue;
        };
        while data.has_remaining() && all.len() < limit {
            let chunk = data.chunk();
            let take = chunk.len().min(limit - all.len());
            all.put_slice(&chunk[..take]);
            data.advance(take);
        }
        if all.len() >= limit {
            break;
        }
    }
    Ok(all.freeze())
}
