//! What the control plane itself is configured with.

use serde_json::{Value, json};

use crate::Strategy;
use crate::strategy::BASE;

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        group: "apiextensions.k8s.io",
        resource: "customresourcedefinitions",
        status: true,
        generation: true,
        unconditional_update: false,
        default: proofmark_schema::crd::default,
        prepare_create: |definition| note_storage(definition, &json!([])),
        prepare_update: |new, old| note_storage(new, old.pointer("/status/storedVersions").unwrap_or(&json!([]))),
        validate: proofmark_schema::crd::validate,
        validate_update: proofmark_schema::crd::validate_update,
        warnings: proofmark_schema::crd::warnings,
        ..BASE
    },
    Strategy { group: "flowcontrol.apiserver.k8s.io", resource: "flowschemas", status: true, generation: true, ..BASE },
    Strategy {
        group: "flowcontrol.apiserver.k8s.io",
        resource: "prioritylevelconfigurations",
        status: true,
        generation: true,
        ..BASE
    },
];

/// A definition remembers every version in which objects were ever stored.
fn note_storage(definition: &mut Value, stored: &Value) {
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let storage = versions.into_iter().flatten().find(|v| v["storage"] == true).and_then(|v| v.get("name")).cloned();
    let mut list = stored.as_array().cloned().unwrap_or_default();
    if let Some(storage) = storage.filter(|s| !list.contains(s)) {
        list.push(storage);
    }
    if let Some(members) = definition.as_object_mut() {
        let status = members
            .entry("status")
            .or_insert_with(|| json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}}));
        status["storedVersions"] = if list.is_empty() { Value::Null } else { Value::Array(list) };
    }
}
