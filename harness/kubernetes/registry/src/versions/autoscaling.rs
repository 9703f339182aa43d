//! HorizontalPodAutoscalers: what `autoscaling/v1` cannot say stands in annotations.

use proofmark_json::{Map, Value, json};

use crate::defaults;

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
const CURRENT: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";

/// From `v1` to `v2`: annotations become what they stand for, and are gone.
pub(super) fn to_v2(autoscaler: &mut Map) {
    let mut notes = take_annotations(autoscaler);
    let mut note = |key: &str| -> Option<Value> { proofmark_json::from_str(notes.remove(key)?.as_str()?).ok() };
    let (metrics, behavior, current, conditions) = (note(METRICS), note(BEHAVIOR), note(CURRENT), note(CONDITIONS));
    if let Some(spec) = autoscaler.get_mut("spec").and_then(Value::as_object_mut) {
        let cpu = spec.shift_remove("targetCPUUtilizationPercentage").filter(|percent| !percent.is_null());
        let cpu = cpu.map(|percent| of_cpu("target", json!({"type": "Utilization", "averageUtilization": percent})));
        let mut all: Vec<Value> = list(metrics).iter().map(|metric| spread(metric, target)).collect();
        all.extend(cpu);
        if !all.is_empty() {
            spec.insert("metrics", Value::Array(all));
        }
        if let Some(behavior) = behavior.filter(Value::is_object) {
            spec.insert("behavior", renamed(&behavior, lower));
        }
    }
    if let Some(status) = autoscaler.get_mut("status").and_then(Value::as_object_mut) {
        let cpu = status.shift_remove("currentCPUUtilizationPercentage").filter(|percent| !percent.is_null());
        let cpu = cpu.map(|percent| of_cpu("current", json!({"averageUtilization": percent})));
        let noted: Vec<Value> = list(current).iter().map(|metric| spread(metric, current_value)).collect();
        let all = if noted.is_empty() { cpu.into_iter().collect() } else { noted };
        if !all.is_empty() {
            status.insert("currentMetrics", Value::Array(all));
        }
        if let Some(conditions) = conditions.filter(Value::is_array) {
            status.insert("conditions", conditions);
        }
    }
    let mut object = Value::Object(std::mem::take(autoscaler));
    object["apiVersion"] = json!("autoscaling/v2");
    defaults::apply(&mut object, None);
    if let Value::Object(members) = object {
        *autoscaler = members;
    }
}

/// From `v2` to `v1`.
pub(super) fn to_v1(autoscaler: &mut Map) {
    let mut notes = Vec::new();
    if let Some(spec) = autoscaler.get_mut("spec").and_then(Value::as_object_mut) {
        let metrics = list(spec.shift_remove("metrics"));
        let cpu = metrics.iter().find(|m| is_cpu(m)).and_then(|m| m.pointer("/resource/target/averageUtilization"));
        if let Some(percent) = cpu {
            spec.insert("targetCPUUtilizationPercentage", percent.clone());
        }
        let said = |m: &&Value| is_cpu(m) && m.pointer("/resource/target/averageUtilization").is_some();
        let others: Vec<Value> = metrics.iter().filter(|m| !said(m)).map(|m| gather(m, "target")).collect();
        if !others.is_empty() {
            notes.push((METRICS, Value::Array(others)));
        }
        if let Some(behavior) = spec.shift_remove("behavior").filter(Value::is_object) {
            notes.push((BEHAVIOR, internal_behavior(&behavior)));
        }
    }
    if let Some(status) = autoscaler.get_mut("status").and_then(Value::as_object_mut) {
        let metrics = list(status.shift_remove("currentMetrics"));
        let cpu = metrics.iter().find(|m| is_cpu(m)).and_then(|m| m.pointer("/resource/current/averageUtilization"));
        if let Some(percent) = cpu {
            status.insert("currentCPUUtilizationPercentage", percent.clone());
        }
        if !metrics.is_empty() {
            notes.push((CURRENT, metrics.iter().map(|m| gather(m, "current")).collect()));
        }
        if let Some(conditions) =
            status.shift_remove("conditions").filter(|c| c.as_array().is_some_and(|c| !c.is_empty()))
        {
            notes.push((CONDITIONS, conditions));
        }
    }
    if notes.is_empty() {
        return;
    }
    let metadata = autoscaler.entry("metadata").or_insert_with(|| json!({}));
    if !metadata["annotations"].is_object() {
        metadata["annotations"] = json!({});
    }
    if let Some(annotations) = metadata["annotations"].as_object_mut() {
        annotations.extend(notes.into_iter().map(|(key, note)| (key.to_owned(), Value::String(note.to_string()))));
        annotations.sort_keys();
    }
}

