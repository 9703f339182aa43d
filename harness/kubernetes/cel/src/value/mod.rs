//! Values: what expressions work with.
//!
//! Objects are not copied: a [`Value`] of a JSON value refers to it together with the [`crate::Shape`] that says how it is read,
//! and takes it apart only as far as an expression looks.

mod compare;
mod equal;
mod error;
mod json;
mod list;
mod map;
mod opaque;
mod show;
mod text;
pub(crate) mod time;

use std::sync::Arc;

pub(crate) use compare::compare;
pub(crate) use equal::equal;
pub use error::EvalError;
pub use list::List;
pub use map::{Key, Map};
pub use opaque::Opaque;
pub(crate) use show::show_double;
pub use text::Text;
pub use time::{Duration, Timestamp};

use crate::types::Type;

/// The result of evaluating something.
pub type Evaluated<'v> = Result<Value<'v>, EvalError>;

/// A value. `'v` is how long the JSON lives that it may refer to.
#[derive(Debug, Clone)]
pub enum Value<'v> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `1`
    Int(i64),
    /// `1u`
    Uint(u64),
    /// `1.0`
    Double(f64),
    /// `'text'`
    String(Text<'v>),
    /// `b'bytes'`
    Bytes(Arc<[u8]>),
    /// A point in time.
    Timestamp(Timestamp),
    /// A span of time.
    Duration(Duration),
    /// `[1, 2]`
    List(List<'v>),
    /// `{'a': 1}`, and objects.
    Map(Map<'v>),
    /// A type: `int`, `type(x)`.
    Type(Type),
    /// `optional.of(1)`, `optional.none()`
    Optional(Option<Arc<Value<'v>>>),
    /// A value of one of Kubernetes' libraries.
    Opaque(Opaque<'v>),
    /// What a schema preserves without knowing its type: it can be compared, and nothing else.
    Preserved(&'v proofmark_json::Value),
}

impl<'v> Value<'v> {
    /// A string.
    pub fn string(text: impl Into<Text<'v>>) -> Self {
        Self::String(text.into())
    }

    /// A list.
    pub fn list(items: Vec<Value<'v>>) -> Self {
        Self::List(List::built(items))
    }

    /// An optional value.
    pub fn optional(value: Option<Value<'v>>) -> Self {
        Self::Optional(value.map(Arc::new))
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `true`; none if it is no boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// What `type(value)` is.
    pub(crate) fn ty(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::Bytes,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Duration(_) => Type::Duration,
            Self::List(_) => Type::list(Type::Dyn),
            Self::Map(_) => Type::map(Type::Dyn, Type::Dyn),
            Self::Type(_) => Type::Type(None),
            Self::Optional(_) => Type::optional(Type::Dyn),
            Self::Opaque(opaque) => Type::Opaque(opaque.type_name()),
            Self::Preserved(_) => Type::Opaque("unknown"),
        }
    }

    /// How much there is of it: characters, bytes or entries; 1 for what has no parts.
    pub(crate) fn size(&self) -> u64 {
        let size = match self {
            Self::String(text) => text.chars().count(),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(list) => list.len(),
            Self::Map(map) => map.len(),
            Self::Opaque(opaque) => opaque.size(),
            Self::Optional(Some(value)) => return value.size(),
            _ => 1,
        };
        u64::try_from(size).unwrap_or(u64::MAX)
    }

    /// Whether it fits a declared type, as far as can be seen without looking into it.
    pub(crate) fn fits(&self, ty: &Type) -> bool {
        match (ty, self) {
            (Type::Dyn | Type::Error | Type::Param(_), _)
            | (Type::Null, Self::Null)
            | (Type::Bool, Self::Bool(_))
            | (Type::Int, Self::Int(_))
            | (Type::Uint, Self::Uint(_))
            | (Type::Double, Self::Double(_))
            | (Type::String, Self::String(_))
            | (Type::Bytes, Self::Bytes(_))
            | (Type::Timestamp, Self::Timestamp(_))
            | (Type::Duration, Self::Duration(_))
            | (Type::List(_), Self::List(_))
            | (Type::Map(..) | Type::Object(_), Self::Map(_))
            | (Type::Optional(_), Self::Optional(_))
            | (Type::Type(_), Self::Type(_)) => true,
            (Type::Opaque(name), Self::Opaque(opaque)) => *name == opaque.type_name(),
            _ => false,
        }
    }
}

impl From<bool> for Value<'_> {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value<'_> {
    fn from(i: i64) -> Self {
        Self::Int(i)
    }
}

impl<'v> From<Text<'v>> for Value<'v> {
    fn from(text: Text<'v>) -> Self {
        Self::String(text)
    }
}
