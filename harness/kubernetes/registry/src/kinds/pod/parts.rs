//! The parts of a pod that are written through subresources: its ephemeral containers and its containers' resources.
//!
//! Source: `podEphemeralContainersStrategy`, `podResizeStrategy` in `pkg/registry/core/pod/strategy.go`, and
//! `ValidatePodEphemeralContainersUpdate`, `ValidatePodResize` in `pkg/apis/core/validation`, release 1.35.

use proofmark_json::{Map, Value};
use proofmark_status::FieldError;

use super::{qos, shared, update};
use crate::node::{Errors, Node};
use crate::{check, diff, internal, meta};

/// Annotation of pods that a node made for itself.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Leaves of a new state nothing but its ephemeral containers.
pub(in crate::kinds) fn keep_ephemeral(new: &mut Value, old: &Value) {
    let containers = new.pointer("/spec/ephemeralContainers").cloned();
    *new = reset(new, old);
    if let Some(spec) = new.get_mut("spec").and_then(Value::as_object_mut) {
        match containers {
            Some(containers) => spec.insert("ephemeralContainers", containers),
            None => spec.shift_remove("ephemeralContainers"),
        };
    }
}

/// Leaves of a new state nothing but the resources of its containers.
pub(in crate::kinds) fn keep_resources(new: &mut Value, old: &Value) {
    let asked = std::mem::replace(new, reset(new, old));
    for list in ["containers", "initContainers"] {
        let pointer = format!("/spec/{list}");
        let wanted = asked.pointer(&pointer).and_then(Value::as_array);
        let have = new.pointer_mut(&pointer).and_then(Value::as_array_mut);
        for container in have.into_iter().flatten().filter_map(Value::as_object_mut) {
            let same = |other: &&Value| other.get("name") == container.get("name");
            let Some(wanted) = wanted.into_iter().flatten().find(same) else { continue };
            for field in ["resources", "resizePolicy"] {
                match wanted.get(field) {
                    Some(value) => container.insert(field.to_owned(), value.clone()),
                    None => container.shift_remove(field),
                };
            }
        }
    }
}

/// The old state with the new one's owners of fields.
fn reset(new: &Value, old: &Value) -> Value {
    let mut object = old.clone();
    if let Some(managed) = meta::of(new).and_then(|m| m.get("managedFields")) {
        meta::of_mut(&mut object).insert("managedFields", managed.clone());
    }
    object
}

fn is_mirror(pod: &Value) -> bool {
    meta::of(pod).and_then(|m| m.get("annotations")).is_some_and(|a| a.get(MIRROR).is_some())
}

/// Complaints about new ephemeral containers: those that are there stay as they are.
pub(in crate::kinds) fn validate_ephemeral(new: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    shared(new, &mut errors);
    update::annotations(new, old, &mut errors);
    if is_mirror(old) {
        errors.push(FieldError::forbidden("", "static pods do not support ephemeral containers"));
        return errors;
    }
    let (now, before) = (Node::root(new).get("spec"), Node::root(old).get("spec"));
    let (now, before) = (now.get("ephemeralContainers"), before.get("ephemeralContainers"));
    for (index, container) in before.items().enumerate() {
        let name = proofmark_status::quote(container.get("name").text());
        let kept = now.items().position(|c| c.get("name").text() == container.get("name").text());
        let why = match kept.and_then(|at| Some((at, now.items().nth(at)?))) {
            None => format!("existing ephemeral containers {name} may not be removed\n"),
            Some((_, kept)) if check::same(kept.value, container.value) => continue,
            Some((at, _)) => {
                let shown = |pod: &Value, at: usize| internal::show(pod, &format!("/spec/ephemeralContainers/{at}"));
                let diff = diff::unified(&shown(old, index), &shown(new, at));
                format!("existing ephemeral containers {name} may not be changed\n{diff}")
            }
        };
        errors.push(before.forbidden(why));
    }
    errors
}

/// Complaints about new resources: CPU and memory change, nothing goes, and the class of the pod stays.
pub(in crate::kinds) fn validate_resources(new: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    shared(new, &mut errors);
    update::annotations(new, old, &mut errors);
    if is_mirror(old) {
        errors.push(FieldError::forbidden("", "static pods cannot be resized"));
        return errors;
    }
    if old.pointer("/spec/os/name").is_some_and(|os| os == "windows") {
        errors.push(FieldError::forbidden("", "windows pods cannot be resized"));
        return errors;
    }
    let (now, before) = (Node::root(new).get("spec"), Node::root(old).get("spec"));
    if qos::class(now.value) != qos::class(before.value) {
        let class = old.pointer("/status/qosClass").cloned().unwrap_or_default();
        let why = "Pod QOS Class may not change as a result of resizing";
        errors.push(FieldError::invalid("spec", class, why));
    }
    for list in ["containers", "initContainers"] {
        for (now, before) in now.get(list).items().zip(before.get(list).items()) {
            container(&now.get("resources"), &before.get("resources"), &mut errors);
        }
    }
    errors
}

fn container(now: &Node<'_>, before: &Node<'_>, errors: &mut Errors) {
    let amounts =
        |node: &Node<'_>, kind: &str| -> Map { node.get(kind).value.as_object().cloned().unwrap_or_default() };
    let mut others = false;
    for kind in ["limits", "requests"] {
        let (new, old) = (amounts(now, kind), amounts(before, kind));
        if old.keys().any(|name| !new.contains_key(name)) {
            errors.push(now.get(kind).forbidden(format!("resource {kind} cannot be removed")));
        }
        others |= new.iter().any(|(name, v)| !matches!(name.as_str(), "cpu" | "memory") && old.get(name) != Some(v));
    }
    if others {
        errors.push(FieldError::forbidden("spec", "only cpu and memory resources are mutable"));
    }
}
