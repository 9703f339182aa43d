//! All resources that the server serves.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use bytes::Bytes;
use indexmap::IndexMap;
use proofmark_json::Value;

use super::builtin::{self, Key, KeyRef};
use super::custom::Family;
use super::{Resource, group_version};

/// A group and one of its versions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupVersion {
    pub(crate) group: String,
    pub(crate) version: String,
}

/// The custom resources of a server. What is made of their definitions is the same for every server, so that servers can share it.
pub(crate) type CustomResources = Arc<Custom>;

/// Custom resources by group, version and plural.
#[derive(Debug, Default)]
pub(crate) struct Custom {
    resources: IndexMap<Key, Arc<Resource>>,
    /// The aggregated discovery document of all groups, once somebody asked for it.
    pub(crate) discovered: OnceLock<Arc<Discovered>>,
}

/// A document of discovery.
#[derive(Debug)]
pub(crate) struct Discovered {
    pub(crate) value: Arc<Value>,
    /// As JSON, a line of its own.
    pub(crate) line: Bytes,
}

impl Discovered {
    pub(crate) fn new(value: Value) -> Arc<Self> {
        let mut line = proofmark_json::to_vec(&value).unwrap_or_default();
        line.push(b'\n');
        Arc::new(Self { value: Arc::new(value), line: line.into() })
    }
}

impl Deref for Custom {
    type Target = IndexMap<Key, Arc<Resource>>;

    fn deref(&self) -> &Self::Target {
        &self.resources
    }
}

/// All resources: the fixed built-in ones, and the custom ones that follow the CustomResourceDefinitions.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    custom: ArcSwap<Custom>,
}

impl Catalog {
    /// A catalogue that begins with these custom resources.
    pub(crate) fn holding(custom: CustomResources) -> Self {
        Self { custom: ArcSwap::new(custom) }
    }

    /// A resource by group, version and plural.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        let key = KeyRef(group, version, plural);
        builtin::all().get(&key).cloned().or_else(|| self.custom.load().get(&key).cloned())
    }

    /// A resource by group, version and kind.
    pub(crate) fn find_kind(&self, group: &str, version: &str, kind: &str) -> Option<Arc<Resource>> {
        let is_it = |r: &&Arc<Resource>| r.group == group && r.version == version && r.kind == kind;
        builtin::all().values().find(is_it).cloned().or_else(|| self.custom.load().values().find(is_it).cloned())
    }

    /// A kind that no path of its own serves: the body of a subresource.
    pub(crate) fn find_virtual(&self, group: &str, version: &str, kind: &str) -> Option<Arc<Resource>> {
        builtin::body_of_subresource(group, version, kind)
    }

    /// Whether a group is built in.
    pub(crate) fn is_builtin_group(group: &str) -> bool {
        proofmark_builtin::groups().iter().any(|g| g.name == group)
    }

    /// Every resource, built-in ones first.
    pub(crate) fn all(&self) -> Vec<Arc<Resource>> {
        builtin::all().values().cloned().chain(self.custom.load().values().cloned()).collect()
    }

    /// The custom resources of a group version, in order of their names.
    pub(crate) fn custom_in(&self, group: &str, version: &str) -> Vec<Arc<Resource>> {
        let custom = self.custom.load();
        custom.values().filter(|r| r.group == group && r.version == version).cloned().collect()
    }

    /// The built-in resources of a group version, in the table's order.
    pub(crate) fn builtin_in(&self, group: &str, version: &str) -> Vec<Arc<Resource>> {
        proofmark_builtin::resources()
            .iter()
            .filter(|r| r.group == group && r.version == version)
            .filter_map(|r| self.find(&r.group, &r.version, &r.plural))
            .collect()
    }

    /// Every custom resource.
    pub(crate) fn custom(&self) -> CustomResources {
        self.custom.load_full()
    }

    /// The versions of a custom resource, if any is served.
    pub(crate) fn family(&self, group: &str, plural: &str) -> Option<Arc<Family>> {
        let custom = self.custom.load();
        let found = custom.values().find(|r| r.group == group && r.plural == plural)?;
        found.custom().map(|version| version.family.clone())
    }

    /// Replaces the versions of one custom resource (none: it is gone).
    pub(crate) fn replace(&self, group: &str, plural: &str, versions: Vec<Resource>) {
        let mut next = self.custom.load().resources.clone();
        next.retain(|(g, _, p), _| g != group || p != plural);
        for resource in versions {
            let key = (resource.group.clone(), resource.version.clone(), resource.plural.clone());
            next.insert(key, Arc::new(resource));
        }
        next.sort_keys();
        self.custom.store(Arc::new(Custom { resources: next, discovered: OnceLock::new() }));
    }

    /// Whether a group version is served by anything.
    pub(crate) fn serves(&self, group: &str, version: &str) -> bool {
        let builtin =
            proofmark_builtin::groups().iter().any(|g| g.name == group && g.versions.iter().any(|v| v == version));
        builtin || !self.custom_in(group, version).is_empty()
    }

    /// Every served group version as text, built-in ones first in discovery order.
    pub(crate) fn group_versions(&self) -> Vec<GroupVersion> {
        let builtin = proofmark_builtin::groups()
            .iter()
            .flat_map(|g| g.versions.iter().map(|v| GroupVersion { group: g.name.clone(), version: v.clone() }));
        let custom = self.custom.load();
        let mut all: Vec<GroupVersion> = builtin.collect();
        for (group, version, _) in custom.keys() {
            let gv = GroupVersion { group: group.clone(), version: version.clone() };
            if !all.contains(&gv) {
                all.push(gv);
            }
        }
        all
    }
}

impl std::fmt::Display for GroupVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&group_version(&self.group, &self.version))
    }
}
