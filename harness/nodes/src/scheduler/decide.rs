//! One pod, one decision: where it goes, or why it cannot go anywhere and whether making room would help (`schedulePod`, `DefaultPreemption`).

use std::collections::BTreeMap;

use super::cluster::{Cluster, NodeInfo};
use super::filter::{Prepared, Refused, check, named_nodes};
use super::known::Known;
use super::message::{self, Histogram};
use super::neighbours::{Namespaces, Neighbours};
use super::pod::{Pod, PodInfo};
use super::score;
use super::spread::Spread;
use crate::resources::Amounts;

/// At least so many nodes that fit are compared, if there are as many (`minFeasibleNodesToFind`).
const COMPARED: usize = 100;

/// What is to become of a pod.
#[derive(Debug)]
pub(super) enum Decision {
    /// It goes to this node.
    Bind(String),
    /// It cannot go anywhere now.
    Wait {
        why: String,
        /// The node where room is made for it, and whose pods have to go.
        room: Option<(String, Vec<Pod>)>,
    },
}

/// What decisions are made from, besides the nodes.
pub(super) struct Situation<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) namespaces: &'a Namespaces,
    /// Pods that wait for room that has been made for them, by node.
    pub(super) nominated: &'a BTreeMap<String, Vec<Pod>>,
    /// Why the pod's claims keep it from running, if they do.
    pub(super) claims: Option<String>,
    /// How many pods a disruption budget lets go, if one is about this pod.
    pub(super) budget: &'a dyn Fn(&PodInfo) -> Option<i64>,
}

/// Decides about a pod. `start` is where to begin looking, and moves on, so that big clusters are used evenly; `known` spares looking twice.
pub(super) fn decide(pod: &Pod, of: &Situation<'_>, start: &mut usize, known: &mut Known) -> Decision {
    let nodes = &of.cluster.nodes;
    let wait = |why: String| Decision::Wait { why, room: None };
    if nodes.is_empty() {
        return wait(message::NO_NODES.to_owned());
    }
    let named = match (&of.claims, named_nodes(pod)) {
        (_, Err(why)) => return wait(message::before_nodes(nodes.len(), why)),
        (Some(why), _) => return wait(message::before_nodes(nodes.len(), why)),
        (None, Ok(named)) => named,
    };
    let prepared = prepare(pod, of, named);
    let wanted = compared(nodes.len());
    known.turn_to(pod);
    // Otherwise whether a node fits depends on more than the node.
    let alone = of.nominated.is_empty() && stands_alone(pod, of);
    let (mut fitting, mut refused) = (Vec::new(), BTreeMap::new());
    let mut looked = 0;
    for step in 0..nodes.len() {
        let at = (*start + step) % nodes.len();
        let Some(node) = nodes.get(at) else { continue };
        looked = step + 1;
        if prepared.named.as_ref().is_some_and(|named| !named.contains(node.name.as_str())) {
            continue;
        }
        if alone && known.fits(at, node) {
            fitting.push(at);
        } else {
            match with_nominated(&prepared, node, of) {
                Ok(()) => {
                    fitting.push(at);
                    if alone {
                        known.note_fit(at, node);
                    }
                }
                Err(why) => {
                    refused.insert(at, why);
                }
            }
        }
        if fitting.len() >= wanted {
            break;
        }
    }
    *start = (*start + looked) % nodes.len();
    let chosen = match fitting.as_slice() {
        [only] => Some(*only),
        several => score::best(pod, of.cluster, several, of.namespaces, known),
    };
    match chosen.and_then(|at| nodes.get(at)) {
        Some(node) => Decision::Bind(node.name.clone()),
        None => refuse(&prepared, of, &refused),
    }
}

fn prepare<'a>(
    pod: &'a PodInfo,
    of: &Situation<'_>,
    named: Option<std::collections::BTreeSet<&'a str>>,
) -> Prepared<'a> {
    let neighbours = Neighbours::of(pod, of.cluster, of.namespaces);
    Prepared { pod, named, spread: Spread::of(pod, of.cluster), neighbours }
}

/// Whether it makes no difference to a pod which pods are on other nodes.
fn stands_alone(pod: &PodInfo, of: &Situation<'_>) -> bool {
    pod.spread.is_empty() && pod.near().is_empty() && pod.apart().is_empty() && of.cluster.apart == 0
}

