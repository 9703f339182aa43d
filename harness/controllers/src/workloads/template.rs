//! Pods from templates (`pkg/controller/controller_utils.go`).

use proofmark_json::{Map, Value, json};

use super::children;
use crate::kit::{Resource, object};

/// A pod of an owner's template, under a name that the server completes.
pub(crate) fn pod(template: &Value, owner: &Value, kind: &Resource) -> Value {
    let mut metadata = Map::new();
    metadata.insert("generateName", json!(format!("{}-", object::name(owner))));
    metadata.insert("namespace", json!(object::namespace(owner)));
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.pointer("/metadata").and_then(|metadata| metadata.get(field)) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    metadata.insert("ownerReferences", json!([children::reference(owner, kind)]));
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template.get("spec")})
}

/// Puts a label on an object, whether or not it has any.
pub(crate) fn set_label(object: &mut Value, key: &str, value: &str) {
    set(object, "labels", key, value);
}

/// Puts an annotation on an object, whether or not it has any.
pub(crate) fn set_annotation(object: &mut Value, key: &str, value: &str) {
    set(object, "annotations", key, value);
}

fn set(object: &mut Value, field: &str, key: &str, value: &str) {
    let metadata = &mut object["metadata"];
    if !metadata[field].is_object() {
        metadata[field] = json!({});
    }
    metadata[field][key] = json!(value);
}
