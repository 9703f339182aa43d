//! The life of a CustomResourceDefinition: its names are accepted or refused, its versions are served, and it goes.
//!
//! A real server does this in controllers of its own process; here it follows each write at once, with the same end.
//! Source: `k8s.io/apiextensions-apiserver/pkg/controller/{status,establish,finalizer}`, release 1.35.

use std::sync::Arc;

use proofmark_builtin::Subresource;
use proofmark_registry::meta;
use proofmark_schema::{Rules, Schema};
use proofmark_types::TypeGraph;
use serde_json::{Value, json};

use super::custom::{ScalePaths, object_meta, schemaless};
use super::{Body, CustomVersion, Resource};
use crate::authz;
use crate::server::Inner;
use crate::store::Precondition;

/// The group of definitions.
const GROUP: &str = "apiextensions.k8s.io";
/// The finalizer that keeps a definition until its objects are gone.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";
/// The verbs of every custom resource, in discovery's order.
const VERBS: [&str; 8] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
/// The verbs of its subresources.
const SUB_VERBS: [&str; 3] = ["get", "patch", "update"];

/// Whether a resource is that of definitions.
pub(crate) fn is_definition(resource: &Resource) -> bool {
    resource.group == GROUP && resource.plural == "customresourcedefinitions"
}

/// Lets the server follow a write: roles and bindings change what is allowed, definitions what is served.
pub(crate) fn sync(server: &Arc<Inner>, resource: &Resource, object: &Value, deleted: bool) {
    if resource.group == authz::GROUP {
        server.rbac.changed();
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
    {
        establish(server, &definitions, &stored.value.clone());
    }
}

/// Lets a new server follow what its store began with.
pub(crate) fn follow(server: &Arc<Inner>) {
    server.rbac.changed();
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
    let established = condition(crd, "Established") == Some("True");
    let versions = if deleted || !established { Vec::new() } else { versions(crd) };
    if let Some(first) = versions.first() {
        server.store.begin(&first.prefix);
    }
    server.catalog.replace(&group, &plural, versions);
}

/// The status of a condition.
fn condition<'a>(crd: &'a Value, kind: &str) -> Option<&'a str> {
    let conditions = crd.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|c| c["type"] == kind)?.get("status")?.as_str()
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
        finalize(server, resource, &stored);
        return;
    }
    let mut crd = stored.value.clone();
    let before = crd["status"].clone();
    accept_names(server, &mut crd);
    if let Some((status, reason, message)) = proofmark_schema::crd::approval(&crd) {
        let now = server.clock.stamp();
        set_condition(&mut crd, &now, "KubernetesAPIApprovalPolicyConformant", status, reason, &message);
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
        let refused = condition(&other.value, "NamesAccepted") == Some("False");
        if refused && crate::value::text_at(&other.value, "/spec/group") == group {
            establish(server, resource, &other.value);
        }
    }
}

/// A definition that is deleted stays until its objects are gone.
pub(crate) fn mark_deleted(server: &Arc<Inner>, crd: &mut Value) {
    let now = server.clock.stamp();
    let meta = meta::of_mut(crd);
    meta.insert("deletionTimestamp".to_owned(), json!(now));
    let finalizers = meta.entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = finalizers.as_array_mut()
        && !list.iter().any(|f| f == CLEANUP)
    {
        list.push(json!(CLEANUP));
    }
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    set_condition(crd, &now, "Terminating", "True", "InstanceDeletionPending", message);
}

