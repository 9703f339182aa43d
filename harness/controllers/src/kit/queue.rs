//! A work queue: each key waits in it once, comes out in the order in which it went in, and comes back later when its work failed.
//!
//! A queue has one worker, so two pieces of work on one key never overlap: a key that is added while it is being worked on is worked on once
//! more afterwards. The worker sleeps without a timer while nothing waits; a timer exists only for keys that are to come back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The first retry of a key comes after this time, each further one after twice the time before (client-go's default controller rate limiter).
const FIRST_RETRY: Duration = Duration::from_millis(5);
/// No retry waits longer than this.
const LAST_RETRY: Duration = Duration::from_secs(1000);

/// The end of a queue that keys are put into.
pub struct Queue<K>(Arc<Shared<K>>);

/// The end that works on them.
pub struct Worker<K>(Arc<Shared<K>>);

/// Work on keys: brings one part of the cluster to where it should be.
pub trait Reconcile {
    /// What says which part.
    type Key;
    /// Why the work could not be done now.
    type Error: fmt::Display;

    /// Does what is to be done about `key`. An error brings the key back later.
    fn reconcile(&self, key: &Self::Key) -> impl Future<Output = Result<Next, Self::Error>> + Send;
}

/// What a piece of work leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing to do until the key is added again.
    Done,
    /// To be looked at again after this time.
    After(Duration),
}

struct Shared<K> {
    state: Mutex<State<K>>,
    more: Notify,
}

struct State<K> {
    waiting: VecDeque<K>,
    queued: BTreeSet<K>,
    later: BTreeSet<(Instant, K)>,
    failures: BTreeMap<K, u32>,
}

/// A queue and its worker.
pub fn new<K: Ord + Clone>() -> (Queue<K>, Worker<K>) {
    let state =
        State { waiting: VecDeque::new(), queued: BTreeSet::new(), later: BTreeSet::new(), failures: BTreeMap::new() };
    let shared = Arc::new(Shared { state: Mutex::new(state), more: Notify::new() });
    (Queue(Arc::clone(&shared)), Worker(shared))
}

impl<K> Clone for Queue<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Ord + Clone> Queue<K> {
    /// Puts a key in, unless it waits already.
    pub fn add(&self, key: K) {
        self.0.add(key);
    }
}

impl<K: Ord + Clone> Shared<K> {
    fn add(&self, key: K) {
        let mut state = self.state.lock();
        if state.queued.insert(key.clone()) {
            state.waiting.push_back(key);
            self.more.notify_one();
        }
    }

    fn add_after(&self, key: K, delay: Duration) {
        self.state.lock().later.insert((Instant::now() + delay, key));
        self.more.notify_one();
    }

    /// How long a key that failed once more has to wait.
    fn back_off(&self, key: &K) -> Duration {
        let mut state = self.state.lock();
        let failures = state.failures.entry(key.clone()).or_insert(0);
        let delay =
            1_u32.checked_shl(*failures).and_then(|factor| FIRST_RETRY.checked_mul(factor)).unwrap_or(LAST_RETRY);
        *failures = failures.saturating_add(1);
        delay.min(LAST_RETRY)
    }

    /// The next key, or when to look again.
    fn pop(&self) -> Result<K, Option<Instant>> {
        let mut state = self.state.lock();
        let now = Instant::now();
        while state.later.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, key)) = state.later.pop_first()
                && state.queued.insert(key.clone())
            {
                state.waiting.push_back(key);
            }
        }
        match state.waiting.pop_front() {
            Some(key) => {
                state.queued.remove(&key);
                Ok(key)
            }
            None => Err(state.later.first().map(|(at, _)| *at)),
        }
    }

    async fn next(&self) -> K {
        loop {
            // Whatever else is ready goes first: what it adds is looked at together, not one change at a time.
            tokio::task::yield_now().await;
            match self.pop() {
                Ok(key) => return key,
                Err(Some(at)) => tokio::select! {
                    // In this order, so that one seed gives one run.
                    biased;
                    () = self.more.notified() => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                Err(None) => self.more.notified().await,
            }
        }
    }
}

