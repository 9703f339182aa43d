//! The time of simulated servers: wall-clock time that follows tokio's clock.
//!
//! On a paused tokio runtime the clock stands still and jumps to the next timer, so that a run is deterministic and a ten-minute
//! back-off costs nothing. On an ordinary runtime it runs like any clock. Only the origin differs: a fixed date, or the real one.
//!
//! Where time cannot be made to pass, a clock can be set ahead: a server among real ones then answers as it would later.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Where a simulated run begins: 2026-01-01T00:00:00Z.
pub const SIMULATED_ORIGIN: i64 = 1_767_225_600;

/// Wall-clock time derived from tokio's clock.
#[derive(Debug, Clone)]
pub struct Clock {
    origin: Timestamp,
    start: Instant,
    real: bool,
    /// Milliseconds that it is ahead of its time; all its clones agree.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that says `origin` now. Must be called inside a tokio runtime.
    pub fn starting_at(origin: Timestamp) -> Self {
        Self { origin, start: Instant::now(), real: false, ahead: Arc::default() }
    }

    /// A clock for deterministic runs: it begins at [`SIMULATED_ORIGIN`].
    pub fn simulated() -> Self {
        Self::starting_at(Timestamp::from_second(SIMULATED_ORIGIN).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// A clock that begins at the machine's own time.
    pub fn real() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place where a server on the real clock learns the date")]
        let now = Timestamp::now();
        Self { real: true, ..Self::starting_at(now) }
    }

    /// Whether it began at the machine's own time: then the server lives among others and may use the network.
    pub fn is_real(&self) -> bool {
        self.real
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.ahead.load(Ordering::Relaxed));
        let passed = SignedDuration::try_from(self.start.elapsed()).ok().and_then(|passed| passed.checked_add(ahead));
        passed.and_then(|passed| self.origin.checked_add(passed).ok()).unwrap_or(self.origin)
    }

    /// Has it, and all its clones, be so far ahead of its time from now on; zero takes that back.
    pub fn set_ahead(&self, by: Duration) {
        self.ahead.store(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// How far it is ahead.
    pub fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead.load(Ordering::Relaxed).unsigned_abs())
    }

    /// The present moment as `metav1.Time` writes it: RFC 3339 in whole seconds.
    pub fn stamp(&self) -> String {
        stamp(self.now())
    }
}

/// A moment as `metav1.Time` writes it: RFC 3339 in whole seconds.
pub fn stamp(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_who_share_a_clock_are_ahead_together() {
        let clock = Clock::simulated();
        let shared = clock.clone();
        let before = clock.stamp();
        clock.set_ahead(Duration::from_secs(90));
        assert_eq!((shared.stamp(), shared.ahead()), ("2026-01-01T00:01:30Z".to_owned(), Duration::from_secs(90)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(clock.stamp(), "2026-01-01T00:01:31Z");
        shared.set_ahead(Duration::ZERO);
        assert_eq!((before.as_str(), clock.stamp().as_str()), ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"));
    }
}