/// How many nodes that fit are enough (`numFeasibleNodesToFind`).
fn compared(nodes: usize) -> usize {
    if nodes < COMPARED {
        return nodes;
    }
    let percent = 50_usize.saturating_sub(nodes / 125).max(5);
    (nodes * percent / 100).max(COMPARED)
}

/// Checks a node, counting those in that wait for its room and are at least as important.
fn with_nominated(prepared: &Prepared<'_>, node: &NodeInfo, of: &Situation<'_>) -> Result<(), Refused> {
    let pod = prepared.pod;
    let others = of.nominated.get(&node.name).into_iter().flatten();
    let mut coming = (Amounts::default(), 0);
    for other in others.filter(|other| other.uid != pod.uid && other.priority >= pod.priority) {
        coming.0.add(&other.requests);
        coming.1 += 1;
    }
    check(prepared, node, (coming.1 > 0).then_some((&coming.0, coming.1)))
}

fn refuse(prepared: &Prepared<'_>, of: &Situation<'_>, refused: &BTreeMap<usize, Refused>) -> Decision {
    let nodes = of.cluster.nodes.len();
    let mut histogram = Histogram::default();
    refused.values().for_each(|why| histogram.add(why));
    histogram.count("node(s) didn't satisfy plugin(s) [NodeAffinity]", nodes - refused.len());
    let sentence = histogram.sentence(nodes);
    match make_room(prepared, of, refused) {
        Ok(room) => Decision::Wait { why: sentence, room: Some(room) },
        Err(why) => Decision::Wait { why: message::with_preemption(&sentence, &why), room: None },
    }
}

/// Pods that would have to go from a node.
struct Victims<'a> {
    node: &'a str,
    /// The most important first.
    pods: Vec<Pod>,
    /// How many of them a budget protects.
    protected: usize,
}

/// Finds the node where the least has to go for a pod; an error says why there is none.
fn make_room(
    prepared: &Prepared<'_>,
    of: &Situation<'_>,
    refused: &BTreeMap<usize, Refused>,
) -> Result<(String, Vec<Pod>), String> {
    let pod = prepared.pod;
    if pod.never_preempts {
        return Err("not eligible due to preemptionPolicy=Never.".to_owned());
    }
    let nodes = &of.cluster.nodes;
    let leaving = |node: &NodeInfo| node.pods.values().any(|other| other.deleted && other.priority < pod.priority);
    if of.cluster.node(&pod.nominated).is_some_and(leaving) {
        return Err("not eligible due to a terminating pod on the nominated node.".to_owned());
    }
    let (mut candidates, mut histogram, mut tried) = (Vec::new(), Histogram::default(), 0);
    for (at, _) in refused.iter().filter(|(_, why)| why.resolvable) {
        let Some(node) = nodes.get(*at) else { continue };
        tried += 1;
        match victims(prepared, node, of) {
            Ok(victims) => candidates.push(victims),
            Err(why) => histogram.add(&why),
        }
    }
    let last = |victims: &Victims<'_>| {
        let top = victims.pods.first().map_or(i32::MIN, |pod| pod.priority);
        let sum: i64 = victims.pods.iter().map(|pod| i64::from(pod.priority) + i64::from(i32::MAX) + 1).sum();
        let same = victims.pods.iter().filter(|pod| pod.priority == top);
        let started = same.map(|pod| pod.started.clone()).min().unwrap_or_default();
        (victims.protected, top, sum, victims.pods.len(), std::cmp::Reverse(started))
    };
    match candidates.into_iter().min_by_key(last) {
        Some(Victims { node, pods, .. }) => Ok((node.to_owned(), pods)),
        None => {
            histogram.count("Preemption is not helpful for scheduling", nodes.len() - tried);
            Err(histogram.sentence(nodes.len()))
        }
    }
}

