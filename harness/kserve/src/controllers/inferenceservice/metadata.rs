//! Labels and annotations of children: the runtime's, the service's and the component's, the later ones first in rank.

use proofmark_controllers::kit::object;
use proofmark_json::{Key, Map, Value, json};
use proofmark_text::go_json;

use super::component::{self, Component};
use super::reconcile::Work;
use crate::config::Kept;
use crate::names;

/// The part of a pod's annotations that follows from the service and its component. Explainers do not batch.
pub(super) fn annotations(work: &Work<'_>, component: Component, block: &Value, kept: &Kept) -> Map {
    let service = &work.service;
    let mut all = passed_on(&service["metadata"]["annotations"], kept);
    let mut add = |key: &str, value: String| all.insert(key.to_owned(), json!(value));
    if let Some(logger) = block.get("logger").filter(|logger| logger.is_object()) {
        add(names::LOGGER, "true".to_owned());
        if let Some(url) = logger.get("url").and_then(Value::as_str) {
            add(names::LOGGER_URL, url.to_owned());
        }
        add(names::LOGGER_MODE, object::text(logger, "/mode").to_owned());
        for (field, key) in
            [("metadataHeaders", names::LOGGER_HEADERS), ("metadataAnnotations", names::LOGGER_ANNOTATIONS)]
        {
            if logger.get(field).is_some_and(Value::is_array) {
                add(key, object::strings(logger, &format!("/{field}")).collect::<Vec<_>>().join(","));
            }
        }
    }
    if let Some(batcher) =
        block.get("batcher").filter(|batcher| batcher.is_object() && component != Component::Explainer)
    {
        add(names::BATCHER, "true".to_owned());
        let timeout = ("timeout", names::BATCHER_TIMEOUT);
        let known = [("maxBatchSize", names::BATCHER_SIZE), ("maxLatency", names::BATCHER_LATENCY)].into_iter();
        for (field, key) in known.chain((!work.services.behaviour.no_batch_timeout).then_some(timeout)) {
            if let Some(value) = batcher.get(field).and_then(Value::as_i64) {
                add(key, value.to_string());
            }
        }
    }
    all
}

/// What the storage specification of a predictor's model adds: where it is, and what identifies the one that loads it.
pub(super) fn storage(predictor: &Value, all: &mut Map) {
    let Some(spec) = predictor.pointer("/model/storage").filter(|spec| spec.is_object()) else { return };
    all.insert(names::STORAGE_SPEC.to_owned(), json!("true"));
    if let Some(path) = spec.get("path").and_then(Value::as_str) {
        let path = path.strip_prefix('/').unwrap_or(path);
        all.insert(names::SOURCE_URI.to_owned(), json!(format!("<scheme-placeholder>://{path}")));
    }
    if let Some(parameters) = spec.get("parameters").and_then(Value::as_object) {
        // Go writes the keys of a map in order.
        let sorted: std::collections::BTreeMap<&Key, &Value> = parameters.iter().collect();
        all.insert(names::STORAGE_SPEC_PARAM.to_owned(), json!(go_json::write(&json!(sorted))));
    }
    if let Some(key) = spec.get("key").and_then(Value::as_str) {
        all.insert(names::STORAGE_SPEC_KEY.to_owned(), json!(key));
    }
}

/// What a server for several models needs.
pub(super) fn agent(service: &Value, all: &mut Map) {
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
pub(super) fn passed_on(annotations: &Value, kept: &Kept) -> Map {
    let given = annotations.as_object().into_iter().flatten();
    given
        .filter(|(key, _)| !kept.annotations.iter().any(|kept| kept == *key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The metadata of a component's children.
pub(super) fn of_children(
    service: &Value,
    component: Component,
    block: &Value,
    runtime: Option<&Value>,
    annotations: Map,
    kept: &Kept,
) -> Value {
    let mut labels = runtime.and_then(|runtime| runtime["spec"]["labels"].as_object().cloned()).unwrap_or_default();
    labels.extend(service["metadata"]["labels"].as_object().cloned().unwrap_or_default());
    labels.extend(block["labels"].as_object().cloned().unwrap_or_default());
    labels.insert(names::SERVICE_LABEL.to_owned(), json!(object::name(service)));
    labels.insert(names::COMPONENT_LABEL.to_owned(), json!(component.field()));
    let mut all = runtime.map(|runtime| passed_on(&runtime["spec"]["annotations"], kept)).unwrap_or_default();
    all.extend(annotations);
    all.extend(passed_on(&block["annotations"], kept));
    json!({
        "name": component.child_name(service), "namespace": object::namespace(service),
        "labels": labels, "annotations": all,
    })
}
