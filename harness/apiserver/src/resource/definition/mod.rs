//! The life of a CustomResourceDefinition: its names are accepted or refused, its versions are served, and it goes.
//!
//! A real server does this in controllers of its own process; here it follows each write at once, with the same end.
//!
//! | file | what it decides |
//! |---|---|
//! | `names` | which names are accepted |
//! | `versions` | what is served |
//! | `finalize` | how a definition goes |
//! | `condition` | reads and sets conditions |
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/controller/{status,establish,finalizer}`, release 1.35.

mod condition;
mod finalize;
mod names;
mod versions;

use std::sync::Arc;

use proofmark_json::{Value, json};
use proofmark_registry::meta;

use super::Resource;
use crate::authz;
use crate::server::Inner;
use crate::store::Precondition;

/// The group of definitions.
const GROUP: &str = "apiextensions.k8s.io";
/// The finalizer that keeps a definition until its objects are gone.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Whether a resource is that of definitions.
pub(crate) fn is_definition(resource: &Resource) -> bool {
    resource.group == GROUP && resource.plural == "customresourcedefinitions"
}

/// Lets the server follow a write: roles and bindings change what is allowed, definitions what is served.
pub(crate) fn sync(server: &Arc<Inner>, resource: &Resource, object: &Value, deleted: bool) {
    if resource.group == authz::GROUP {
        server.rbac.follow(&server.store, resource, object);
    }
    if is_definition(resource) {
        serve(server, object, deleted);
    }
    if !deleted || resource.custom().is_none() {
        return;
    }
    // The last object of a definition that is being deleted lets it go.
    let name = format!("{}.{}", resource.plural, resource.group);
    if let Some(definitions) = server.catalog.find(GROUP, "v1", "customresourcedefinitions")
        && let Some(stored) = server.store.snapshot().get(&definitions.prefix, &name)
        && !meta::text(&stored.value, "deletionTimestamp").is_empty()
    {
        finalize::finalize(server, &definitions, stored);
    }
}

/// Lets a new server follow what its store began with.
pub(crate) fn follow(server: &Arc<Inner>) {
    server.rbac.catch_up(&server.store);
    for resource in server.catalog.custom().values() {
        server.store.begin(&resource.prefix);
    }
    if let Some(definitions) = server.catalog.find(GROUP, "v1", "customresourcedefinitions") {
        for (_, definition) in server.store.snapshot().list(&definitions.prefix, "", None) {
            serve(server, &definition.value, false);
        }
    }
}

/// Serves what a definition says, if its names were accepted.
fn serve(server: &Arc<Inner>, crd: &Value, deleted: bool) {
    let text = |pointer: &str| crate::value::text_at(crd, pointer);
    let (group, plural) = (text("/spec/group"), text("/spec/names/plural"));
    let served = !deleted && condition::of(crd, "Established") == Some("True");
    // What does not change what is served leaves it alone, with all that was made of its objects.
    if served && server.catalog.family(&group, &plural).is_some_and(|known| known.source == versions::source(crd)) {
        return;
    }
    let Some(family) = served.then(|| versions::family(crd)).flatten() else {
        server.catalog.replace(&group, &plural, Vec::new());
        return;
    };
    let versions = versions::served(crd, &Arc::new(family));
    if let Some(first) = versions.first() {
        server.store.begin(&first.prefix);
    }
    server.catalog.replace(&group, &plural, versions);
}

/// After a definition was written: accepts its names, establishes it, or takes its objects with it.
pub(crate) fn establish(server: &Arc<Inner>, resource: &Arc<Resource>, object: &Value) {
    if !is_definition(resource) {
        return;
    }
    let name = meta::text(object, "name").to_owned();
    let Some(stored) = server.store.snapshot().get(&resource.prefix, &name).cloned() else {
        return;
    };
    if !meta::text(&stored.value, "deletionTimestamp").is_empty() {
        finalize::finalize(server, resource, &stored);
        return;
    }
    let mut crd = Value::clone(&stored.value);
    let before = crd["status"].clone();
    names::accept(server, &mut crd);
    if let Some((status, reason, message)) = proofmark_schema::crd::approval(&crd) {
        let now = server.clock.stamp();
        condition::set(&mut crd, &now, "KubernetesAPIApprovalPolicyConformant", status, reason, &message);
    }
    if crd["status"] != before {
        let crd = crate::handlers::managed_status_by_server(server, resource, &stored.value, &crd);
        // Nobody else writes between the read and this write: writes of definitions pass here one by one.
        let _ = crate::handlers::write(server, resource, &name, crd, Precondition::Revision(stored.revision));
    }
}

/// Names that a definition held are free when it is gone: those of its group that want them are looked at again.
fn look_again(server: &Arc<Inner>, resource: &Arc<Resource>, group: &str) {
    let snapshot = server.store.snapshot();
    for (_, other) in snapshot.list(&resource.prefix, "", None) {
        let refused = condition::of(&other.value, "NamesAccepted") == Some("False");
        if refused && crate::value::text_at(&other.value, "/spec/group") == group {
            establish(server, resource, &other.value);
        }
    }
}

/// A definition that is deleted stays until its objects are gone.
pub(crate) fn mark_deleted(server: &Arc<Inner>, crd: &mut Value) {
    let now = server.clock.stamp();
    let meta = meta::of_mut(crd);
    meta.insert("deletionTimestamp", json!(now));
    let finalizers = meta.entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = finalizers.as_array_mut()
        && !list.iter().any(|f| f == CLEANUP)
    {
        list.push(json!(CLEANUP));
    }
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    condition::set(crd, &now, "Terminating", "True", "InstanceDeletionPending", message);
}
