//! The kinds that these scenarios touch.

use proofmark_replay::Resource;

/// InferenceServices.
pub const SERVICES: Resource = Resource::new("serving.kserve.io", "v1beta1", "inferenceservices", "InferenceService");
/// ServingRuntimes.
pub const RUNTIMES: Resource = Resource::new("serving.kserve.io", "v1alpha1", "servingruntimes", "ServingRuntime");
/// ClusterServingRuntimes.
pub const CLUSTER_RUNTIMES: Resource =
    Resource::new("serving.kserve.io", "v1alpha1", "clusterservingruntimes", "ClusterServingRuntime");
/// ClusterStorageContainers.
pub const STORAGE_CONTAINERS: Resource =
    Resource::new("serving.kserve.io", "v1alpha1", "clusterstoragecontainers", "ClusterStorageContainer");
/// Namespaces.
pub const NAMESPACES: Resource = Resource::new("", "v1", "namespaces", "Namespace");
/// ConfigMaps.
pub const CONFIG_MAPS: Resource = Resource::new("", "v1", "configmaps", "ConfigMap");
/// Secrets.
pub const SECRETS: Resource = Resource::new("", "v1", "secrets", "Secret");
/// ServiceAccounts.
pub const ACCOUNTS: Resource = Resource::new("", "v1", "serviceaccounts", "ServiceAccount");
/// Pods.
pub const PODS: Resource = Resource::new("", "v1", "pods", "Pod");
/// Services of Kubernetes.
pub const CORE_SERVICES: Resource = Resource::new("", "v1", "services", "Service");
/// Deployments.
pub const DEPLOYMENTS: Resource = Resource::new("apps", "v1", "deployments", "Deployment");
/// MutatingWebhookConfigurations.
pub const MUTATING: Resource = Resource::new(
    "admissionregistration.k8s.io",
    "v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
);
/// ValidatingWebhookConfigurations.
pub const VALIDATING: Resource = Resource::new(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
);