impl<K: Ord + Clone + fmt::Debug> Worker<K> {
    /// Works for ever. Work that fails is tried again after a while that doubles each time, until it succeeds.
    pub async fn run(self, work: impl Reconcile<Key = K>) {
        loop {
            let key = self.0.next().await;
            match work.reconcile(&key).await {
                Ok(next) => {
                    self.0.state.lock().failures.remove(&key);
                    if let Next::After(delay) = next {
                        self.0.add_after(key, delay);
                    }
                }
                Err(error) => {
                    let delay = self.0.back_off(&key);
                    tracing::debug!(?key, %error, ?delay, "will be tried again");
                    self.0.add_after(key, delay);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen = Vec<(&'static str, u128)>;

    /// Puts down what is worked on, and when (in milliseconds).
    struct Recorder<F> {
        seen: Arc<Mutex<Seen>>,
        start: Instant,
        answer: Mutex<F>,
    }

    impl<F: FnMut(&'static str) -> Result<Next, &'static str> + Send> Reconcile for Recorder<F> {
        type Key = &'static str;
        type Error = &'static str;

        async fn reconcile(&self, key: &&'static str) -> Result<Next, &'static str> {
            self.seen.lock().push((*key, self.start.elapsed().as_millis()));
            (self.answer.lock())(key)
        }
    }

    /// Runs the worker for an hour of the paused clock.
    async fn record(
        worker: Worker<&'static str>,
        answer: impl FnMut(&'static str) -> Result<Next, &'static str> + Send,
    ) -> Seen {
        let seen = Arc::<Mutex<Seen>>::default();
        let recorder = Recorder { seen: Arc::clone(&seen), start: Instant::now(), answer: Mutex::new(answer) };
        let _ = tokio::time::timeout(Duration::from_secs(3600), worker.run(recorder)).await;
        std::mem::take(&mut *seen.lock())
    }

    #[tokio::test(start_paused = true)]
    async fn each_key_waits_once_and_order_is_kept() {
        let (queue, worker) = new();
        for key in ["b", "a", "b", "c", "a"] {
            queue.add(key);
        }
        let order: Vec<_> = record(worker, |_| Ok(Next::Done)).await.into_iter().map(|(key, _)| key).collect();
        assert_eq!(order, ["b", "a", "c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_wait_twice_as_long_each_time() {
        let (queue, worker) = new();
        queue.add("a");
        let mut left = 4;
        let seen = record(worker, |_| {
            left -= 1;
            if left >= 0 { Err("no") } else { Ok(Next::Done) }
        })
        .await;
        let times: Vec<_> = seen.into_iter().map(|(_, at)| at).collect();
        assert_eq!(times, [0, 5, 15, 35, 75]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_added_during_its_work_is_worked_on_again() {
        let (queue, worker) = new();
        queue.add("a");
        let again = queue.clone();
        let mut rounds = 0;
        let seen = record(worker, move |key| {
            rounds += 1;
            if rounds == 1 {
                again.add(key);
                again.add(key);
            }
            Ok(Next::Done)
        })
        .await;
        assert_eq!(seen.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn work_can_ask_to_be_called_later() {
        let (queue, worker) = new();
        queue.add("a");
        let mut rounds = 0;
        let seen = record(worker, move |_| {
            rounds += 1;
            Ok(if rounds == 1 { Next::After(Duration::from_secs(8)) } else { Next::Done })
        })
        .await;
        assert_eq!(seen, [("a", 0), ("a", 8000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_wait_is_bounded() {
        let (queue, _worker) = new();
        let longest = (0..80).map(|_| queue.0.back_off(&"a")).max();
        assert_eq!(longest, Some(LAST_RETRY));
    }
}
