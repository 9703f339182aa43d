//! The built-in resources, from the tables.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use indexmap::{Equivalent, IndexMap};

use super::{Body, Resource};

/// Group, version and plural.
pub(super) type Key = (String, String, String);

/// The same, borrowed.
#[derive(Hash)]
pub(super) struct KeyRef<'a>(pub(super) &'a str, pub(super) &'a str, pub(super) &'a str);

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.2 == key.2 && self.0 == key.0 && self.1 == key.1
    }
}

/// Every built-in resource. Made once for the process: servers share it.
pub(super) fn all() -> &'static IndexMap<Key, Arc<Resource>> {
    static ALL: OnceLock<IndexMap<Key, Arc<Resource>>> = OnceLock::new();
    ALL.get_or_init(|| {
        proofmark_builtin::resources().iter().filter_map(make).collect::<BTreeMap<_, _>>().into_iter().collect()
    })
}

fn make(table: &proofmark_builtin::Resource) -> Option<(Key, Arc<Resource>)> {
    let ty = proofmark_builtin::type_of(&table.group, &table.version, &table.kind)?;
    let strategy = *proofmark_registry::strategy(&table.group, &table.plural);
    let resource = Resource {
        group: table.group.clone(),
        version: table.version.clone(),
        plural: table.plural.clone(),
        singular: table.singular.clone(),
        kind: table.kind.clone(),
        list_kind: format!("{}List", table.kind),
        namespaced: table.namespaced,
        verbs: table.verbs.clone(),
        short_names: table.short_names.clone(),
        categories: table.categories.clone(),
        storage_version_hash: table.storage_version_hash.clone(),
        subresources: table.subresources.clone(),
        prefix: prefix(&table.group, &table.plural).into(),
        strategy,
        body: Body::Typed(ty),
    };
    Some(((table.group.clone(), table.version.clone(), table.plural.clone()), Arc::new(resource)))
}

/// Where the objects of a resource are stored: the keys that a real server shows in storage errors.
fn prefix(group: &str, plural: &str) -> String {
    match (group, plural) {
        // The two API groups of events share their objects.
        ("events.k8s.io", "events") => "/registry/events".to_owned(),
        ("", "nodes") => "/registry/minions".to_owned(),
        ("", "services") => "/registry/services/specs".to_owned(),
        ("", "endpoints") => "/registry/services/endpoints".to_owned(),
        // Objects of the groups that began outside the core server carry their group.
        ("" | "apps" | "batch" | "autoscaling" | "policy", _) => format!("/registry/{plural}"),
        ("rbac.authorization.k8s.io", _) => format!("/registry/{plural}"),
        _ => format!("/registry/{group}/{plural}"),
    }
}

/// The body of a subresource (`TokenRequest`, `Scale`) as if it were a resource, so that it can be read like one.
pub(super) fn body_of_subresource(group: &str, version: &str, kind: &str) -> Option<Arc<Resource>> {
    let ty = proofmark_builtin::type_of(group, version, kind)?;
    Some(Arc::new(Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: String::new(),
        singular: String::new(),
        kind: kind.to_owned(),
        list_kind: String::new(),
        namespaced: true,
        verbs: Vec::new(),
        short_names: Vec::new(),
        categories: Vec::new(),
        storage_version_hash: String::new(),
        subresources: Vec::new(),
        prefix: "".into(),
        strategy: *proofmark_registry::strategy("", ""),
        body: Body::Typed(ty),
    }))
}
