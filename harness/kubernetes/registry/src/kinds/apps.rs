//! Workloads and what scales, exposes and limits them.

use crate::Strategy;
use crate::strategy::BASE;

/// Kinds with a status subresource whose spec is counted.
const WORKLOAD: Strategy = Strategy { status: true, generation: true, ..BASE };

pub(super) const ROWS: &[Strategy] = &[
    Strategy { group: "apps", resource: "deployments", ..WORKLOAD },
    Strategy {
        group: "apps",
        resource: "replicasets",
        fields: &[("status.replicas", "/status/replicas")],
        field_labels: true,
        ..WORKLOAD
    },
    Strategy { group: "apps", resource: "statefulsets", ..WORKLOAD },
    Strategy { group: "apps", resource: "daemonsets", ..WORKLOAD },
    Strategy { group: "batch", resource: "jobs", fields: &[("status.successful", "/status/succeeded")], field_labels: true, ..WORKLOAD },
    Strategy { group: "batch", resource: "cronjobs", ..WORKLOAD },
    Strategy { group: "autoscaling", resource: "horizontalpodautoscalers", status: true, ..BASE },
    Strategy { group: "networking.k8s.io", resource: "ingresses", ..WORKLOAD },
    Strategy { group: "networking.k8s.io", resource: "networkpolicies", generation: true, ..BASE },
    Strategy { group: "networking.k8s.io", resource: "ingressclasses", generation: true, ..BASE },
    Strategy { group: "policy", resource: "poddisruptionbudgets", unconditional_update: false, ..WORKLOAD },
    Strategy { group: "discovery.k8s.io", resource: "endpointslices", generation: true, ..BASE },
];
