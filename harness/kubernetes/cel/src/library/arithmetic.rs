//! `+ - * / %` and the minus sign.

use super::mismatch;
use crate::syntax::ast::op;
use crate::types::Functions;
use crate::value::{Duration, EvalError, Evaluated, Value};

const INT: EvalError = EvalError::Overflow("integer");
const UINT: EvalError = EvalError::Overflow("unsigned integer");
const DURATION: EvalError = EvalError::Overflow("duration");

pub(super) fn declare(functions: &mut Functions) {
    functions.global(op::ADD, "add_bytes", "bytes, bytes -> bytes", add);
    functions.global(op::ADD, "add_double", "double, double -> double", add);
    functions.global(op::ADD, "add_duration_duration", "duration, duration -> duration", add);
    functions.global(op::ADD, "add_duration_timestamp", "duration, timestamp -> timestamp", add);
    functions.global(op::ADD, "add_timestamp_duration", "timestamp, duration -> timestamp", add);
    functions.global(op::ADD, "add_int64", "int, int -> int", add);
    functions.global(op::ADD, "add_list", "list(A), list(A) -> list(A)", add);
    functions.global(op::ADD, "add_string", "string, string -> string", add);
    functions.global(op::ADD, "add_uint64", "uint, uint -> uint", add);
    functions.global(op::SUBTRACT, "subtract_double", "double, double -> double", subtract);
    functions.global(op::SUBTRACT, "subtract_duration_duration", "duration, duration -> duration", subtract);
    functions.global(op::SUBTRACT, "subtract_int64", "int, int -> int", subtract);
    functions.global(op::SUBTRACT, "subtract_timestamp_duration", "timestamp, duration -> timestamp", subtract);
    functions.global(op::SUBTRACT, "subtract_timestamp_timestamp", "timestamp, timestamp -> duration", subtract);
    functions.global(op::SUBTRACT, "subtract_uint64", "uint, uint -> uint", subtract);
    functions.global(op::MULTIPLY, "multiply_double", "double, double -> double", multiply);
    functions.global(op::MULTIPLY, "multiply_int64", "int, int -> int", multiply);
    functions.global(op::MULTIPLY, "multiply_uint64", "uint, uint -> uint", multiply);
    functions.global(op::DIVIDE, "divide_double", "double, double -> double", divide);
    functions.global(op::DIVIDE, "divide_int64", "int, int -> int", divide);
    functions.global(op::DIVIDE, "divide_uint64", "uint, uint -> uint", divide);
    functions.global(op::MODULO, "modulo_int64", "int, int -> int", modulo);
    functions.global(op::MODULO, "modulo_uint64", "uint, uint -> uint", modulo);
    functions.global(op::NEGATE, "negate_double", "double -> double", negate);
    functions.global(op::NEGATE, "negate_int64", "int -> int", negate);
}

/// Also what `sum` adds with.
pub(super) fn add<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(match args {
        [Value::Int(a), Value::Int(b)] => Value::Int(a.checked_add(*b).ok_or(INT)?),
        [Value::Uint(a), Value::Uint(b)] => Value::Uint(a.checked_add(*b).ok_or(UINT)?),
        [Value::Double(a), Value::Double(b)] => Value::Double(a + b),
        [Value::String(a), Value::String(b)] => Value::string(format!("{}{}", &**a, &**b)),
        [Value::Bytes(a), Value::Bytes(b)] => Value::Bytes(a.iter().chain(b.iter()).copied().collect()),
        [Value::List(a), Value::List(b)] => Value::List(a.clone().concat(b)?),
        [Value::Duration(a), Value::Duration(b)] => {
            Value::Duration(a.0.checked_add(b.0).map(Duration).ok_or(DURATION)?)
        }
        [Value::Duration(span), Value::Timestamp(time)] | [Value::Timestamp(time), Value::Duration(span)] => {
            Value::Timestamp(time.add(*span)?)
        }
        _ => return mismatch(),
    })
}

fn subtract<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(match args {
        [Value::Int(a), Value::Int(b)] => Value::Int(a.checked_sub(*b).ok_or(INT)?),
        [Value::Uint(a), Value::Uint(b)] => Value::Uint(a.checked_sub(*b).ok_or(UINT)?),
        [Value::Double(a), Value::Double(b)] => Value::Double(a - b),
        [Value::Duration(a), Value::Duration(b)] => {
            Value::Duration(a.0.checked_sub(b.0).map(Duration).ok_or(DURATION)?)
        }
        [Value::Timestamp(time), Value::Duration(span)] => Value::Timestamp(time.subtract(*span)?),
        [Value::Timestamp(a), Value::Timestamp(b)] => Value::Duration(a.since(*b)?),
        _ => return mismatch(),
    })
}

fn multiply<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(match args {
        [Value::Int(a), Value::Int(b)] => Value::Int(a.checked_mul(*b).ok_or(INT)?),
        [Value::Uint(a), Value::Uint(b)] => Value::Uint(a.checked_mul(*b).ok_or(UINT)?),
        [Value::Double(a), Value::Double(b)] => Value::Double(a * b),
        _ => return mismatch(),
    })
}

fn divide<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => return Err(EvalError::DivisionByZero),
        [Value::Int(a), Value::Int(b)] => Value::Int(a.checked_div(*b).ok_or(INT)?),
        [Value::Uint(a), Value::Uint(b)] => Value::Uint(a / b),
        [Value::Double(a), Value::Double(b)] => Value::Double(a / b),
        _ => return mismatch(),
    })
}

fn modulo<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => return Err(EvalError::ModulusByZero),
        [Value::Int(a), Value::Int(b)] => Value::Int(a.checked_rem(*b).ok_or(INT)?),
        [Value::Uint(a), Value::Uint(b)] => Value::Uint(a % b),
        _ => return mismatch(),
    })
}

fn negate<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(match args {
        [Value::Int(a)] => Value::Int(a.checked_neg().ok_or(INT)?),
        [Value::Double(a)] => Value::Double(-a),
        _ => return mismatch(),
    })
}
