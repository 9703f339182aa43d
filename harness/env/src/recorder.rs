//! Keeps every exchange that passes, so that a step's evidence is whatever it really sent and got, by whichever client.
//!
//! [`Recorded`] stands between a client and the API server: it adds the identity, keeps the request, forwards it, keeps the answer.
//! Watches are handed on unread (an answer without an end cannot be kept); everything else is read to its end first.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response, request};
use http_body_util::BodyExt;
use tokio::time::Instant;
use tower::Service;

use crate::transport::{BoxError, Transport, WireBody, erase, full};
use crate::{ApiRequest, ApiResponse, Body, Decision, Exchange, Identity};

/// The log of a universe.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    start: Instant,
    log: Arc<Mutex<Vec<Exchange>>>,
}

impl Recorder {
    pub(crate) fn starting_now() -> Self {
        Self { start: Instant::now(), log: Arc::default() }
    }

    pub(crate) fn elapsed(&self) -> std::time::Duration {
        self.start.elapsed()
    }

    pub(crate) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn keep(&self, exchange: Exchange) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    }
}

/// A client's way to the API server, as one identity.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(crate) inner: Transport,
    pub(crate) who: Identity,
    pub(crate) recorder: Recorder,
}

impl Recorded {
    /// Sends a request; hands back the answer and the record of both, not yet kept.
    pub(crate) async fn exchange(
        mut self,
        request: Request<WireBody>,
    ) -> Result<(Response<WireBody>, Exchange), BoxError> {
        let (mut parts, body) = request.into_parts();
        let sent = body.collect().await?.to_bytes();
        let request = described(&parts, &sent);
        self.who.impersonate(&mut parts.headers)?;
        let endless = is_watch(&parts);

        poll_fn(|cx| Service::poll_ready(&mut self.inner, cx)).await?;
        let (parts, body) = self.inner.call(Request::from_parts(parts, full(sent))).await?.into_parts();
        let (body, got) = if endless && parts.status.is_success() {
            (body, Body::Stream)
        } else {
            let bytes = body.collect().await?.to_bytes();
            let got = Body::from_bytes(&bytes);
            (full(bytes), got)
        };
        let exchange = Exchange {
            at: self.recorder.elapsed(),
            who: self.who.to_string(),
            request,
            response: ApiResponse { status: parts.status.as_u16(), headers: listed(&parts.headers), body: got },
            decision: parts.extensions.get::<Decision>().cloned(),
        };
        Ok((Response::from_parts(parts, body), exchange))
    }
}

impl<B> Service<Request<B>> for Recorded
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<WireBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(())) // `exchange` waits for a clone of its own to be ready
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let recorder = this.recorder.clone();
            let (response, exchange) = this.exchange(request.map(erase)).await?;
            recorder.keep(exchange);
            Ok(response)
        })
    }
}

fn described(parts: &request::Parts, body: &[u8]) -> ApiRequest {
    ApiRequest {
        method: parts.method.clone(),
        path: parts.uri.path_and_query().map_or_else(|| parts.uri.path().to_owned(), ToString::to_string),
        headers: listed(&parts.headers),
        body: Body::from_bytes(body),
    }
}

pub(crate) fn listed(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(k, v)| (k.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect()
}

fn is_watch(parts: &request::Parts) -> bool {
    parts.uri.query().is_some_and(|query| query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1")))
}
