//! Pods, and the pod templates of everything that makes pods.

mod affinity;
mod containers;
mod env;
mod parts;
mod probes;
mod qos;
mod security;
pub(super) mod spec;
mod update;
pub(super) mod volumes;
mod warnings;

pub(super) use affinity::{node_selector, tolerations};
pub(super) use security::pointer;

use proofmark_status::FieldError;
use serde_json::{Map, Value, json};

use crate::node::{Errors, Node};
use crate::strategy::{BASE, Part, Repeats};
use crate::{Strategy, check, content, meta};

/// What is written through subresources.
pub(super) const PARTS: &[Part] = &[
    Part {
        resource: "pods",
        subresource: "ephemeralcontainers",
        keep: parts::keep_ephemeral,
        validate: parts::validate_ephemeral,
    },
    Part { resource: "pods", subresource: "resize", keep: parts::keep_resources, validate: parts::validate_resources },
];

pub(super) const ROW: Strategy = Strategy {
    resource: "pods",
    status: true,
    generation: true,
    returns_deleted: true,
    grace: Some(grace),
    repeats: Repeats::Both,
    fields: &[
        ("spec.nodeName", "/spec/nodeName"),
        ("spec.restartPolicy", "/spec/restartPolicy"),
        ("spec.schedulerName", "/spec/schedulerName"),
        ("spec.serviceAccountName", "/spec/serviceAccountName"),
        ("spec.hostNetwork", "/spec/hostNetwork"),
        ("status.phase", "/status/phase"),
        ("status.podIP", "/status/podIP"),
        ("status.nominatedNodeName", "/status/nominatedNodeName"),
    ],
    field_labels: true,
    prepare_create,
    validate,
    validate_update,
    // Those who change pods are rarely people.
    warnings: |new, old| if old.is_none() { warnings::warnings(&Node::root(new)) } else { Vec::new() },
    ..BASE
};

/// Only a pod that a node runs takes time to go.
fn grace(pod: &Value, asked: Option<i64>) -> i64 {
    let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if text("/spec/nodeName").is_empty() || matches!(text("/status/phase"), "Succeeded" | "Failed") {
        return 0;
    }
    let own = || pod.pointer("/spec/terminationGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(0);
    match asked.unwrap_or_else(own) {
        negative if negative < 0 => 1,
        seconds => seconds,
    }
}

/// A new pod waits; gates say so.
fn prepare_create(pod: &mut Value) {
    let class = pod.get("spec").map_or("BestEffort", qos::class);
    let gated = pod.pointer("/spec/schedulingGates").and_then(Value::as_array).is_some_and(|g| !g.is_empty());
    let mut status = json!({"phase": "Pending", "qosClass": class});
    if gated {
        status["conditions"] = json!([{
            "type": "PodScheduled", "status": "False", "lastProbeTime": null, "lastTransitionTime": null,
            "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling gates",
        }]);
    }
    if let Some(members) = pod.as_object_mut() {
        members.insert("status".to_owned(), status);
    }
}

/// What holds for new and changed pods.
fn shared(pod: &Value, errors: &mut Errors) {
    annotations(pod, errors);
    let root = Node::root(pod);
    let node = root.get("spec");
    spec::validate(pod, &node, true, meta::text(pod, "name"), errors);
    if !node.get("serviceAccountName").filled() {
        for volume in node.get("volumes").items() {
            for source in volume.get("projected.sources").items() {
                let token = source.get("serviceAccountToken");
                if token.given() {
                    errors.push(token.forbidden("must not be specified when serviceAccountName is not set"));
                }
            }
        }
    }
    for list in ["containers", "initContainers"] {
        for container in node.get(list).items() {
            containers::trimmed_image(&container, errors);
        }
    }
}

fn annotations(pod: &Value, errors: &mut Errors) {
    let annotation = |key: &str| meta::of(pod).and_then(|m| m.get("annotations")?.get(key)?.as_str());
    let mirror = "kubernetes.io/config.mirror";
    let node = pod.pointer("/spec/nodeName").and_then(Value::as_str).unwrap_or_default();
    if let Some(value) = annotation(mirror).filter(|_| node.is_empty()) {
        let why = "must set spec.nodeName if mirror pod annotation is set";
        errors.push(FieldError::invalid(format!("metadata.annotations[{mirror}]"), value, why));
    }
    let cost = "controller.kubernetes.io/pod-deletion-cost";
    if let Some(value) = annotation(cost) {
        // Go's parser takes a sign; Kubernetes takes neither it nor leading zeros.
        let padded = value.len() > 1 && value.starts_with('0');
        let plain = !value.starts_with('+') && !padded;
        if !plain || value.parse::<i32>().is_err() {
            errors.push(FieldError::invalid(format!("metadata.annotations[{cost}]"), value, "must be a 32bit integer"));
        }
    }
}

fn validate(pod: &Value) -> Errors {
    let mut errors = Errors::new();
    shared(pod, &mut errors);
    let spec = Node::root(pod).get("spec");
    if spec.get("ephemeralContainers").len() > 0 {
        errors.push(spec.get("ephemeralContainers").forbidden("cannot be set on create"));
    }
    if spec.get("nodeName").filled() && spec.get("schedulingGates").len() > 0 {
        errors.push(spec.get("nodeName").forbidden("cannot be set until all schedulingGates have been cleared"));
    }
    errors
}

fn validate_update(new: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    shared(new, &mut errors);
    update::validate(new, old, &mut errors);
    errors
}

/// Complaints about a `PodTemplateSpec`.
pub(super) fn template(object: &Value, template: &Node<'_>, errors: &mut Errors) {
    // These paths lack the metadata, as upstream's do.
    let part = |name: &str| Node { at: template.child(name), ..template.get("metadata").get(name) };
    check::labels(&part("labels"), errors);
    let annotations = part("annotations");
    for (key, _) in annotations.entries() {
        let complaints = content::qualified_name(&key.to_lowercase());
        errors.extend(complaints.into_iter().map(|why| FieldError::invalid(annotations.at.clone(), key, why)));
    }
    spec::validate(object, &template.get("spec"), false, "", errors);
    let ephemeral = template.get("spec").get("ephemeralContainers");
    if ephemeral.len() > 0 {
        errors.push(ephemeral.forbidden("ephemeral containers not allowed in pod template"));
    }
}

/// Labels of a template; none where it has none.
pub(super) fn template_labels<'a>(template: &Node<'a>) -> Option<&'a Map<String, Value>> {
    template.value.pointer("/metadata/labels").and_then(Value::as_object)
}

/// Warnings about the template at a path, where it changed.
pub(super) fn template_warnings(new: &Value, old: Option<&Value>, path: &str) -> Vec<String> {
    let (now, before) = (Node::root(new).get(path), old.map(|old| Node::root(old).get(path)));
    let unchanged = before.is_some_and(|before| check::same(now.value, before.value));
    if unchanged { Vec::new() } else { warnings::warnings(&now) }
}