/// Compares a definition's names with those of the others of its group.
fn accept_names(server: &Arc<Inner>, crd: &mut Value) {
    let group = crate::value::text_at(crd, "/spec/group");
    let own = meta::text(crd, "name").to_owned();
    let taken = taken_names(server, &group, &own);
    let wanted = crd["spec"]["names"].clone();
    let mut accepted = crd["status"]["acceptedNames"].clone();
    if !accepted.is_object() {
        accepted = json!({});
    }
    let mut refused: Option<(&str, String)> = None;
    let mut take = |field: &str, reason: &'static str, kinds: bool| {
        let Some(value) = wanted.get(field).and_then(Value::as_str) else {
            return;
        };
        let pool = if kinds { &taken.kinds } else { &taken.resources };
        if pool.iter().any(|t| t == value) {
            refused = Some((reason, format!("{} is already in use", proofmark_status::quote(value))));
        } else {
            accepted[field] = json!(value);
        }
    };
    take("plural", "PluralConflict", false);
    take("singular", "SingularConflict", false);
    let mut short_conflicts = Vec::new();
    for short in wanted.get("shortNames").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if taken.resources.iter().any(|t| t == short) {
            short_conflicts.push(format!("{} is already in use", proofmark_status::quote(short)));
        }
    }
    take("kind", "KindConflict", true);
    take("listKind", "ListKindConflict", true);
    if short_conflicts.is_empty() {
        match wanted.get("shortNames") {
            Some(list) => accepted["shortNames"] = list.clone(),
            None => drop_member(&mut accepted, "shortNames"),
        }
    } else if refused.is_none() {
        refused = Some(("ShortNamesConflict", short_conflicts.join(", ")));
    }
    match wanted.get("categories") {
        Some(list) => accepted["categories"] = list.clone(),
        None => drop_member(&mut accepted, "categories"),
    }
    crd["status"]["acceptedNames"] = accepted;
    let now = server.clock.stamp();
    let was_established = condition(crd, "Established") == Some("True");
    match refused {
        None => {
            set_condition(crd, &now, "NamesAccepted", "True", "NoConflicts", "no conflicts found");
            set_condition(
                crd,
                &now,
                "Established",
                "True",
                "InitialNamesAccepted",
                "the initial names have been accepted",
            );
        }
        Some((reason, message)) => {
            set_condition(crd, &now, "NamesAccepted", "False", reason, &message);
            if !was_established {
                set_condition(crd, &now, "Established", "False", "NotAccepted", "not all names are accepted");
            }
        }
    }
}

fn drop_member(object: &mut Value, member: &str) {
    if let Some(members) = object.as_object_mut() {
        members.shift_remove(member);
    }
}

/// Names that other definitions of a group hold.
#[derive(Default)]
struct Taken {
    resources: Vec<String>,
    kinds: Vec<String>,
}

