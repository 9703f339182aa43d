//! How long something that failed has to wait: 10 seconds, twice as long each time, five minutes at most; forgotten after ten good minutes.
//!
//! Source: `k8s.io/client-go/util/flowcontrol/backoff.go`, as kubelets use it for containers and image pulls.

use std::time::Duration;

use tokio::time::Instant;

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);

/// The back-off of one thing.
#[derive(Debug, Clone, Default)]
pub(super) struct Backoff {
    delay: Duration,
    updated: Option<Instant>,
}

impl Backoff {
    /// How long it waits at present.
    pub(super) fn delay(&self) -> Duration {
        self.delay
    }

    /// Until when to wait after a failure at this time, if that is still to come.
    pub(super) fn until(&self, failed: Instant, now: Instant) -> Option<Instant> {
        let updated = self.updated?;
        let until = failed + self.delay;
        (!is_forgotten(failed, updated) && now < until).then_some(until)
    }

    /// Waits longer from now on, after a failure at this time.
    pub(super) fn next(&mut self, failed: Instant, now: Instant) {
        self.delay = match self.updated {
            Some(updated) if !is_forgotten(failed, updated) => (self.delay * 2).min(LONGEST),
            _ => FIRST,
        };
        self.updated = Some(now);
    }
}

fn is_forgotten(failed: Instant, updated: Instant) -> bool {
    failed.saturating_duration_since(updated) > LONGEST * 2
}

/// A duration as Go prints it: `0s`, `150ms`, `1.5s`, `5m0s`. Finer than a millisecond is cut off.
pub(super) fn go_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    if millis < 1000 {
        return format!("{millis}ms");
    }
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:03}").trim_end_matches('0').to_owned() };
    let (hours, minutes, left) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{left}{fraction}s"),
        (0, minutes) => format!("{minutes}m{left}{fraction}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{left}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn doubles_to_five_minutes_and_forgets() {
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        for _ in 0..8 {
            let failed = Instant::now();
            if let Some(until) = backoff.until(failed, failed) {
                waits.push((until - failed).as_secs());
                tokio::time::sleep_until(until).await;
            }
            backoff.next(failed, Instant::now());
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300]);
        tokio::time::sleep(Duration::from_secs(601)).await;
        let failed = Instant::now();
        assert_eq!(backoff.until(failed, failed), None);
        backoff.next(failed, failed);
        assert_eq!(backoff.delay(), FIRST);
    }

    #[test]
    fn durations_as_go_prints_them() {
        for (millis, text) in
            [(0, "0s"), (150, "150ms"), (1500, "1.5s"), (10_000, "10s"), (300_000, "5m0s"), (3_723_004, "1h2m3.004s")]
        {
            assert_eq!(go_duration(Duration::from_millis(millis)), text);
        }
    }
}
