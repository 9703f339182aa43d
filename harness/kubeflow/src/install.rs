//! The objects that an installation of the distribution brings before any Profile exists.
//!
//! Covered: the namespaces, the kinds that Profiles are made of and the roles of users. Not covered: the other components, their controllers and
//! the mesh's own policies.

use include_dir::{Dir, include_dir};
use proofmark_json::Value;
use proofmark_kserve::{Flavor, Release, timeline};

use crate::release::KubeflowRelease;
use crate::roles;

static NAMESPACES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kubeflow/namespaces");
static CRDS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kubeflow/crds");

/// What `release` installs without KServe: namespaces, the CRDs of Profile and AuthorizationPolicy, and [`roles::objects`], in an order in
/// which it can be applied.
#[must_use]
pub fn objects(release: KubeflowRelease) -> Vec<Value> {
    [timeline::objects(&NAMESPACES, release), crds(release), roles::objects(release)].concat()
}

/// [`objects`] and the Kubeflow flavor of `kserve`, which need not be the bundled release: KServe can be upgraded by itself.
#[must_use]
pub fn with_kserve(release: KubeflowRelease, kserve: Release) -> Vec<Value> {
    let mut all = objects(release);
    all.extend(proofmark_kserve::install::objects(kserve, Flavor::Kubeflow));
    all
}

/// The CustomResourceDefinitions of `release`: Profile, and Istio's AuthorizationPolicy with an open schema.
#[must_use]
pub fn crds(release: KubeflowRelease) -> Vec<Value> {
    timeline::objects(&CRDS, release)
}
