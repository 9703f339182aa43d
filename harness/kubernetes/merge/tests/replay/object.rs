//! What a server makes of an object before and after this crate sees it, as far as it matters here.

use proofmark_json::{Map, Value, json};

use crate::resource::Resource;

/// The object as the server decodes it; `None` if it cannot.
pub(crate) fn decoded(resource: &Resource<'_>, api_version: &str, object: &Value) -> Option<Value> {
    match resource {
        Resource::BuiltIn { id, kind, .. } => {
            let mut out = proofmark_builtin::decode::decode(object, *id, false).ok()?.value;
            for (field, value) in [("kind", *kind), ("apiVersion", api_version)] {
                out[field] = json!(value);
            }
            // Go tells an empty list from none, its encoder does not.
            if object.pointer("/metadata/managedFields") == Some(&json!([])) {
                out["metadata"]["managedFields"] = json!([]);
            }
            Some(out)
        }
        Resource::Custom(custom) => {
            let mut object = object.clone();
            custom.schema.prune(&mut object);
            custom.schema.default(&mut object);
            // Metadata goes through Go's struct, which leaves out what is empty.
            let is_empty = |value: &Value| {
                value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
            };
            if let Some(metadata) = object["metadata"].as_object_mut() {
                metadata.retain(|_, value| !is_empty(value));
            }
            Some(object)
        }
    }
}

/// What the strategies keep of a live object: identity always, and the part that the endpoint does not write.
pub(crate) fn settle(
    resource: &Resource<'_>,
    subresource: &str,
    live: Option<&Value>,
    mut new: Value,
    name: &str,
) -> Value {
    new["metadata"].as_object_mut().map(|metadata| metadata.shift_remove("selfLink"));
    new.as_object_mut().map(|object| object.shift_remove("stringData"));
    let Some(live) = live else {
        if resource.has_status()
            && let Some(object) = new.as_object_mut()
        {
            object.shift_remove("status");
        }
        let metadata = &mut new["metadata"];
        metadata["uid"] = json!("masked-uid");
        metadata["name"] = json!(name);
        return new;
    };
    if subresource == "status" {
        let mut out = live.clone();
        out["status"] = new["status"].take();
        let entries = new["metadata"]["managedFields"].take();
        if let Some(metadata) = out["metadata"].as_object_mut() {
            metadata.insert("managedFields", entries);
        }
        return out;
    }
    if resource.has_status()
        && let Some(object) = new.as_object_mut()
    {
        match live.get("status") {
            Some(status) => object.insert("status", status.clone()),
            None => object.shift_remove("status"),
        };
    }
    for field in ["uid", "namespace", "creationTimestamp", "resourceVersion", "generation"] {
        if let Some(value) = live["metadata"].get(field) {
            new["metadata"][field] = value.clone();
        }
    }
    new
}

/// The object with the managedFields of another.
pub(crate) fn with_entries_of(mut object: Value, other: &Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.shift_remove("managedFields");
        if let Some(entries) = other["metadata"].get("managedFields") {
            metadata.insert("managedFields", entries.clone());
        }
    }
    object
}

/// A recorded object with its masked times made readable again.
pub(crate) fn unmasked(value: &Value) -> Value {
    match value {
        Value::String(text) if text == "<time>" => json!("2024-01-01T00:00:00Z"),
        Value::Array(items) => items.iter().map(unmasked).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), unmasked(value))).collect::<Map>())
        }
        other => other.clone(),
    }
}
