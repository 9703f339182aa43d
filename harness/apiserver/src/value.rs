//! Small operations on objects as JSON values.

use proofmark_json::{Map, Value, json};
use proofmark_types::{Type, TypeGraph, TypeId};

/// Writes `kind` and `apiVersion` in front of an object's other members, in the order in which Go writes them.
pub(crate) fn identify(object: &mut Value, api_version: &str, kind: &str) {
    let Value::Object(members) = object else { return };
    let mut first = members.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    if (first.next(), first.next()) == (Some(("kind", Some(kind))), Some(("apiVersion", Some(api_version)))) {
        return;
    }
    let rest = std::mem::take(members);
    let mut next = Map::with_capacity(rest.len() + 2);
    next.insert("kind", json!(kind));
    next.insert("apiVersion", json!(api_version));
    next.extend(rest.into_iter().filter(|(k, _)| k != "kind" && k != "apiVersion"));
    *members = next;
}

/// Sorts the members of every object, as Go writes maps.
pub(crate) fn sort(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.sort_keys();
            members.values_mut().for_each(sort);
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

/// A member's text at a JSON pointer; numbers and booleans as text.
pub(crate) fn text_at(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(s)) => s.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// How long the texts of a value are together (bytes).
pub(crate) fn text_size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(text_size).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + text_size(value)).sum(),
        _ => 8,
    }
}

/// Makes every empty list and map of a typed object null, as Go writes a nil one. What holds none is not touched, so that it stays shared.
pub(crate) fn drop_empty(types: &TypeGraph, id: TypeId, value: &mut Value) {
    if !holds_empty(types, id, value) {
        return;
    }
    match (types.get(id), value) {
        (Type::List(list), Value::Array(items)) if !items.is_empty() => {
            items.iter_mut().for_each(|item| drop_empty(types, list.item, item));
        }
        (Type::Map(map), Value::Object(members)) if !members.is_empty() => {
            members.values_mut().for_each(|value| drop_empty(types, map.value, value));
        }
        (Type::Struct(object), Value::Object(members)) => {
            for (name, value) in members.iter_mut() {
                if let Some(field) = object.fields.get(name) {
                    drop_empty(types, field.ty, value);
                }
            }
        }
        (_, value) => *value = Value::Null,
    }
}

/// Whether a typed object holds an empty list or map.
fn holds_empty(types: &TypeGraph, id: TypeId, value: &Value) -> bool {
    match (types.get(id), value) {
        (Type::List(list), Value::Array(items)) => {
            items.is_empty() || items.iter().any(|item| holds_empty(types, list.item, item))
        }
        (Type::Map(map), Value::Object(members)) => {
            members.is_empty() || members.values().any(|value| holds_empty(types, map.value, value))
        }
        (Type::Struct(object), Value::Object(members)) => members
            .iter()
            .any(|(name, value)| object.fields.get(name).is_some_and(|field| holds_empty(types, field.ty, value))),
        _ => false,
    }
}

/// A copy of an object in which these members are null.
pub(crate) fn clone_but(object: &Value, left_out: &[&str]) -> Value {
    let Value::Object(members) = object else { return object.clone() };
    let copied = members.iter().map(|(name, value)| {
        (name.clone(), if left_out.contains(&name.as_str()) { Value::Null } else { value.clone() })
    });
    Value::Object(copied.collect())
}

/// What Go calls a JSON value in its errors.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
