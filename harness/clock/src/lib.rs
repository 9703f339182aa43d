//! The time of simulated servers: wall-clock time that follows tokio's clock.
//!
//! On a paused tokio runtime the clock stands still and jumps to the next timer, so that a run is deterministic and a ten-minute
//! back-off costs nothing. On an ordinary runtime it runs like any clock. Only the origin differs: a fixed date, or the real one.

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
}

impl Clock {
    /// A clock that says `origin` now. Must be called inside a tokio runtime.
    pub fn starting_at(origin: Timestamp) -> Self {
        Self { origin, start: Instant::now(), real: false }
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
        let passed = self.start.elapsed();
        SignedDuration::try_from(passed).ok().and_then(|d| self.origin.checked_add(d).ok()).unwrap_or(self.origin)
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
