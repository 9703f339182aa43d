//! The end of every write: preparing, validating and storing a new state.

use std::collections::BTreeMap;
use std::sync::Arc;

use proofmark_json::{Value, json};
use proofmark_registry::{drop_disabled, meta, part};
use proofmark_schema::Verdict;
use proofmark_status::{FieldError, Status};

use super::{Target, body};
use crate::refusal::Refusal;
use crate::resource::{self, Resource};
use crate::server::{Call, Inner};
use crate::store::{Object, Precondition, WriteError};

/// The longest name; a generated one is cut so that its suffix fits.
const GENERATED_PREFIX_MAX: usize = 58;

/// Makes a read object one that can be created: system fields, name, what its kind prepares. Source: `rest.BeforeCreate`.
pub(super) fn prepare_create(call: &Call<'_>, target: &Target<'_>, object: &mut Value) {
    let server = call.server;
    let resource = target.resource;
    let meta = meta::of_mut(object);
    meta.insert("uid", json!(server.random.uid()));
    if resource.strategy.generation.starts() {
        meta.insert("generation", json!(1));
    }
    meta.insert("creationTimestamp", json!(server.clock.stamp()));
    let name = meta.get("name").and_then(Value::as_str).unwrap_or_default();
    let prefix = meta.get("generateName").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() && !prefix.is_empty() {
        let end =
            prefix.char_indices().map(|(i, c)| i + c.len_utf8()).take_while(|e| *e <= GENERATED_PREFIX_MAX).last();
        let generated = format!("{}{}", &prefix[..end.unwrap_or(0)], server.random.suffix());
        meta.insert("name", json!(generated));
    }
    let unnamed = meta.get("name").and_then(Value::as_str).unwrap_or_default().is_empty();
    if unnamed && resource.strategy.names_itself {
        meta.insert("name", json!(server.random.uid()));
    }
    if has_status(resource) && !resource.strategy.keeps_status {
        reset_status(resource, object);
    }
    drop_disabled(&resource.strategy, object, None);
    (resource.strategy.prepare_create)(object);
}

/// Whether the main endpoint leaves status alone.
pub(super) fn has_status(resource: &Resource) -> bool {
    resource.strategy.status || resource.custom().is_some_and(|c| c.status)
}

fn reset_status(resource: &Resource, object: &mut Value) {
    let Some(members) = object.as_object_mut() else { return };
    if members.shift_remove("status").is_some() && resource.custom().is_none() {
        refill(resource, object);
    }
}

/// Writes the zero values that Go always writes for a typed object that lost a member.
pub(super) fn refill(resource: &Resource, object: &mut Value) {
    if let resource::Body::Typed(ty) = resource.body
        && proofmark_builtin::decode::decode_in_place(object, ty).is_ok()
    {
        crate::value::identify(object, &resource.group_version(), &resource.kind);
    }
}

/// Complaints about an object that is to be created.
pub(super) fn validate_create(target: &Target<'_>, object: &Value) -> Result<(), Refusal> {
    let resource = target.resource;
    refuse(resource, object, type_errors(resource, object))?;
    let metadata = meta::validate(object, resource.namespaced, resource.strategy.name);
    let body = validate_body(resource, object, None).errors;
    if resource.strategy.late_metadata {
        refuse(resource, object, body)?;
        return refuse(resource, object, metadata);
    }
    refuse(resource, object, [metadata, body].concat())
}

/// Complaints about a new state.
pub(super) fn validate_update(
    call: &Call<'_>,
    target: &Target<'_>,
    new: &Value,
    old: &Value,
    subresource: &str,
) -> Result<(), Refusal> {
    let resource = target.resource;
    refuse(resource, new, type_errors(resource, new))?;
    let mut errors = Vec::new();
    errors.extend(meta::validate_update(new, old));
    let verdict = match (resource.custom(), resource.strategy.validate_status) {
        (Some(custom), _) if subresource == "status" => custom.validate_status(new, old),
        (None, Some(validate)) if subresource == "status" => {
            Verdict { errors: validate(new, old), ..Verdict::default() }
        }
        _ => match part(&resource.group, &resource.plural, subresource) {
            Some(part) => Verdict { errors: (part.validate)(new, old), ..Verdict::default() },
            None => validate_body(resource, new, Some(old)),
        },
    };
    call.warn(verdict.warnings);
    errors.extend(verdict.errors);
    refuse(resource, new, errors)
}

