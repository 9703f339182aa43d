//! What of a pod may change.
//!
//! Source: `ValidatePodUpdate` in `pkg/apis/core/validation`, release 1.35.

use proofmark_builtin::quantity::Quantity;
use proofmark_json::{Map, Value, json};
use proofmark_status::FieldError;

use super::affinity;
use crate::node::{Errors, Node};
use crate::{check, diff, internal};

const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// Annotations that only a new pod may have.
const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Complaints about a change of a pod, beside those about its new state.
pub(super) fn validate(new: &Value, old: &Value, errors: &mut Errors) {
    annotations(new, old, errors);
    let (new_spec, old_spec) = (Node::root(new).get("spec"), Node::root(old).get("spec"));
    for list in ["containers", "initContainers"] {
        let (now, before) = (new_spec.get(list), old_spec.get(list));
        if now.len() != before.len() {
            errors.push(now.forbidden("pod updates may not add or remove containers"));
            return;
        }
        for container in now.items() {
            check::required(&container.get("image"), errors);
            super::containers::trimmed_image(&container, errors);
        }
    }
    if !deadline(&new_spec, &old_spec, errors) {
        return;
    }
    tolerations(&new_spec.get("tolerations"), &old_spec.get("tolerations"), errors);
    gates(&new_spec.get("schedulingGates"), &old_spec.get("schedulingGates"), errors);
    if !check::same(new_spec.value, old_spec.value) {
        rest(new, old, errors);
    }
}

pub(super) fn annotations(new: &Value, old: &Value, errors: &mut Errors) {
    let of = |o: &Value| o.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default();
    let (now, before): (Map, Map) = (of(new), of(old));
    let mut complain = |key: &str, verb: &str| {
        let what = if key.starts_with(APPARMOR) {
            "AppArmor annotations"
        } else if key == MIRROR {
            "mirror pod annotation"
        } else {
            return;
        };
        errors.push(FieldError::forbidden(format!("metadata.annotations[{key}]"), format!("may not {verb} {what}")));
    };
    for key in before.iter().filter(|(key, value)| now.get(*key) != Some(*value)).map(|(key, _)| key) {
        complain(key, "remove or update");
    }
    for key in now.keys().filter(|key| !before.contains_key(*key)) {
        complain(key, "add");
    }
}

/// A deadline only comes nearer. False where nothing more is to be looked at.
fn deadline(new: &Node<'_>, old: &Node<'_>, errors: &mut Errors) -> bool {
    let (now, before) = (new.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds"));
    let count = errors.len();
    if now.given() {
        check::range(&now, 0, i32::MAX.into(), errors);
        if errors.len() == count && before.int().is_some_and(|before| before < now.number()) {
            errors.push(now.invalid("must be less than or equal to previous value"));
        }
        return errors.len() == count;
    }
    if before.given() {
        errors.push(now.invalid("must not update from a positive integer to nil value"));
    }
    true
}

/// Tolerations are only added; the seconds of one may change.
fn tolerations(new: &Node<'_>, old: &Node<'_>, errors: &mut Errors) {
    let plain = |toleration: &Value| {
        let mut toleration = toleration.clone();
        if let Some(members) = toleration.as_object_mut() {
            members.shift_remove("tolerationSeconds");
        }
        toleration
    };
    let kept = |old: &Value| new.items().any(|new| check::same(&plain(new.value), &plain(old)));
    if !old.items().all(|old| kept(old.value)) {
        errors.push(new.forbidden("existing toleration can not be modified except its tolerationSeconds"));
        return;
    }
    affinity::tolerations(new, errors);
}

/// Gates are only removed.
fn gates(new: &Node<'_>, old: &Node<'_>, errors: &mut Errors) {
    let before: Vec<&str> = old.items().map(|g| g.get("name").text()).collect();
    for gate in new.items() {
        let name = gate.get("name");
        if !before.contains(&name.text()) {
            let why = format!("only deletion is allowed, but found new scheduling gate '{}'", name.text());
            errors.push(name.forbidden(why));
        }
    }
}

/// Everything else stays as it was, but for where a pod may run while gates hold it back.
fn rest(new: &Value, old: &Value, errors: &mut Errors) {
    let mut munged = new.clone();
    let Some(spec) = munged.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let before = old.get("spec").and_then(Value::as_object).cloned().unwrap_or_default();
    for list in ["containers", "initContainers"] {
        let images: Vec<Value> = before
            .get(list)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|c| check::or_null(c.get("image")))
            .collect();
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for (container, image) in containers.into_iter().flatten().zip(images) {
            container["image"] = image;
        }
    }
    for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        restore(spec, &before, field);
    }
    let grace = |spec: &Map| spec.get("terminationGracePeriodSeconds").and_then(Value::as_i64);
    if grace(&before).is_some_and(|g| g < 0) && grace(spec) == Some(1) {
        restore(spec, &before, "terminationGracePeriodSeconds");
    }
    if before.get("schedulingGates").is_some_and(|g| !crate::defaults::is_zero(g)) {
        narrow(spec, &before, errors);
    }
    // Amounts are compared by value, whatever their suffix.
    if !same_amounts(&Value::Object(spec.clone()), &Value::Object(before)) {
        let diff = diff::unified(&internal::show(old, "/spec"), &internal::show(&munged, "/spec"));
        let why = format!("pod updates may not change fields other than {UPDATABLE}\n{diff}");
        errors.push(FieldError::forbidden("spec", why));
    }
}

