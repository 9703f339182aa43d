//! What workloads have in common: selectors that pick their templates, counts that add up.

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::check;
use crate::kinds::pod;
use crate::node::{Errors, Node};

/// A selector that must be there and pick something.
pub(super) fn selector(spec: &Node<'_>, of: &str, required: bool, errors: &mut Errors) {
    let selector = spec.get("selector");
    if !selector.given() {
        if required {
            errors.push(selector.required(""));
        }
        return;
    }
    check::selector(&selector, errors);
    if is_empty(&selector) {
        errors.push(FieldError::invalid(
            selector.at.clone(),
            shown(&selector),
            format!("empty selector is invalid for {of}"),
        ));
    }
}

pub(super) fn is_empty(selector: &Node<'_>) -> bool {
    selector.get("matchLabels").len() + selector.get("matchExpressions").len() == 0
}

/// A selector as Go prints it, without empty members.
pub(super) fn shown(selector: &Node<'_>) -> Value {
    let mut value = selector.value.clone();
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, v| !crate::defaults::is_zero(v));
    }
    value
}

/// A template that its owner's selector must pick; a missing selector picks nothing.
pub(super) fn picked(object: &Value, spec: &Node<'_>, empty_picks: bool, errors: &mut Errors) {
    let (selector, template) = (spec.get("selector"), spec.get("template"));
    let everything = selector.given() && is_empty(&selector);
    let picks = selector.given() && check::matches(selector.value, pod::template_labels(&template));
    if !(picks || (everything && empty_picks)) {
        let labels = check::or_null(template.value.pointer("/metadata/labels"));
        let at = template.child("metadata.labels");
        errors.push(FieldError::invalid(at, labels, "`selector` does not match template `labels`"));
    }
    pod::template(object, &template, errors);
}

/// What runs forever restarts always and has no deadline.
pub(super) fn forever(spec: &Node<'_>, of: &str, errors: &mut Errors) {
    let pod = spec.get("template.spec");
    check::supported_text(&pod.get("restartPolicy"), &["Always"], errors);
    let deadline = pod.get("activeDeadlineSeconds");
    if deadline.given() {
        errors.push(deadline.forbidden(format!("activeDeadlineSeconds in {of} is not Supported")));
    }
}

pub(super) fn non_negative(node: &Node<'_>, fields: &[&str], errors: &mut Errors) {
    for field in fields {
        check::non_negative(&node.get(field), errors);
    }
}

/// The numbers of a status: none negative, parts no larger than the whole.
pub(super) fn status(new: &Value, counts: &[&str], parts: &[&str], ready: &str, errors: &mut Errors) {
    let status = Node::root(new).get("status");
    non_negative(&status, counts, errors);
    for part in parts {
        let part = status.get(part);
        if part.number() > status.get("replicas").number() {
            errors.push(part.invalid("cannot be greater than status.replicas"));
        }
    }
    let available = status.get("availableReplicas");
    if available.number() > status.get("readyReplicas").number() {
        errors.push(available.invalid(format!("cannot be greater than {ready}")));
    }
}

/// A count of collisions only grows.
pub(super) fn collisions(new: &Value, old: Option<&Value>, errors: &mut Errors) {
    let count = |o: &Value| o.pointer("/status/collisionCount").and_then(Value::as_i64);
    let (now, before) = (count(new), old.and_then(count));
    if before.is_some_and(|before| now.is_none_or(|now| now < before)) {
        errors.push(FieldError::invalid("status.collisionCount", now.unwrap_or(0), "cannot be decremented"));
    }
}

pub(super) fn immutable_selector(spec: &Node<'_>, old: Option<&Value>, errors: &mut Errors) {
    let Some(old) = old else { return };
    let (now, before) = (spec.get("selector"), check::or_null(old.pointer("/spec/selector")));
    if !check::same(now.value, &before) {
        errors.push(FieldError::invalid(now.at.clone(), shown(&now), check::IMMUTABLE));
    }
}
