//! How long a Job waits after failures before it makes the next pod: ten seconds, twice as long each time, ten minutes at most.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proofmark_json::Value;

use crate::kit::object;

const FIRST: SignedDuration = SignedDuration::from_secs(10);
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

/// The failures since the last success, and when the last one was.
#[derive(Debug, Clone, Default)]
pub(super) struct BackOff {
    failures: u32,
    last: Option<Timestamp>,
}

impl BackOff {
    /// With what happened since.
    pub(super) fn after(&self, succeeded: &[&Value], failed: &[&Value]) -> Self {
        let success = succeeded.iter().filter_map(|pod| finished_at(pod)).max();
        let failures = failed.iter().filter_map(|pod| finished_at(pod));
        match success {
            None if failed.is_empty() => self.clone(),
            None => Self { failures: self.failures.saturating_add(number(failed.len())), last: failures.max() },
            Some(success) => {
                let since: Vec<Timestamp> = failures.filter(|at| *at > success).collect();
                Self { failures: number(since.len()), last: since.into_iter().max() }
            }
        }
    }

    /// How long to wait still.
    pub(super) fn left(&self, now: Timestamp) -> Option<Duration> {
        left(self.failures, self.last?, now)
    }
}

/// How long to wait still after so many failures, of which the last was this pod's.
pub(super) fn left_after(failures: u32, pod: &Value, now: Timestamp) -> Option<Duration> {
    left(failures, finished_at(pod)?, now)
}

fn left(failures: u32, last: Timestamp, now: Timestamp) -> Option<Duration> {
    let doublings = failures.checked_sub(1)?.min(6);
    let wait = FIRST.checked_mul(1 << doublings).map_or(LONGEST, |wait| wait.min(LONGEST));
    (wait - now.duration_since(last)).try_into().ok().filter(|left: &Duration| !left.is_zero())
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

/// When a pod ended, as well as its status tells.
pub(super) fn finished_at(pod: &Value) -> Option<Timestamp> {
    let sidecars = object::list(pod, "/spec/initContainers").iter().filter(|c| c["restartPolicy"] == "Always");
    let sidecars: Vec<&str> = sidecars.map(|container| object::text(container, "/name")).collect();
    let init = object::list(pod, "/status/initContainerStatuses").iter();
    let statuses = object::list(pod, "/status/containerStatuses")
        .iter()
        .chain(init.filter(|status| sidecars.contains(&object::text(status, "/name"))));
    let ends: Option<Vec<Timestamp>> =
        statuses.map(|status| object::time(status, "/state/terminated/finishedAt")).collect();
    let unready = || {
        let ready = object::condition(pod, "Ready").filter(|ready| object::text(ready, "/status") == "False")?;
        object::time(ready, "/lastTransitionTime")
    };
    let deleted = || {
        let grace = SignedDuration::from_secs(object::count(pod, "/metadata/deletionGracePeriodSeconds"));
        object::time(pod, "/metadata/deletionTimestamp")?.checked_sub(grace).ok()
    };
    ends.and_then(|ends| ends.into_iter().max())
        .or_else(unready)
        .or_else(deleted)
        .or_else(|| object::time(pod, "/metadata/creationTimestamp"))
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn waits_double_until_a_success() {
        let at = |second: i64| json!({"metadata": {"creationTimestamp": Timestamp::from_second(second).expect("in range").to_string()}});
        let seconds = |back_off: &BackOff, now: i64| {
            back_off.left(Timestamp::from_second(now).expect("in range")).map_or(0, |left| left.as_secs())
        };
        let once = BackOff::default().after(&[], &[&at(100)]);
        assert_eq!((seconds(&once, 100), seconds(&once, 104), seconds(&once, 111)), (10, 6, 0));
        let thrice = once.after(&[], &[&at(110), &at(120)]);
        assert_eq!(seconds(&thrice, 120), 40);
        assert_eq!(seconds(&thrice.after(&[], &[&at(130); 9]), 130), 600);
        assert_eq!(seconds(&thrice.after(&[&at(140)], &[&at(130)]), 140), 0);
    }
}
