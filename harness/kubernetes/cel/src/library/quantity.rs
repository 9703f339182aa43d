//! Quantities: `quantity('1Gi').isGreaterThan(quantity('500Mi'))`.

use std::sync::Arc;

use proofmark_text::quantity::Quantity;

use super::mismatch;
use crate::types::Functions;
use crate::value::{EvalError, Evaluated, Opaque, Value};

pub(super) fn declare(functions: &mut Functions) {
    functions.global("quantity", "string_to_quantity", "string -> kubernetes.Quantity", |args| {
        let [Value::String(text)] = args else { return mismatch() };
        Quantity::parse(text).map(of).map_err(|why| EvalError::other(why.to_string()))
    });
    functions.global("isQuantity", "is_quantity_string", "string -> bool", |args| match args {
        [Value::String(text)] => Ok(Value::Bool(Quantity::parse(text).is_ok())),
        _ => mismatch(),
    });
    functions.global("sign", "quantity_sign", "kubernetes.Quantity -> int", |args| {
        one(args, |q| Ok(Value::Int(q.sign().into())))
    });
    functions.method("asInteger", "quantity_get_int", "kubernetes.Quantity -> int", |args| {
        one(args, |q| q.as_integer().map(Value::Int).ok_or_else(|| EvalError::other("cannot convert value to integer")))
    });
    functions.method("isInteger", "quantity_is_integer", "kubernetes.Quantity -> bool", |args| {
        one(args, |q| Ok(Value::Bool(q.as_integer().is_some())))
    });
    functions.method("asApproximateFloat", "quantity_get_float", "kubernetes.Quantity -> double", |args| {
        one(args, |q| Ok(Value::Double(q.as_float())))
    });
    const TWO: &str = "kubernetes.Quantity, kubernetes.Quantity -> bool";
    functions.method("isGreaterThan", "quantity_is_greater_than", TWO, |args| two(args, |a, b| Value::Bool(a > b)));
    functions.method("isLessThan", "quantity_is_less_than", TWO, |args| two(args, |a, b| Value::Bool(a < b)));
    const COMPARE: &str = "kubernetes.Quantity, kubernetes.Quantity -> int";
    functions.method("compareTo", "quantity_compare_to", COMPARE, |args| two(args, |a, b| Value::Int(a.cmp(b) as i64)));
    const WITH: &str = "kubernetes.Quantity, kubernetes.Quantity -> kubernetes.Quantity";
    const WITH_INT: &str = "kubernetes.Quantity, int -> kubernetes.Quantity";
    functions.method("add", "quantity_add", WITH, |args| two(args, |a, b| of(a.plus(b))));
    functions.method("add", "quantity_add_int", WITH_INT, |args| two(args, |a, b| of(a.plus(b))));
    functions.method("sub", "quantity_sub", WITH, |args| two(args, |a, b| of(a.minus(b))));
    functions.method("sub", "quantity_sub_int", WITH_INT, |args| two(args, |a, b| of(a.minus(b))));
}

fn of<'v>(quantity: Quantity) -> Value<'v> {
    Value::Opaque(Opaque::Quantity(Arc::new(quantity)))
}

fn one<'v>(args: &[Value<'v>], body: fn(&Quantity) -> Evaluated<'v>) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Quantity(quantity))] = args else { return mismatch() };
    body(quantity)
}

/// Of two quantities, or of a quantity and a whole number.
fn two<'v>(args: &[Value<'v>], body: fn(&Quantity, &Quantity) -> Value<'v>) -> Evaluated<'v> {
    match args {
        [Value::Opaque(Opaque::Quantity(a)), Value::Opaque(Opaque::Quantity(b))] => Ok(body(a, b)),
        [Value::Opaque(Opaque::Quantity(a)), Value::Int(b)] => Ok(body(a, &Quantity::from(*b))),
        _ => mismatch(),
    }
}
