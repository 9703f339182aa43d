//! JSON as Python's `json` module reads and writes it, and values as Python prints them.
//!
//! The backend reads bodies and sends them on, so that the API server's complaints quote Python's spelling of them; and its client library
//! parses logs that happen to be JSON. Python accepts more than JSON: NaN and infinities, integers of any size, UTF-16 and UTF-32; of a key
//! that occurs twice the last value counts, in the place of the first.
//!
//! Not as in Python: halves of surrogate pairs become U+FFFD.

mod read;
mod repr;
mod write;

use indexmap::IndexMap;

pub(crate) use read::{Mistake, decode, loads};
pub(crate) use repr::text;
pub(crate) use write::{Style, dumps, write};

/// A value that Python's `json.loads` gave.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// An integer of any size, in decimal digits.
    Int(String),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Dict(IndexMap<String, Json>),
}

impl Json {
    /// A member of a dictionary.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dict(members) => members.get(key),
            _ => None,
        }
    }

    /// What `if value:` goes by.
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(digits) => digits != "0",
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Dict(members) => !members.is_empty(),
        }
    }
}

/// What was YAML.
impl From<proofmark_json::Value> for Json {
    fn from(value: proofmark_json::Value) -> Self {
        match value {
            proofmark_json::Value::Null => Self::Null,
            proofmark_json::Value::Bool(value) => Self::Bool(value),
            proofmark_json::Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
                Some(float) => Self::Float(float),
                None => Self::Int(number.to_string()),
            },
            proofmark_json::Value::String(text) => Self::Text(text),
            proofmark_json::Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            proofmark_json::Value::Object(members) => {
                Self::Dict(members.into_iter().map(|(key, value)| (key.into(), Self::from(value))).collect())
            }
        }
    }
}

/// The same for answers, which are JSON proper.
impl From<&Json> for proofmark_json::Value {
    fn from(value: &Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Int(digits) => digits
                .parse::<i64>()
                .map(Self::from)
                .or_else(|_| digits.parse::<u64>().map(Self::from))
                .or_else(|_| digits.parse::<f64>().map(Self::from))
                .unwrap_or_default(),
            Json::Float(value) => Self::from(*value),
            Json::Text(text) => Self::String(text.clone()),
            Json::List(items) => items.iter().map(Self::from).collect(),
            Json::Dict(members) => members.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect(),
        }
    }
}
