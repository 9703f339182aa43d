//! Fields and elements.

use super::interpret::Machine;
use super::plan::{Attribute, Step};
use crate::value::{EvalError, Evaluated, Value};

impl<'v> Machine<'v, '_> {
    pub(super) fn attribute(&mut self, attribute: &'v Attribute) -> Evaluated<'v> {
        let operand = self.eval(&attribute.operand)?;
        self.step(operand, attribute)
    }

    /// A field of a variable: whoever gives the variable may make fields one by one.
    pub(super) fn member(&mut self, variable: &str, attribute: &'v Attribute) -> Evaluated<'v> {
        let field = match &attribute.step {
            Step::Field(field) | Step::OptionalField(field) | Step::Has(field) => Some(field),
            Step::Index(_) | Step::OptionalIndex(_) => None,
        };
        let made = field.and_then(|field| self.variables.resolve_field(variable, field));
        let Some(value) = made else { return self.attribute(attribute) };
        self.pay(attribute.cost + 1)?;
        match attribute.step {
            Step::Has(_) => Ok(Value::Bool(true)),
            Step::OptionalField(_) => value.map(|value| Value::optional(Some(value))),
            _ => value,
        }
    }

    fn step(&mut self, operand: Value<'v>, attribute: &'v Attribute) -> Evaluated<'v> {
        let optional = matches!(attribute.step, Step::OptionalField(_) | Step::OptionalIndex(_));
        let key = match &attribute.step {
            Step::Field(field) | Step::OptionalField(field) | Step::Has(field) => Value::string(field.as_str()),
            Step::Index(index) | Step::OptionalIndex(index) => self.eval(index)?,
        };
        self.pay(attribute.cost)?;
        if let Step::Has(field) = &attribute.step {
            return has(&operand, field).map(Value::Bool);
        }
        // What is taken from an optional value is optional.
        match operand {
            Value::Optional(None) => Ok(Value::Optional(None)),
            Value::Optional(Some(inner)) => find(&inner, &key).map(Value::optional),
            operand if optional => find(&operand, &key).map(Value::optional),
            Value::Map(map) => map.at(&key),
            Value::List(list) => list.at(&key),
            _ => Err(EvalError::NoSuchKey(key.to_string())),
        }
    }
}

fn has(operand: &Value<'_>, field: &str) -> Result<bool, EvalError> {
    match operand {
        Value::Map(map) => Ok(map.field(field)?.is_some()),
        Value::Optional(Some(inner)) => has(inner, field),
        _ => Ok(false),
    }
}

/// What is there, if it is there.
fn find<'v>(operand: &Value<'v>, key: &Value<'v>) -> Result<Option<Value<'v>>, EvalError> {
    match operand {
        Value::Map(map) => map.get(key),
        Value::List(list) => match list.at(key) {
            Ok(value) => Ok(Some(value)),
            Err(EvalError::OutOfBounds(_)) => Ok(None),
            Err(error) => Err(error),
        },
        _ => Ok(None),
    }
}
