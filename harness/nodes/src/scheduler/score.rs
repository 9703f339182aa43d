//! Which of the nodes that a pod can run on suits it best: kube-scheduler's scores, with its weights. Images are of no weight here, and
//! pods of one owner are kept apart as upstream does by default.

use super::cluster::{Cluster, NodeInfo};
use super::known::{Known, Marks};
use super::neighbours::{Namespaces, is_meant};
use super::pod::PodInfo;
use super::selectors::{selects, term_fits, tolerated};

/// The highest score that one plugin gives.
const MOST: i64 = 100;

/// The best node among these (by their places in the cluster); the first of equals. `known` is about the pod's shape.
pub(super) fn best(
    pod: &PodInfo,
    cluster: &Cluster,
    candidates: &[usize],
    namespaces: &Namespaces,
    known: &mut Known,
) -> Option<usize> {
    let nodes: Vec<(usize, &NodeInfo)> =
        candidates.iter().filter_map(|at| Some((*at, cluster.nodes.get(*at)?))).collect();
    let marks: Vec<Marks> = nodes.iter().map(|(at, node)| known.marks(*at, node, || marks(pod, node))).collect();
    let mut totals: Vec<i64> = marks.iter().map(|marks| marks.resources).collect();
    let mut add = |weight: i64, reverse: bool, raw: &dyn Fn(usize) -> i64| {
        let all = || (0..nodes.len()).map(raw);
        let (low, high) = all().fold((i64::MAX, i64::MIN), |(low, high), raw| (low.min(raw), high.max(raw)));
        if low >= high {
            return;
        }
        for (total, raw) in totals.iter_mut().zip(all()) {
            let part = MOST * (raw - low) / (high - low);
            *total += weight * if reverse { MOST - part } else { part };
        }
    };
    let marks = &marks;
    let of = |field: fn(&Marks) -> i64| move |at: usize| marks.get(at).map_or(0, field);
    add(3, true, &of(|marks| marks.taints));
    add(2, false, &of(|marks| marks.preferred));
    add(2, true, &of(|marks| marks.crowd));
    if pod.affinity.pod_affinity.is_some() || pod.affinity.pod_anti_affinity.is_some() {
        let company: Vec<i64> = nodes.iter().map(|(_, node)| company(pod, cluster, node, namespaces)).collect();
        add(2, false, &|at| company.get(at).copied().unwrap_or(0));
    }
    let best = totals.iter().copied().max()?;
    let at = totals.iter().position(|total| *total == best)?;
    candidates.get(at).copied()
}

/// What a node alone says of a pod.
fn marks(pod: &PodInfo, node: &NodeInfo) -> Marks {
    Marks {
        resources: least_allocated(pod, node) + balanced(pod, node),
        taints: disliked_taints(pod, node),
        preferred: preferred(pod, node),
        crowd: crowd(pod, node),
    }
}

/// CPU and memory of a node that a pod would leave free, of a hundred.
fn least_allocated(pod: &PodInfo, node: &NodeInfo) -> i64 {
    let free = |have: i64, used: i64| if have <= 0 || used > have { 0 } else { (have - used) * MOST / have };
    let cpu = free(node.allocatable.cpu, node.assumed.0 + pod.assumed.0);
    let memory = free(node.allocatable.memory, node.assumed.1 + pod.assumed.1);
    (cpu + memory) / 2
}

/// How evenly CPU and memory would be used, of a hundred.
fn balanced(pod: &PodInfo, node: &NodeInfo) -> i64 {
    let share = |have: i64, used: i64| if have <= 0 { MOST } else { (used * MOST / have).min(MOST) };
    let cpu = share(node.allocatable.cpu, node.requested.cpu + pod.requests.cpu);
    let memory = share(node.allocatable.memory, node.requested.memory + pod.requests.memory);
    MOST - (cpu - memory).abs() / 2
}

fn disliked_taints(pod: &PodInfo, node: &NodeInfo) -> i64 {
    let taints = node.taints.iter().filter(|taint| taint.effect == "PreferNoSchedule");
    i64::try_from(taints.filter(|taint| !tolerated(taint, &pod.tolerations)).count()).unwrap_or(i64::MAX)
}

fn preferred(pod: &PodInfo, node: &NodeInfo) -> i64 {
    let terms = pod.affinity.node_affinity.iter();
    let terms = terms.flat_map(|a| a.preferred_during_scheduling_ignored_during_execution.iter().flatten());
    let fitting = terms.filter(|term| term_fits(&term.preference, &node.name, &node.labels));
    fitting.map(|term| i64::from(term.weight)).sum()
}

/// How many of its like are on the node: of its owner, or by its soft spread constraints.
fn crowd(pod: &PodInfo, node: &NodeInfo) -> i64 {
    let soft = || pod.spread.iter().filter(|c| c.when_unsatisfiable == "ScheduleAnyway");
    let alike = |other: &PodInfo| {
        other.namespace == pod.namespace
            && ((!pod.owner.is_empty() && other.owner == pod.owner)
                || soft().any(|c| selects(c.label_selector.as_ref(), &other.labels)))
    };
    if pod.owner.is_empty() && soft().next().is_none() {
        return 0;
    }
    i64::try_from(node.pods.values().filter(|other| alike(other)).count()).unwrap_or(i64::MAX)
}

/// The weight of preferred neighbours in the node's domains, less that of those to avoid.
fn company(pod: &PodInfo, cluster: &Cluster, node: &NodeInfo, namespaces: &Namespaces) -> i64 {
    let near = pod.affinity.pod_affinity.iter();
    let near = near.flat_map(|a| a.preferred_during_scheduling_ignored_during_execution.iter().flatten());
    let apart = pod.affinity.pod_anti_affinity.iter();
    let apart = apart.flat_map(|a| a.preferred_during_scheduling_ignored_during_execution.iter().flatten());
    let mut sum = 0;
    for (sign, term) in near.map(|term| (1, term)).chain(apart.map(|term| (-1, term))) {
        let key = &term.pod_affinity_term.topology_key;
        let Some(domain) = node.labels.get(key) else { continue };
        let same = cluster.nodes.iter().filter(|other| other.labels.get(key) == Some(domain));
        let meant = same.flat_map(|other| other.pods.values());
        let meant = meant.filter(|other| is_meant(&term.pod_affinity_term, pod, other, namespaces)).count();
        sum += sign * i64::from(term.weight) * i64::try_from(meant).unwrap_or(i64::MAX);
    }
    sum
}
