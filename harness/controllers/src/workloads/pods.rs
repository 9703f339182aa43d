//! What a pod's status says (`pkg/api/v1/pod`, `pkg/controller/controller_utils.go`).

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use proofmark_json::Value;

use super::children;
use crate::kit::{Resource, Selection, object};

pub(crate) const PODS: Resource = Resource::namespaced("", "v1", "pods", "Pod");

/// Every pod, indexed by what controls it. Controllers that ask for this share one cache.
pub(crate) fn selection() -> Selection {
    Selection::whole(PODS).indexed(children::by_controller)
}

pub(crate) fn phase(pod: &Value) -> &str {
    object::text(pod, "/status/phase")
}

/// Whether it ran to its end, well or not.
pub(crate) fn is_finished(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// Whether it counts as a replica: neither finished nor being deleted.
pub(crate) fn is_active(pod: &Value) -> bool {
    !is_finished(pod) && !object::is_being_deleted(pod)
}

/// Whether it is being deleted and has not finished.
pub(crate) fn is_terminating(pod: &Value) -> bool {
    !is_finished(pod) && object::is_being_deleted(pod)
}

pub(crate) fn is_ready(pod: &Value) -> bool {
    object::condition(pod, "Ready").is_some_and(|ready| object::text(ready, "/status") == "True")
}

/// Since when it is ready; none while it is not, or where nobody said since when.
fn ready_since(pod: &Value) -> Option<Timestamp> {
    let ready = object::condition(pod, "Ready").filter(|ready| object::text(ready, "/status") == "True")?;
    object::time(ready, "/lastTransitionTime")
}

/// Whether it has been ready for so many seconds.
pub(crate) fn is_available(pod: &Value, min_ready_seconds: i64, now: Timestamp) -> bool {
    is_ready(pod) && has_waited(pod, min_ready_seconds, now)
}

/// Whether a pod that is ready has been so for so many seconds.
pub(crate) fn has_waited(pod: &Value, min_ready_seconds: i64, now: Timestamp) -> bool {
    min_ready_seconds == 0 || wait_for(pod, min_ready_seconds, now).is_some_and(|wait| !wait.is_positive())
}

/// How long until a ready pod is available; not positive when it is.
pub(crate) fn wait_for(pod: &Value, min_ready_seconds: i64, now: Timestamp) -> Option<SignedDuration> {
    let at = ready_since(pod)?.checked_add(SignedDuration::from_secs(min_ready_seconds)).ok()?;
    Some(at.duration_since(now))
}

/// The number of restarts of its containers, sidecars among them.
fn restarts(pod: &Value) -> i64 {
    let list = |at| object::list(pod, at).iter().map(|status| object::count(status, "/restartCount"));
    list("/status/containerStatuses").max().unwrap_or(0).max(list("/status/initContainerStatuses").max().unwrap_or(0))
}

/// Which of two pods goes first when there are too many: what is least useful (`ActivePodsWithRanks`).
///
/// `ranks` are the numbers of related pods on the same node: the more crowded goes first.
pub(crate) fn before_in_deletion(a: (&Value, usize), b: (&Value, usize), now: Timestamp) -> Ordering {
    let ((a, a_rank), (b, b_rank)) = (a, b);
    let assigned = |pod: &Value| !object::text(pod, "/spec/nodeName").is_empty();
    let stage = |pod: &Value| match phase(pod) {
        "Pending" => 0,
        "Unknown" => 1,
        _ => 2,
    };
    let cost = |pod: &Value| -> i64 {
        let said = object::annotation(pod, "controller.kubernetes.io/pod-deletion-cost");
        said.and_then(|cost| cost.parse::<i32>().ok()).unwrap_or(0).into()
    };
    // Younger first; ages count by their order of magnitude (`LogarithmicScaleDown`), so that not every run hits the same pods.
    let by_age = |a_since: Option<Timestamp>, b_since: Option<Timestamp>| {
        let magnitude = |since: Timestamp| {
            let seconds = now.duration_since(since).as_secs().max(0);
            seconds.checked_ilog2().map_or(0, |age| age + 1)
        };
        match (a_since, b_since) {
            (a_since, b_since) if a_since == b_since => Ordering::Equal,
            (Some(a_since), Some(b_since)) => {
                magnitude(a_since).cmp(&magnitude(b_since)).then_with(|| object::uid(a).cmp(object::uid(b)))
            }
            (a_since, b_since) => a_since.is_some().cmp(&b_since.is_some()),
        }
    };
    assigned(a)
        .cmp(&assigned(b))
        .then_with(|| stage(a).cmp(&stage(b)))
        .then_with(|| is_ready(a).cmp(&is_ready(b)))
        .then_with(|| cost(a).cmp(&cost(b)))
        .then_with(|| b_rank.cmp(&a_rank))
        .then_with(|| if is_ready(a) && is_ready(b) { by_age(ready_since(a), ready_since(b)) } else { Ordering::Equal })
        .then_with(|| restarts(b).cmp(&restarts(a)))
        .then_with(|| {
            let created = |pod| object::time(pod, "/metadata/creationTimestamp");
            by_age(created(a), created(b))
        })
}
