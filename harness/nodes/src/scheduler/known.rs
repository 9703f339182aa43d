//! What the scheduler found out about nodes for pods of one shape.
//!
//! Replicas come in rows, and a node that nothing has happened to answers the next one as it answered the last. Every change of a node gives it a new
//! [stamp](super::cluster::NodeInfo::stamp); what was found out under another stamp is forgotten.

use super::cluster::NodeInfo;
use super::pod::{Pod, PodInfo};

/// What a node alone says of a pod: nothing that depends on other nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    /// How well the resources of the node would be used.
    pub(super) resources: i64,
    /// Taints that the pod would rather not bear.
    pub(super) taints: i64,
    /// The weight of its preferred node affinities.
    pub(super) preferred: i64,
    /// Pods of its like.
    pub(super) crowd: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    stamp: u64,
    fits: bool,
    marks: Option<Marks>,
}

/// What is known of nodes, by their places.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// A pod of the shape.
    of: Option<Pod>,
    nodes: Vec<Seen>,
}

impl Known {
    /// Turns to a pod; what is known of another shape is forgotten.
    pub(super) fn turn_to(&mut self, pod: &Pod) {
        if !self.of.as_deref().is_some_and(|of| is_like(of, pod)) {
            self.nodes.clear();
        }
        self.of = Some(pod.clone());
    }

    /// Whether the node at a place is known to fit.
    pub(super) fn fits(&self, at: usize, node: &NodeInfo) -> bool {
        self.nodes.get(at).is_some_and(|seen| seen.fits && seen.stamp == node.stamp)
    }

    /// Notes that the node at a place fits.
    pub(super) fn note_fit(&mut self, at: usize, node: &NodeInfo) {
        self.seen(at, node).fits = true;
    }

    /// What the node at a place says of the pod; `look` finds it out.
    pub(super) fn marks(&mut self, at: usize, node: &NodeInfo, look: impl FnOnce() -> Marks) -> Marks {
        *self.seen(at, node).marks.get_or_insert_with(look)
    }

    fn seen(&mut self, at: usize, node: &NodeInfo) -> &mut Seen {
        if self.nodes.len() <= at {
            self.nodes.resize(at + 1, Seen::default());
        }
        let seen = &mut self.nodes[at];
        if seen.stamp != node.stamp {
            *seen = Seen { stamp: node.stamp, ..Seen::default() };
        }
        seen
    }
}

/// Whether two pods ask the same of nodes.
fn is_like(a: &PodInfo, b: &PodInfo) -> bool {
    a.namespace == b.namespace
        && a.owner == b.owner
        && a.node == b.node
        && a.labels == b.labels
        && a.requests == b.requests
        && a.assumed == b.assumed
        && a.selector == b.selector
        && a.affinity == b.affinity
        && a.tolerations == b.tolerations
        && a.ports == b.ports
        && a.spread == b.spread
}
