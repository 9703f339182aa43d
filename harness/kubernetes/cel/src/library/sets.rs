//! Lists as sets: `sets.contains`, `sets.intersects`, `sets.equivalent`.

use super::mismatch;
use crate::types::Functions;
use crate::value::{EvalError, List, Value};

pub(super) fn declare(functions: &mut Functions) {
    functions.global("sets.contains", "list_sets_contains_list", "list(T), list(T) -> bool", |args| match args {
        [Value::List(a), Value::List(b)] => contains(a, b).map(Value::Bool),
        _ => mismatch(),
    });
    functions.global("sets.equivalent", "list_sets_equivalent_list", "list(T), list(T) -> bool", |args| match args {
        [Value::List(a), Value::List(b)] => Ok(Value::Bool(contains(a, b)? && contains(b, a)?)),
        _ => mismatch(),
    });
    functions.global("sets.intersects", "list_sets_intersects_list", "list(T), list(T) -> bool", |args| match args {
        [Value::List(a), Value::List(b)] => intersects(a, b).map(Value::Bool),
        _ => mismatch(),
    });
}

fn contains<'v>(all: &List<'v>, some: &List<'v>) -> Result<bool, EvalError> {
    for item in some.iter() {
        if !all.contains(&item?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn intersects<'v>(a: &List<'v>, b: &List<'v>) -> Result<bool, EvalError> {
    for item in a.iter() {
        if b.contains(&item?).unwrap_or(false) {
            return Ok(true);
        }
    }
    Ok(false)
}