/// The fewest pods of a node that have to go for another, the most important spared first (`SelectVictimsOnNode`).
fn victims<'a>(prepared: &Prepared<'_>, node: &'a NodeInfo, of: &Situation<'_>) -> Result<Victims<'a>, Refused> {
    let pod = prepared.pod;
    let mut without = node.clone();
    let mut lesser: Vec<Pod> = node.pods.values().filter(|other| other.priority < pod.priority).cloned().collect();
    if lesser.is_empty() {
        let why = "No preemption victims found for incoming pod";
        return Err(Refused { reasons: vec![why.to_owned()], resolvable: false });
    }
    for other in &lesser {
        without.remove(&other.key());
    }
    // What spread and neighbours demand depends on the pods that would be left.
    let alone = stands_alone(pod, of);
    let fits = |node: &NodeInfo| {
        if alone {
            return with_nominated(prepared, node, of);
        }
        let cluster = with_node(of.cluster, node);
        let of = Situation { cluster: &cluster, claims: None, ..*of };
        let prepared = prepare(pod, &of, None);
        with_nominated(&prepared, node, &of)
    };
    fits(&without)?;
    lesser.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.started.cmp(&b.started)));
    let is_protected = |pod: &PodInfo| (of.budget)(pod).is_some_and(|left| left <= 0);
    let (guarded, free): (Vec<Pod>, Vec<Pod>) = lesser.into_iter().partition(|pod| is_protected(pod));
    let (mut pods, mut protected) = (Vec::new(), 0);
    for (other, counts) in guarded.into_iter().map(|p| (p, 1)).chain(free.into_iter().map(|p| (p, 0))) {
        without.add(other.clone());
        if fits(&without).is_err() {
            without.remove(&other.key());
            protected += counts;
            pods.push(other);
        }
    }
    pods.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.started.cmp(&b.started)));
    Ok(Victims { node: &node.name, pods, protected })
}

/// The cluster with one node as it would be.
fn with_node(cluster: &Cluster, node: &NodeInfo) -> Cluster {
    let mut changed = cluster.clone();
    if let Some(there) = changed.nodes.iter_mut().find(|there| there.name == node.name) {
        *there = node.clone();
    }
    changed
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn amounts(cpu: i64, memory: i64) -> Amounts {
        Amounts { cpu, memory, ..Amounts::default() }
    }

    proptest! {
        /// Pods placed one after the other never take more than there is, and a pod that waits fits nowhere.
        #[test]
        fn nodes_are_never_overcommitted(
            nodes in prop::collection::vec((0..4000_i64, 0..100_i64, 0..6_i64), 0..12),
            pods in prop::collection::vec(prop_oneof![Just((300, 8)), (0..1500_i64, 0..40_i64)], 0..40),
        ) {
            let mut cluster = Cluster::default();
            for (number, (cpu, memory, most_pods)) in nodes.into_iter().enumerate() {
                let name = format!("n{number}");
                let node = NodeInfo { name, allocatable: amounts(cpu, memory), most_pods, ..NodeInfo::default() };
                cluster.put_node(node);
            }
            let (mut start, mut known) = (0, Known::default());
            for (number, (cpu, memory)) in pods.into_iter().enumerate() {
                let name = format!("p{number}");
                let pod = Arc::new(PodInfo { name, requests: amounts(cpu, memory), ..PodInfo::default() });
                let (namespaces, nominated) = (Namespaces::new(), BTreeMap::new());
                let of = Situation {
                    cluster: &cluster, namespaces: &namespaces, nominated: &nominated, claims: None, budget: &|_| None,
                };
                // What is known from before makes no difference.
                let mut same_start = start;
                let fresh = decide(&pod, &of, &mut same_start, &mut Known::default());
                let decision = decide(&pod, &of, &mut start, &mut known);
                prop_assert_eq!((format!("{fresh:?}"), same_start), (format!("{decision:?}"), start));
                match decision {
                    Decision::Bind(node) => cluster.put_pod(&node, pod),
                    Decision::Wait { .. } => {
                        for node in &cluster.nodes {
                            let full = i64::try_from(node.pods.len()).unwrap() >= node.most_pods;
                            let (cpu_left, memory_left) = (
                                node.allocatable.cpu - node.requested.cpu,
                                node.allocatable.memory - node.requested.memory,
                            );
                            prop_assert!(full || cpu > cpu_left || memory > memory_left, "{} has room", node.name);
                        }
                    }
                }
            }
            for node in &cluster.nodes {
                prop_assert!(node.requested.cpu <= node.allocatable.cpu);
                prop_assert!(node.requested.memory <= node.allocatable.memory);
                prop_assert!(i64::try_from(node.pods.len()).unwrap() <= node.most_pods);
            }
        }
    }

    #[test]
    fn big_clusters_are_sampled() {
        for (nodes, wanted) in [(3, 3), (99, 99), (100, 100), (1000, 420), (5000, 500), (20_000, 1000)] {
            assert_eq!(compared(nodes), wanted, "{nodes}");
        }
    }
}
