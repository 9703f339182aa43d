//! Optional values: `optional.of(x)`, `a.?b.orValue(c)`.
//!
//! `or` and `orValue` are functions here and evaluate their argument always; that costs, but changes no value.

use super::mismatch;
use crate::types::Functions;
use crate::value::{Duration, EvalError, Evaluated, Value};

pub(super) fn declare(functions: &mut Functions) {
    functions.global("optional.of", "optional_of", "V -> optional(V)", |args| match args {
        [value] => Ok(Value::optional(Some(value.clone()))),
        _ => mismatch(),
    });
    functions.global("optional.ofNonZeroValue", "optional_ofNonZeroValue", "V -> optional(V)", |args| match args {
        [value] => Ok(Value::optional(Some(value.clone()).filter(|value| !is_zero(value)))),
        _ => mismatch(),
    });
    functions.global("optional.none", "optional_none", "-> optional(V)", |_| Ok(Value::Optional(None)));
    functions.method("value", "optional_value", "optional(V) -> V", |args| match args {
        [Value::Optional(Some(value))] => Ok((**value).clone()),
        [Value::Optional(None)] => Err(EvalError::other("optional.none() dereference")),
        _ => mismatch(),
    });
    functions.method("hasValue", "optional_hasValue", "optional(V) -> bool", |args| match args {
        [Value::Optional(value)] => Ok(Value::Bool(value.is_some())),
        _ => mismatch(),
    });
    functions.method("or", "optional_or_optional", "optional(V), optional(V) -> optional(V)", |args| match args {
        [Value::Optional(None), other] => Ok(other.clone()),
        [value, _] => Ok(value.clone()),
        _ => mismatch(),
    });
    functions.method("orValue", "optional_orValue_value", "optional(V), V -> V", |args| match args {
        [Value::Optional(Some(value)), _] => Ok((**value).clone()),
        [Value::Optional(None), other] => Ok(other.clone()),
        _ => mismatch(),
    });
    functions.global("optional.unwrap", "optional_unwrap", "list(optional(V)) -> list(V)", unwrap);
    functions.method("unwrapOpt", "optional_unwrapOpt", "list(optional(V)) -> list(V)", unwrap);
}

fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) | Value::Uint(0) | Value::Duration(Duration(0)) => true,
        Value::Double(d) => *d == 0.0,
        Value::Optional(value) => value.is_none(),
        Value::String(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) => value.size() == 0,
        _ => false,
    }
}

fn unwrap<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::List(list)] = args else { return mismatch() };
    let mut values = Vec::new();
    for item in list.iter() {
        match item? {
            Value::Optional(value) => values.extend(value.as_deref().cloned()),
            other => return Err(EvalError::other(format!("value {other} is not optional"))),
        }
    }
    Ok(Value::list(values))
}
