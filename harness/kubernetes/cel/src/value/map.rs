//! Maps and objects.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{EvalError, Evaluated, Text, Value};
use crate::names::{escape, unescape};
use crate::shape::{Kind, Shape};

/// A key of a map.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key<'v> {
    /// `true`
    Bool(bool),
    /// `1`
    Int(i64),
    /// `1u`
    Uint(u64),
    /// The bits of a number.
    Double(u64),
    /// `'a'`
    String(Text<'v>),
}

impl<'v> Key<'v> {
    pub(crate) fn of(value: &Value<'v>) -> Option<Self> {
        Some(match value {
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::Uint(u) => Self::Uint(*u),
            Value::Double(d) => Self::Double(d.to_bits()),
            Value::String(text) => Self::String(text.clone()),
            _ => return None,
        })
    }

    pub(crate) fn value(&self) -> Value<'v> {
        match self {
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(i) => Value::Int(*i),
            Self::Uint(u) => Value::Uint(*u),
            Self::Double(bits) => Value::Double(f64::from_bits(*bits)),
            Self::String(text) => Value::String(text.clone()),
        }
    }

    /// The same number as a key of another type.
    fn other_numbers(&self) -> Vec<Self> {
        let number = match self {
            Self::Int(i) => Some(i128::from(*i)),
            Self::Uint(u) => Some(i128::from(*u)),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole numbers only; those beyond 64 bits find nothing"
            )]
            Self::Double(bits) => Some(f64::from_bits(*bits)).filter(|d| d.trunc() == *d).map(|d| d as i128),
            Self::Bool(_) | Self::String(_) => None,
        };
        let Some(number) = number else { return Vec::new() };
        let int = i64::try_from(number).ok().map(Self::Int);
        let uint = u64::try_from(number).ok().map(Self::Uint);
        #[expect(clippy::cast_precision_loss, reason = "a key that is not exact is not found")]
        let double = Self::Double((number as f64).to_bits());
        int.into_iter().chain(uint).chain([double]).collect()
    }
}

/// A map, made by an expression or read from JSON.
#[derive(Debug, Clone)]
pub struct Map<'v>(Entries<'v>);

#[derive(Debug, Clone)]
enum Entries<'v> {
    Built(Arc<IndexMap<Key<'v>, Value<'v>>>),
    Json(&'v proofmark_json::Map, &'v Shape),
}

impl<'v> Map<'v> {
    /// A map of these entries.
    pub fn built(entries: IndexMap<Key<'v>, Value<'v>>) -> Self {
        Self(Entries::Built(Arc::new(entries)))
    }

    /// An object whose fields are read as `shape` says.
    pub(super) fn json(fields: &'v proofmark_json::Map, shape: &'v Shape) -> Self {
        Self(Entries::Json(fields, shape))
    }

    /// The number of entries; of an object, that of all its members.
    pub fn len(&self) -> usize {
        match &self.0 {
            Entries::Built(entries) => entries.len(),
            Entries::Json(fields, _) => fields.len(),
        }
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The members and the shape of an object that is read from JSON.
    pub(super) fn as_json(&self) -> Option<(&'v proofmark_json::Map, &'v Shape)> {
        match self.0 {
            Entries::Built(_) => None,
            Entries::Json(fields, shape) => Some((fields, shape)),
        }
    }

    /// The value of a key, if there is one.
    pub(crate) fn get(&self, key: &Value<'v>) -> Result<Option<Value<'v>>, EvalError> {
        match (&self.0, key) {
            (_, Value::String(name)) => self.field(name),
            (Entries::Json(..), _) => Err(EvalError::NoSuchOverload),
            (Entries::Built(entries), key) => {
                let key = Key::of(key).ok_or_else(|| EvalError::other(format!("unsupported key type: {key}")))?;
                let found = entries.get(&key).or_else(|| key.other_numbers().iter().find_map(|k| entries.get(k)));
                Ok(found.cloned())
            }
        }
    }

    /// The value of a field or of a text key, if there is one.
    pub(crate) fn field(&self, name: &str) -> Result<Option<Value<'v>>, EvalError> {
        match &self.0 {
            Entries::Built(entries) => Ok(entries.get(&TextKey(name)).cloned()),
            Entries::Json(fields, shape) => {
                let Kind::Object(object) = &shape.kind else {
                    let below = shape.below(name);
                    return fields.get(name).zip(below).map(|(value, shape)| Value::read(value, shape)).transpose();
                };
                let Some(name) = unescape(name) else { return Ok(None) };
                let found = fields.get(&*name).filter(|value| !value.is_null());
                let Some((value, shape)) = found.zip(object.properties.get(&*name)) else { return Ok(None) };
                Value::read(value, shape).map(Some)
            }
        }
    }

    /// All keys.
    pub(crate) fn keys(&self) -> Vec<Value<'v>> {
        match &self.0 {
            Entries::Built(entries) => entries.keys().map(Key::value).collect(),
            Entries::Json(fields, shape) => {
                let is_object = matches!(shape.kind, Kind::Object(_));
                let known = fields.keys().filter(|name| shape.below(name).is_some());
                known
                    .map(|name| match escape(name).filter(|_| is_object) {
                        Some(escaped) => Value::string(escaped.into_owned()),
                        None => Value::string(&**name),
                    })
                    .collect()
            }
        }
    }

    /// All entries.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Result<(Value<'v>, Value<'v>), EvalError>> + '_ {
        self.keys().into_iter().map(|key| {
            let value = self.get(&key)?.unwrap_or(Value::Null);
            Ok((key, value))
        })
    }

    /// The map with one entry more.
    pub(crate) fn insert(self, key: Value<'v>, value: Value<'v>) -> Result<Self, EvalError> {
        let taken = || EvalError::other(format!("insert failed: key {key} already exists"));
        let mut entries = match self.0 {
            Entries::Built(entries) => entries,
            Entries::Json(..) => {
                let pairs = self.entries().map(|entry| entry.map(|(k, v)| (Key::of(&k), v)));
                let pairs: Result<Vec<_>, _> = pairs.collect();
                Arc::new(pairs?.into_iter().filter_map(|(k, v)| Some((k?, v))).collect())
            }
        };
        let name = Key::of(&key).ok_or_else(|| EvalError::other(format!("unsupported key type: {key}")))?;
        let is_known = entries.contains_key(&name) || name.other_numbers().iter().any(|k| entries.contains_key(k));
        if is_known {
            return Err(taken());
        }
        Arc::make_mut(&mut entries).insert(name, value);
        Ok(Self(Entries::Built(entries)))
    }

    /// `map[key]`
    pub(crate) fn at(&self, key: &Value<'v>) -> Evaluated<'v> {
        self.get(key)?.ok_or_else(|| EvalError::NoSuchKey(key.to_string()))
    }
}

/// Finds a text among the keys without making a key of it.
struct TextKey<'t>(&'t str);

impl std::hash::Hash for TextKey<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Key::String(Text::Borrowed(self.0)).hash(state);
    }
}

impl indexmap::Equivalent<Key<'_>> for TextKey<'_> {
    fn equivalent(&self, key: &Key<'_>) -> bool {
        matches!(key, Key::String(text) if **text == *self.0)
    }
}
