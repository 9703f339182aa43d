//! What authentication finds out about a client.

use std::collections::BTreeMap;

/// Key of [`UserInfoParts::extra`] that names the credential (`X509SHA256=<hex>` or `JTI=<token id>`).
/// Source: `k8s.io/apiserver/pkg/authentication/user`, since Kubernetes 1.32.
pub(crate) const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";

/// A user as a credential names it, before the server adds `system:authenticated`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserInfoParts {
    /// The user name, for example `alice` or `system:serviceaccount:ns:name`.
    pub name: String,
    /// The groups in the credential's order; duplicates stay.
    pub groups: Vec<String>,
    /// The uid of a service account, or of a certificate that carries one.
    pub uid: Option<String>,
    /// Further facts, such as the credential's id and the pod that a token is bound to.
    pub extra: BTreeMap<String, Vec<String>>,
}
