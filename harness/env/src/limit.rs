//! Waits that end.
//!
//! On a simulated clock every wait ends by itself or nothing in the universe can end it. On a real one a server may accept a request and never answer, so whoever
//! waits there says for how long and for what.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tower::Service;

use crate::EnvError;
use crate::transport::{BoxError, WireBody, erase};

/// How often nodes on a real clock say that they are there: as often as kubelets do.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(10);

/// How long an API server may take for an answer. It gives up after a minute itself and says so, which is an answer, too.
pub(crate) const ANSWER: Duration = Duration::from_secs(70);

/// The end of what something may take, if it has one.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    length: Duration,
    ends: Option<Instant>,
}

impl Limit {
    /// As long as it takes.
    pub const NONE: Self = Self { length: Duration::MAX, ends: None };

    /// So long from now on.
    pub fn of(length: Duration) -> Self {
        Self { length, ends: Instant::now().checked_add(length) }
    }

    /// Waits for something, and no longer than to the end; `what` completes "waited in vain for".
    ///
    /// # Errors
    /// [`EnvError::TimedOut`] when it did not come.
    pub async fn wait<T>(self, what: impl Into<String>, awaited: impl Future<Output = T>) -> Result<T, EnvError> {
        match self.ends {
            None => Ok(awaited.await),
            Some(ends) => timeout_at(ends, awaited).await.map_err(|_| self.over(what)),
        }
    }

    fn over(self, what: impl Into<String>) -> EnvError {
        EnvError::TimedOut { what: what.into(), limit: self.length }
    }
}

/// A way to a server whose answers must come in time: their heads always, and the bodies of those that have an end.
#[derive(Debug, Clone)]
pub(crate) struct Limited<S> {
    pub(crate) inner: S,
    pub(crate) answer: Duration,
}

impl<S, B, R> Service<Request<B>> for Limited<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<WireBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let what = format!("the answer to {} {}", request.method(), request.uri());
        let endless = is_endless(request.uri());
        let answering = self.inner.call(request);
        let limit = Limit::of(self.answer);
        Box::pin(async move {
            let response = limit.wait(what.as_str(), answering).await?.map_err(Into::into)?;
            Ok(response.map(|body| match limit.ends {
                Some(ends) if !endless => {
                    erase(InTime { body: erase(body), ends: Box::pin(sleep_until(ends)), limit, what })
                }
                _ => erase(body),
            }))
        })
    }
}

/// Whether the answer goes on for as long as somebody listens: watches, and logs that are followed.
fn is_endless(uri: &Uri) -> bool {
    let endless = |pair: &str| matches!(pair, "watch=true" | "watch=1" | "follow=true" | "follow=1");
    uri.query().is_some_and(|query| query.split('&').any(endless))
}

/// A body that breaks off when time is over.
struct InTime {
    body: WireBody,
    ends: Pin<Box<Sleep>>,
    limit: Limit,
    what: String,
}

impl Body for InTime {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        ready!(self.ends.as_mut().poll(cx));
        Poll::Ready(Some(Err(self.limit.over(format!("the rest of {}", self.what)).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};
    use http_body_util::{BodyExt as _, StreamBody};
    use tower::ServiceExt as _;

    use super::*;
    use crate::transport::full;

    /// Answers with the beginning of a body; without a head at all for `/silent`.
    async fn hangs(request: Request<WireBody>) -> Result<Response<WireBody>, BoxError> {
        if request.uri().path() == "/silent" {
            std::future::pending::<()>().await;
        }
        let beginning = stream::iter([Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"{")))]);
        Ok(Response::new(erase(StreamBody::new(beginning.chain(stream::pending())))))
    }

    async fn ask(uri: &'static str) -> Result<Response<WireBody>, BoxError> {
        let limited = Limited { inner: tower::service_fn(hangs), answer: Duration::from_secs(70) };
        let mut request = Request::new(full(Bytes::new()));
        *request.uri_mut() = Uri::from_static(uri);
        limited.oneshot(request).await
    }

    #[tokio::test(start_paused = true)]
    async fn answers_come_in_time_or_not_at_all() {
        let silent = ask("/silent?watch=true").await.unwrap_err();
        assert_eq!(silent.to_string(), "waited 70s in vain for the answer to GET /silent?watch=true");
        let cut = ask("/api").await.unwrap().into_body().collect().await.unwrap_err();
        assert_eq!(cut.to_string(), "waited 70s in vain for the rest of the answer to GET /api");
        for endless in ["/api?watch=true", "/log?a=b&follow=true"] {
            let body = ask(endless).await.unwrap().into_body();
            let day = Limit::of(Duration::from_secs(86_400));
            assert!(day.wait("nothing", body.collect()).await.is_err(), "{endless}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_everything_is_waited_for() {
        let day = Duration::from_secs(86_400);
        assert!(Limit::NONE.wait("a day", tokio::time::sleep(day)).await.is_ok());
        assert!(Limit::of(Duration::MAX).wait("a day", tokio::time::sleep(day)).await.is_ok());
    }
}
