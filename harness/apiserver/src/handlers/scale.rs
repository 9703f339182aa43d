//! The scale subresource: the replicas of a workload or custom resource, as `autoscaling/v1` Scale.
//!
//! Source: `pkg/registry/apps/*/storage`, `k8s.io/apiextensions-apiserver/pkg/registry/customresource/etcd.go`, release 1.35.

use std::sync::Arc;

use http::Method;
use proofmark_json::{Map, Value, json};
use proofmark_registry::meta;
use proofmark_status::Status;

use super::options::{FieldValidation, WriteOptions};
use super::reply::Content;
use super::update::Change;
use super::{Reply, Target, bad_request, body, managed, patch};
use crate::admit;
use crate::refusal::Refusal;
use crate::resource::Resource;
use crate::server::Call;
use crate::store::Object;

/// JSON pointers to a resource's numbers.
struct Pointers {
    spec: String,
    status: String,
    /// A text, or (for built-in kinds) a label selector.
    selector: Option<String>,
}

impl Pointers {
    fn of(resource: &Resource) -> Option<Self> {
        let Some(custom) = resource.custom() else {
            return Some(Self {
                spec: "/spec/replicas".to_owned(),
                status: "/status/replicas".to_owned(),
                selector: Some("/spec/selector".to_owned()),
            });
        };
        let paths = custom.scale.as_ref()?;
        let pointer = |path: &str| path.replace('.', "/");
        Some(Self {
            spec: pointer(&paths.spec),
            status: pointer(&paths.status),
            selector: paths.selector.as_deref().map(pointer),
        })
    }
}

/// Reads or writes the scale of an object.
pub(super) async fn scale(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let resource = target.resource;
    let pointers = Pointers::of(resource).ok_or_else(Refusal::no_such_resource)?;
    if *call.exchange.method == Method::GET {
        let stored = target.stored(call).ok_or_else(|| target.not_found())?;
        let object = crate::resource::read(call.server, resource, &stored).await?;
        return reply(resource, &pointers, &object.value);
    }
    let sent = if *call.exchange.method == Method::PUT { Some(sent(call, target)?) } else { None };
    // Whoever names no version of the object is not bothered by what changes it meanwhile: a controller's status, mostly.
    patch::retrying(target, || write(call, target, &pointers, sent.as_ref())).await
}

/// What a Scale is.
fn of_scale(call: &Call<'_>) -> Result<Arc<Resource>, Refusal> {
    call.server.catalog.find_virtual("autoscaling", "v1", "Scale").ok_or_else(Refusal::no_such_resource)
}

/// The Scale that a PUT brings: it is read before its object is looked for.
fn sent(call: &Call<'_>, target: &Target<'_>) -> Result<(Value, WriteOptions), Refusal> {
    let options = WriteOptions::read(call, "UpdateOptions")?;
    let scale = body::read(call, of_scale(call)?.as_ref(), &options)?;
    body::check_name(&scale, target)?;
    target.check_place()?;
    Ok((scale, options))
}

/// Writes the scale of an object once.
async fn write(
    call: &Call<'_>,
    target: &Target<'_>,
    pointers: &Pointers,
    sent: Option<&(Value, WriteOptions)>,
) -> Result<Reply, Refusal> {
    let resource = target.resource;
    let live = target.live(call).await?.ok_or_else(|| target.not_found())?;
    let of_scale = of_scale(call)?;
    let api_version = resource.group_version();
    let entries = managed::scale_entries(call.server, resource, &api_version);
    let of_parent = live.value.pointer("/metadata/managedFields").cloned().unwrap_or_else(|| json!([]));
    let mut before = of(resource, pointers, &live.value).unwrap_or_else(|scale| scale);
    let owners = entries.to_scale(&of_parent).map_err(unreadable)?;
    if owners.as_array().is_some_and(|list| !list.is_empty()) {
        before["metadata"]["managedFields"] = owners;
    }
    let (mut wanted, options) = wanted(call, target, &of_scale, &before, sent)?;
    body::check_name(&wanted, target)?;
    patch::check_revision(target, meta::text(&wanted, "resourceVersion"), live.revision)?;
    let request = admit::Request::update(call, target, &options, &before).through("scale", &of_scale);
    admit::mutate(&request, &mut wanted).await?;
    let replicas = wanted.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(0);
    if replicas == UNSET && resource.custom().is_some() {
        let path = proofmark_status::quote(&pointers.spec.replace('/', "."));
        return Err(bad_request(format!("the spec replicas field {path} cannot be empty")));
    }
    // A custom resource's own validation looks at its replicas.
    if replicas < 0 && resource.custom().is_none() {
        let error =
            proofmark_status::FieldError::invalid("spec.replicas", replicas, "must be greater than or equal to 0");
        return Err(Status::invalid("autoscaling", "Scale", target.name, &[error]).into());
    }
    check_uid(target, &wanted, &live)?;
    let mut object = Value::clone(&live.value);
    set(&mut object, &pointers.spec, json!(replicas));
    let owners_of_scale = wanted.pointer("/metadata/managedFields").cloned().unwrap_or_else(|| json!([]));
    let owners = entries.to_parent(&of_parent, &owners_of_scale).map_err(unreadable)?;
    meta::of_mut(&mut object).insert("managedFields", owners);
    admit::validate(&request, &wanted).await?;
    let change = Change { target, options: &options, subresource: "scale", live: &live, managed: true, admitted: true };
    let changed = change.apply(call, object).await?;
    reply(resource, pointers, &changed.value)
}

