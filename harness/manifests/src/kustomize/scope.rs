//! Which of Kubernetes' own kinds live outside namespaces.
//!
//! As for kustomize, a kind that is not in the table counts as namespaced, custom resources among them: a
//! `ClusterServingRuntime` under `namespace: kubeflow` gets a namespace, which an API server drops.

/// Whether a built-in kind is cluster-scoped, in any of its versions (Kubernetes 1.35 and removed kinds before it).
pub(super) fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    let kinds: &[&str] = match group {
        "" => &["ComponentStatus", "Namespace", "Node", "PersistentVolume"],
        "admissionregistration.k8s.io" => &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
        "apiextensions.k8s.io" => &["CustomResourceDefinition"],
        "apiregistration.k8s.io" => &["APIService"],
        "authentication.k8s.io" => &["SelfSubjectReview", "TokenReview"],
        "authorization.k8s.io" => &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"],
        "certificates.k8s.io" => &["CertificateSigningRequest", "ClusterTrustBundle"],
        "flowcontrol.apiserver.k8s.io" => &["FlowSchema", "PriorityLevelConfiguration"],
        "internal.apiserver.k8s.io" => &["StorageVersion"],
        "networking.k8s.io" => &["IPAddress", "IngressClass", "ServiceCIDR"],
        "node.k8s.io" => &["RuntimeClass"],
        "policy" | "extensions" => &["PodSecurityPolicy"],
        "rbac.authorization.k8s.io" => &["ClusterRole", "ClusterRoleBinding"],
        "resource.k8s.io" => &["DeviceClass", "DeviceTaintRule", "ResourceSlice"],
        "scheduling.k8s.io" => &["PriorityClass"],
        "storage.k8s.io" => &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
        "storagemigration.k8s.io" => &["StorageVersionMigration"],
        _ => &[],
    };
    kinds.contains(&kind)
}
