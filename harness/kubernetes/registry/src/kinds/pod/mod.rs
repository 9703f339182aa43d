//! Pods, and the pod templates of everything that makes pods.

mod affinity;
mod annotations;
mod apparmor;
mod containers;
mod env;
mod parts;
mod paths;
mod probes;
mod qos;
mod security;
mod selected;
pub(super) mod spec;
mod status;
mod update;
pub(super) mod volumes;
mod warnings;
mod windows;

pub(super) use affinity::{node_selector, tolerations};
pub(super) use containers::{descending, no_backsteps};
pub(super) use security::pointer;
pub(super) use warnings::{deprecated_label, owner_name};

use proofmark_json::{Map, Value, json};
use proofmark_status::FieldError;

use crate::node::{Errors, Node};
use crate::strategy::{BASE, Generation, LABELS, Part, Repeats};
use crate::{Strategy, check, content, meta};

/// What is written through subresources.
pub(super) const PARTS: &[Part] = &[
    Part {
        group: "",
        resource: "pods",
        subresource: "ephemeralcontainers",
        keep: parts::keep_ephemeral,
        validate: parts::validate_ephemeral,
    },
    Part {
        group: "",
        resource: "pods",
        subresource: "resize",
        keep: parts::keep_resources,
        validate: parts::validate_resources,
    },
];

pub(super) const ROW: Strategy = Strategy {
    resource: "pods",
    status: true,
    generation: Generation::States,
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
        // Known, and the same for every pod.
        ("status.podIPs", ""),
        ("status.nominatedNodeName", "/status/nominatedNodeName"),
    ],
    field_labels: LABELS,
    prepare_create,
    arrival_warnings: apparmor::warnings,
    validate,
    validate_update,
    prepare_status: |new, old, _| status::prepare(new, old),
    validate_status: Some(status::validate),
    // Those who change pods are rarely people.
    warnings: |new, old| if old.is_none() { warnings::pod(new) } else { Vec::new() },
    status_warnings: status::warnings,
    pod: "/spec",
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

/// A new pod waits; gates say so. Selectors take over the labels whose keys they name.
fn prepare_create(pod: &mut Value) {
    selected::merge(pod);
    apparmor::adopt(pod);
    let class = pod.get("spec").map_or("BestEffort", qos::class);
    let gated = pod.pointer("/spec/schedulingGates").and_then(Value::as_array).is_some_and(|g| !g.is_empty());
    let mut status = json!({"phase": "Pending", "qosClass": class});
    if gated {
        // The pod's own time: nothing here knows another.
        let since = meta::text(pod, "creationTimestamp");
        status["conditions"] = json!([{
            "type": "PodScheduled", "status": "False", "lastProbeTime": null, "lastTransitionTime": since,
            "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling gates",
        }]);
    }
    if let Some(members) = pod.as_object_mut() {
        members.insert("status", status);
    }
}

/// What holds for new and changed pods.
fn shared(pod: &Value, errors: &mut Errors) {
    annotations::validate(pod, errors);
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
pub(super) fn template_labels<'a>(template: &Node<'a>) -> Option<&'a Map> {
    template.value.pointer("/metadata/labels").and_then(Value::as_object)
}

/// Warnings about the template at a path, where it changed.
pub(super) fn template_warnings(new: &Value, old: Option<&Value>, path: &str) -> Vec<String> {
    let (now, before) = (Node::root(new).get(path), old.map(|old| Node::root(old).get(path)));
    let unchanged = before.is_some_and(|before| check::same(now.value, before.value));
    if unchanged { Vec::new() } else { warnings::warnings(&now) }
}
