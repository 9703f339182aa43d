//! Pods that must, or must not, be near others (`InterPodAffinity`).

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::PodAffinityTerm;

use super::cluster::{Cluster, NodeInfo};
use super::filter::Refused;
use super::pod::PodInfo;
use super::selectors::{Labels, selects};

/// A value of a topology label.
type Domain = (String, String);

/// The labels of namespaces, by name.
pub(super) type Namespaces = BTreeMap<String, Labels>;

/// Where a pod's neighbours are.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    /// Pods that fit every term of the pod's affinity, by domain.
    near: BTreeMap<Domain, usize>,
    /// Whether it would be a neighbour of itself.
    own: bool,
    /// Where pods are that it must not be near.
    apart: BTreeSet<Domain>,
    /// Where pods are that must not be near it.
    shunned: BTreeSet<Domain>,
}

impl Neighbours {
    /// Looks for them.
    pub(super) fn of(pod: &PodInfo, cluster: &Cluster, namespaces: &Namespaces) -> Self {
        let mut found = Self::default();
        let (near, apart) = (pod.near(), pod.apart());
        if near.is_empty() && apart.is_empty() && cluster.apart == 0 {
            return found;
        }
        let meant = |term: &PodAffinityTerm, of: &PodInfo, other: &PodInfo| is_meant(term, of, other, namespaces);
        found.own = near.iter().all(|term| meant(term, pod, pod));
        let domain = |term: &PodAffinityTerm, node: &NodeInfo| {
            Some((term.topology_key.clone(), node.labels.get(&term.topology_key)?.clone()))
        };
        for node in &cluster.nodes {
            for other in node.pods.values() {
                if !near.is_empty() && near.iter().all(|term| meant(term, pod, other)) {
                    for domain in near.iter().filter_map(|term| domain(term, node)) {
                        *found.near.entry(domain).or_insert(0) += 1;
                    }
                }
                let avoided = apart.iter().filter(|term| meant(term, pod, other));
                found.apart.extend(avoided.filter_map(|term| domain(term, node)));
                let avoiding = other.apart().iter().filter(|term| meant(term, other, pod));
                found.shunned.extend(avoiding.filter_map(|term| domain(term, node)));
            }
        }
        found
    }

    pub(super) fn check(&self, pod: &PodInfo, node: &NodeInfo) -> Result<(), Refused> {
        let domain =
            |term: &PodAffinityTerm| Some((term.topology_key.clone(), node.labels.get(&term.topology_key)?.clone()));
        let near = pod.near();
        if !near.is_empty() {
            let domains: Option<Vec<Domain>> = near.iter().map(domain).collect();
            let there = domains.as_ref().is_some_and(|all| all.iter().all(|domain| self.near.contains_key(domain)));
            // The first of its kind need not wait for another.
            let first = domains.is_some() && self.near.is_empty() && self.own;
            if !there && !first {
                return Err(Refused::for_good("node(s) didn't match pod affinity rules"));
            }
        }
        if pod.apart().iter().filter_map(domain).any(|domain| self.apart.contains(&domain)) {
            return Err("node(s) didn't match pod anti-affinity rules".into());
        }
        if self.shunned.iter().any(|(key, value)| node.labels.get(key) == Some(value)) {
            return Err("node(s) didn't satisfy existing pods anti-affinity rules".into());
        }
        Ok(())
    }
}

/// Whether a term of a pod is about another pod.
pub(super) fn is_meant(term: &PodAffinityTerm, of: &PodInfo, other: &PodInfo, namespaces: &Namespaces) -> bool {
    let listed = term.namespaces.as_deref().unwrap_or_default();
    let selected = || {
        let nothing = Labels::new();
        let labels = namespaces.get(&other.namespace).unwrap_or(&nothing);
        selects(term.namespace_selector.as_ref(), labels)
    };
    let space = if listed.is_empty() && term.namespace_selector.is_none() {
        other.namespace == of.namespace
    } else {
        listed.contains(&other.namespace) || selected()
    };
    space && selects(term.label_selector.as_ref(), &other.labels)
}
