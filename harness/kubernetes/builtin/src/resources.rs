//! What discovery says is served, in the server's order.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::table::unpack;

/// A resource as discovery describes it.
#[derive(Debug, Clone, Deserialize)]
pub struct Resource {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version within the group.
    pub version: String,
    /// The name in paths: `pods`.
    pub plural: String,
    /// The singular name: `pod`.
    pub singular: String,
    /// The kind of its objects: `Pod`.
    pub kind: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// The verbs in the order of discovery.
    pub verbs: Vec<String>,
    /// Short names for command lines: `po`.
    #[serde(default)]
    pub short_names: Vec<String>,
    /// Groups of resources for command lines: `all`.
    #[serde(default)]
    pub categories: Vec<String>,
    /// `storageVersionHash`; empty for resources that are not stored.
    #[serde(default)]
    pub storage_version_hash: String,
    /// What stands below an object: `status`, `scale`, `log`.
    #[serde(default)]
    pub subresources: Vec<Subresource>,
}

/// A subresource and the kind of its body.
#[derive(Debug, Clone, Deserialize)]
pub struct Subresource {
    /// The last part of the path: `status`.
    pub name: String,
    /// The group of its body: `autoscaling` for `deployments/scale`.
    pub group: String,
    /// The version of its body.
    pub version: String,
    /// The kind of its body: `Scale`.
    pub kind: String,
    /// The verbs in the order of discovery.
    pub verbs: Vec<String>,
}

/// An API group.
#[derive(Debug, Clone, Deserialize)]
pub struct Group {
    /// Its name; empty for the core group.
    pub name: String,
    /// Its served versions in the order of discovery.
    pub versions: Vec<String>,
    /// The version that clients take when they have no wish of their own.
    pub preferred: String,
}

#[derive(Deserialize)]
struct Discovery {
    groups: Vec<Group>,
    resources: Vec<Resource>,
}

static DISCOVERY: LazyLock<Discovery> = LazyLock::new(|| {
    let text = unpack(include_bytes!("../tables/resources.json.gz"));
    proofmark_json::from_slice(&text).expect("the generated table is well-formed (tested)")
});

/// Every served resource, group by group in the order of [`groups`].
pub fn resources() -> &'static [Resource] {
    &DISCOVERY.resources
}

/// Every served group: the core group first, then by the server's priorities.
pub fn groups() -> &'static [Group] {
    &DISCOVERY.groups
}
