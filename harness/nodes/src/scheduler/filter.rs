//! Which nodes a pod can run on, and why not on the others: the filters of kube-scheduler, in its order and words.

use std::collections::BTreeSet;

use super::cluster::NodeInfo;
use super::neighbours::Neighbours;
use super::pod::PodInfo;
use super::selectors::tolerated;
use super::spread::Spread;
use crate::resources::Amounts;

/// Why a pod cannot run on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) reasons: Vec<String>,
    /// Whether it could if other pods were not there.
    pub(super) resolvable: bool,
}

impl Refused {
    fn unresolvable(reason: &str) -> Self {
        Self { reasons: vec![reason.to_owned()], resolvable: false }
    }

    fn resolvable(reason: &str) -> Self {
        Self { reasons: vec![reason.to_owned()], resolvable: true }
    }
}

/// What is worked out once for a pod before nodes are looked at.
pub(super) struct Prepared<'a> {
    pub(super) pod: &'a PodInfo,
    /// The only nodes that its affinity names, if it names any.
    pub(super) named: Option<BTreeSet<&'a str>>,
    pub(super) spread: Spread,
    pub(super) neighbours: Neighbours,
}

/// The nodes that every term of a pod's affinity names; an error where terms contradict themselves.
pub(super) fn named_nodes(pod: &PodInfo) -> Result<Option<BTreeSet<&str>>, &'static str> {
    let Some(required) = pod.required_nodes() else { return Ok(None) };
    let mut all = BTreeSet::new();
    for term in &required.node_selector_terms {
        let fields = term.match_fields.iter().flatten();
        let names = fields
            .filter(|field| field.key == "metadata.name" && field.operator == "In")
            .map(|field| field.values.iter().flatten().map(String::as_str).collect::<BTreeSet<_>>());
        match names.reduce(|a, b| a.intersection(&b).copied().collect()) {
            Some(names) => all.extend(names),
            None => return Ok(None),
        }
    }
    if all.is_empty() && !required.node_selector_terms.is_empty() {
        return Err("pod affinity terms conflict");
    }
    Ok(Some(all))
}

/// Whether a pod can run on a node. `more` is what others of at least its importance are about to use there.
pub(super) fn check(prepared: &Prepared<'_>, node: &NodeInfo, more: Option<(&Amounts, i64)>) -> Result<(), Refused> {
    let pod = prepared.pod;
    if node.unschedulable && !tolerates_unschedulable(pod) {
        return Err(Refused::unresolvable("node(s) were unschedulable"));
    }
    if !pod.node.is_empty() && pod.node != node.name {
        return Err(Refused::unresolvable("node(s) didn't match the requested node name"));
    }
    let hard = |effect: &str| matches!(effect, "NoSchedule" | "NoExecute");
    if node.taints.iter().any(|taint| hard(&taint.effect) && !tolerated(taint, &pod.tolerations)) {
        return Err(Refused::unresolvable("node(s) had untolerated taint(s)"));
    }
    if !pod.may_run_on(&node.name, &node.labels) {
        return Err(Refused::unresolvable("node(s) didn't match Pod's node affinity/selector"));
    }
    if pod.ports.iter().any(|port| node.is_taken(port)) {
        return Err(Refused::resolvable("node(s) didn't have free ports for the requested pod ports"));
    }
    fits(pod, node, more)?;
    prepared.spread.check(node)?;
    prepared.neighbours.check(pod, node)
}

fn tolerates_unschedulable(pod: &PodInfo) -> bool {
    let taint = k8s_openapi::api::core::v1::Taint {
        key: "node.kubernetes.io/unschedulable".to_owned(),
        effect: "NoSchedule".to_owned(),
        ..k8s_openapi::api::core::v1::Taint::default()
    };
    tolerated(&taint, &pod.tolerations)
}

/// Whether a node has room (`NodeResourcesFit`).
pub(super) fn fits(pod: &PodInfo, node: &NodeInfo, more: Option<(&Amounts, i64)>) -> Result<(), Refused> {
    let mut reasons = Vec::new();
    let mut resolvable = true;
    let others = i64::try_from(node.pods.len()).unwrap_or(i64::MAX) + more.map_or(0, |(_, pods)| pods);
    if others + 1 > node.most_pods {
        reasons.push("Too many pods".to_owned());
    }
    let nothing = Amounts::default();
    let (wanted, have, used) = (&pod.requests, &node.allocatable, &node.requested);
    let coming = more.map_or(&nothing, |(amounts, _)| amounts);
    let mut compare = |name: &str, wanted: i64, have: i64, used: i64| {
        if wanted > 0 && wanted > have - used {
            reasons.push(format!("Insufficient {name}"));
            resolvable &= wanted <= have;
        }
    };
    compare("cpu", wanted.cpu, have.cpu, used.cpu + coming.cpu);
    compare("memory", wanted.memory, have.memory, used.memory + coming.memory);
    compare("ephemeral-storage", wanted.storage, have.storage, used.storage + coming.storage);
    for (name, amount) in &wanted.other {
        let of = |amounts: &Amounts| amounts.other.get(name).copied().unwrap_or(0);
        compare(name, *amount, of(have), of(used) + of(coming));
    }
    if reasons.is_empty() { Ok(()) } else { Err(Refused { reasons, resolvable }) }
}

/// The reasons that other rooms have.
impl From<&'static str> for Refused {
    fn from(reason: &'static str) -> Self {
        Self::resolvable(reason)
    }
}

impl Refused {
    /// A reason that no pod's going could remove.
    pub(super) fn for_good(reason: &'static str) -> Self {
        Self::unresolvable(reason)
    }
}
