//! Shapes: what an OpenAPI schema says of JSON values, as far as expressions are concerned.
//!
//! One [`Shape`] serves three readers: the checker takes its [`Type`], evaluation reads JSON values by it, and the estimation of
//! costs asks how large values can become. Bounds that a schema does not give follow from the size of requests.
//! Source: `k8s.io/apiserver/pkg/cel/common/schemas.go` and `valuesunstructured.go`, release 1.35.

use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;

use crate::names::escape;
use crate::types::Type;

/// The largest request, in bytes.
pub const MAX_REQUEST_BYTES: u64 = 3 * 1024 * 1024;
/// The longest duration and the longest time in JSON, in bytes.
const MAX_TIME: u64 = 32;
/// A date in JSON, in bytes.
const DATE: u64 = 12;

/// The shape of a JSON value.
#[derive(Debug, Clone)]
pub struct Shape {
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    /// None where expressions cannot see the value at all.
    pub(crate) ty: Option<Type>,
    /// The largest number of elements, entries or bytes.
    pub(crate) max_elements: u64,
    /// The smallest JSON text, in bytes.
    pub(crate) min_size: u64,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Any JSON, each value of its own type.
    Untyped,
    /// Preserved without being known.
    Preserved,
    IntOrString,
    Bool,
    Int,
    Double,
    String,
    Bytes,
    Date,
    DateTime,
    Duration,
    List(Arc<Shape>, ListKind),
    Map(Arc<Shape>),
    Object(Object),
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    /// By the names that JSON uses.
    pub(crate) properties: IndexMap<String, Arc<Shape>>,
}

/// What `x-kubernetes-list-type` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListKind {
    /// A plain list.
    Atomic,
    /// The order of elements does not count.
    Set,
    /// Elements are identified by these fields.
    Map(Vec<String>),
}

/// A property of an object.
#[derive(Debug, Clone)]
pub struct Property {
    /// The name in JSON.
    pub name: String,
    /// The value's shape.
    pub shape: Shape,
    /// Whether every object has it: it is required, and there is no default to fill it in.
    pub required: bool,
}

impl Shape {
    fn new(kind: Kind, ty: impl Into<Option<Type>>, max_elements: u64, min_size: u64) -> Self {
        Self { kind, nullable: false, ty: ty.into(), max_elements, min_size }
    }

    /// Any JSON value: `dyn` to the checker.
    pub fn untyped() -> Self {
        Self::new(Kind::Untyped, Type::Dyn, 0, 1)
    }

