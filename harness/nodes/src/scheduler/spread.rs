//! Topology spread constraints that must hold (`PodTopologySpread`, KEP-895).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::TopologySpreadConstraint;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::cluster::{Cluster, NodeInfo};
use super::filter::Refused;
use super::pod::PodInfo;
use super::selectors::{selects, tolerated};

/// The constraints of a pod, with how its like are spread now.
#[derive(Debug, Default)]
pub(super) struct Spread(Vec<Constraint>);

#[derive(Debug)]
struct Constraint {
    key: String,
    most: i64,
    least_domains: usize,
    counts_itself: bool,
    /// Pods of its kind by domain.
    counts: BTreeMap<String, i64>,
}

impl Spread {
    /// Counts the pods that each constraint is about.
    pub(super) fn of(pod: &PodInfo, cluster: &Cluster) -> Self {
        let hard: Vec<_> = pod.spread.iter().filter(|c| c.when_unsatisfiable == "DoNotSchedule").collect();
        let constraints = hard.iter().map(|constraint| {
            let selector = selector(constraint, pod);
            let mut counts = BTreeMap::new();
            for node in &cluster.nodes {
                let complete = hard.iter().all(|c| node.labels.contains_key(&c.topology_key));
                let Some(domain) = node.labels.get(&constraint.topology_key) else { continue };
                if !complete || !is_counted(constraint, pod, node) {
                    continue;
                }
                *counts.entry(domain.clone()).or_insert(0) += matching(&selector, pod, node);
            }
            Constraint {
                key: constraint.topology_key.clone(),
                most: constraint.max_skew.into(),
                least_domains: constraint.min_domains.and_then(|d| usize::try_from(d).ok()).unwrap_or(1),
                counts_itself: selects(Some(&selector), &pod.labels),
                counts,
            }
        });
        Self(constraints.collect())
    }

    pub(super) fn check(&self, node: &NodeInfo) -> Result<(), Refused> {
        for constraint in &self.0 {
            let Some(domain) = node.labels.get(&constraint.key) else {
                return Err(Refused::for_good(
                    "node(s) didn't match pod topology spread constraints (missing required label)",
                ));
            };
            let least = match constraint.counts.values().min() {
                Some(least) if constraint.counts.len() >= constraint.least_domains => *least,
                _ => 0,
            };
            let here = constraint.counts.get(domain).copied().unwrap_or(0);
            if here + i64::from(constraint.counts_itself) - least > constraint.most {
                return Err("node(s) didn't match pod topology spread constraints".into());
            }
        }
        Ok(())
    }
}

/// A constraint's selector, with the pod's own values of `matchLabelKeys`.
fn selector(constraint: &TopologySpreadConstraint, pod: &PodInfo) -> LabelSelector {
    let mut selector = constraint.label_selector.clone().unwrap_or_default();
    let own = constraint.match_label_keys.iter().flatten();
    let own = own.filter_map(|key| Some((key.clone(), pod.labels.get(key)?.clone())));
    selector.match_labels.get_or_insert_default().extend(own);
    selector
}

/// Whether a node's pods count, by the constraint's policies.
fn is_counted(constraint: &TopologySpreadConstraint, pod: &PodInfo, node: &NodeInfo) -> bool {
    let honors = |policy: &Option<String>, usual: &str| policy.as_deref().unwrap_or(usual) == "Honor";
    let hard = |effect: &str| matches!(effect, "NoSchedule" | "NoExecute");
    let bears = || node.taints.iter().all(|taint| !hard(&taint.effect) || tolerated(taint, &pod.tolerations));
    (!honors(&constraint.node_affinity_policy, "Honor") || pod.may_run_on(&node.name, &node.labels))
        && (!honors(&constraint.node_taints_policy, "Ignore") || bears())
}

fn matching(selector: &LabelSelector, pod: &PodInfo, node: &NodeInfo) -> i64 {
    let alike =
        |other: &PodInfo| other.namespace == pod.namespace && !other.deleted && selects(Some(selector), &other.labels);
    i64::try_from(node.pods.values().filter(|other| alike(other)).count()).unwrap_or(i64::MAX)
}
