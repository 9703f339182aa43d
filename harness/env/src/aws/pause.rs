//! A program that waits for its answer until somebody else has done something: what happens while a model is being loaded.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::ApiRequest;

/// Which request.
type Matches = Box<dyn Fn(&ApiRequest) -> bool + Send>;

/// A request that is waited for, and whom to tell.
struct Expected {
    matches: Matches,
    reached: oneshot::Sender<oneshot::Sender<()>>,
}

/// The requests that are waited for.
#[derive(Clone, Default)]
pub(super) struct Pauses(Arc<Mutex<Vec<Expected>>>);

impl fmt::Debug for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pauses").finish_non_exhaustive()
    }
}

/// A pause that has not come yet. Nothing waits any more when this goes.
#[must_use = "nothing waits without it"]
pub struct Pause(oneshot::Receiver<oneshot::Sender<()>>);

/// A program waits. It goes on when this goes.
#[must_use = "the program goes on at once without it"]
pub struct Paused {
    _wakes: oneshot::Sender<()>,
}

impl Pauses {
    /// The first request like this waits once it is answered.
    pub(super) fn expect(&self, matches: impl Fn(&ApiRequest) -> bool + Send + 'static) -> Pause {
        let (reached, pause) = oneshot::channel();
        self.expected().push(Expected { matches: Box::new(matches), reached });
        Pause(pause)
    }

    /// A request was answered: comes back when the program may have the answer.
    pub(super) async fn after(&self, request: &ApiRequest) {
        let due = {
            let mut expected = self.expected();
            expected.retain(|expected| !expected.reached.is_closed());
            let due = expected.iter().position(|expected| (expected.matches)(request));
            due.map(|due| expected.remove(due))
        };
        let Some(due) = due else { return };
        let (wakes, woken) = oneshot::channel();
        if due.reached.send(wakes).is_ok() {
            // Nothing is ever sent: the other end goes, and that is the sign.
            let _ = woken.await;
        }
    }

    fn expected(&self) -> std::sync::MutexGuard<'_, Vec<Expected>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pause {
    /// Waits until a program waits; for ever where none comes so far.
    pub async fn reached(self) -> Paused {
        match self.0.await {
            Ok(wakes) => Paused { _wakes: wakes },
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn listing() -> ApiRequest {
        ApiRequest::get("https://models.s3.amazonaws.com/?prefix=churn")
    }

    fn is_listing(request: &ApiRequest) -> bool {
        request.path.contains("prefix=")
    }

    #[tokio::test]
    async fn the_first_request_waits_until_it_is_let_go() {
        let pauses = Pauses::default();
        let pause = pauses.expect(is_listing);
        pauses.after(&ApiRequest::get("https://models.s3.amazonaws.com/churn")).await;
        let listing = listing();
        let mut waiting = Box::pin(pauses.after(&listing));
        assert!(waiting.as_mut().now_or_never().is_none());
        let paused = pause.reached().await;
        assert!(waiting.as_mut().now_or_never().is_none());
        // Only the first one does.
        pauses.after(&listing).await;
        drop(paused);
        waiting.await;
    }

    #[tokio::test]
    async fn nothing_waits_for_who_has_gone() {
        let pauses = Pauses::default();
        drop(pauses.expect(is_listing));
        pauses.after(&listing()).await;
        assert!(pauses.expected().is_empty());
    }
}
