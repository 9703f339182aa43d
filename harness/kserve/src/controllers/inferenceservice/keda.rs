//! KEDA scales a component: a ScaledObject.

use proofmark_controllers::kit::{Error, object};
use proofmark_json::{Value, json};

use super::raw;
use super::reconcile::Work;
use crate::behaviour::Behaviour;
use crate::controllers::children;
use crate::names::kinds;

/// Makes the ScaledObject of a component.
pub(super) async fn ensure(work: &Work<'_>, metadata: &Value, block: &Value) -> Result<(), Error> {
    let mut wanted = children::child(&work.service, &kinds::SCALED_OBJECTS, metadata.clone());
    let (min, max) = raw::replicas(block);
    let behaviour = work.services.behaviour;
    let metrics = object::list(block, "/autoScaling/metrics").iter();
    let triggers: Vec<Value> = metrics.filter_map(|metric| trigger(metric, behaviour)).collect();
    wanted["spec"] = json!({
        "scaleTargetRef": {"name": object::text(metadata, "/name")},
        "minReplicaCount": min, "maxReplicaCount": max, "triggers": triggers,
    });
    if behaviour.keda_behaviour
        && let Some(scaling) = scaling(work, block)
    {
        wanted["spec"]["advanced"] =
            json!({"horizontalPodAutoscalerConfig": {"behavior": scaling}, "scalingModifiers": {}});
    }
    children::replace_custom(&work.services.api, &kinds::SCALED_OBJECTS, &wanted, &["/spec"]).await.map(|_| ())
}

/// For how long scaling waits: as the component says, or else the configuration.
fn scaling(work: &Work<'_>, block: &Value) -> Option<Value> {
    let [up, down] = work.config.stabilization().unwrap_or_default();
    let mut all = json!({});
    for (direction, configured) in [("scaleUp", up), ("scaleDown", down)] {
        let own = block.pointer(&format!("/autoScaling/behavior/{direction}/stabilizationWindowSeconds"));
        if let Some(seconds) = own.and_then(Value::as_i64).or(configured) {
            all[direction] = json!({"stabilizationWindowSeconds": seconds});
        }
    }
    all.as_object().is_some_and(|all| !all.is_empty()).then_some(all)
}

/// One metric of a component as a trigger.
fn trigger(metric: &Value, behaviour: Behaviour) -> Option<Value> {
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
    let stated = target("value").unwrap_or_else(|| "0".to_owned());
    let threshold = target("value").and_then(|value| proofmark_text::quantity::Quantity::parse(&value).ok());
    let threshold = format!("{:.6}", threshold.map(|quantity| quantity.as_float()).unwrap_or_default());
    let mut metadata =
        json!({"query": object::text(of, "/metric/query"), "serverAddress": object::text(of, "/metric/serverAddress")});
    metadata["threshold"] = json!(if behaviour.keda_behaviour { stated } else { threshold });
    let namespace = object::text(of, "/metric/namespace");
    if !namespace.is_empty() {
        metadata["namespace"] = json!(namespace);
    }
    let modes = object::text(of, "/authenticationRef/authModes");
    if behaviour.keda_behaviour && !modes.is_empty() {
        metadata["authModes"] = json!(modes);
    }
    let mut trigger = json!({"type": object::text(of, "/metric/backend"), "metadata": metadata});
    let identity = object::text(of, "/authenticationRef/authenticationRef/name");
    if behaviour.keda_behaviour && !identity.is_empty() {
        trigger["authenticationRef"] = json!({"name": identity});
    }
    Some(trigger)
}
