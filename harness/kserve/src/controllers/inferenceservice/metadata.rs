//! Labels and annotations of children: the runtime's, the service's and the component's, the later ones first in rank.

use proofmark_controllers::kit::object;
use serde_json::{Map, Value, json};

use super::component::{self, Component};
use crate::names;

/// Annotations of a service that stay with it.
const KEPT: &[&str] = &[
    names::KNATIVE_MIN_SCALE,
    names::KNATIVE_MAX_SCALE,
    names::SOURCE_URI,
    "kubectl.kubernetes.io/last-applied-configuration",
];

/// The part of a pod's annotations that follows from the service and its component.
pub(super) fn annotations(service: &Value, block: &Value) -> Map<String, Value> {
    let mut all = passed_on(&service["metadata"]["annotations"]);
    let mut add = |key: &str, value: String| all.insert(key.to_owned(), json!(value));
    if let Some(logger) = block.get("logger").filter(|logger| logger.is_object()) {
        add(names::LOGGER, "true".to_owned());
        if let Some(url) = logger.get("url").and_then(Value::as_str) {
            add(names::LOGGER_URL, url.to_owned());
        }
        add(names::LOGGER_MODE, object::text(logger, "/mode").to_owned());
    }
    if let Some(batcher) = block.get("batcher").filter(|batcher| batcher.is_object()) {
        add(names::BATCHER, "true".to_owned());
        for (field, key) in [("maxBatchSize", names::BATCHER_SIZE), ("maxLatency", names::BATCHER_LATENCY)] {
            if let Some(value) = batcher.get(field).and_then(Value::as_i64) {
                add(key, value.to_string());
            }
        }
    }
    all
}

/// What a predictor's model adds: where it is, and what identifies the one that loads it.
pub(super) fn storage(predictor: &Value, uri: Option<&str>, all: &mut Map<String, Value>) {
    if let Some(uri) = uri {
        all.insert(names::SOURCE_URI.to_owned(), json!(uri));
    }
    let Some(spec) = predictor.pointer("/model/storage").filter(|spec| spec.is_object()) else { return };
    let path = object::text(spec, "/path").trim_start_matches('/');
    all.insert(names::STORAGE_SPEC.to_owned(), json!("true"));
    all.insert(names::SOURCE_URI.to_owned(), json!(format!("<scheme-placeholder>://{path}")));
    if let Some(parameters) = spec.get("parameters").and_then(Value::as_object) {
        // Go writes the keys of a map in order.
        let sorted: std::collections::BTreeMap<&String, &Value> = parameters.iter().collect();
        all.insert(names::STORAGE_SPEC_PARAM.to_owned(), json!(json!(sorted).to_string()));
    }
    if let Some(key) = spec.get("key").and_then(Value::as_str) {
        all.insert(names::STORAGE_SPEC_KEY.to_owned(), json!(key));
    }
}

/// What a server for several models needs.
pub(super) fn agent(service: &Value, all: &mut Map<String, Value>) {
    for (key, value) in [
        (names::AGENT, "true"),
        (names::AGENT_CONFIG, &component::model_config_name(object::name(service))),
        (names::AGENT_CONFIG_DIR, "/mnt/configs"),
        (names::AGENT_MODEL_DIR, names::MODEL_DIR),
    ] {
        all.insert(key.to_owned(), json!(value));
    }
}

/// Annotations without those that stay where they are.
pub(super) fn passed_on(annotations: &Value) -> Map<String, Value> {
    let given = annotations.as_object().into_iter().flatten();
    given.filter(|(key, _)| !KEPT.contains(&key.as_str())).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The metadata of a component's children.
pub(super) fn of_children(
    service: &Value,
    component: Component,
    block: &Value,
    runtime: Option<&Value>,
    annotations: Map<String, Value>,
) -> Value {
    let mut labels = runtime.and_then(|runtime| runtime["spec"]["labels"].as_object().cloned()).unwrap_or_default();
    labels.extend(service["metadata"]["labels"].as_object().cloned().unwrap_or_default());
    labels.extend(block["labels"].as_object().cloned().unwrap_or_default());
    labels.insert(names::SERVICE_LABEL.to_owned(), json!(object::name(service)));
    labels.insert(names::COMPONENT_LABEL.to_owned(), json!(component.field()));
    let mut all = runtime.map(|runtime| passed_on(&runtime["spec"]["annotations"])).unwrap_or_default();
    all.extend(annotations);
    all.extend(passed_on(&block["annotations"]));
    json!({
        "name": component.child_name(object::name(service)), "namespace": object::namespace(service),
        "labels": labels, "annotations": all,
    })
}
