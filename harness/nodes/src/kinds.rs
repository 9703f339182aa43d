//! The kinds that nodes and schedulers read and write.

use proofmark_controllers::kit::Resource;

pub(crate) static PODS: Resource = Resource::namespaced("", "v1", "pods", "Pod");
pub(crate) static NODES: Resource = Resource::cluster("", "v1", "nodes", "Node");
pub(crate) static EVENTS: Resource = Resource::namespaced("", "v1", "events", "Event");
pub(crate) static SERVICES: Resource = Resource::namespaced("", "v1", "services", "Service");
pub(crate) static CONFIG_MAPS: Resource = Resource::namespaced("", "v1", "configmaps", "ConfigMap");
pub(crate) static SECRETS: Resource = Resource::namespaced("", "v1", "secrets", "Secret");
pub(crate) static SERVICE_ACCOUNTS: Resource = Resource::namespaced("", "v1", "serviceaccounts", "ServiceAccount");
pub(crate) static CLAIMS: Resource = Resource::namespaced("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");
pub(crate) static NAMESPACES: Resource = Resource::cluster("", "v1", "namespaces", "Namespace");
pub(crate) static LEASES: Resource = Resource::namespaced("coordination.k8s.io", "v1", "leases", "Lease");
pub(crate) static BUDGETS: Resource =
    Resource::namespaced("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget");