/// Takes the annotations out that stand for something else.
fn take_annotations(autoscaler: &mut Map) -> Map {
    let mut taken = Map::new();
    let Some(metadata) = autoscaler.get_mut("metadata").and_then(Value::as_object_mut) else { return taken };
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else { return taken };
    for key in [METRICS, BEHAVIOR, CURRENT, CONDITIONS] {
        taken.extend(annotations.shift_remove_entry(key));
    }
    if annotations.is_empty() {
        metadata.shift_remove("annotations");
    }
    taken
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn of_cpu(member: &str, value: Value) -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu", member: value}})
}

fn is_cpu(metric: &Value) -> bool {
    metric["type"] == "Resource" && metric.pointer("/resource/name").is_some_and(|name| name == "cpu")
}

/// A kind of metric: its member, and whether it names a metric of its own (with a selector).
const SOURCES: [(&str, bool); 5] =
    [("resource", false), ("pods", true), ("object", true), ("external", true), ("containerResource", false)];

/// The member that holds a metric's source.
fn source(metric: &Value) -> Option<(&'static str, bool, &Map)> {
    SOURCES.into_iter().find_map(|(member, named)| Some((member, named, metric.get(member)?.as_object()?)))
}

/// The member that names what an object metric describes in `v1`.
const DESCRIBED: &str = "target";

/// A `v2` metric as `v1` writes it: numbers stand beside the names. `holder` is `target` or `current`.
fn gather(metric: &Value, holder: &str) -> Value {
    let Some((member, named, from)) = source(metric) else { return metric.clone() };
    let amount = |field: &str| from.get(holder).and_then(|h| h.get(field)).filter(|v| !v.is_null()).cloned();
    let label = |field: &str| format!("{holder}{field}");
    let mut to = Map::new();
    let mut put = |name: String, value: Option<Value>| {
        if let Some(value) = value {
            to.insert(name, value);
        }
    };
    let selector = from.get("metric").and_then(|m| m.get("selector")).filter(|s| !s.is_null()).cloned();
    let name = from.get("metric").and_then(|m| m.get("name")).cloned().or(Some(json!("")));
    match (member, named) {
        ("pods", _) => {
            put("metricName".to_owned(), name);
            put(label("AverageValue"), amount("averageValue").or(Some(json!("0"))));
            put("selector".to_owned(), selector);
        }
        ("object", _) => {
            put(DESCRIBED.to_owned(), from.get("describedObject").cloned());
            put("metricName".to_owned(), name);
            put(label("Value"), amount("value").or(Some(json!("0"))));
            put("selector".to_owned(), selector);
            put("averageValue".to_owned(), amount("averageValue"));
        }
        ("external", _) => {
            put("metricName".to_owned(), name);
            put("metricSelector".to_owned(), selector);
            let least = (holder == "current").then(|| json!("0"));
            put(label("Value"), amount("value").or(least));
            put(label("AverageValue"), amount("averageValue"));
        }
        _ => {
            put("name".to_owned(), from.get("name").cloned());
            put(label("AverageUtilization"), amount("averageUtilization"));
            let least = (holder == "current").then(|| json!("0"));
            put(label("AverageValue"), amount("averageValue").or(least));
            put("container".to_owned(), from.get("container").cloned());
        }
    }
    json!({"type": metric["type"], member: to})
}

