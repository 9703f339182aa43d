//! The ClusterRoles that Kubeflow binds the people and service accounts of a profile to (`common/kubeflow-roles`).
//!
//! [`ADMIN`], [`EDIT`] and [`VIEW`] have no rules of their own: they collect those of every ClusterRole with their label, so that each
//! component, KServe for one, joins by labelling its roles. Known to be the same in 1.7.0 ... 1.11.0; 1.5.0 and 1.6.0 are given these too.

use include_dir::{Dir, include_dir};
use proofmark_json::Value;
use proofmark_kserve::timeline;

use crate::release::KubeflowRelease;

static CLUSTER_ROLES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kubeflow/clusterroles");

/// Bound to the profile's owner. Contains [`EDIT`].
pub const ADMIN: &str = "kubeflow-admin";
/// Bound to contributors and to the service account `default-editor`. Contains [`VIEW`].
pub const EDIT: &str = "kubeflow-edit";
/// Bound to viewers and to the service account `default-viewer`.
pub const VIEW: &str = "kubeflow-view";

/// The three collecting ClusterRoles and `kubeflow-kubernetes-admin`, `-edit` and `-view`, which hold what they grant on Kubernetes' own kinds.
#[must_use]
pub fn objects(release: KubeflowRelease) -> Vec<Value> {
    timeline::objects(&CLUSTER_ROLES, release)
}
