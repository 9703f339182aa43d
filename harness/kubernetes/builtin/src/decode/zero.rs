//! Go's zero values as its encoder writes them.

use proofmark_json::{Map, Value};
use proofmark_types::{Field, Scalar, Type, TypeId};

use crate::table::TABLES;

/// The zero value of a type: `""`, `0`, `false`, null for what can be nil, and a struct with the fields that are always written.
pub(crate) fn zero(ty: TypeId) -> Value {
    match TABLES.graph.get(ty) {
        Type::Scalar(scalar) => match scalar {
            Scalar::Bool => Value::Bool(false),
            Scalar::Int32 | Scalar::Int64 | Scalar::Uint32 | Scalar::Float | Scalar::IntOrString => Value::from(0),
            Scalar::String | Scalar::Duration => Value::String(String::new()),
            Scalar::Quantity => Value::String("0".to_owned()),
            Scalar::Bytes | Scalar::Time | Scalar::MicroTime => Value::Null,
        },
        Type::Struct(known) => {
            let written = known.fields.iter().filter(|(_, field)| field.always);
            Value::Object(written.map(|(name, field)| (name.clone(), zero_field(field))).collect::<Map>())
        }
        Type::Map(_) | Type::List(_) | Type::Any => Value::Null,
    }
}

/// The zero value of a field: null for a pointer.
pub(crate) fn zero_field(field: &Field) -> Value {
    if field.pointer { Value::Null } else { zero(field.ty) }
}

/// Whether a field's value is left out of what Go writes (`omitempty`, `omitzero`).
pub(crate) fn omitted(field: &Field, value: &Value) -> bool {
    !field.always && !field.pointer && is_zero(value)
}

/// Whether a value is its Go type's zero value, or nothing.
pub fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(s) => s.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}
