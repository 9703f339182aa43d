//! An object in the version that is asked for, and in the one that is stored.

use std::borrow::Cow;
use std::sync::Arc;

use proofmark_registry::versions::{convert, storage_version};
use serde_json::{Value, json};

use super::Resource;
use crate::store::Object;

/// An object as the resource's version shows it: stored objects may carry another version.
pub(crate) fn shown<'a>(resource: &Resource, value: &'a Value) -> Cow<'a, Value> {
    let version = resource.group_version();
    if value.get("apiVersion").and_then(Value::as_str) == Some(version.as_str()) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(shown_as(value.clone(), &version, resource.custom().is_none()))
}

/// The same, with the object's revision.
pub(crate) fn shown_object(resource: &Resource, object: &Arc<Object>) -> Arc<Object> {
    match shown(resource, &object.value) {
        Cow::Borrowed(_) => object.clone(),
        Cow::Owned(value) => Arc::new(Object::new(object.revision, value)),
    }
}

/// An object as it is stored.
pub(crate) fn stored(resource: &Resource, value: Value) -> Value {
    match storage_version(&resource.group, &resource.plural) {
        Some(version) if value.get("apiVersion").and_then(Value::as_str) != Some(version) => {
            shown_as(value, version, true)
        }
        _ => value,
    }
}

/// An object in another version, filled with what Go always writes of a built-in one.
fn shown_as(value: Value, version: &str, builtin: bool) -> Value {
    if !builtin {
        let mut value = value;
        value["apiVersion"] = json!(version);
        return value;
    }
    let converted = convert(value, version);
    let kind = converted.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    let Some(ty) = proofmark_builtin::type_of(group, short, &kind) else { return converted };
    match proofmark_builtin::decode::decode(&converted, ty, false) {
        Ok(decoded) => {
            let mut filled = decoded.value;
            crate::value::identify(&mut filled, version, &kind);
            filled
        }
        Err(_) => converted,
    }
}
