//! Bodies that nobody read to their end, because the answer was clear before.
//!
//! A connection on which the rest of a body is left cannot take another request. Short rests are read and dropped, so that the connection stays; where that is
//! not wanted (the client waits for leave to send, or sends much), the answer says that the connection ends with it. Clients that were not told would
//! send their next request into a closed connection.

use crate::{Body, BodyError};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// As much as is read only to be dropped, in bytes.
const LIMIT: usize = 1 << 20;

/// Where a body goes when its reader has dropped it before its end.
#[derive(Clone, Default)]
pub(super) struct Rest(Arc<Mutex<Option<Incoming>>>);

/// Whether the client waits with its body until it is told to go on.
pub(super) fn waits<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(header::EXPECT)
}

impl Rest {
    /// The body, which comes back when it is dropped too early.
    pub(super) fn watch(&self, body: Incoming) -> Body {
        Watched { body: Some(body), rest: self.clone() }.boxed_unsync()
    }

    /// Reads what is left, or has the answer say that the connection ends.
    pub(super) async fn settle(&self, waits: bool, response: &mut Response<Body>) {
        let Some(mut body) = self.0.lock().take() else { return };
        let mut read = 0;
        while !waits && read <= LIMIT {
            match body.frame().await {
                Some(Ok(frame)) => read += frame.data_ref().map_or(0, Bytes::len),
                Some(Err(_)) => break,
                None => return,
            }
        }
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

struct Watched {
    /// None once it has ended.
    body: Option<Incoming>,
    rest: Rest,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame.map(|frame| frame.map_err(BodyError::new)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !http_body::Body::is_end_stream(body)) {
            *self.rest.0.lock() = Some(body);
        }
    }
}
