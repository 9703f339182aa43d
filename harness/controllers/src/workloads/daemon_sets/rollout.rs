//! How a new template spreads: by deleting old pods, no more than may be unavailable (`maxUnavailable`), or by new ones that run beside
//! them for a while (`maxSurge`, KEP-1591).

use std::sync::Arc;

use jiff::Timestamp;
use proofmark_json::Value;

use super::{ByNode, pods};
use crate::kit::object;
use crate::workloads::int_or_percent::scaled;
use crate::workloads::pods::{is_available, is_ready};

/// What to do next.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) delete: Vec<Arc<Value>>,
    /// Nodes that get a pod.
    pub(super) create: Vec<String>,
}

/// A set whose pods are looked at, at a moment.
pub(super) struct Rollout<'a> {
    pub(super) set: &'a Value,
    /// The present revision.
    pub(super) hash: &'a str,
    pub(super) now: Timestamp,
}

impl Rollout<'_> {
    /// Whether pods of two revisions may run on one node.
    pub(super) fn surges(&self) -> bool {
        self.limit("maxSurge", 100, 0) > 0
    }

    fn limit(&self, field: &str, nodes: i64, default: i64) -> i64 {
        let at = format!("/spec/updateStrategy/rollingUpdate/{field}");
        let rolling = object::text(self.set, "/spec/updateStrategy/type") == "RollingUpdate";
        if rolling { scaled(self.set.pointer(&at), nodes, true).unwrap_or(default) } else { 0 }
    }

    fn is_available(&self, pod: &Value) -> bool {
        is_available(pod, object::count(self.set, "/spec/minReadySeconds"), self.now)
    }

    fn is_new(&self, pod: &Value) -> bool {
        pods::hash(pod) == self.hash
    }

    /// Which of the live pods of a node, the oldest first, are too many.
    pub(super) fn surplus(&self, live: Vec<Arc<Value>>) -> Vec<Arc<Value>> {
        if !self.surges() {
            return live.into_iter().skip(1).collect();
        }
        let (mut new, mut old): (Vec<_>, Vec<_>) = live.into_iter().partition(|pod| self.is_new(pod));
        let mut surplus: Vec<_> = new.drain(1.min(new.len())..).chain(old.drain(1.min(old.len())..)).collect();
        // The old one goes when it does not work, or when the new one does.
        if let (Some(new), Some(old)) = (new.pop(), old.pop())
            && (!is_ready(&old) || self.is_available(&new))
        {
            surplus.push(old);
        }
        surplus
    }

    /// The steps on these nodes, which all are to run a pod.
    pub(super) fn steps<'n>(&self, nodes: impl ExactSizeIterator<Item = &'n str>, by_node: &ByNode) -> Steps {
        let wanted = i64::try_from(nodes.len()).unwrap_or(i64::MAX);
        let live = |node: &str| -> Vec<Arc<Value>> {
            let pods = by_node.get(node).map(Vec::as_slice).unwrap_or_default();
            pods.iter().filter(|pod| !object::is_being_deleted(pod)).cloned().collect()
        };
        let surge = self.limit("maxSurge", wanted, 0);
        if surge > 0 {
            return self.surge(nodes.map(|node| (node, live(node))), surge);
        }
        let most = self.limit("maxUnavailable", wanted, 1).max(1);
        self.replace(nodes.map(live), most)
    }

    /// Deletes pods of old revisions, no more at once than may be unavailable.
    fn replace(&self, nodes: impl Iterator<Item = Vec<Arc<Value>>>, most: i64) -> Steps {
        let (mut unavailable, mut old, mut delete) = (0, Vec::new(), Vec::new());
        for pods in nodes {
            let Some(pod) = pods.into_iter().next() else {
                unavailable += 1;
                continue;
            };
            let available = self.is_available(&pod);
            unavailable += i64::from(!available);
            match (self.is_new(&pod), available) {
                (true, _) => {}
                (false, true) => old.push(pod),
                // What does not work may go in any case.
                (false, false) => delete.push(pod),
            }
        }
        let room = usize::try_from(most - unavailable).unwrap_or(0);
        delete.extend(old.into_iter().take(room));
        Steps { delete, create: Vec::new() }
    }

    /// Makes new pods beside old ones, no more at once than the surge allows; the old ones go when the new ones work.
    fn surge<'n>(&self, nodes: impl Iterator<Item = (&'n str, Vec<Arc<Value>>)>, surge: i64) -> Steps {
        let (mut steps, mut candidates, mut surged) = (Steps::default(), Vec::new(), 0);
        for (node, pods) in nodes {
            let (new, old): (Vec<_>, Vec<_>) = pods.into_iter().partition(|pod| self.is_new(pod));
            match (new.as_slice(), old.as_slice()) {
                (_, []) => {}
                ([], [old]) if self.is_available(old) => candidates.push(node.to_owned()),
                // One that does not work is replaced in any case.
                ([], [_]) => steps.create.push(node.to_owned()),
                ([new], [old]) if self.is_available(new) => steps.delete.push(Arc::clone(old)),
                // Not working yet, or too many, which others see to.
                _ => surged += 1,
            }
        }
        let room = usize::try_from(surge - surged).unwrap_or(0);
        steps.create.extend(candidates.into_iter().take(room));
        steps
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    fn pod(node: &str, hash: &str, ready: bool) -> Arc<Value> {
        let status = if ready { "True" } else { "False" };
        Arc::new(json!({
            "metadata": {"name": format!("{node}-{hash}"), "labels": {"controller-revision-hash": hash}},
            "status": {"conditions": [{"type": "Ready", "status": status, "lastTransitionTime": "2026-01-01T00:00:00Z"}]},
        }))
    }

    fn steps(rolling: Value, pods: &[(&str, &str, bool)]) -> (Vec<String>, Vec<String>) {
        let set = json!({"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}});
        let mut by_node = ByNode::new();
        for (node, hash, ready) in pods {
            by_node.entry((*node).to_owned()).or_default().push(pod(node, hash, *ready));
        }
        let rollout = Rollout { set: &set, hash: "new", now: Timestamp::UNIX_EPOCH };
        let steps = rollout.steps(["a", "b", "c"].into_iter(), &by_node);
        (steps.delete.iter().map(|pod| object::name(pod).to_owned()).collect(), steps.create)
    }

    #[test]
    fn old_pods_go_one_by_one_or_get_company() {
        let all_old = [("a", "old", true), ("b", "old", true), ("c", "old", true)];
        let one_at_once = json!({"maxUnavailable": 1, "maxSurge": 0});
        assert_eq!(steps(one_at_once.clone(), &all_old), (vec!["a-old".to_owned()], vec![]));
        let waiting = [("a", "new", false), ("b", "old", true), ("c", "old", false)];
        assert_eq!(steps(one_at_once, &waiting), (vec!["c-old".to_owned()], vec![]));
        let surge = json!({"maxUnavailable": 0, "maxSurge": "50%"});
        assert_eq!(steps(surge.clone(), &all_old), (vec![], vec!["a".to_owned(), "b".to_owned()]));
        let both =
            [("a", "old", true), ("a", "new", true), ("b", "old", true), ("b", "new", false), ("c", "old", true)];
        assert_eq!(steps(surge, &both), (vec!["a-old".to_owned()], vec!["c".to_owned()]));
    }
}