fn restore(spec: &mut Map, before: &Map, field: &str) {
    match before.get(field) {
        Some(value) => spec.insert(field.to_owned(), value.clone()),
        None => spec.shift_remove(field),
    };
}

/// A gated pod may be bound more narrowly.
fn narrow(spec: &mut Map, before: &Map, errors: &mut Errors) {
    let labels = |spec: &Map| spec.get("nodeSelector").and_then(Value::as_object).cloned().unwrap_or_default();
    let (now, then) = (labels(spec), labels(before));
    if !then.iter().all(|(key, value)| now.get(key) == Some(value)) {
        let shown = Value::Object(now.clone());
        errors.push(FieldError::invalid(
            "spec.nodeSelector",
            shown,
            "only additions are allowed (no mutations or deletions)",
        ));
    }
    restore(spec, before, "nodeSelector");
    let affinity = |spec: &Map| spec.get("affinity").and_then(|a| a.get("nodeAffinity")).cloned();
    if affinity(spec) == affinity(before) {
        return;
    }
    match (affinity(before), spec.get_mut("affinity").and_then(Value::as_object_mut)) {
        (Some(old), Some(now)) => {
            now.insert("nodeAffinity", old);
        }
        (None, Some(now)) => {
            now.shift_remove("nodeAffinity");
            if now.is_empty() && !before.contains_key("affinity") {
                spec.shift_remove("affinity");
            }
        }
        (Some(old), None) => {
            spec.insert("affinity", json!({"nodeAffinity": old}));
        }
        (None, None) => {}
    }
}

fn same_amounts(a: &Value, b: &Value) -> bool {
    if check::same(a, b) {
        return true;
    }
    let mut parts = (a.clone(), b.clone());
    canonical(&mut parts.0);
    canonical(&mut parts.1);
    check::same(&parts.0, &parts.1)
}

/// Writes the amounts of resource lists in nanos.
fn canonical(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value.as_object_mut() {
                    Some(amounts) if matches!(key.as_str(), "limits" | "requests" | "overhead") => {
                        for amount in amounts.values_mut() {
                            let nano = amount.as_str().and_then(|t| Quantity::parse(t).ok()).and_then(|q| q.scaled(-9));
                            if let Some(nano) = nano {
                                *amount = json!(nano.to_string());
                            }
                        }
                    }
                    _ => canonical(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(canonical),
        _ => {}
    }
}
