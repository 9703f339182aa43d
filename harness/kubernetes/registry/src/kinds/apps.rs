//! What makes pods and keeps them: Deployments, ReplicaSets, StatefulSets, DaemonSets, ReplicationControllers.
//!
//! Source: `pkg/apis/apps/validation`, release 1.35.

use proofmark_status::FieldError;
use serde_json::{Value, json};

use super::{claim, pod};
use crate::node::{Errors, Node};
use crate::strategy::{BASE, Dependents, NameRule, Repeats};
use crate::{Strategy, check, content, internal};

/// Kinds with a status subresource whose spec is counted.
pub(super) const WORKLOAD: Strategy = Strategy {
    status: true,
    generation: true,
    warnings: |new, old| pod::template_warnings(new, old, "spec.template"),
    ..BASE
};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        group: "apps",
        resource: "deployments",
        annotations_count: true,
        validate: |new| deployment(new, None),
        validate_update: |new, old| deployment(new, Some(old)),
        ..WORKLOAD
    },
    Strategy {
        group: "apps",
        resource: "replicasets",
        fields: &[("status.replicas", "/status/replicas")],
        field_labels: true,
        validate: |new| replica_set(new, None),
        validate_update: |new, old| replica_set(new, Some(old)),
        ..WORKLOAD
    },
    Strategy {
        group: "apps",
        resource: "statefulsets",
        name: NameRule::Label,
        prepare_create: drop_max_unavailable,
        prepare_update: |set, _| drop_max_unavailable(set),
        validate: |new| stateful_set(new, None),
        validate_update: |new, old| stateful_set(new, Some(old)),
        ..WORKLOAD
    },
    Strategy {
        group: "apps",
        resource: "daemonsets",
        validate: |new| daemon_set(new, None),
        validate_update: |new, old| daemon_set(new, Some(old)),
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
        field_labels: true,
        validate: replication_controller,
        validate_update: |new, _| replication_controller(new),
        ..WORKLOAD
    },
    Strategy {
        resource: "podtemplates",
        generation: true,
        returns_deleted: true,
        validate: pod_template,
        validate_update: |new, _| pod_template(new),
        ..BASE
    },
];

/// A selector that must be there and pick something.
fn selector(spec: &Node<'_>, of: &str, required: bool, errors: &mut Errors) {
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

fn is_empty(selector: &Node<'_>) -> bool {
    selector.get("matchLabels").len() + selector.get("matchExpressions").len() == 0
}

/// A selector as Go prints it, without empty members.
fn shown(selector: &Node<'_>) -> Value {
    let mut value = selector.value.clone();
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, v| !crate::defaults::is_zero(v));
    }
    value
}

