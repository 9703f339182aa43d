//! What a type says about a value at hand: whether it is walked as an object, a list or a scalar.

use proofmark_json::Value;
use proofmark_types::{ListKind, Scalar, Type, TypeGraph, TypeId};

/// A type together with the arena that it lives in.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'t> {
    types: &'t TypeGraph,
    id: TypeId,
    /// What the field that leads here says of how an object merges, whatever its type says.
    atomic: Option<bool>,
}

/// How a value is walked.
#[derive(Clone, Copy)]
pub(super) enum Shape<'t> {
    /// `None` takes any scalar.
    Scalar(Option<Scalar>),
    List(ListShape<'t>),
    Object(ObjectShape<'t>),
}

/// A list as structured merge sees it.
#[derive(Clone, Copy)]
pub(super) struct ListShape<'t> {
    pub(super) kind: &'t ListKind,
    /// `None` for lists inside arbitrary JSON, whose items are not looked at.
    pub(super) item: Option<Typed<'t>>,
}

/// A struct or map as structured merge sees it.
#[derive(Clone, Copy)]
pub(super) struct ObjectShape<'t> {
    ty: Typed<'t>,
    pub(super) atomic: bool,
}

impl<'t> Typed<'t> {
    /// The type at a place of an arena.
    pub fn new(types: &'t TypeGraph, id: TypeId) -> Self {
        Self { types, id, atomic: None }
    }

    pub(crate) fn ty(self) -> &'t Type {
        self.types.get(self.id)
    }

    pub(crate) fn at(self, id: TypeId) -> Self {
        Self { types: self.types, id, atomic: None }
    }

    /// How to walk a value of this type. Only arbitrary JSON asks the value; where there is none, or null, it counts as an object.
    pub(super) fn shape(self, value: Option<&Value>) -> Shape<'t> {
        match self.ty() {
            Type::Scalar(scalar) => Shape::Scalar(Some(*scalar)),
            Type::Struct(s) => Shape::Object(ObjectShape { ty: self, atomic: self.atomic.unwrap_or(s.atomic) }),
            Type::Map(map) => Shape::Object(ObjectShape { ty: self, atomic: self.atomic.unwrap_or(map.atomic) }),
            Type::List(list) => Shape::List(ListShape { kind: &list.kind, item: Some(self.at(list.item)) }),
            Type::Any => match value {
                Some(Value::Array(_)) => Shape::List(ListShape { kind: &ListKind::Atomic, item: None }),
                None | Some(Value::Object(_) | Value::Null) => {
                    Shape::Object(ObjectShape { ty: self, atomic: self.atomic.unwrap_or(false) })
                }
                Some(_) => Shape::Scalar(None),
            },
        }
    }

    /// Whether two values of this type are walked in the same way.
    pub(super) fn same_shape(self, a: &Value, b: &Value) -> bool {
        match self.ty() {
            Type::Any => match (a, b) {
                (Value::Null | Value::Array(_) | Value::Object(_), _)
                | (_, Value::Null | Value::Array(_) | Value::Object(_)) => {
                    std::mem::discriminant(a) == std::mem::discriminant(b)
                }
                _ => true,
            },
            _ => true,
        }
    }

    /// The shape as an object, where the type allows one.
    pub(super) fn as_object(self) -> Option<ObjectShape<'t>> {
        match self.shape(None) {
            Shape::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The shape as a list, where the type allows one.
    pub(super) fn as_list(self) -> Option<ListShape<'t>> {
        match self.shape(Some(&Value::Array(Vec::new()))) {
            Shape::List(list) => Some(list),
            _ => None,
        }
    }

    /// The default that structured merge knows for a field of this type.
    pub(super) fn default_of(self, field: &str) -> Option<&'t Value> {
        match self.ty() {
            Type::Struct(s) => s.fields.get(field)?.default.as_ref(),
            _ => None,
        }
    }
}

impl<'t> ObjectShape<'t> {
    /// The type of a key's value; `None` where the key is not allowed.
    pub(super) fn child(self, key: &str) -> Option<Typed<'t>> {
        let id = match self.ty.ty() {
            Type::Struct(s) => match s.fields.get(key) {
                Some(field) => return Some(Typed { atomic: field.atomic, ..self.ty.at(field.ty) }),
                None => s.rest?,
            },
            Type::Map(map) => map.value,
            _ => self.ty.id,
        };
        Some(self.ty.at(id))
    }

    /// Whether the key is a declared field, rather than a key of a map.
    pub(super) fn declares(self, key: &str) -> bool {
        matches!(self.ty.ty(), Type::Struct(s) if s.fields.contains_key(key))
    }

    /// Whether nothing but arbitrary JSON is known about its values.
    pub(super) fn is_untyped(self) -> bool {
        let values = match self.ty.ty() {
            Type::Struct(s) if s.fields.is_empty() => s.rest,
            Type::Struct(_) => None,
            Type::Map(map) => Some(map.value),
            _ => return true,
        };
        values.is_some_and(|id| matches!(self.ty.types.get(id), Type::Any))
    }
}