fn taken_names(server: &Arc<Inner>, group: &str, own: &str) -> Taken {
    let mut taken = Taken::default();
    let Some(definitions) = server.catalog.find(GROUP, "v1", "customresourcedefinitions") else {
        return taken;
    };
    let snapshot = server.store.snapshot();
    for (name, other) in snapshot.list(&definitions.prefix, "", None) {
        if name == own || crate::value::text_at(&other.value, "/spec/group") != group {
            continue;
        }
        let names = &other.value["status"]["acceptedNames"];
        let text = |field: &str| names.get(field).and_then(Value::as_str).map(str::to_owned);
        taken.resources.extend(text("plural").into_iter().chain(text("singular")));
        let short = names.get("shortNames").and_then(Value::as_array);
        taken.resources.extend(short.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        taken.kinds.extend(text("kind").into_iter().chain(text("listKind")));
    }
    taken
}

/// Sets a condition; its time changes with its status.
fn set_condition(crd: &mut Value, now: &str, kind: &str, status: &str, reason: &str, message: &str) {
    let list = &mut crd["status"]["conditions"];
    if !list.is_array() {
        *list = json!([]);
    }
    let Some(list) = list.as_array_mut() else { return };
    let new = json!({"type": kind, "status": status, "lastTransitionTime": now, "reason": reason, "message": message});
    match list.iter_mut().find(|c| c["type"] == kind) {
        Some(old) => {
            let time = if old["status"] == status { old["lastTransitionTime"].clone() } else { json!(now) };
            *old = new;
            old["lastTransitionTime"] = time;
        }
        None => list.push(new),
    }
}

/// Takes the objects of a deleted definition with it; when none is left, lets it go.
fn finalize(server: &Arc<Inner>, resource: &Arc<Resource>, stored: &Arc<crate::store::Object>) {
    let crd = &stored.value;
    let keeps = meta::of(crd).and_then(|m| m.get("finalizers")).and_then(Value::as_array);
    if !keeps.is_some_and(|f| f.iter().any(|f| f == CLEANUP)) {
        return;
    }
    let text = |pointer: &str| crate::value::text_at(crd, pointer);
    let (group, plural) = (text("/spec/group"), text("/spec/names/plural"));
    let prefix: Arc<str> = format!("/registry/{group}/{plural}").into();
    let now = server.clock.stamp();
    let snapshot = server.store.snapshot();
    let version = server.catalog.all().into_iter().find(|r| r.group == group && r.plural == plural);
    let mut left = 0;
    for (place, object) in snapshot.list(&prefix, "", None) {
        let held = meta::of(&object.value)
            .and_then(|m| m.get("finalizers"))
            .and_then(Value::as_array)
            .is_some_and(|f| !f.is_empty());
        let Some(version) = &version else { continue };
        if held {
            left += 1;
            if meta::text(&object.value, "deletionTimestamp").is_empty() {
                let mut marked = object.value.clone();
                crate::handlers::mark_held(&mut marked, server.clock.now());
                let _ = crate::handlers::write(server, version, place, marked, Precondition::Revision(object.revision));
            }
        } else {
            let _ = server.store.remove(&prefix, place, object.value.clone(), object.revision);
        }
    }
    let name = meta::text(crd, "name").to_owned();
    let mut crd = crd.clone();
    if left > 0 {
        let message = "CustomResource deletion is in progress";
        set_condition(&mut crd, &now, "Terminating", "True", "InstanceDeletionInProgress", message);
        if crd != stored.value {
            let _ = crate::handlers::write(server, resource, &name, crd, Precondition::Revision(stored.revision));
        }
        return;
    }
    set_condition(&mut crd, &now, "Terminating", "False", "InstanceDeletionCompleted", "removed all instances");
    let finalizers = meta::of_mut(&mut crd).get_mut("finalizers").and_then(Value::as_array_mut);
    let empty = finalizers.is_none_or(|list| {
        list.retain(|f| f != CLEANUP);
        list.is_empty()
    });
    let _ = if empty {
        let removed = crate::handlers::remove(server, resource, &name, crd, stored.revision).map(|_| ());
        look_again(server, resource, &group);
        removed
    } else {
        crate::handlers::write(server, resource, &name, crd, Precondition::Revision(stored.revision)).map(|_| ())
    };
}

/// The served versions of a definition.
fn versions(crd: &Value) -> Vec<Resource> {
    let list = crd.pointer("/spec/versions").and_then(Value::as_array);
    let served = list.into_iter().flatten().filter(|v| v["served"] == true);
    served.filter_map(|version| resource(crd, version)).collect()
}

/// What requests of a deprecated version are warned of: the definition's own words, or the newest version that is not deprecated.
/// Source: `defaultDeprecationWarning` of k8s.io/apiextensions-apiserver `pkg/apiserver`, release 1.35.
fn deprecation(crd: &Value, version: &Value) -> Option<String> {
    if version["deprecated"] != true {
        return None;
    }
    if let Some(words) = version.get("deprecationWarning").and_then(Value::as_str) {
        return Some(words.to_owned());
    }
    let text = |pointer: &str| crate::value::text_at(crd, pointer);
    let (group, kind) = (text("/spec/group"), text("/spec/names/kind"));
    let own = crate::value::text_at(version, "/name");
    let others = crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten();
    let others = others.filter(|v| v["served"] == true && v["deprecated"] != true);
    let names = others.filter_map(|v| v.get("name").and_then(Value::as_str));
    let order = crate::discovery::version_order;
    let newest = names.filter(|name| order(name) > order(&own)).max_by_key(|name| order(name));
    let instead = newest.map_or_else(String::new, |name| format!("; use {group}/{name} {kind}"));
    Some(format!("{group}/{own} {kind} is deprecated{instead}"))
}

fn resource(crd: &Value, version: &Value) -> Option<Resource> {
    let text = |pointer: &str| crate::value::text_at(crd, pointer);
    let names = &crd["status"]["acceptedNames"];
    let name = |field: &str| names.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |field: &str| -> Vec<String> {
        names
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let (group, plural) = (text("/spec/group"), name("plural"));
    let storage = crd.pointer("/spec/versions")?.as_array()?.iter().find(|v| v["storage"] == true)?;
    let storage_version = storage.get("name")?.as_str()?.to_owned();
    let subresources = version.get("subresources").cloned().unwrap_or(json!({}));
    let status = subresources.get("status").is_some_and(Value::is_object);
    let scale = subresources.get("scale").filter(|s| s.is_object()).map(|s| ScalePaths {
        spec: crate::value::text_at(s, "/specReplicasPath"),
        status: crate::value::text_at(s, "/statusReplicasPath"),
        selector: s.get("labelSelectorPath").and_then(Value::as_str).map(str::to_owned),
    });
    let source = version.pointer("/schema/openAPIV3Schema").cloned().unwrap_or(Value::Null);
    let preserve = crd.pointer("/spec/preserveUnknownFields") == Some(&json!(true));
    let schema = Schema::parse(&source).ok().filter(|_| !preserve && source.is_object());
    let mut types = TypeGraph::default();
    let metadata = types.import(proofmark_builtin::types(), object_meta()?);
    let root = match &schema {
        Some(schema) => schema.to_types(&mut types, metadata),
        None => schemaless(&mut types, metadata),
    };
    let columns = version.get("additionalPrinterColumns").and_then(Value::as_array).cloned().unwrap_or_default();
    let selectable = version.get("selectableFields").and_then(Value::as_array).into_iter().flatten();
    let selectable = selectable.filter_map(|f| f.get("jsonPath").and_then(Value::as_str)).map(|path| {
        let label = path.trim_start_matches('.').to_owned();
        let pointer = format!("/{}", label.replace('.', "/"));
        (label, pointer)
    });
    let kind = name("kind");
    let rules = schema.as_ref().and_then(Rules::of);
    let custom = CustomVersion {
        schema,
        rules,
        types,
        root,
        status,
        columns,
        selectable: selectable.collect(),
        terminating: !meta::text(crd, "deletionTimestamp").is_empty(),
        deprecated: deprecation(crd, version),
        scale: scale.clone(),
    };
    let sub = |sub: &str, group: &str, version: &str, kind: &str| Subresource {
        name: sub.to_owned(),
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        verbs: SUB_VERBS.map(str::to_owned).to_vec(),
    };
    let version_name = version.get("name")?.as_str()?.to_owned();
    let mut served = Vec::new();
    if status {
        served.push(sub("status", &group, &version_name, &kind));
    }
    if scale.is_some() {
        served.push(sub("scale", "autoscaling", "v1", "Scale"));
    }
    Some(Resource {
        prefix: format!("/registry/{group}/{plural}").into(),
        storage_version_hash: crate::discovery::storage_version_hash(&group, &storage_version, &kind),
        singular: name("singular"),
        list_kind: name("listKind"),
        namespaced: text("/spec/scope") == "Namespaced",
        verbs: VERBS.map(str::to_owned).to_vec(),
        short_names: list("shortNames"),
        categories: list("categories"),
        subresources: served,
        strategy: proofmark_registry::CUSTOM,
        body: Body::Custom(Box::new(custom)),
        version: version_name,
        group,
        plural,
        kind,
    })
}
