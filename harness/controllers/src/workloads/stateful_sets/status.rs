//! A StatefulSet's counts.

use jiff::Timestamp;
use proofmark_json::{Value, json};

use super::pods;
use crate::kit::object;
use crate::workloads::pods::{is_available, is_ready, phase};

/// What the status says of pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) replicas: i64,
    pub(super) ready: i64,
    pub(super) available: i64,
    pub(super) current: i64,
    pub(super) updated: i64,
}

impl Counts {
    pub(super) fn of<'a>(
        pods: impl Iterator<Item = &'a Value>,
        min_ready: i64,
        current: &str,
        update: &str,
        now: Timestamp,
    ) -> Self {
        let mut counts = Self::default();
        for pod in pods.filter(|pod| !phase(pod).is_empty()) {
            counts.replicas += 1;
            if phase(pod) == "Running" && is_ready(pod) {
                counts.ready += 1;
                counts.available += i64::from(is_available(pod, min_ready, now));
            }
            if !object::is_being_deleted(pod) {
                counts.current += i64::from(pods::revision(pod) == current);
                counts.updated += i64::from(pods::revision(pod) == update);
            }
        }
        counts
    }

    /// The status to be written. Once every pod is of the new revision, that is the current one.
    pub(super) fn status(self, set: &Value, current: &str, update: &str, collisions: i64) -> Value {
        let wanted = object::count(set, "/spec/replicas");
        let rolling = object::text(set, "/spec/updateStrategy/type") == "RollingUpdate";
        let complete = rolling && self.updated == wanted && self.ready == wanted && self.replicas == wanted;
        let (count, revision) = if complete { (self.updated, update) } else { (self.current, current) };
        json!({
            "observedGeneration": set["metadata"]["generation"],
            "replicas": self.replicas,
            "readyReplicas": self.ready,
            "currentReplicas": count,
            "updatedReplicas": self.updated,
            "currentRevision": revision,
            "updateRevision": update,
            "collisionCount": collisions,
            "availableReplicas": self.available,
            "conditions": set["status"]["conditions"],
        })
    }
}
