//! What a Go program leaves in an object that it reads and writes again: fields without `omitempty` appear, empty ones included, and unknown
//! fields of components disappear.
//!
//! The API server drops `status` and a null `creationTimestamp` anyway, so only what can be seen afterwards is done here.

use proofmark_text::quantity::Quantity;
use serde_json::{Map, Value, json};

use super::component::FRAMEWORKS;
use crate::behaviour::Behaviour;
use crate::podspec;

/// What a pod may share with its node; nothing is said of what it does not share.
const HOST: [&str; 3] = ["hostNetwork", "hostPID", "hostIPC"];

/// Completes a service, and leaves out what Go's types do not know.
pub(super) fn complete(service: &mut Value, behaviour: Behaviour) {
    for component in ["predictor", "transformer", "explainer"] {
        let Some(block) = service.pointer_mut(&format!("/spec/{component}")).and_then(Value::as_object_mut) else {
            continue;
        };
        block.retain(|field, value| {
            podspec::is_field_of_component(field, behaviour) && !(HOST.contains(&field.as_str()) && *value == false)
        });
        if let Some(logger) = block.get_mut("logger").and_then(Value::as_object_mut) {
            for (field, known) in [("metadataHeaders", behaviour.logger_tls), ("metadataAnnotations", behaviour.stop)] {
                if !known {
                    logger.shift_remove(field);
                }
            }
        }
        if let Some(model) = block.get_mut("model").and_then(Value::as_object_mut) {
            let format = model.entry("modelFormat").or_insert_with(|| json!({}));
            if format.get("name").is_none() {
                format["name"] = json!("");
            }
            container(model);
        }
        for (framework, ..) in FRAMEWORKS {
            if let Some(own) = block.get_mut(framework).and_then(Value::as_object_mut) {
                container(own);
            }
        }
        if let Some(art) = block.get_mut("art").and_then(Value::as_object_mut) {
            container(art);
        }
        for list in ["containers", "initContainers"] {
            containers(block.get_mut(list));
        }
        if let Some(worker) = block.get_mut("workerSpec").and_then(Value::as_object_mut) {
            for list in ["containers", "initContainers"] {
                containers(worker.get_mut(list));
            }
        }
    }
}

fn containers(list: Option<&mut Value>) {
    list.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut).for_each(container);
}

fn container(fields: &mut Map<String, Value>) {
    fields.entry("name").or_insert_with(|| json!(""));
    for port in fields.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if port.is_object() && port.get("protocol").is_none() {
            port["protocol"] = json!("TCP"); // the schema's default
        }
    }
    let resources = fields.entry("resources").or_insert_with(|| json!({}));
    for part in ["requests", "limits"] {
        let amounts = resources.get_mut(part).and_then(Value::as_object_mut);
        for amount in amounts.into_iter().flat_map(|amounts| amounts.values_mut()) {
            let text = match &*amount {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if let Ok(quantity) = Quantity::parse(&text) {
                *amount = json!(quantity.to_string());
            }
        }
    }
}
