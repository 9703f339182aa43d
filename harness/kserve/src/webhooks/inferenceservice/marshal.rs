//! What a Go program leaves in an object that it reads and writes again: fields without `omitempty` appear, empty ones included; zero values with
//! it disappear, and so do unknown fields of components. Parts of pods go through the types of Kubernetes themselves.
//!
//! The API server drops `status` and a null `creationTimestamp` anyway, so only what can be seen afterwards is done here.

use proofmark_builtin::decode::is_zero;
use proofmark_json::{Map, Value, json};

use super::component::{explainers, frameworks};
use crate::behaviour::Behaviour;
use crate::podspec::{self, Part};

/// Completes a service, and leaves out what Go's types do not know.
pub(super) fn complete(service: &mut Value, behaviour: Behaviour) {
    for component in ["predictor", "transformer", "explainer"] {
        let Some(block) = service.pointer_mut(&format!("/spec/{component}")).and_then(Value::as_object_mut) else {
            continue;
        };
        block.retain(|field, _| podspec::is_field_of_component(field, behaviour));
        podspec::marshal(block, Part::Component);
        leave_out(block, &["maxReplicas", "labels", "annotations"]);
        if let Some(logger) = block.get_mut("logger").and_then(Value::as_object_mut) {
            for (field, known) in [("metadataHeaders", behaviour.logger_tls), ("metadataAnnotations", behaviour.stop)] {
                if !known {
                    logger.shift_remove(field);
                }
            }
            leave_out(logger, &["mode", "metadataHeaders", "metadataAnnotations"]);
        }
        if let Some(model) = block.get_mut("model").and_then(Value::as_object_mut) {
            let format = model.entry("modelFormat").or_insert_with(|| json!({}));
            if format.get("name").is_none() {
                format["name"] = json!("");
            }
            podspec::marshal(model, Part::Container);
        }
        for (framework, ..) in frameworks(behaviour) {
            if let Some(own) = block.get_mut(framework).and_then(Value::as_object_mut) {
                podspec::marshal(own, Part::Container);
            }
        }
        for (explainer, _) in explainers(behaviour) {
            if let Some(own) = block.get_mut(explainer).and_then(Value::as_object_mut) {
                podspec::marshal(own, Part::Container);
                leave_out(own, &["storageUri", "config"]);
            }
        }
        if let Some(worker) = block.get_mut("workerSpec").and_then(Value::as_object_mut) {
            podspec::marshal(worker, Part::Worker);
        }
    }
}

/// Puts fields back that are gone because `plain`, which is what was `given` as its type holds it, has no place for them.
pub(super) fn restore(filled: &mut Value, given: &Value, plain: &Value) {
    match (filled, given, plain) {
        (Value::Object(filled), Value::Object(given), Value::Object(plain)) => {
            for (field, value) in given {
                match (filled.get_mut(field), plain.get(field)) {
                    (Some(filled), Some(plain)) => restore(filled, value, plain),
                    (None, None) => {
                        filled.insert(field.clone(), value.clone());
                    }
                    _ => {}
                }
            }
        }
        (Value::Array(filled), Value::Array(given), Value::Array(plain)) if given.len() == plain.len() => {
            for ((filled, given), plain) in filled.iter_mut().zip(given).zip(plain) {
                restore(filled, given, plain);
            }
        }
        _ => {}
    }
}

/// Leaves fields out that are held by value, at their zero value.
fn leave_out(block: &mut Map, fields: &[&str]) {
    for field in fields {
        if block.get(*field).is_some_and(is_zero) {
            block.shift_remove(*field);
        }
    }
}