fn refuse(resource: &Resource, object: &Value, errors: Vec<FieldError>) -> Result<(), Refusal> {
    if errors.is_empty() {
        return Ok(());
    }
    let name = meta::text(object, "name");
    let text = |field: &str| object.get(field).and_then(Value::as_str);
    match (resource.custom(), text("apiVersion"), text("kind")) {
        // The refusal names the kind that the object says it has.
        (Some(_), Some(version), Some(kind)) => {
            let group = version.split_once('/').map_or("", |(group, _)| group);
            Err(Status::invalid(group, kind, name, &errors).into())
        }
        _ => Err(body::invalid(resource, name, &errors)),
    }
}

/// A custom resource must say that it is of its kind and version: nothing decodes it into one. Nothing else is looked at otherwise.
fn type_errors(resource: &Resource, object: &Value) -> Vec<FieldError> {
    if resource.custom().is_none() {
        return Vec::new();
    }
    let wanted = [("kind", resource.kind.clone()), ("apiVersion", resource.group_version())];
    let check = |(field, want): (&'static str, String)| {
        let given = object.get(field).and_then(Value::as_str).unwrap_or_default();
        (given != want).then(|| FieldError::invalid(field, given, format!("must be {want}")))
    };
    wanted.into_iter().filter_map(check).collect()
}

fn validate_body(resource: &Resource, new: &Value, old: Option<&Value>) -> Verdict {
    let errors = match (resource.custom(), old) {
        (Some(custom), old) => return custom.validate(new, old),
        (None, None) => (resource.strategy.validate)(new),
        (None, Some(old)) => (resource.strategy.validate_update)(new, old),
    };
    Verdict { errors, ..Verdict::default() }
}

/// Keeps what an update cannot touch, and counts the generation. Source: `rest.BeforeUpdate`.
pub(super) fn prepare_update(target: &Target<'_>, new: &mut Value, old: &Value) {
    let resource = target.resource;
    let of_old = |field: &str| meta::of(old).and_then(|m| m.get(field)).cloned();
    let meta = meta::of_mut(new);
    // The server's own, whatever the client says; what the client may repeat but not change is validated.
    for (field, repeatable) in [("creationTimestamp", false), ("generation", false), ("uid", true)] {
        match of_old(field) {
            Some(_) if repeatable && meta.get(field).is_some_and(|v| v.as_str() != Some("")) => {}
            Some(value) => {
                meta.insert(field.to_owned(), value);
            }
            None => {
                meta.shift_remove(field);
            }
        }
    }
    // A deletion can neither be taken back nor forgotten.
    if let Some(at) = of_old("deletionTimestamp") {
        meta.insert("deletionTimestamp", at);
    }
    if let Some(grace) = of_old("deletionGracePeriodSeconds")
        && !meta.contains_key("deletionGracePeriodSeconds")
    {
        meta.insert("deletionGracePeriodSeconds", grace);
    }
    meta.shift_remove("selfLink");
    if has_status(resource)
        && let Some(members) = new.as_object_mut()
    {
        match old.get("status") {
            Some(status) => members.insert("status", status.clone()),
            None => members.shift_remove("status"),
        };
    }
    drop_disabled(&resource.strategy, new, Some(old));
    (resource.strategy.prepare_update)(new, old);
    if resource.strategy.generation.counts() && spec_changed(resource, new, old) {
        let generation = of_old("generation").and_then(|g| g.as_i64()).unwrap_or(0) + 1;
        meta::of_mut(new).insert("generation", json!(generation));
    }
}

