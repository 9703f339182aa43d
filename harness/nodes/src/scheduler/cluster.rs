//! The cluster as the scheduler sees it: nodes, and which pods are on them or about to be.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{NodeSpec, NodeStatus, Taint};
use proofmark_controllers::kit::object;
use proofmark_json::Value;
use serde::Deserialize as _;

use super::pod::{HostPort, Key, Pod};
use super::selectors::Labels;
use crate::resources::Amounts;

/// A node and what is on it.
#[derive(Debug, Clone, Default)]
pub(super) struct NodeInfo {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) taints: Vec<Taint>,
    pub(super) unschedulable: bool,
    pub(super) allocatable: Amounts,
    pub(super) most_pods: i64,
    /// What its pods ask for.
    pub(super) requested: Amounts,
    /// CPU and memory of its pods, with what is assumed for those that do not say.
    pub(super) assumed: (i64, i64),
    pub(super) pods: BTreeMap<Key, Pod>,
    /// Of its last change in the cluster; no two changes have the same.
    pub(super) stamp: u64,
}

impl NodeInfo {
    /// Reads a node; nothing is on it yet.
    pub(super) fn read(node: &Value) -> Result<Self, proofmark_json::Error> {
        let spec = Option::<NodeSpec>::deserialize(&node["spec"])?.unwrap_or_default();
        let status = Option::<NodeStatus>::deserialize(&node["status"])?.unwrap_or_default();
        let mut allocatable = Amounts::read(status.allocatable.as_ref());
        Ok(Self {
            name: object::name(node).to_owned(),
            labels: Option::<Labels>::deserialize(&node["metadata"]["labels"])?.unwrap_or_default(),
            taints: spec.taints.unwrap_or_default(),
            unschedulable: spec.unschedulable == Some(true),
            most_pods: allocatable.other.remove("pods").unwrap_or(0),
            allocatable,
            ..Self::default()
        })
    }

    pub(super) fn add(&mut self, pod: Pod) {
        self.requested.add(&pod.requests);
        self.assumed.0 += pod.assumed.0;
        self.assumed.1 += pod.assumed.1;
        self.pods.insert(pod.key(), pod);
    }

    pub(super) fn remove(&mut self, key: &Key) -> Option<Pod> {
        let pod = self.pods.remove(key)?;
        self.requested.subtract(&pod.requests);
        self.assumed.0 -= pod.assumed.0;
        self.assumed.1 -= pod.assumed.1;
        Some(pod)
    }

    /// Whether a port of the node is taken. An empty address, like `0.0.0.0`, stands for all of them.
    pub(super) fn is_taken(&self, port: &HostPort) -> bool {
        let all = |ip: &str| ip.is_empty() || ip == "0.0.0.0";
        self.pods.values().flat_map(|pod| &pod.ports).any(|(ip, protocol, number)| {
            *number == port.2 && *protocol == port.1 && (*ip == port.0 || all(ip) || all(&port.0))
        })
    }
}

/// Every node, and where every pod is.
#[derive(Debug, Clone, Default)]
pub(super) struct Cluster {
    pub(super) nodes: Vec<NodeInfo>,
    index: BTreeMap<String, usize>,
    places: BTreeMap<Key, String>,
    /// How many pods have to be apart from others.
    pub(super) apart: usize,
    /// How often a node has changed.
    changes: u64,
}

impl Cluster {
    pub(super) fn node(&self, name: &str) -> Option<&NodeInfo> {
        self.nodes.get(*self.index.get(name)?)
    }

    /// A node that is about to change.
    fn node_mut(&mut self, name: &str) -> Option<&mut NodeInfo> {
        let node = self.nodes.get_mut(*self.index.get(name)?)?;
        self.changes += 1;
        node.stamp = self.changes;
        Some(node)
    }

    /// Takes on a node, or what has changed of it. Whether that can make a difference to a pod.
    pub(super) fn put_node(&mut self, mut node: NodeInfo) -> bool {
        if let Some(old) = self.node_mut(&node.name) {
            let same = old.labels == node.labels
                && old.taints == node.taints
                && old.unschedulable == node.unschedulable
                && old.allocatable == node.allocatable
                && old.most_pods == node.most_pods;
            node.requested = std::mem::take(&mut old.requested);
            node.assumed = old.assumed;
            node.pods = std::mem::take(&mut old.pods);
            node.stamp = old.stamp;
            *old = node;
            return !same;
        }
        self.index.insert(node.name.clone(), self.nodes.len());
        self.changes += 1;
        node.stamp = self.changes;
        self.nodes.push(node);
        true
    }

    /// Forgets a node and what is on it.
    pub(super) fn remove_node(&mut self, name: &str) {
        let Some(at) = self.index.remove(name) else { return };
        let gone = self.nodes.remove(at);
        for (key, pod) in gone.pods {
            self.places.remove(&key);
            self.apart -= usize::from(!pod.apart().is_empty());
        }
        self.index = self.nodes.iter().enumerate().map(|(at, node)| (node.name.clone(), at)).collect();
    }

    /// Where a pod is.
    pub(super) fn place(&self, key: &Key) -> Option<&str> {
        self.places.get(key).map(String::as_str)
    }

    /// Puts a pod on a node.
    pub(super) fn put_pod(&mut self, node: &str, pod: Pod) {
        let key = pod.key();
        self.remove_pod(&key);
        let apart = !pod.apart().is_empty();
        if let Some(there) = self.node_mut(node) {
            there.add(pod);
            self.places.insert(key, node.to_owned());
            self.apart += usize::from(apart);
        }
    }

    /// Takes a pod from its node; whether it was on one.
    pub(super) fn remove_pod(&mut self, key: &Key) -> bool {
        let Some(name) = self.places.remove(key) else { return false };
        let gone = self.node_mut(&name).and_then(|node| node.remove(key));
        if let Some(pod) = gone {
            self.apart -= usize::from(!pod.apart().is_empty());
        }
        true
    }
}
