//! Why a pod could not be scheduled, in one sentence (`FitError`).

use std::collections::BTreeMap;

use super::filter::Refused;

/// No node is registered at all.
pub(super) const NO_NODES: &str = "no nodes available to schedule pods";

/// How many nodes refused for which reason.
#[derive(Debug, Default)]
pub(super) struct Histogram(BTreeMap<String, usize>);

impl Histogram {
    pub(super) fn add(&mut self, refused: &Refused) {
        for reason in &refused.reasons {
            self.count(reason, 1);
        }
    }

    pub(super) fn count(&mut self, reason: &str, nodes: usize) {
        if nodes > 0 {
            *self.0.entry(reason.to_owned()).or_insert(0) += nodes;
        }
    }

    /// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.`
    pub(super) fn sentence(&self, nodes: usize) -> String {
        let mut reasons: Vec<String> = self.0.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        reasons.sort();
        if reasons.is_empty() { head(nodes) } else { format!("{} {}.", head(nodes), reasons.join(", ")) }
    }
}

/// The sentence of a pod that no node was even looked at for. Its odd end is the real one's: dynamic resource allocation misses what it would have
/// worked out had nodes been looked at.
pub(super) fn before_nodes(nodes: usize, why: &str) -> String {
    format!("{} {why}. not found", head(nodes))
}

fn head(nodes: usize) -> String {
    format!("0/{nodes} nodes are available:")
}

/// What making room would bring, put after the sentence.
pub(super) fn with_preemption(sentence: &str, preemption: &str) -> String {
    if preemption.is_empty() {
        return sentence.to_owned();
    }
    // Dynamic resource allocation speaks first; it has no claims to give up.
    format!("{sentence} no new claims to deallocate, preemption: {preemption}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sorted_as_text() {
        let mut histogram = Histogram::default();
        histogram.count("node(s) were unschedulable", 2);
        histogram.count("Insufficient cpu", 10);
        histogram.count("Insufficient memory", 0);
        assert_eq!(
            histogram.sentence(12),
            "0/12 nodes are available: 10 Insufficient cpu, 2 node(s) were unschedulable."
        );
    }
}