    /// Any JSON value, for callers that need one that lives forever.
    pub fn any() -> &'static Self {
        static ANY: LazyLock<Shape> = LazyLock::new(Shape::untyped);
        &ANY
    }

    /// What a schema preserves without a type: no expression can name it.
    pub fn preserved() -> Self {
        Self::new(Kind::Preserved, None, 0, 0)
    }

    /// `x-kubernetes-int-or-string`; the length in characters.
    pub fn int_or_string(max_length: Option<i64>) -> Self {
        let max = max_length.map_or(MAX_REQUEST_BYTES - 2, |max| not_negative(max).saturating_mul(4));
        Self::new(Kind::IntOrString, Type::Dyn, max, 1)
    }

    /// `boolean`
    pub fn boolean() -> Self {
        Self::new(Kind::Bool, Type::Bool, 0, 4)
    }

    /// `integer`
    pub fn integer() -> Self {
        Self::new(Kind::Int, Type::Int, 0, 1)
    }

    /// `number`
    pub fn number() -> Self {
        Self::new(Kind::Double, Type::Double, 0, 1)
    }

    /// `string` of a format (empty for none), with `maxLength` in characters, and the values of `enum`, if there is one.
    pub fn string<'e>(format: &str, max_length: Option<i64>, allowed: impl IntoIterator<Item = &'e str>) -> Self {
        match format {
            "byte" => {
                let max = max_length.map_or(MAX_REQUEST_BYTES - 2, not_negative);
                Self::new(Kind::Bytes, Type::Bytes, max, 2)
            }
            "duration" => Self::new(Kind::Duration, Type::Duration, MAX_TIME, 3),
            "date" => Self::new(Kind::Date, Type::Timestamp, DATE, DATE),
            "date-time" => Self::new(Kind::DateTime, Type::Timestamp, MAX_TIME, 21),
            _ => {
                // A character has up to four bytes.
                let max = max_length.map(|max| not_negative(max).saturating_mul(4));
                let longest = || allowed.into_iter().map(|text| text.len() as u64).max();
                Self::new(Kind::String, Type::String, max.or_else(longest).unwrap_or(MAX_REQUEST_BYTES - 2), 2)
            }
        }
    }

    /// `array`
    pub fn list(items: Shape, kind: ListKind, max_items: Option<i64>) -> Self {
        let max = max_items.map_or((MAX_REQUEST_BYTES - 2) / (items.min_size + 1), not_negative);
        let ty = items.ty.clone().map(Type::list);
        Self::new(Kind::List(Arc::new(items), kind), ty, max, 2)
    }

    /// `object` with `additionalProperties`
    pub fn map(values: Shape, max_properties: Option<i64>) -> Self {
        let max = max_properties.map_or((MAX_REQUEST_BYTES - 2) / (values.min_size + 6), not_negative);
        let ty = values.ty.clone().map(|value| Type::map(Type::String, value));
        Self::new(Kind::Map(Arc::new(values)), ty, max, 2)
    }

    /// `object` with `properties`; the name stands for the type in messages.
    pub fn object(name: &str, properties: impl IntoIterator<Item = Property>) -> Self {
        let (mut fields, mut shapes, mut min_size) = (IndexMap::new(), IndexMap::new(), 2);
        for Property { name, shape, required } in properties {
            if let (Some(ty), Some(escaped)) = (&shape.ty, escape(&name)) {
                fields.insert(escaped.into_owned(), ty.clone());
            }
            if required && shape.ty.is_some() {
                min_size += name.len() as u64 + shape.min_size + 4;
            }
            shapes.insert(name, Arc::new(shape));
        }
        Self::new(Kind::Object(Object { properties: shapes }), Type::object(name, fields), 0, min_size)
    }

    /// The same, where `null` is a value too.
    #[must_use]
    pub fn nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// The type that expressions see; none where they cannot see the value.
    pub fn ty(&self) -> Option<&Type> {
        self.ty.as_ref()
    }

    /// How often a value of this shape can occur in one request.
    pub fn max_cardinality(&self) -> u64 {
        MAX_REQUEST_BYTES / (self.min_size + 1)
    }

    /// The shape of a property or of a map's values, by its name in JSON.
    pub(crate) fn below(&self, name: &str) -> Option<&Shape> {
        if matches!(self.kind, Kind::Untyped) { Some(self) } else { self.property(name).map(|shape| &**shape) }
    }

    /// The shape of a property or of a map's values; none where nothing is known of it.
    pub fn property(&self, name: &str) -> Option<&Arc<Shape>> {
        match &self.kind {
            Kind::Map(values) => Some(values),
            Kind::Object(object) => object.properties.get(name),
            _ => None,
        }
    }

    /// The shape of list elements; none where nothing is known of them.
    pub fn items(&self) -> Option<&Arc<Shape>> {
        match &self.kind {
            Kind::List(items, _) => Some(items),
            _ => None,
        }
    }

    /// What the estimation of costs finds on a path of fields, `@items`, `@values` and `@keys`: the largest number of elements.
    pub(crate) fn max_at(&self, path: &[String]) -> Option<u64> {
        let Some((step, rest)) = path.split_first() else { return Some(self.max_elements) };
        let below = match (step.as_str(), &self.kind) {
            ("@items" | "@values", Kind::List(items, _) | Kind::Map(items)) => items,
            // Keys are not measured.
            ("@keys", Kind::Map(_)) => return rest.is_empty().then_some(0),
            (name, Kind::Object(object)) => object.properties.get(&*crate::names::unescape(name)?)?,
            _ => return None,
        };
        below.ty.as_ref()?;
        below.max_at(rest)
    }
}

fn not_negative(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}
