//! JSON values as values of expressions.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark_json::Value as Json;

use super::{Duration, EvalError, Evaluated, List, Map, Timestamp, Value};
use crate::shape::{Kind, ListKind, Shape};

impl<'v> Value<'v> {
    /// A JSON value, read as its shape says.
    ///
    /// # Errors
    /// The value is not of that shape.
    pub fn read(json: &'v Json, shape: &'v Shape) -> Evaluated<'v> {
        if json.is_null() && !matches!(shape.kind, Kind::Untyped) {
            return if shape.nullable {
                Ok(Self::Null)
            } else {
                Err(invalid("got null for schema with nullable=false"))
            };
        }
        match &shape.kind {
            Kind::Untyped => Ok(Self::untyped(json)),
            Kind::Preserved => Ok(Self::Preserved(json)),
            Kind::IntOrString => match json {
                Json::String(text) => Ok(Self::string(text.as_str())),
                Json::Number(n) => n.as_i64().map(Self::Int).ok_or_else(|| invalid(INT_OR_STRING)),
                _ => Err(invalid(INT_OR_STRING)),
            },
            Kind::Bool => json.as_bool().map(Self::Bool).ok_or_else(|| wrong("bool", json)),
            Kind::Int => json.as_i64().map(Self::Int).ok_or_else(|| wrong("int", json)),
            Kind::Double => json.as_f64().map(Self::Double).ok_or_else(|| wrong("float", json)),
            Kind::String => text(json).map(Self::string),
            Kind::Bytes => text(json).and_then(bytes),
            Kind::Date => text(json).and_then(date),
            Kind::DateTime => text(json).and_then(date_time),
            Kind::Duration => text(json).and_then(duration),
            Kind::List(items, kind) => match json {
                Json::Array(list) => Ok(Self::List(List::json(list, items, kind))),
                _ => Err(invalid("expected an array for the provided schema with type=array")),
            },
            Kind::Map(_) | Kind::Object(_) => match json {
                Json::Object(fields) => Ok(Self::Map(Map::json(fields, shape))),
                _ => Err(invalid("expected a map for the provided schema with type=object")),
            },
        }
    }

    /// A JSON value by itself: objects are maps, whole numbers are integers.
    pub fn untyped(json: &'v Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::Bool(*b),
            Json::Number(n) => match (n.as_i64(), n.as_u64()) {
                (Some(i), _) => Self::Int(i),
                (None, Some(u)) => Self::Uint(u),
                (None, None) => Self::Double(n.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::string(text.as_str()),
            Json::Array(list) => Self::List(List::json(list, Shape::any(), &ListKind::Atomic)),
            Json::Object(fields) => Self::Map(Map::json(fields, Shape::any())),
        }
    }

    /// The value as JSON; none for what JSON cannot say.
    pub fn to_json(&self) -> Option<Json> {
        Some(match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Int(i) => Json::from(*i),
            Self::Uint(u) => Json::from(*u),
            Self::Double(d) => Json::Number(proofmark_json::Number::from_f64(*d)?),
            Self::String(text) => Json::String(text.to_string()),
            Self::Bytes(bytes) => Json::String(STANDARD.encode(bytes)),
            Self::Timestamp(time) => Json::String(time.to_string()),
            Self::Duration(duration) => Json::String(duration.to_string()),
            Self::List(list) => Json::Array(list.iter().map(|item| item.ok()?.to_json()).collect::<Option<_>>()?),
            Self::Map(map) => {
                let entries = map.entries().map(|entry| {
                    let (key, value) = entry.ok()?;
                    Some((key.as_str()?.to_owned(), value.to_json()?))
                });
                Json::Object(entries.collect::<Option<_>>()?)
            }
            Self::Optional(Some(value)) => value.to_json()?,
            Self::Preserved(json) => (*json).clone(),
            Self::Optional(None) | Self::Type(_) | Self::Opaque(_) => return None,
        })
    }
}

const INT_OR_STRING: &str = "expected XIntOrString value to be either a string or integer";

fn invalid(message: &str) -> EvalError {
    EvalError::other(format!("invalid data, {message}"))
}

/// The type of a JSON value as Go names it.
fn go_type(json: &Json) -> &'static str {
    match json {
        Json::Null => "<nil>",
        Json::Bool(_) => "bool",
        Json::Number(n) if n.is_f64() => "float64",
        Json::Number(_) => "int64",
        Json::String(_) => "string",
        Json::Array(_) => "[]interface {}",
        Json::Object(_) => "map[string]interface {}",
    }
}

fn wrong(wanted: &str, json: &Json) -> EvalError {
    invalid(&format!("expected {wanted}, got {}", go_type(json)))
}

fn text(json: &Json) -> Result<&str, EvalError> {
    json.as_str().ok_or_else(|| wrong("string", json))
}

fn bytes(text: &str) -> Evaluated<'_> {
    let decoded = STANDARD.decode(text);
    let bytes = decoded.map_err(|why| EvalError::other(format!("Invalid byte formatted string {text}: {why}")))?;
    Ok(Value::Bytes(Arc::from(bytes)))
}

fn date(text: &str) -> Evaluated<'_> {
    let time =
        Timestamp::parse_date(text).ok_or_else(|| EvalError::other(format!("Invalid date formatted string {text}")))?;
    Ok(Value::Timestamp(time))
}

fn date_time(text: &str) -> Evaluated<'_> {
    let time = Timestamp::parse_loosely(text);
    time.map(Value::Timestamp).ok_or_else(|| EvalError::other(format!("Invalid date-time formatted string {text}")))
}

fn duration(text: &str) -> Evaluated<'_> {
    let duration = Duration::parse_loosely(text);
    duration.map(Value::Duration).ok_or_else(|| EvalError::other(format!("Invalid duration {text}")))
}
