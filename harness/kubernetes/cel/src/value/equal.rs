//! Equality.

use proofmark_json::Value as Json;

use super::compare::order;
use super::list::same_keys;
use super::{EvalError, List, Map, Value};
use crate::shape::{Kind, ListKind};

/// `a == b`. Values of different types are different, but numbers are compared by what they mean.
pub(crate) fn equal<'v>(a: &Value<'v>, b: &Value<'v>) -> Result<bool, EvalError> {
    Ok(match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Int(_) | Value::Uint(_) | Value::Double(_), Value::Int(_) | Value::Uint(_) | Value::Double(_)) => {
            order(a, b).is_ok_and(std::cmp::Ordering::is_eq)
        }
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a.runtime_name() == b.runtime_name(),
        (Value::Optional(None), Value::Optional(None)) => true,
        (Value::Optional(Some(a)), Value::Optional(Some(b))) => equal(a, b)?,
        (Value::List(a), Value::List(b)) => lists(a, b)?,
        (Value::Map(a), Value::Map(b)) => maps(a, b)?,
        (Value::Opaque(a), Value::Opaque(b)) => a == b,
        (Value::Preserved(a), Value::Preserved(b)) => same_json(a, b),
        (Value::Preserved(a), b) | (b, Value::Preserved(a)) => b.to_json().is_some_and(|b| same_json(a, &b)),
        // What is read from JSON or belongs to a library has no equality with other types.
        (Value::List(list), _) if list.kind.is_some() => return Err(EvalError::NoSuchOverload),
        (Value::Map(map), _) if map.as_json().is_some() => return Err(EvalError::NoSuchOverload),
        (Value::Opaque(_), _) => return Err(EvalError::NoSuchOverload),
        _ => false,
    })
}

fn lists<'v>(a: &List<'v>, b: &List<'v>) -> Result<bool, EvalError> {
    if a.len() != b.len() {
        return Ok(false);
    }
    match a.kind {
        Some(ListKind::Set) => {
            for item in b.iter() {
                if !a.contains(&item?)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Some(ListKind::Map(keys)) => {
            let known = a.values()?;
            for item in b.iter() {
                let item = item?;
                let Some(partner) = known.iter().find(|k| same_keys(k, &item, keys)) else { return Ok(false) };
                if !equal(partner, &item)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Some(ListKind::Atomic) | None => {
            for (a, b) in a.iter().zip(b.iter()) {
                if !equal(&a?, &b?)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

fn maps<'v>(a: &Map<'v>, b: &Map<'v>) -> Result<bool, EvalError> {
    if a.len() != b.len() {
        return Ok(false);
    }
    if let Some((fields, shape)) = a.as_json() {
        // Members without a shape are compared as JSON, which needs JSON on both sides.
        for (name, value) in fields.iter().filter(|(name, _)| shape.below(name).is_none()) {
            let (others, _) = b.as_json().ok_or(EvalError::NoSuchOverload)?;
            if others.get(name).is_some_and(|other| !same_json(value, other)) {
                return Ok(false);
            }
        }
        if matches!(shape.kind, Kind::Object(_)) {
            return objects(a, b);
        }
    }
    for entry in a.entries() {
        let (key, value) = entry?;
        match b.get(&key)? {
            Some(other) if equal(&value, &other)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Fields that are null count as absent.
fn objects<'v>(a: &Map<'v>, b: &Map<'v>) -> Result<bool, EvalError> {
    for key in a.keys() {
        let same = match (a.get(&key)?, b.get(&key)?) {
            (Some(a), Some(b)) => equal(&a, &b)?,
            (None, None) => true,
            _ => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether two JSON values are the same, absent and empty collections being alike, as `equality.Semantic` has it.
fn same_json(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same_json(v, w)))
        }
        (a, b) => a == b,
    }
}