/// A `v1` metric as `v2` writes it; `holder` makes the member with the numbers.
fn spread(metric: &Value, holder: fn(&str, &Map) -> (&'static str, Value)) -> Value {
    let Some((member, named, from)) = source(metric) else { return metric.clone() };
    let (name, amounts) = holder(member, from);
    let mut to = Map::new();
    if let Some(described) = from.get(DESCRIBED).filter(|_| member == "object") {
        to.insert("describedObject", described.clone());
    }
    for plain in ["name", "container"] {
        if let Some(value) = from.get(plain).filter(|_| !named) {
            to.insert(plain.to_owned(), value.clone());
        }
    }
    if named {
        let mut metric = json!({"name": from.get("metricName").cloned().unwrap_or(json!(""))});
        if let Some(selector) = from.get("selector").or(from.get("metricSelector")).filter(|s| !s.is_null()) {
            metric["selector"] = selector.clone();
        }
        to.insert("metric", metric);
    }
    to.insert(name.to_owned(), amounts);
    json!({"type": metric["type"], member: to})
}

/// The `target` of a `v1` metric.
fn target(member: &str, from: &Map) -> (&'static str, Value) {
    let given = |field: &str| from.get(field).filter(|v| !v.is_null()).cloned();
    let value = given("targetValue");
    let average = given(if member == "object" { "averageValue" } else { "targetAverageValue" });
    let percent = given("targetAverageUtilization");
    let kind = match member {
        "pods" => "AverageValue",
        "object" if average.is_none() => "Value",
        "external" if value.is_some() => "Value",
        "resource" | "containerResource" if average.is_none() => "Utilization",
        _ => "AverageValue",
    };
    let mut target = json!({"type": kind});
    for (field, amount) in [("value", value), ("averageValue", average), ("averageUtilization", percent)] {
        if let Some(amount) = amount {
            target[field] = amount;
        }
    }
    ("target", target)
}

/// The `current` of a `v1` metric status.
fn current_value(member: &str, from: &Map) -> (&'static str, Value) {
    let average = if member == "object" { "averageValue" } else { "currentAverageValue" };
    let pairs =
        [("value", "currentValue"), ("averageValue", average), ("averageUtilization", "currentAverageUtilization")];
    let given =
        pairs.into_iter().filter_map(|(to, at)| Some((to.to_owned(), from.get(at).filter(|v| !v.is_null())?.clone())));
    ("current", Value::Object(given.collect()))
}

/// Scaling rules as they are written into the annotation: the internal type has no JSON names and leaves nothing out.
fn internal_behavior(behavior: &Value) -> Value {
    let rules = |name: &str| match behavior.get(name).filter(|rules| rules.is_object()) {
        None => Value::Null,
        Some(rules) => json!({
            "StabilizationWindowSeconds": rules.get("stabilizationWindowSeconds"),
            "SelectPolicy": rules.get("selectPolicy"),
            "Policies": rules.get("policies").map(|policies| renamed(policies, upper)),
            "Tolerance": rules.get("tolerance"),
        }),
    };
    json!({"ScaleUp": rules("scaleUp"), "ScaleDown": rules("scaleDown")})
}

/// A value with all its members' names changed; members that are null go.
fn renamed(value: &Value, name: fn(char) -> char) -> Value {
    let change = |text: &str| -> String {
        let mut chars = text.chars();
        chars.next().map(name).into_iter().chain(chars).collect()
    };
    match value {
        Value::Object(members) => Value::Object(
            members.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (change(k), renamed(v, name))).collect(),
        ),
        Value::Array(items) => items.iter().map(|item| renamed(item, name)).collect(),
        plain => plain.clone(),
    }
}

fn lower(c: char) -> char {
    c.to_ascii_lowercase()
}

fn upper(c: char) -> char {
    c.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use proofmark_json::{Value, json};
    use rstest::rstest;

    use super::super::convert;

    /// Each metric comes back from `v1` as it went there.
    #[rstest]
    #[case(json!({"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}}))]
    #[case(json!({"type": "Pods", "pods": {"metric": {"name": "p", "selector": {"matchLabels": {"a": "b"}}},
        "target": {"type": "AverageValue", "averageValue": "5"}}}))]
    #[case(json!({"type": "Object", "object": {"describedObject": {"kind": "Service", "name": "s"}, "metric": {"name": "o"},
        "target": {"type": "Value", "value": "10"}}}))]
    #[case(json!({"type": "External", "external": {"metric": {"name": "e"}, "target": {"type": "AverageValue", "averageValue": "3"}}}))]
    #[case(json!({"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "c",
        "target": {"type": "Utilization", "averageUtilization": 50}}}))]
    fn metrics_survive_v1(#[case] metric: Value) {
        let object = json!({
            "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "metadata": {"name": "h"},
            "spec": {"maxReplicas": 2, "minReplicas": 1, "metrics": [metric],
                "behavior": {"scaleUp": {"selectPolicy": "Min", "policies": [{"type": "Pods", "value": 2, "periodSeconds": 20}]}}},
        });
        let view = convert(object.clone(), "autoscaling/v1");
        assert_eq!(view.pointer("/spec/metrics"), None);
        assert_eq!(view.pointer("/spec/behavior"), None);
        let back = convert(view, "autoscaling/v2");
        assert_eq!(back["spec"]["metrics"], object["spec"]["metrics"]);
        assert_eq!(back["spec"]["behavior"]["scaleUp"]["policies"], object["spec"]["behavior"]["scaleUp"]["policies"]);
        assert_eq!(back.pointer("/metadata/annotations"), None);
    }

    #[test]
    fn a_cpu_target_is_a_metric() {
        let object = json!({
            "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1", "metadata": {"name": "h"},
            "spec": {"maxReplicas": 2, "targetCPUUtilizationPercentage": 33},
            "status": {"currentReplicas": 1, "desiredReplicas": 1, "currentCPUUtilizationPercentage": 12},
        });
        let stored = convert(object, "autoscaling/v2");
        assert_eq!(stored.pointer("/spec/metrics/0/resource/target/averageUtilization"), Some(&json!(33)));
        assert_eq!(stored.pointer("/status/currentMetrics/0/resource/current/averageUtilization"), Some(&json!(12)));
        let view = convert(stored, "autoscaling/v1");
        assert_eq!(view.pointer("/spec/targetCPUUtilizationPercentage"), Some(&json!(33)));
        assert_eq!(
            view.pointer("/metadata/annotations").and_then(|a| a.as_object()).map(proofmark_json::Map::len),
            Some(1)
        );
    }
}
