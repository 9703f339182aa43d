//! What a scheduler needs to know of a pod.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    Affinity, NodeSelector, PodAffinityTerm, PodSpec, Toleration, TopologySpreadConstraint,
};
use proofmark_controllers::kit::object;
use proofmark_json::Value;
use serde::Deserialize as _;

use super::selectors::{Labels, node_fits};
use crate::resources::Amounts;

/// A pod by namespace and name.
pub(super) type Key = (String, String);

/// A port of the node that a pod wants: address, protocol, number.
pub(super) type HostPort = (String, String, i32);

/// What a scheduler needs to know of a pod.
#[derive(Debug, Clone, Default)]
pub(super) struct PodInfo {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) generation: Option<i64>,
    pub(super) labels: Labels,
    /// The object that made it, if any.
    pub(super) owner: String,
    /// Where it is assigned to; empty if nowhere.
    pub(super) node: String,
    pub(super) nominated: String,
    pub(super) started: String,
    pub(super) deleted: bool,
    pub(super) requests: Amounts,
    /// CPU and memory, with what upstream takes for containers that do not say.
    pub(super) assumed: (i64, i64),
    pub(super) selector: Labels,
    pub(super) affinity: Affinity,
    pub(super) tolerations: Vec<Toleration>,
    pub(super) ports: Vec<HostPort>,
    pub(super) spread: Vec<TopologySpreadConstraint>,
    pub(super) claims: Vec<String>,
    pub(super) priority: i32,
    pub(super) never_preempts: bool,
}

/// A container without a request counts as this when nodes are compared (`DefaultMilliCPURequest`, `DefaultMemoryRequest`).
const ASSUMED: (i64, i64) = (100, 200 * 1024 * 1024);

impl PodInfo {
    /// Reads a pod.
    pub(super) fn read(pod: &Value) -> Result<Self, proofmark_json::Error> {
        let spec = PodSpec::deserialize(&pod["spec"])?;
        let text = |at: &str| object::text(pod, at).to_owned();
        let requests = Amounts::of_pod(&spec);
        let mut assumed = (0, 0);
        for container in &spec.containers {
            let own = Amounts::read(container.resources.as_ref().and_then(|r| r.requests.as_ref()));
            assumed.0 += if own.cpu == 0 { ASSUMED.0 } else { own.cpu };
            assumed.1 += if own.memory == 0 { ASSUMED.1 } else { own.memory };
        }
        let claims = spec.volumes.iter().flatten().filter_map(|volume| {
            let own = || volume.ephemeral.as_ref().map(|_| format!("{}-{}", object::name(pod), volume.name));
            volume.persistent_volume_claim.as_ref().map(|claim| claim.claim_name.clone()).or_else(own)
        });
        let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
        let ports = containers.flat_map(|container| container.ports.iter().flatten()).filter_map(|port| {
            let number = port.host_port.filter(|number| *number > 0)?;
            let ip = port.host_ip.clone().unwrap_or_default();
            Some((ip, port.protocol.clone().unwrap_or_else(|| "TCP".to_owned()), number))
        });
        Ok(Self {
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
            uid: text("/metadata/uid"),
            generation: pod["metadata"]["generation"].as_i64(),
            labels: Option::<Labels>::deserialize(&pod["metadata"]["labels"])?.unwrap_or_default(),
            owner: object::controller(pod).map(|owner| object::text(owner, "/uid").to_owned()).unwrap_or_default(),
            nominated: text("/status/nominatedNodeName"),
            started: text("/status/startTime"),
            deleted: object::is_being_deleted(pod),
            claims: claims.collect(),
            ports: ports.collect(),
            requests,
            assumed,
            node: spec.node_name.unwrap_or_default(),
            selector: spec.node_selector.unwrap_or_default(),
            affinity: spec.affinity.unwrap_or_default(),
            tolerations: spec.tolerations.unwrap_or_default(),
            spread: spec.topology_spread_constraints.unwrap_or_default(),
            priority: spec.priority.unwrap_or_default(),
            never_preempts: spec.preemption_policy.as_deref() == Some("Never"),
        })
    }

    pub(super) fn key(&self) -> Key {
        (self.namespace.clone(), self.name.clone())
    }

    /// What node affinity demands.
    pub(super) fn required_nodes(&self) -> Option<&NodeSelector> {
        self.affinity.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.as_ref()
    }

    /// Whether its selector and node affinity let it run on a node.
    pub(super) fn may_run_on(&self, name: &str, labels: &Labels) -> bool {
        self.selector.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.required_nodes().is_none_or(|required| node_fits(required, name, labels))
    }

    /// The pods that it has to be near.
    pub(super) fn near(&self) -> &[PodAffinityTerm] {
        let affinity = self.affinity.pod_affinity.as_ref();
        affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_deref()).unwrap_or_default()
    }

    /// The pods that it must not be near.
    pub(super) fn apart(&self) -> &[PodAffinityTerm] {
        let affinity = self.affinity.pod_anti_affinity.as_ref();
        affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_deref()).unwrap_or_default()
    }
}

/// Shared, because queues, nodes and tasks hold on to it.
pub(super) type Pod = Arc<PodInfo>;
