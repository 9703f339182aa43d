//! POST to `pods/{name}/binding`: a scheduler's decision where a pod runs.
//!
//! Source: `BindingREST` in `pkg/registry/core/pod/storage/storage.go` and the admission plugin PodTopologyLabels, release 1.35. Like the real
//! one it writes past field management: the decision has no manager.

use proofmark_json::{Map, Value, json};
use proofmark_registry::meta;
use proofmark_status::{FieldError, Status};

use super::options::WriteOptions;
use super::reply::Content;
use super::write::{changed, write};
use super::{Reply, Target, bad_request, body, managed};
use crate::admit;
use crate::refusal::Refusal;
use crate::server::Call;
use crate::store::Precondition;

/// Labels of a node that its pods get, too (`PodTopologyLabelsAdmission`).
const TOPOLOGY: [&str; 2] = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

/// Binds the pod that a binding names: POST to `bindings`, the older way.
pub(super) async fn bind_named(call: &Call<'_>, bindings: &Target<'_>) -> Result<Reply, Refusal> {
    let options = WriteOptions::read(call, "CreateOptions")?;
    let binding = body::read(call, bindings.resource, &options)?;
    let pods = call.server.catalog.find("", "v1", "pods").ok_or_else(Refusal::no_such_resource)?;
    let name = meta::text(&binding, "name").to_owned();
    carry_out(call, &Target { resource: &pods, name: &name, ..*bindings }, binding, &options).await
}

/// Binds a pod to a node.
pub(super) async fn bind(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let options = WriteOptions::read(call, "CreateOptions")?;
    let of_binding = call.server.catalog.find_virtual("", "v1", "Binding").ok_or_else(Refusal::no_such_resource)?;
    let binding = body::read(call, &of_binding, &options)?;
    carry_out(call, target, binding, &options).await
}

async fn carry_out(
    call: &Call<'_>,
    target: &Target<'_>,
    mut binding: Value,
    options: &WriteOptions,
) -> Result<Reply, Refusal> {
    let of_binding = call.server.catalog.find_virtual("", "v1", "Binding").ok_or_else(Refusal::no_such_resource)?;
    body::settle_namespace(&mut binding, &Target { resource: &of_binding, ..*target })?;
    let mut binding = managed::of_virtual(call, "v1", "Binding", &binding, &options.manager, "binding");
    let request = admit::Request::create(call, target, options).through("binding", &of_binding);
    admit::mutate(&request, &mut binding).await?;
    if meta::text(&binding, "name") != target.name {
        return Err(bad_request("name in URL does not match name in Binding object"));
    }
    check(&binding)?;
    admit::validate(&request, &binding).await?;
    if target.name.is_empty() {
        return Err(bad_request("Name parameter required."));
    }
    let node = crate::value::text_at(&binding, "/target/name");
    loop {
        let snapshot = call.server.store.snapshot();
        let live = snapshot.get(&target.resource.prefix, &target.place()).cloned().ok_or_else(|| target.not_found())?;
        may_bind(target, &binding, &live.value, live.revision)?;
        if options.dry_run {
            break;
        }
        let mut pod = Value::clone(&live.value);
        assign(call, &mut pod, &binding, &node);
        let precondition = Precondition::Revision(live.revision);
        match write(call.server, target.resource, &target.place(), pod, precondition) {
            Ok(_) => break,
            // Someone was faster: decide again on what is there now, unless the binding names a version.
            Err(_) if meta::text(&binding, "resourceVersion").is_empty() => {}
            Err(_) => return Err(changed(target)),
        }
    }
    let done = Status { code: 201, ..Status::success(None) };
    Ok(Reply::new(201, Content::Status(done)))
}

/// `ValidatePodBinding`; its complaints come as a plain error.
fn check(binding: &Value) -> Result<(), Refusal> {
    let text = |field: &str| crate::value::text_at(binding, field);
    let mut errors = Vec::new();
    let kind = text("/target/kind");
    if !matches!(kind.as_str(), "" | "Node") {
        errors.push(FieldError::not_supported("target.kind", kind, &["Node", "<empty>"]));
    }
    if text("/target/name").is_empty() {
        errors.push(FieldError::required("target.name", ""));
    }
    let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => Ok(()),
        [one] => Err(Refusal::untyped(500, one)),
        several => Err(Refusal::untyped(500, format!("[{}]", several.join(", ")))),
    }
}

/// What the pod itself says against it.
fn may_bind(target: &Target<'_>, binding: &Value, pod: &Value, revision: u64) -> Result<(), Refusal> {
    let name = target.name;
    let differs = |field: &str, have: &str| {
        let wanted = meta::text(binding, field);
        !wanted.is_empty() && wanted != have
    };
    if differs("uid", meta::text(pod, "uid")) || differs("resourceVersion", &revision.to_string()) {
        return Err(changed(target));
    }
    let node = crate::value::text_at(pod, "/spec/nodeName");
    let gated = pod.pointer("/spec/schedulingGates").and_then(Value::as_array).is_some_and(|gates| !gates.is_empty());
    let why = if !meta::text(pod, "deletionTimestamp").is_empty() {
        format!("pod {name} is being deleted, cannot be assigned to a host")
    } else if !node.is_empty() {
        format!("pod {name} is already assigned to node {}", proofmark_status::quote(&node))
    } else if gated {
        format!("pod {name} has non-empty .spec.schedulingGates")
    } else {
        return Ok(());
    };
    Err(Status::conflict("", "pods/binding", name, &why).into())
}

/// Writes the decision into the pod.
fn assign(call: &Call<'_>, pod: &mut Value, binding: &Value, node: &str) {
    pod["spec"]["nodeName"] = json!(node);
    let given = |field: &str| meta::of(binding).and_then(|m| m.get(field)).and_then(Value::as_object).cloned();
    merge(pod, "annotations", given("annotations").unwrap_or_default());
    let named = crate::value::text_at(binding, "/target/kind") == "Node";
    let mut labels = if named { topology(call, node) } else { Map::new() };
    labels.extend(given("labels").unwrap_or_default());
    merge(pod, "labels", labels);
    let status = &mut pod["status"];
    if let Some(status) = status.as_object_mut() {
        status.shift_remove("nominatedNodeName");
    }
    let mut scheduled = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null});
    scheduled["lastTransitionTime"] = json!(call.server.clock.stamp());
    match status.get_mut("conditions").and_then(Value::as_array_mut) {
        Some(conditions) => match conditions.iter_mut().find(|c| c["type"] == "PodScheduled") {
            Some(condition) => *condition = scheduled,
            None => conditions.push(scheduled),
        },
        None => status["conditions"] = json!([scheduled]),
    }
}

fn merge(pod: &mut Value, field: &str, more: Map) {
    if more.is_empty() {
        return;
    }
    let entry = meta::of_mut(pod).entry(field).or_insert_with(|| json!({}));
    match entry.as_object_mut() {
        Some(have) => have.extend(more),
        None => *entry = Value::Object(more),
    }
}

fn topology(call: &Call<'_>, node: &str) -> Map {
    let Some(nodes) = call.server.catalog.find("", "v1", "nodes") else { return Map::new() };
    let snapshot = call.server.store.snapshot();
    let found = snapshot.get(&nodes.prefix, &nodes.place("", node));
    let labels = found.and_then(|node| meta::of(&node.value)?.get("labels")?.as_object());
    let Some(labels) = labels else { return Map::new() };
    TOPOLOGY.iter().filter_map(|key| Some(((*key).to_owned(), labels.get(*key)?.clone()))).collect()
}