/// A template that its owner's selector must pick; a missing selector picks nothing.
fn picked(object: &Value, spec: &Node<'_>, empty_picks: bool, errors: &mut Errors) {
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
fn forever(spec: &Node<'_>, of: &str, errors: &mut Errors) {
    let pod = spec.get("template.spec");
    check::supported_text(&pod.get("restartPolicy"), &["Always"], errors);
    let deadline = pod.get("activeDeadlineSeconds");
    if deadline.given() {
        errors.push(deadline.forbidden(format!("activeDeadlineSeconds in {of} is not Supported")));
    }
}

/// Templates of Deployments and ReplicaSets.
fn replicated(object: &Value, spec: &Node<'_>, errors: &mut Errors) {
    selector(spec, "deployment", true, errors);
    let node = spec.get("selector");
    if node.given() && check::unusable_selector(node.value) {
        errors.push(FieldError::invalid(node.at.clone(), shown(&node), "invalid label selector"));
        return;
    }
    picked(object, spec, true, errors);
    forever(spec, "ReplicaSet", errors);
}

fn non_negative(node: &Node<'_>, fields: &[&str], errors: &mut Errors) {
    for field in fields {
        check::non_negative(&node.get(field), errors);
    }
}

/// The numbers of a status: none negative, parts no larger than the whole.
fn status(new: &Value, counts: &[&str], parts: &[&str], ready: &str, errors: &mut Errors) {
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
fn collisions(new: &Value, old: Option<&Value>, errors: &mut Errors) {
    let count = |o: &Value| o.pointer("/status/collisionCount").and_then(Value::as_i64);
    let (now, before) = (count(new).unwrap_or(0), old.and_then(count));
    if before.is_some_and(|before| now < before) {
        errors.push(FieldError::invalid("status.collisionCount", now, "cannot be decremented"));
    }
}

fn immutable_selector(spec: &Node<'_>, old: Option<&Value>, errors: &mut Errors) {
    let Some(old) = old else { return };
    let (now, before) = (spec.get("selector"), check::or_null(old.pointer("/spec/selector")));
    if !check::same(now.value, &before) {
        errors.push(FieldError::invalid(now.at.clone(), shown(&now), check::IMMUTABLE));
    }
}

fn deployment(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    check::non_negative(&spec.get("replicas"), &mut errors);
    replicated(new, &spec, &mut errors);
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

fn replica_set(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    non_negative(&spec, &["replicas", "minReadySeconds"], &mut errors);
    replicated(new, &spec, &mut errors);
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

/// What of a StatefulSet may change.
const STATEFUL_MUTABLE: [&str; 7] = [
    "replicas",
    "template",
    "updateStrategy",
    "minReadySeconds",
    "ordinals",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
];

/// `MaxUnavailableStatefulSet` is off by default in 1.35.
fn drop_max_unavailable(set: &mut Value) {
    if let Some(rolling) = set.pointer_mut("/spec/updateStrategy/rollingUpdate").and_then(Value::as_object_mut) {
        rolling.shift_remove("maxUnavailable");
    }
}

fn stateful_set(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    let policy = spec.get("podManagementPolicy");
    match policy.text() {
        "" => errors.push(policy.required("")),
        "OrderedReady" | "Parallel" => {}
        _ => errors.push(policy.invalid("must be 'OrderedReady' or 'Parallel'")),
    }
    stateful_strategy(new, &spec.get("updateStrategy"), &mut errors);
    let retention = spec.get("persistentVolumeClaimRetentionPolicy");
    if retention.given() {
        check::supported_text(&retention.get("whenDeleted"), &["Retain", "Delete"], &mut errors);
        check::supported_text(&retention.get("whenScaled"), &["Retain", "Delete"], &mut errors);
    }
    if old.is_none() {
        for template in spec.get("volumeClaimTemplates").items() {
            claim::spec(&template.get("spec"), &mut errors);
        }
    }
    non_negative(&spec, &["replicas", "minReadySeconds", "ordinals.start"], &mut errors);
    let service = spec.get("serviceName");
    if old.is_none() && service.filled() {
        check::shape(&service, content::dns_label, &mut errors);
    }
    selector(&spec, "statefulset", true, &mut errors);
    let node = spec.get("selector");
    if node.given() && check::unusable_selector(node.value) {
        errors.push(FieldError::invalid(node.at.clone(), shown(&node), ""));
    } else {
        // Pods get the claims' volumes, and names of their own.
        let whole = with_claims(new);
        picked(&whole, &Node::root(&whole).get("spec"), true, &mut errors);
    }
    forever(&spec, "StatefulSet", &mut errors);
    if let Some(old) = old {
        let rest = |o: &Value| {
            let mut spec = o.get("spec").and_then(Value::as_object).cloned().unwrap_or_default();
            spec.retain(|name, _| !STATEFUL_MUTABLE.contains(&name.as_str()));
            Value::Object(spec)
        };
        if !check::same(&rest(new), &rest(old)) {
            let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
            errors.push(FieldError::forbidden("spec", why));
        }
    }
    let counts = [
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ];
    let parts = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
    status(new, &counts, &parts, "status.readyReplicas", &mut errors);
    collisions(new, old, &mut errors);
    errors
}

fn stateful_strategy(object: &Value, strategy: &Node<'_>, errors: &mut Errors) {
    let rolling = strategy.get("rollingUpdate");
    match strategy.get("type").text() {
        "" => errors.push(strategy.required("")),
        "OnDelete" if rolling.given() => {
            let shown = internal::show(object, "/spec/updateStrategy/rollingUpdate");
            errors.push(FieldError::invalid(
                rolling.at.clone(),
                shown,
                "only allowed for updateStrategy 'RollingUpdate'",
            ));
        }
        "OnDelete" => {}
        "RollingUpdate" => {
            check::non_negative(&rolling.get("partition"), errors);
            let unavailable = rolling.get("maxUnavailable");
            if unavailable.given() {
                check::int_or_percent(&unavailable, errors);
                if check::int_or_percent_value(&unavailable) == 0 {
                    errors.push(unavailable.invalid("cannot be 0"));
                }
                check::at_most_all(&unavailable, errors);
            }
        }
        _ => {
            let shown = internal::show(object, "/spec/updateStrategy");
            errors.push(FieldError::invalid(strategy.at.clone(), shown, "must be 'RollingUpdate' or 'OnDelete'"));
        }
    }
}

/// A StatefulSet with its claims among the volumes of its template.
fn with_claims(set: &Value) -> Value {
    let mut whole = set.clone();
    let claims = set.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let names: Vec<String> = claims
        .into_iter()
        .flatten()
        .map(|c| c.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned())
        .collect();
    let Some(pod) = whole.pointer_mut("/spec/template/spec").and_then(Value::as_object_mut) else { return whole };
    pod.shift_remove("subdomain");
    pod.shift_remove("hostname");
    if names.is_empty() {
        return whole;
    }
    let mut volumes: Vec<Value> =
        names.iter().map(|name| json!({"name": name, "persistentVolumeClaim": {"claimName": name}})).collect();
    let own = pod.get("volumes").and_then(Value::as_array).cloned().unwrap_or_default();
    volumes.extend(own.into_iter().filter(|v| !names.iter().any(|n| v["name"] == n.as_str())));
    pod.insert("volumes".to_owned(), Value::Array(volumes));
    whole
}

fn daemon_set(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    if old.is_some() {
        immutable_selector(&spec, old, &mut errors);
    }
    check::selector(&spec.get("selector"), &mut errors);
    let node = spec.get("selector");
    let picks =
        node.given() && (is_empty(&node) || check::matches(node.value, pod::template_labels(&spec.get("template"))));
    let unusable = node.given() && check::unusable_selector(node.value);
    if !picks && !unusable {
        let labels = check::or_null(new.pointer("/spec/template/metadata/labels"));
        let at = spec.child("template.metadata.labels");
        errors.push(FieldError::invalid(at, labels, "`selector` does not match template `labels`"));
    }
    if node.given() && is_empty(&node) {
        errors.push(FieldError::invalid(node.at.clone(), shown(&node), "empty selector is invalid for daemonset"));
    }
    pod::template(new, &spec.get("template"), &mut errors);
    forever(&spec, "DaemonSet", &mut errors);
    check::non_negative(&spec.get("minReadySeconds"), &mut errors);
    let strategy = spec.get("updateStrategy");
    let rolling = strategy.get("rollingUpdate");
    match strategy.get("type").text() {
        "OnDelete" => {}
        "RollingUpdate" if !rolling.given() => errors.push(rolling.required("")),
        "RollingUpdate" => daemon_rolling(&rolling, &mut errors),
        _ => {
            let shown = internal::show(new, "/spec/updateStrategy");
            errors.push(FieldError::not_supported(strategy.at.clone(), shown, &["RollingUpdate", "OnDelete"]));
        }
    }
    check::non_negative(&spec.get("revisionHistoryLimit"), &mut errors);
    let counts = [
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    ];
    non_negative(&Node::root(new).get("status"), &counts, &mut errors);
    collisions(new, old, &mut errors);
    errors
}

fn daemon_rolling(rolling: &Node<'_>, errors: &mut Errors) {
    let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
    check::int_or_percent(&unavailable, errors);
    check::int_or_percent(&surge, errors);
    check::at_most_all(&unavailable, errors);
    check::at_most_all(&surge, errors);
    match (check::int_or_percent_value(&unavailable), check::int_or_percent_value(&surge)) {
        (0, 0) => errors.push(unavailable.required("cannot be 0 when maxSurge is 0")),
        (0, _) | (_, 0) => {}
        _ => errors.push(surge.invalid("may not be set when maxUnavailable is non-zero")),
    }
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

fn replication_controller(new: &Value) -> Errors {
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

fn pod_template(new: &Value) -> Errors {
    let mut errors = Errors::new();
    pod::template(new, &Node::root(new).get("template"), &mut errors);
    errors
}
