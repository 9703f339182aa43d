//! Which kinds a release has, and which of them its ClusterRoles open to the users of Kubeflow.
//!
//! Both sides are read from the fixtures. A namespaced kind that no user role names is the failure of kserve/kserve#4224: everybody in a
//! profile, its owner included, is answered 403.

use proofmark_json::Value;

use crate::install;
use crate::release::Release;

/// The API group of all of KServe's kinds.
pub const GROUP: &str = "serving.kserve.io";

/// A kind that a release defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The name in URLs and roles: `trainedmodels`.
    pub plural: String,
    /// The name in manifests: `TrainedModel`.
    pub kind: String,
    /// What kubectl takes for it as well: `tm`.
    pub short_names: Vec<String>,
    /// The served versions, in the order of the CRD.
    pub versions: Vec<String>,
    /// Whether objects live in a namespace and so belong to a profile.
    pub namespaced: bool,
}

/// The ClusterRoles with rules of their own. `kubeflow-kserve-admin` has none: it collects those of [`UserRole::Edit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserRole {
    /// `kubeflow-kserve-edit`, joined into `kubeflow-edit`: contributors and `default-editor`.
    Edit,
    /// `kubeflow-kserve-view`, joined into `kubeflow-view`: `default-viewer`.
    View,
}

impl UserRole {
    /// The name of the ClusterRole.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Edit => "kubeflow-kserve-edit",
            Self::View => "kubeflow-kserve-view",
        }
    }
}

/// The kinds that `release` defines, by plural.
#[must_use]
pub fn resources(release: Release) -> Vec<Resource> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut resources: Vec<_> = install::outlines(release)
        .iter()
        .map(|crd| &crd["spec"])
        .map(|spec| Resource {
            plural: text(&spec["names"]["plural"]),
            kind: text(&spec["names"]["kind"]),
            short_names: each(&spec["names"]["shortNames"]).map(text).collect(),
            versions: each(&spec["versions"])
                .filter(|version| version["served"] == true)
                .map(|version| text(&version["name"]))
                .collect(),
            namespaced: spec["scope"] == "Namespaced",
        })
        .collect();
    resources.sort_by(|a, b| a.plural.cmp(&b.plural));
    resources
}

/// The resources of [`GROUP`] that `role` names in `release`, spelt as the role spells them, in alphabetical order. Whatever it names it grants for
/// all verbs of the role: reading for [`UserRole::View`], reading and writing for [`UserRole::Edit`].
#[must_use]
pub fn granted(release: Release, role: UserRole) -> Vec<String> {
    let roles = install::cluster_roles(release);
    let rules = roles
        .iter()
        .filter(|object| object["metadata"]["name"] == role.name())
        .flat_map(|object| each(&object["rules"]));
    let mut granted: Vec<_> = rules
        .filter(|rule| each(&rule["apiGroups"]).any(|group| group == GROUP))
        .flat_map(|rule| each(&rule["resources"]).filter_map(Value::as_str).map(str::to_owned))
        .collect();
    granted.sort();
    granted
}

/// The namespaced kinds of `release` that `role` does not name: requests for them are answered 403.
#[must_use]
pub fn forgotten(release: Release, role: UserRole) -> Vec<String> {
    let granted = granted(release, role);
    let own = resources(release).into_iter().filter(|resource| resource.namespaced);
    own.map(|resource| resource.plural).filter(|plural| !granted.contains(plural)).collect()
}

/// What `role` names in `release` although no such kind exists: a spelling mistake that grants nothing.
#[must_use]
pub fn misnamed(release: Release, role: UserRole) -> Vec<String> {
    let resources = resources(release);
    let exists = |name: &String| resources.iter().any(|resource| name.split('/').next() == Some(&resource.plural));
    granted(release, role).into_iter().filter(|name| !exists(name)).collect()
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
