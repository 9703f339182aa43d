//! `PartialObjectMetadata`: an object's metadata alone.

use proofmark_json::{Map, Value, json};

/// The fields of ObjectMeta in the order in which the server writes them.
const FIELDS: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// An object's metadata as `PartialObjectMetadata` in this version of `meta.k8s.io` (`v1` or `v1beta1`).
pub fn partial_object_metadata(object: &Value, version: &str) -> Value {
    let given = &object["metadata"];
    let metadata: Map = FIELDS
        .iter()
        .filter_map(|field| {
            given.get(*field).filter(|value| !empty(value)).map(|value| ((*field).to_owned(), value.clone()))
        })
        .collect();
    json!({"kind": "PartialObjectMetadata", "apiVersion": format!("meta.k8s.io/{version}"), "metadata": metadata})
}

/// What Go's `omitempty` leaves out.
fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}
