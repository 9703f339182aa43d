//! Scaling.

use jiff::Timestamp;
use proofmark_json::Value;

use super::read::{age, cells, first_of, int, list, name, quantity, text};
use crate::printer::Row;

const UNKNOWN: &str = "<unknown>";

/// How many metrics a cell shows.
const SHOWN: usize = 2;

pub(super) fn scale(object: &Value, now: Timestamp) -> Row {
    cells![name(object), int(&object["spec"]["replicas"]), int(&object["status"]["replicas"]), age(object, now)]
}

pub(super) fn horizontal_pod_autoscaler(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let target = &spec["scaleTargetRef"];
    let metrics =
        if text(&object["apiVersion"]).ends_with("/v1") { metrics_v1(object) } else { metrics_v2(spec, status) };
    cells![
        name(object),
        format!("{}/{}", text(&target["kind"]), text(&target["name"])),
        if metrics.is_empty() { "<none>".to_owned() } else { first_of(&metrics, SHOWN, ", ") },
        spec["minReplicas"].as_i64().map_or_else(|| "<unset>".to_owned(), |least| least.to_string()),
        int(&spec["maxReplicas"]),
        int(&status["currentReplicas"]),
        age(object, now),
    ]
}

/// Each metric as `current/target`; the status lists its metrics in the same order.
fn metrics_v2(spec: &Value, status: &Value) -> Vec<String> {
    let (wanted, current) = (list(&spec["metrics"]), list(&status["currentMetrics"]));
    wanted
        .iter()
        .enumerate()
        .map(|(index, metric)| metric_v2(metric, current.get(index).unwrap_or(&Value::Null)))
        .collect()
}

fn metric_v2(metric: &Value, status: &Value) -> String {
    let (field, averages) = match text(&metric["type"]) {
        "External" => ("external", " (avg)"),
        "Object" => ("object", " (avg)"),
        "Pods" => ("pods", ""),
        "Resource" => ("resource", ""),
        "ContainerResource" => ("containerResource", ""),
        _ => return "<unknown type>".to_owned(),
    };
    let (source, current) = (&metric[field], &status[field]["current"]);
    let target = &source["target"];
    let of = |value: &str| {
        if current[value].is_null() { UNKNOWN.to_owned() } else { quantity(&current[value]) }
    };
    let prefix = if field.ends_with("esource") { format!("{}: ", text(&source["name"])) } else { String::new() };
    if !target["averageValue"].is_null() {
        format!("{prefix}{}/{}{averages}", of("averageValue"), quantity(&target["averageValue"]))
    } else if prefix.is_empty() {
        format!("{}/{}", of("value"), quantity(&target["value"]))
    } else {
        let current = percent(&current["averageUtilization"], UNKNOWN);
        format!("{prefix}{current}/{}", percent(&target["averageUtilization"], "<auto>"))
    }
}

fn percent(value: &Value, absent: &str) -> String {
    value.as_i64().map_or_else(|| absent.to_owned(), |value| format!("{value}%"))
}

/// `autoscaling/v1` has one field for the processor; its other metrics travel in annotations, in the v2beta1 form, and come before it when
/// the object is converted.
fn metrics_v1(object: &Value) -> Vec<String> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let annotation = |key: &str| -> Vec<Value> {
        let text = object["metadata"]["annotations"][key].as_str().unwrap_or_default();
        proofmark_json::from_str(text).unwrap_or_default()
    };
    let current = annotation("autoscaling.alpha.kubernetes.io/current-metrics");
    let mut shown: Vec<String> = annotation("autoscaling.alpha.kubernetes.io/metrics")
        .iter()
        .enumerate()
        .map(|(index, metric)| {
            metric_v2(&upgraded(metric, "target"), &upgraded(current.get(index).unwrap_or(&Value::Null), "current"))
        })
        .collect();
    if let Some(target) = spec["targetCPUUtilizationPercentage"].as_i64() {
        let current = percent(&status["currentCPUUtilizationPercentage"], UNKNOWN);
        shown.push(format!("cpu: {current}/{target}%"));
    }
    shown
}

/// A v2beta1 metric, whose values are called `targetValue`, `currentAverageUtilization` and so on, in the v2 form.
fn upgraded(metric: &Value, role: &str) -> Value {
    let mut out = metric.clone();
    for field in ["external", "object", "pods", "resource", "containerResource"] {
        let Some(source) = out.get_mut(field).and_then(Value::as_object_mut) else {
            continue;
        };
        let mut values = proofmark_json::Map::new();
        for (new, old) in
            [("value", "Value"), ("averageValue", "AverageValue"), ("averageUtilization", "AverageUtilization")]
        {
            if let Some(value) = source.remove(format!("{role}{old}")).or_else(|| source.remove(new)) {
                values.insert(new.to_owned(), value);
            }
        }
        source.insert(role.to_owned(), Value::Object(values));
    }
    out
}