/// Whether anything but metadata and status changed, or what counts of the metadata. Custom resources without a status subresource count every change.
fn spec_changed(resource: &Resource, new: &Value, old: &Value) -> bool {
    let counted =
        |key: &str| !matches!(key, "metadata" | "apiVersion" | "kind") && (key != "status" || !has_status(resource));
    fn parts(object: &Value, counted: impl Fn(&str) -> bool) -> BTreeMap<&str, &Value> {
        let members = object.as_object().into_iter().flatten();
        members.filter(|(name, _)| counted(name)).map(|(name, value)| (name.as_str(), value)).collect()
    }
    let beside = resource.strategy.counted_metadata;
    let metadata = |object| meta::of(object).and_then(|meta| meta.get(beside));
    parts(new, counted) != parts(old, counted) || !beside.is_empty() && metadata(new) != metadata(old)
}

/// What a client hears about a state that is accepted all the same.
pub(super) fn warnings(target: &Target<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
    let mut warnings = (target.resource.strategy.warnings)(new, old);
    if target.resource.custom().is_some() {
        warnings.extend(meta::finalizer_warnings(new, old));
    }
    warnings
}

/// What a custom resource keeps of what admission added: what its schema knows.
pub(super) fn settle(resource: &Resource, object: &mut Value) {
    if let Some(schema) = resource.custom().and_then(|c| c.schema()) {
        schema.prune(object);
    }
}

/// The largest object that etcd takes (bytes), unless told otherwise.
const OBJECT_MAX: usize = 3 << 19;

/// Refuses an object that etcd would not store: protobuf for built-in kinds, JSON for others.
pub(super) fn check_size(resource: &Resource, object: &Value) -> Result<(), Refusal> {
    // Texts make objects large; the exact size is only of interest near the limit.
    if crate::value::text_size(object) < OBJECT_MAX / 4 {
        return Ok(());
    }
    let size = match resource.body {
        resource::Body::Typed(ty) => proofmark_builtin::proto::encode(object, ty).len(),
        _ => object.to_string().len(),
    };
    if size > OBJECT_MAX { Err(Refusal::untyped(500, "etcdserver: request is too large")) } else { Ok(()) }
}

/// What is left of an object in storage: built-in kinds are stored as protobuf, which knows no empty lists and maps.
pub(super) fn as_stored(resource: &Resource, object: &mut Value) {
    if let resource::Body::Typed(ty) = resource.body
        && resource.group != "apiextensions.k8s.io"
    {
        crate::value::drop_empty(proofmark_builtin::types(), ty, object);
    }
}

/// Stores a new state of a place, and lets the server itself follow what changed. The heart of every write, also of its own.
pub(crate) fn write(
    server: &Arc<Inner>,
    resource: &Arc<Resource>,
    place: &str,
    object: Value,
    precondition: Precondition,
) -> Result<Arc<Object>, WriteError> {
    let mut object = resource::stored(resource, object);
    as_stored(resource, &mut object);
    let stored = server.store.put(&resource.prefix, place, object, precondition)?;
    resource::sync(server, resource, &stored.value, false);
    Ok(stored)
}

/// Deletes for good, and lets the server itself follow.
pub(crate) fn remove(
    server: &Arc<Inner>,
    resource: &Arc<Resource>,
    place: &str,
    last: Value,
    revision: u64,
) -> Result<Arc<Object>, WriteError> {
    let removed = server.store.remove(&resource.prefix, place, last, revision)?;
    resource::sync(server, resource, &removed.value, true);
    Ok(removed)
}

/// 409 of a write that came too late.
pub(super) fn changed(target: &Target<'_>) -> Refusal {
    let why = "the object has been modified; please apply your changes to the latest version and try again";
    Status::conflict(&target.resource.group, &target.resource.plural, target.name, why).into()
}

/// Whether a deleted object has nothing left that keeps it.
pub(super) fn is_released(object: &Value) -> bool {
    let meta = meta::of(object);
    let field = |name: &str| meta.and_then(|m| m.get(name));
    let finalizers = field("finalizers").and_then(Value::as_array).is_some_and(|f| !f.is_empty());
    let own = object.pointer("/spec/finalizers").and_then(Value::as_array).is_some_and(|f| !f.is_empty());
    let is_namespace = object.get("kind").and_then(Value::as_str) == Some("Namespace");
    let grace = field("deletionGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(0);
    field("deletionTimestamp").is_some() && grace == 0 && !finalizers && !(is_namespace && own)
}
