//! Types of expressions.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

/// The type of an expression. Printed as messages print it: `list(string)`, `map(string, int)`, `optional_type(int)`.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Anything; checked when it is evaluated.
    Dyn,
    /// The type of what could not be checked.
    Error,
    /// `null`
    Null,
    /// `bool`
    Bool,
    /// `int`: 64 bits
    Int,
    /// `uint`: 64 bits
    Uint,
    /// `double`
    Double,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// `timestamp`
    Timestamp,
    /// `duration`
    Duration,
    /// `list(T)`
    List(Arc<Type>),
    /// `map(K, V)`
    Map(Arc<Type>, Arc<Type>),
    /// `optional_type(T)`
    Optional(Arc<Type>),
    /// An object with declared fields.
    Object(Arc<ObjectType>),
    /// A type of a library without fields, as `kubernetes.Quantity`.
    Opaque(&'static str),
    /// The type of a type: `type(int)`; without parameter that of `type` itself.
    Type(Option<Arc<Type>>),
    /// A type that is not known yet.
    Param(Arc<str>),
}

/// The type of objects with declared fields.
#[derive(Debug, Default)]
pub struct ObjectType {
    /// The name that messages show.
    pub name: String,
    /// The fields, by the names that expressions use (see [`crate::escape`]).
    pub fields: IndexMap<String, Type>,
}

/// Types are compared by name, as cel-go does.
impl PartialEq for ObjectType {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.name == other.name
    }
}

impl Type {
    /// `list(T)`
    pub fn list(of: Type) -> Self {
        Self::List(Arc::new(of))
    }

    /// `map(K, V)`
    pub fn map(key: Type, value: Type) -> Self {
        Self::Map(Arc::new(key), Arc::new(value))
    }

    /// `optional_type(T)`
    pub fn optional(of: Type) -> Self {
        Self::Optional(Arc::new(of))
    }

    /// An object type.
    pub fn object(name: impl Into<String>, fields: IndexMap<String, Type>) -> Self {
        Self::Object(Arc::new(ObjectType { name: name.into(), fields }))
    }

    pub(crate) fn param(name: impl Into<Arc<str>>) -> Self {
        Self::Param(name.into())
    }

    /// The types that this one is made of.
    pub(crate) fn parts(&self) -> Vec<&Type> {
        match self {
            Self::List(of) | Self::Optional(of) => vec![of],
            Self::Map(key, value) => vec![key, value],
            Self::Type(of) => of.as_deref().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The type inside of an optional, and whether it was one.
    pub(crate) fn unwrap_optional(&self) -> (&Type, bool) {
        match self {
            Self::Optional(of) => (of, true),
            other => (other, false),
        }
    }

    /// Whether the type is named like a value's run-time type: `type(x) == int`.
    pub(crate) fn runtime_name(&self) -> &str {
        match self {
            Self::Dyn => "dyn",
            Self::Error => "error",
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Duration => "google.protobuf.Duration",
            Self::List(_) => "list",
            Self::Map(..) => "map",
            Self::Optional(_) => "optional_type",
            Self::Object(object) => &object.name,
            Self::Opaque(name) => name,
            Self::Type(_) => "type",
            Self::Param(name) => name,
        }
    }

    /// Whether values of the type count as one unit of size.
    pub(crate) fn is_scalar(&self) -> bool {
        match self {
            Self::Bool | Self::Double | Self::Duration | Self::Int | Self::Timestamp | Self::Uint => true,
            Self::Optional(of) => of.is_scalar(),
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error => f.write_str("!error!"),
            Self::Null => f.write_str("null"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::List(of) => write!(f, "list({of})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Optional(of) => write!(f, "optional_type({of})"),
            Self::Type(Some(of)) => write!(f, "type({of})"),
            other => f.write_str(other.runtime_name()),
        }
    }
}
