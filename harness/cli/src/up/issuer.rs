//! The cluster as an OpenID Connect issuer for those outside of it: clouds that give its service accounts roles (IRSA).

use proofmark_apiserver::ApiServer;
use proofmark_json::{Value, json};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Lets everybody read the discovery document and the keys, which API servers show to service accounts alone.
///
/// Source: Kubernetes, "Configure Service Accounts for Pods", service account issuer discovery.
pub(super) fn everybody_reads() -> Value {
    const GROUP: &str = "rbac.authorization.k8s.io";
    json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "proofmark:service-account-issuer-discovery"},
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "system:service-account-issuer-discovery"},
        "subjects": [{"apiGroup": GROUP, "kind": "Group", "name": "system:unauthenticated"}],
    })
}

/// The SHA-1 digest of the certificate authority behind an API server, as IAM takes it.
pub(super) fn thumbprint(server: &ApiServer) -> String {
    hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, server.authority().certificate_der()))
}
