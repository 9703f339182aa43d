//! The objects that an installation of a KServe release brings before any user has done anything.
//!
//! Two parts: [`objects`] are the namespace, the CRDs and the ClusterRoles of Kubeflow's users; [`control_plane`] is what a running control plane
//! reads and is: its configuration, service accounts and roles, ClusterServingRuntimes and the ClusterStorageContainer. Webhooks are registered
//! when they can answer: [`crate::control_plane::ControlPlane::register`].

use include_dir::{Dir, include_dir};
use proofmark_json::{Value, json};

use crate::release::Release;
use crate::{schemas, timeline};

static NAMESPACE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kserve/namespace");
static CRDS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kserve/crds");
static TYPES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kserve/types");
static CONFIG: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kserve/config");
static RBAC: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kserve/rbac");
static RUNTIMES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kserve/clusterservingruntimes");
static STORAGE_CONTAINERS: Dir<'static> =
    include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kserve/clusterstoragecontainers");
static CLUSTER_ROLES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/kserve/clusterroles");

/// The two ways in which KServe's repository lets itself be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flavor {
    /// `config/default`: alone, in a namespace of its own.
    Standalone,
    /// `config/overlays/kubeflow`: inside the existing namespace `kubeflow`, with ClusterRoles that join Kubeflow's.
    Kubeflow,
}

impl Flavor {
    /// The namespace of the control plane.
    #[must_use]
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::Standalone => "kserve",
            Self::Kubeflow => "kubeflow",
        }
    }
}

/// The kinds of `release` and what `flavor` installs around them, in an order in which it can be applied. The Kubeflow flavor has no Namespace, because the
/// distribution brings it.
#[must_use]
pub fn objects(release: Release, flavor: Flavor) -> Vec<Value> {
    let mut objects = kinds(release, flavor);
    objects.extend(around(release, flavor));
    objects
}

/// Of [`objects`] the CustomResourceDefinitions.
#[must_use]
pub fn kinds(release: Release, flavor: Flavor) -> Vec<Value> {
    labelled(crds(release), flavor)
}

/// Of [`objects`] all but the CustomResourceDefinitions.
#[must_use]
pub fn around(release: Release, flavor: Flavor) -> Vec<Value> {
    let objects = match flavor {
        Flavor::Standalone => timeline::objects(&NAMESPACE, release),
        Flavor::Kubeflow => cluster_roles(release),
    };
    labelled(objects, flavor)
}

/// The CustomResourceDefinitions of `release`, all of group `serving.kserve.io`. They are large, and written out anew by every call.
#[must_use]
pub fn crds(release: Release) -> Vec<Value> {
    schemas::written_out(&TYPES, release, outlines(release))
}

/// The CustomResourceDefinitions of `release` as the fixtures have them: names, scopes, versions and columns are complete, schemas are abbreviated, so that no API server
/// takes them. For who only wants to know which kinds there are: this is much faster than [`crds`].
#[must_use]
pub fn outlines(release: Release) -> Vec<Value> {
    timeline::objects(&CRDS, release)
}

/// The ClusterRoles `kubeflow-kserve-admin`, `-edit` and `-view` of `release`.
#[must_use]
pub fn cluster_roles(release: Release) -> Vec<Value> {
    timeline::objects(&CLUSTER_ROLES, release)
}

/// What a control plane of `release` in `namespace` reads and is.
#[must_use]
pub fn control_plane(release: Release, namespace: &str) -> Vec<Value> {
    let parts = [&CONFIG, &RBAC, &RUNTIMES, &STORAGE_CONTAINERS].map(|part| timeline::objects(part, release));
    let mut objects = parts.concat();
    for object in &mut objects {
        if object["kind"] == "ConfigMap" || object["kind"] == "ServiceAccount" {
            object["metadata"]["namespace"] = json!(namespace);
        }
        for subject in object.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
            subject["namespace"] = json!(namespace);
        }
    }
    objects
}

/// The objects with what the overlay's kustomization puts on every one.
fn labelled(mut objects: Vec<Value>, flavor: Flavor) -> Vec<Value> {
    if flavor == Flavor::Kubeflow {
        for object in &mut objects {
            for (key, value) in [("app", "kserve"), ("app.kubernetes.io/name", "kserve")] {
                object["metadata"]["labels"][key] = json!(value);
            }
        }
    }
    objects
}
