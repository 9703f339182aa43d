//! The parts of an object that controllers look at. Whatever is missing or of another type reads as absent.

use jiff::Timestamp;
use proofmark_json::{Map, Value};

/// An object's name.
pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// An object's namespace; empty for cluster-scoped ones.
pub fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// An object's uid.
pub fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// The version of an object that this is.
pub fn resource_version(object: &Value) -> &str {
    text(object, "/metadata/resourceVersion")
}

/// Whether its deletion was asked for.
pub fn is_being_deleted(object: &Value) -> bool {
    at(object, "/metadata/deletionTimestamp").is_some_and(|at| !at.is_null())
}

/// Its finalizers, in order.
pub fn finalizers(object: &Value) -> impl Iterator<Item = &str> {
    strings(object, "/metadata/finalizers")
}

/// Whether it has this finalizer.
pub fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    finalizers(object).any(|f| f == finalizer)
}

/// An annotation's value.
pub fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    at(object, "/metadata/annotations")?.get(key)?.as_str()
}

/// What a JSON pointer that escapes nothing leads to: controllers ask so often that reading pointers by their whole grammar shows.
pub fn at<'a>(object: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.is_empty() {
        return Some(object);
    }
    pointer.strip_prefix('/')?.split('/').try_fold(object, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        value => value.get(part),
    })
}

/// A text by its JSON pointer, empty when there is none.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    at(object, pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a list by its JSON pointer.
pub fn strings<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a str> {
    list(object, pointer).iter().filter_map(Value::as_str)
}

/// A list by its JSON pointer, empty when there is none.
pub fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    at(object, pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The object's own controller among its owner references.
pub fn controller(object: &Value) -> Option<&Value> {
    list(object, "/metadata/ownerReferences").iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

/// Its labels, if it has any.
pub fn labels(object: &Value) -> Option<&Map> {
    at(object, "/metadata/labels")?.as_object()
}

/// A whole number by its JSON pointer.
pub fn number(object: &Value, pointer: &str) -> Option<i64> {
    at(object, pointer)?.as_i64()
}

/// A whole number by its JSON pointer; zero, which Go leaves out, when there is none.
pub fn count(object: &Value, pointer: &str) -> i64 {
    number(object, pointer).unwrap_or_default()
}

/// Whether there is a `true` by this JSON pointer.
pub fn flag(object: &Value, pointer: &str) -> bool {
    at(object, pointer) == Some(&Value::Bool(true))
}

/// A moment by its JSON pointer.
pub fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    text(object, pointer).parse().ok()
}

/// A moment as `metav1.Time` writes it: RFC 3339 in whole seconds.
pub fn stamp(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// An entry of `status.conditions` by its type.
pub fn condition<'a>(object: &'a Value, of_type: &str) -> Option<&'a Value> {
    list(object, "/status/conditions").iter().find(|condition| text(condition, "/type") == of_type)
}

/// Whether two values are the same to Go: what it leaves out when empty equals what is missing.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(key, value)| same(value, b.get(key).unwrap_or(&Value::Null)))
                && b.iter().all(|(key, value)| a.contains_key(key) || is_zero(value))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (a, b) => a == b || (is_zero(a) && is_zero(b)),
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_zero),
    }
}
