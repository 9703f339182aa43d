//! Pods that are all alike: Deployments, ReplicaSets, ReplicationControllers.

use proofmark_json::Value;
use proofmark_status::FieldError;

use super::shared::{collisions, forever, immutable_selector, non_negative, picked, selector, shown, status};
use crate::kinds::pod;
use crate::node::{Errors, Node};
use crate::{check, internal};

/// Templates of Deployments and ReplicaSets.
fn template(object: &Value, spec: &Node<'_>, errors: &mut Errors) {
    selector(spec, "deployment", true, errors);
    let node = spec.get("selector");
    if node.given() && check::unusable_selector(node.value) {
        errors.push(FieldError::invalid(node.at.clone(), shown(&node), "invalid label selector"));
        return;
    }
    picked(object, spec, true, errors);
    forever(spec, "ReplicaSet", errors);
}

pub(super) fn deployment(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    check::non_negative(&spec.get("replicas"), &mut errors);
    template(new, &spec, &mut errors);
    let strategy = spec.get("strategy");
    let rolling = strategy.get("rollingUpdate");
    match strategy.get("type").text() {
        "Recreate" if rolling.given() => {
            errors.push(rolling.forbidden("may not be specified when strategy `type` is 'Recreate'"));
        }
        "Recreate" => {}
        "RollingUpdate" => {
            let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
            check::int_or_percent(&unavailable, &mut errors);
            check::int_or_percent(&surge, &mut errors);
            if check::int_or_percent_value(&unavailable) == 0 && check::int_or_percent_value(&surge) == 0 {
                errors.push(unavailable.invalid("may not be 0 when `maxSurge` is 0"));
            }
            check::at_most_all(&unavailable, &mut errors);
        }
        _ => {
            let shown = internal::show(new, "/spec/strategy");
            errors.push(FieldError::not_supported(strategy.at.clone(), shown, &["Recreate", "RollingUpdate"]));
        }
    }
    non_negative(&spec, &["minReadySeconds", "revisionHistoryLimit"], &mut errors);
    let deadline = spec.get("progressDeadlineSeconds");
    check::non_negative(&deadline, &mut errors);
    if deadline.given() && deadline.number() <= spec.get("minReadySeconds").number() {
        errors.push(deadline.invalid("must be greater than minReadySeconds"));
    }
    immutable_selector(&spec, old, &mut errors);
    let counts = [
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
        "collisionCount",
    ];
    let parts = ["updatedReplicas", "readyReplicas", "availableReplicas"];
    status(new, &counts, &parts, "readyReplicas", &mut errors);
    collisions(new, old, &mut errors);
    errors
}

pub(super) fn replica_set(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    non_negative(&spec, &["replicas", "minReadySeconds"], &mut errors);
    template(new, &spec, &mut errors);
    immutable_selector(&spec, old, &mut errors);
    let counts = [
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "observedGeneration",
        "terminatingReplicas",
    ];
    let parts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"];
    status(new, &counts, &parts, "readyReplicas", &mut errors);
    errors
}

pub(super) fn replication_controller(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    check::non_negative(&spec.get("minReadySeconds"), &mut errors);
    let selector = spec.get("selector");
    if selector.len() == 0 {
        errors.push(selector.required(""));
    }
    let replicas = spec.get("replicas");
    if !replicas.given() {
        errors.push(replicas.required(""));
    }
    check::non_negative(&replicas, &mut errors);
    let template = spec.get("template");
    if template.given() {
        let labels = pod::template_labels(&template);
        let picks = selector.entries().all(|(key, value)| labels.and_then(|l| l.get(key)) == Some(value.value));
        if !picks {
            let shown = check::or_null(template.value.pointer("/metadata/labels"));
            let at = template.child("metadata.labels");
            errors.push(FieldError::invalid(at, shown, "`selector` does not match template `labels`"));
        }
        pod::template(new, &template, &mut errors);
        forever(&spec, "ReplicationController", &mut errors);
    } else {
        errors.push(template.required(""));
    }
    errors
}
