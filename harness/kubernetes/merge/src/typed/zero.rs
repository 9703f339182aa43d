//! The empty object that a new one is compared with.

use proofmark_json::{Map, Value, json};
use proofmark_types::{Field, Scalar, Type};

use super::shape::Typed;

impl Typed<'_> {
    /// What Go's zero value of this type writes. Custom resources have no Go type: theirs is an empty object.
    ///
    /// What it already holds (structs by value, lists without `omitempty`) is never counted as added by whoever creates the object:
    /// that is why `f:spec` of a Pod carries no `"."`, while that of a custom resource does.
    pub fn zero(self) -> Value {
        match self.ty() {
            Type::Struct(s) if !s.go_name.is_empty() => {
                let written = s.fields.iter().filter(|(_, field)| field.always);
                Value::Object(written.map(|(name, field)| (name.clone(), self.zero_field(field))).collect())
            }
            Type::Struct(_) => Value::Object(Map::new()),
            Type::Map(_) | Type::List(_) | Type::Any => Value::Null,
            Type::Scalar(scalar) => match scalar {
                Scalar::Bool => json!(false),
                Scalar::Int32 | Scalar::Int64 | Scalar::Uint32 | Scalar::Float | Scalar::IntOrString => json!(0),
                Scalar::String => json!(""),
                Scalar::Quantity => json!("0"),
                Scalar::Duration => json!("0s"),
                Scalar::Bytes | Scalar::Time | Scalar::MicroTime => Value::Null,
            },
        }
    }

    fn zero_field(self, field: &Field) -> Value {
        if field.pointer { Value::Null } else { self.at(field.ty).zero() }
    }
}
