//! KEDA scales a component: a ScaledObject.

use proofmark_controllers::kit::{Error, object};
use proofmark_json::{Value, json};

use super::raw;
use super::reconcile::Work;
use crate::controllers::children;
use crate::names::kinds;

/// Makes the ScaledObject of a component.
pub(super) async fn ensure(work: &Work<'_>, metadata: &Value, block: &Value) -> Result<(), Error> {
    let mut wanted = children::child(&work.service, &kinds::SCALED_OBJECTS, metadata.clone());
    let (min, max) = raw::replicas(block);
    let triggers: Vec<Value> = object::list(block, "/autoScaling/metrics").iter().filter_map(trigger).collect();
    wanted["spec"] = json!({
        "scaleTargetRef": {"name": object::text(metadata, "/name")},
        "minReplicaCount": min, "maxReplicaCount": max, "triggers": triggers,
    });
    children::replace_custom(&work.services.api, &kinds::SCALED_OBJECTS, &wanted, &["/spec"]).await.map(|_| ())
}

/// One metric of a component as a trigger.
fn trigger(metric: &Value) -> Option<Value> {
    let kind = object::text(metric, "/type");
    let of = match kind {
        "Resource" => metric.get("resource")?,
        "External" => metric.get("external")?,
        _ => return None,
    };
    let target = |field: &str| match of.pointer(&format!("/target/{field}")) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(number @ Value::Number(_)) => Some(number.to_string()),
        _ => None,
    };
    if kind == "Resource" {
        let metric_type = object::text(of, "/target/type");
        let value = target("averageUtilization").or_else(|| target("averageValue")).or_else(|| target("value"));
        return Some(json!({
            "type": object::text(of, "/name"), "metricType": metric_type, "metadata": {"value": value.unwrap_or_default()},
        }));
    }
    let threshold = target("value").and_then(|value| proofmark_text::quantity::Quantity::parse(&value).ok());
    let threshold = format!("{:.6}", threshold.map(|quantity| quantity.as_float()).unwrap_or_default());
    let mut metadata =
        json!({"query": object::text(of, "/metric/query"), "serverAddress": object::text(of, "/metric/serverAddress")});
    metadata["threshold"] = json!(threshold);
    let namespace = object::text(of, "/metric/namespace");
    if !namespace.is_empty() {
        metadata["namespace"] = json!(namespace);
    }
    Some(json!({"type": object::text(of, "/metric/backend"), "metadata": metadata}))
}
