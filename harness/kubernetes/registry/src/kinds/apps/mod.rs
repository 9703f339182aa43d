//! What makes pods and keeps them: Deployments, ReplicaSets, StatefulSets, DaemonSets, ReplicationControllers.
//!
//! Source: `pkg/apis/apps/validation`, release 1.35.

mod daemon_set;
mod replicated;
mod shared;
mod stateful_set;

use proofmark_json::Value;

use super::pod;
use crate::node::{Errors, Node};
use crate::strategy::{BASE, Dependents, Generation, LABELS, NameRule, Repeats};
use crate::{Strategy, check};

/// Kinds with a status subresource whose spec is counted.
pub(super) const WORKLOAD: Strategy = Strategy {
    status: true,
    generation: Generation::States,
    pod: "/spec/template/spec",
    warnings: |new, old| pod::template_warnings(new, old, "spec.template"),
    ..BASE
};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        group: "apps",
        resource: "deployments",
        counted_metadata: "annotations",
        validate: |new| replicated::deployment(new, None),
        validate_update: |new, old| replicated::deployment(new, Some(old)),
        warnings: named,
        ..WORKLOAD
    },
    Strategy {
        group: "apps",
        resource: "replicasets",
        validate: |new| replicated::replica_set(new, None),
        validate_update: |new, old| replicated::replica_set(new, Some(old)),
        warnings: named,
        ..WORKLOAD
    },
    Strategy {
        group: "apps",
        resource: "statefulsets",
        name: NameRule::Label,
        // MaxUnavailableStatefulSet
        disabled: &["spec/updateStrategy/rollingUpdate/maxUnavailable"],
        validate: |new| stateful_set::validate(new, None),
        validate_update: |new, old| stateful_set::validate(new, Some(old)),
        warnings: stateful_set::warnings,
        ..WORKLOAD
    },
    Strategy {
        group: "apps",
        resource: "daemonsets",
        prepare_create: daemon_set::prepare_create,
        prepare_update: daemon_set::prepare_update,
        prepare_status: |new, old, _| daemon_set::prepare_status(new, old),
        validate: |new| daemon_set::validate(new, None),
        validate_update: |new, old| daemon_set::validate(new, Some(old)),
        ..WORKLOAD
    },
    Strategy {
        group: "apps",
        resource: "controllerrevisions",
        repeats: Repeats::Both,
        validate: |new| revision(new, None),
        validate_update: |new, old| revision(new, Some(old)),
        ..BASE
    },
    Strategy {
        resource: "replicationcontrollers",
        repeats: Repeats::Both,
        dependents: Dependents::Orphaned,
        fields: &[("status.replicas", "/status/replicas")],
        field_labels: LABELS,
        validate: replicated::replication_controller,
        validate_update: |new, _| replicated::replication_controller(new),
        warnings: named,
        ..WORKLOAD
    },
    Strategy {
        resource: "podtemplates",
        pod: "/template/spec",
        generation: Generation::States,
        returns_deleted: true,
        validate: pod_template,
        validate_update: |new, _| pod_template(new),
        warnings: |new, old| pod::template_warnings(new, old, "template"),
        ..BASE
    },
];

/// Warnings about what names pods: a new one's name, and its template.
pub(super) fn named(new: &Value, old: Option<&Value>) -> Vec<String> {
    let mut out: Vec<String> = pod::owner_name(new).filter(|_| old.is_none()).into_iter().collect();
    out.extend(pod::template_warnings(new, old, "spec.template"));
    out
}

fn revision(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    check::non_negative(&root.get("revision"), &mut errors);
    let data = root.get("data");
    match old {
        Some(old) => check::immutable(&data, &data.over(old.get("data").unwrap_or(&Value::Null)), &mut errors),
        None if !data.given() => errors.push(data.required("data is mandatory")),
        None if !data.value.is_object() => errors.push(data.required("data must be a valid JSON object")),
        None => {}
    }
    errors
}

fn pod_template(new: &Value) -> Errors {
    let mut errors = Errors::new();
    pod::template(new, &Node::root(new).get("template"), &mut errors);
    errors
}
