//! JSON as the decoder sees it, whether it was parsed before ([`Value`]) or comes from a text with its duplicates ([`Tree`]).

use std::borrow::Cow;

use proofmark_json::{Key, Map, Number, Value};

use super::DecodeError;

/// One JSON value.
pub(super) trait Node: Sized {
    /// Iterates over the fields of an object, duplicates included.
    type Fields<'a>: Iterator<Item = (&'a str, &'a Self)>
    where
        Self: 'a;

    /// What it is.
    fn view(&self) -> View<'_, Self>;

    /// The value without a type: of duplicate fields the last one counts.
    fn to_value(&self) -> Value;
}

/// What a JSON value is.
pub(super) enum View<'a, N: Node + 'a> {
    Null,
    Bool(bool),
    /// A number that is spelled as this integer.
    Int(i64),
    /// Any other number, as it is spelled.
    Number(Cow<'a, str>),
    String(&'a str),
    Array(&'a [N]),
    Object(N::Fields<'a>),
}

impl Node for Value {
    type Fields<'a> = std::iter::Map<proofmark_json::Iter<'a>, fn((&'a Key, &'a Value)) -> (&'a str, &'a Value)>;

    fn view(&self) -> View<'_, Self> {
        match self {
            Self::Null => View::Null,
            Self::Bool(b) => View::Bool(*b),
            Self::Number(n) => n.as_i64().map_or_else(|| View::Number(n.to_string().into()), View::Int),
            Self::String(s) => View::String(s),
            Self::Array(items) => View::Array(items),
            Self::Object(fields) => View::Object(fields.iter().map(value_field as fn(_) -> _)),
        }
    }

    fn to_value(&self) -> Value {
        self.clone()
    }
}

fn value_field<'a>((name, value): (&'a Key, &'a Value)) -> (&'a str, &'a Value) {
    (name, value)
}

fn tree_field<'a, 't>((name, value): &'a (Cow<'t, str>, Tree<'t>)) -> (&'a str, &'a Tree<'t>) {
    (name, value)
}

/// A parsed text: as it came, except that strings are unescaped.
#[derive(Debug)]
pub(super) enum Tree<'t> {
    Null,
    Bool(bool),
    Int(i64),
    Number(&'t str),
    String(Cow<'t, str>),
    Array(Vec<Self>),
    Object(Vec<(Cow<'t, str>, Self)>),
}

impl Tree<'_> {
    /// Whether every number fits into a `float64`; the first that does not is the error.
    pub(super) fn check_numbers(&self) -> Result<(), DecodeError> {
        match self {
            Self::Number(text) if text.parse::<f64>().is_ok_and(f64::is_infinite) => Err(DecodeError::Type {
                value: format!("number {text}"),
                outer: String::new(),
                field: String::new(),
                go_type: "float64".to_owned(),
            }),
            Self::Array(items) => items.iter().try_for_each(Self::check_numbers),
            Self::Object(fields) => fields.iter().try_for_each(|(_, value)| value.check_numbers()),
            _ => Ok(()),
        }
    }
}

impl<'t> Node for Tree<'t> {
    type Fields<'a>
        =
        std::iter::Map<std::slice::Iter<'a, (Cow<'t, str>, Self)>, fn(&'a (Cow<'t, str>, Self)) -> (&'a str, &'a Self)>
    where
        Self: 'a;

    fn view(&self) -> View<'_, Self> {
        match self {
            Self::Null => View::Null,
            Self::Bool(b) => View::Bool(*b),
            Self::Int(n) => View::Int(*n),
            Self::Number(text) => View::Number(Cow::Borrowed(text)),
            Self::String(s) => View::String(s),
            Self::Array(items) => View::Array(items),
            Self::Object(fields) => View::Object(fields.iter().map(tree_field as fn(_) -> _)),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(n) => Value::from(*n),
            Self::Number(text) => number(text).map_or(Value::Null, Value::Number),
            Self::String(s) => Value::String(s.clone().into_owned()),
            Self::Array(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(fields) => Value::Object(
                fields.iter().map(|(key, value)| (Key::from(key.as_ref()), value.to_value())).collect::<Map>(),
            ),
        }
    }
}

/// A number that is no plain `int64`: Kubernetes holds it as `float64`.
fn number(text: &str) -> Option<Number> {
    // Without a point, zero has no sign.
    if text == "-0" {
        return Some(0.into());
    }
    Number::from_f64(text.parse().ok()?)
}