/// The Scale that the request asks for, with its owners.
fn wanted(
    call: &Call<'_>,
    target: &Target<'_>,
    of_scale: &Arc<Resource>,
    before: &Value,
    sent: Option<&(Value, WriteOptions)>,
) -> Result<(Value, WriteOptions), Refusal> {
    let in_scale = Target { resource: of_scale, ..*target };
    let updated = |mut scale: Value, options: WriteOptions| {
        body::settle_namespace(&mut scale, &in_scale)?;
        let scale = managed::with_scale_manager(call, &options.manager, |fields, manager| {
            fields.update(Some(before), scale, manager)
        })?;
        Ok((scale, options))
    };
    if let Some((scale, options)) = sent {
        return updated(scale.clone(), options.clone());
    }
    let (form, options) = patch::read(call, target.resource)?;
    if form == patch::Form::Apply {
        let applied = patch::configuration(call)?;
        let force = options.force.unwrap_or(false);
        let outcome = managed::with_scale_manager(call, &options.manager, |fields, manager| {
            fields.apply(Some(before), &applied, manager, force)
        })?;
        let outcome = outcome.map_err(|error| Refusal::from(error.status()))?;
        patch::complain(call, options.validation)?;
        if outcome.changed && target.resource.custom().is_some() {
            // A custom resource's own converter is asked for its Scale, and knows no such version.
            let why = "request to convert CR to an invalid group/version: autoscaling/v1";
            return Err(body::unconverted(&applied, "autoscaling/v1, Kind=Scale", why));
        }
        let mut wanted = body::object(call, of_scale, outcome.object, None, Vec::new(), FieldValidation::Ignore)?;
        body::settle_namespace(&mut wanted, &in_scale)?;
        return Ok((wanted, options));
    }
    updated(patch::patched_value(call, of_scale, form, before, &options)?, options)
}

fn unreadable(error: proofmark_merge::managed::EntriesError) -> Refusal {
    Refusal::untyped(500, error.to_string())
}

/// A uid that is given must be the live one; a custom resource's Scale is not asked.
fn check_uid(target: &Target<'_>, wanted: &Value, live: &Object) -> Result<(), Refusal> {
    let (given, have) = (meta::text(wanted, "uid"), meta::text(&live.value, "uid"));
    let resource = target.resource;
    if given.is_empty() || given == have || resource.custom().is_some() {
        return Ok(());
    }
    let why = format!("Precondition failed: UID in precondition: {given}, UID in object meta: {have}");
    Err(Status::conflict(&resource.group, &format!("{}/scale", resource.plural), target.name, &why).into())
}

/// The Scale of an object; 500 for a custom resource that has no replicas.
fn reply(resource: &Resource, pointers: &Pointers, object: &Value) -> Result<Reply, Refusal> {
    let value = of(resource, pointers, object).map_err(|_| {
        let path = proofmark_status::quote(&pointers.spec.replace('/', "."));
        Status::internal(&format!("the spec replicas field {path} does not exist"))
    })?;
    Ok(Reply::new(200, Content::Scale { value, custom: resource.custom().is_some() }))
}

/// What the replicas of a Scale are whose custom resource has none: a write must set them.
const UNSET: i64 = i32::MIN as i64;

/// The Scale of an object. The error is that of a custom resource without replicas, which are [`UNSET`] in it.
fn of(resource: &Resource, pointers: &Pointers, object: &Value) -> Result<Value, Value> {
    let custom = resource.custom().is_some();
    let replicas = object.pointer(&pointers.spec).and_then(Value::as_i64);
    let have = object.pointer(&pointers.status).and_then(Value::as_i64).unwrap_or(0);
    let selector = match pointers.selector.as_deref().and_then(|p| object.pointer(p)) {
        Some(Value::String(text)) => text.clone(),
        // ReplicationControllers have a plain map.
        Some(selector) if resource.plural == "replicationcontrollers" => {
            selector_text(&json!({"matchLabels": selector}))
        }
        Some(selector) if !custom => selector_text(selector),
        _ => String::new(),
    };
    match replicas {
        None if custom => Err(build(object, UNSET, have, selector)),
        replicas => Ok(build(object, replicas.unwrap_or(0), have, selector)),
    }
}

fn build(object: &Value, replicas: i64, have: i64, selector: String) -> Value {
    let meta = meta::of(object);
    let mut metadata = Map::new();
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = meta.and_then(|m| m.get(field)) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    let mut status = json!({"replicas": have});
    if !selector.is_empty() {
        status["selector"] = json!(selector);
    }
    let spec = if replicas == 0 { json!({}) } else { json!({"replicas": replicas}) };
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status})
}

/// A label selector as text: requirements in order of their keys.
fn selector_text(selector: &Value) -> String {
    let mut parts = Vec::new();
    for (key, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        parts.push((key.as_str(), format!("{key}={}", value.as_str().unwrap_or_default())));
    }
    for requirement in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let text = |field: &str| requirement.get(field).and_then(Value::as_str).unwrap_or_default();
        let values =
            requirement.get("values").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut values: Vec<&str> = values.collect();
        values.sort_unstable();
        let (key, values) = (text("key"), values.join(","));
        let shown = match text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        };
        parts.push((key, shown));
    }
    parts.sort();
    parts.into_iter().map(|(_, shown)| shown).collect::<Vec<_>>().join(",")
}

/// Sets the value at a pointer, making objects on the way.
fn set(object: &mut Value, pointer: &str, value: Value) {
    let mut at = object;
    for part in pointer.split('/').skip(1) {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[part];
    }
    *at = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_read_as_kubectl_takes_them() {
        let selector = json!({"matchLabels": {"b": "1", "a": "2"}, "matchExpressions": [{"key": "c", "operator": "In", "values": ["y", "x"]}]});
        assert_eq!(selector_text(&selector), "a=2,b=1,c in (x,y)");
    }
}
