//! A DaemonSet's counts, by node.

use jiff::Timestamp;
use proofmark_json::{Value, json};

use super::nodes::{Suits, suits};
use super::{ByNode, pods};
use crate::kit::{Informer, object};
use crate::workloads::pods::{is_available, is_ready};

pub(super) fn of(set: &Value, nodes: &Informer, by_node: &ByNode, hash: &str, now: Timestamp) -> Value {
    let min_ready = object::count(set, "/spec/minReadySeconds");
    let (mut desired, mut current, mut misplaced) = (0_i64, 0_i64, 0_i64);
    let (mut ready, mut available, mut updated) = (0_i64, 0_i64, 0_i64);
    for node in nodes.all() {
        let pods = by_node.get(object::name(&node)).map(Vec::as_slice).unwrap_or_default();
        if suits(set, &node) != Suits::Runs {
            misplaced += i64::from(!pods.is_empty());
            continue;
        }
        desired += 1;
        // The oldest of several is the one that stays.
        let pod = pods.iter().min_by_key(|pod| object::time(pod, "/metadata/creationTimestamp"));
        let Some(pod) = pod else { continue };
        current += 1;
        ready += i64::from(is_ready(pod));
        available += i64::from(is_available(pod, min_ready, now));
        updated += i64::from(pods::hash(pod) == hash);
    }
    json!({
        "observedGeneration": set["metadata"]["generation"],
        "desiredNumberScheduled": desired,
        "currentNumberScheduled": current,
        "numberMisscheduled": misplaced,
        "numberReady": ready,
        "updatedNumberScheduled": updated,
        "numberAvailable": available,
        "numberUnavailable": desired - available,
        "collisionCount": set["status"]["collisionCount"],
        "conditions": set["status"]["conditions"],
    })
}
