//! Defaults of workloads and of what limits them, where they depend on other fields.

use proofmark_json::{Map, Value, json};

use super::is_zero;

type Members = Map;

fn unset(members: &Members, name: &str) -> bool {
    members.get(name).is_none_or(Value::is_null)
}

fn object<'a>(members: &'a mut Members, name: &str) -> Option<&'a mut Members> {
    if unset(members, name) {
        members.insert(name.to_owned(), json!({}));
    }
    members.get_mut(name).and_then(Value::as_object_mut)
}

fn give(members: &mut Members, name: &str, value: Value) {
    if unset(members, name) {
        members.insert(name.to_owned(), value);
    }
}

/// The numbers of a rolling update.
pub(super) fn rolling(strategy: &mut Members, unavailable: Value, surge: Value) {
    if strategy.get("type").and_then(Value::as_str) != Some("RollingUpdate") {
        return;
    }
    if let Some(update) = object(strategy, "rollingUpdate") {
        give(update, "maxUnavailable", unavailable);
        give(update, "maxSurge", surge);
    }
}

/// A stateful set rolls from ordinal 0 unless told otherwise.
pub(super) fn stateful(strategy: &mut Members) {
    if strategy.get("type").is_none_or(is_zero) {
        strategy.insert("type", json!("RollingUpdate"));
        give(strategy, "rollingUpdate", json!({}));
    }
    let rolls = strategy.get("type").and_then(Value::as_str) == Some("RollingUpdate");
    if rolls && let Some(update) = strategy.get_mut("rollingUpdate").and_then(Value::as_object_mut) {
        give(update, "partition", json!(0));
    }
}

/// Claims say what they are.
pub(super) fn claims(spec: &mut Members) {
    let claims = spec.get_mut("volumeClaimTemplates").and_then(Value::as_array_mut);
    for claim in claims.into_iter().flatten().filter_map(Value::as_object_mut) {
        give(claim, "kind", json!("PersistentVolumeClaim"));
        give(claim, "apiVersion", json!("v1"));
    }
}

/// Labels of the template serve as selector and labels.
pub(super) fn replication_controller(controller: &mut Members) {
    let labels = controller.get("spec").and_then(|s| s.pointer("/template/metadata/labels")).cloned();
    let Some(labels) = labels.filter(|l| !is_zero(l)) else { return };
    if let Some(spec) = controller.get_mut("spec").and_then(Value::as_object_mut)
        && spec.get("selector").is_none_or(is_zero)
    {
        spec.insert("selector", labels.clone());
    }
    give_labels(controller, labels);
}

fn give_labels(members: &mut Members, labels: Value) {
    if let Some(meta) = object(members, "metadata")
        && meta.get("labels").is_none_or(is_zero)
    {
        meta.insert("labels", labels);
    }
}

/// A job is labelled as its pods are.
pub(super) fn job(job: &mut Members) {
    let labels = job.get("spec").and_then(|s| s.pointer("/template/metadata/labels")).cloned();
    if let Some(labels) = labels.filter(|l| !is_zero(l)) {
        give_labels(job, labels);
    }
    // Only a job of its own, not the template of a CronJob.
    let Some(spec) = job.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if unset(spec, "completions") && unset(spec, "parallelism") {
        spec.insert("completions", json!(1));
    }
    give(spec, "parallelism", json!(1));
    let limit = if unset(spec, "backoffLimitPerIndex") { 6 } else { i32::MAX };
    give(spec, "backoffLimit", json!(limit));
    give(spec, "completionMode", json!("NonIndexed"));
    give(spec, "suspend", json!(false));
    let replacement = if unset(spec, "podFailurePolicy") { "TerminatingOrFailed" } else { "Failed" };
    give(spec, "podReplacementPolicy", json!(replacement));
    give(spec, "manualSelector", json!(false));
}

/// The default metric is the CPU, and behaviour is completed where it is given at all.
pub(super) fn autoscaler(spec: &mut Members) {
    if spec.get("metrics").is_none_or(is_zero) {
        let target = json!({"type": "Utilization", "averageUtilization": 80});
        spec.insert("metrics", json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}]));
    }
    let Some(behavior) = spec.get_mut("behavior").and_then(Value::as_object_mut) else { return };
    if let Some(up) = object(behavior, "scaleUp") {
        give(up, "stabilizationWindowSeconds", json!(0));
        give(up, "selectPolicy", json!("Max"));
        let policies = json!([{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}]);
        policies_of(up, policies);
    }
    if let Some(down) = object(behavior, "scaleDown") {
        give(down, "selectPolicy", json!("Max"));
        policies_of(down, json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]));
    }
}

/// Policies of scaling, unless there are some: a list of none is one that its validation refuses.
fn policies_of(rules: &mut Members, default: Value) {
    let known = rules.entry("policies").or_insert(Value::Null);
    if known.is_null() {
        *known = default;
    }
}

/// What a node has is what pods may use.
pub(super) fn node(status: &mut Members) {
    if unset(status, "allocatable")
        && let Some(capacity) = status.get("capacity").filter(|c| !c.is_null()).cloned()
    {
        status.insert("allocatable", capacity);
    }
}

/// For containers: a default limit is the maximum, a default request is the default limit or the minimum.
pub(super) fn limit(item: &mut Members) {
    if item.get("type").and_then(Value::as_str) != Some("Container") {
        return;
    }
    for (to, from) in [("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")] {
        let source = item.get(from).and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(target) = object(item, to) {
            for (name, amount) in source {
                target.entry(name).or_insert(amount);
            }
            target.sort_keys();
        }
    }
}

/// One device unless all are asked for.
pub(super) fn device_count(request: &mut Members) {
    let exact = request.get("allocationMode").and_then(Value::as_str) == Some("ExactCount");
    if exact && request.get("count").is_none_or(is_zero) {
        request.insert("count", json!(1));
    }
}

/// A driver makes persistent volumes.
pub(super) fn driver(spec: &mut Members) {
    if spec.get("volumeLifecycleModes").is_none_or(is_zero) {
        spec.insert("volumeLifecycleModes", json!(["Persistent"]));
    }
}

/// What a DaemonSet counts of its template is in an annotation, which is always there.
pub(super) fn daemon_set(set: &mut Members) {
    let meta = set.entry("metadata").or_insert_with(|| json!({}));
    let Some(annotations) = meta
        .as_object_mut()
        .map(|meta| meta.entry("annotations").or_insert_with(|| json!({})))
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    annotations.entry("deprecated.daemonset.template.generation").or_insert_with(|| json!("0"));
}

/// Numbers that are given at all are both given.
pub(super) fn daemon_rolling(strategy: &mut Members) {
    rolling(strategy, 1.into(), 0.into());
    if let Some(rolling) = strategy.get_mut("rollingUpdate").and_then(Value::as_object_mut) {
        give(rolling, "maxUnavailable", json!(0));
        give(rolling, "maxSurge", json!(0));
    }
}
