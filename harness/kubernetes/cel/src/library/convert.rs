//! Conversions: `int('1')`, `string(1)`, `type(x)`.

use super::mismatch;
use crate::types::{Functions, Type};
use crate::value::{Duration, EvalError, Evaluated, Timestamp, Value, show_double};

pub(super) fn declare(functions: &mut Functions) {
    functions.global("type", "type", "A -> type(A)", |args| match args {
        [value] => Ok(Value::Type(value.ty())),
        _ => mismatch(),
    });
    functions.global("dyn", "to_dyn", "A -> dyn", same);
    functions.global("bool", "bool_to_bool", "bool -> bool", same);
    functions.global("bool", "string_to_bool", "string -> bool", to_bool);
    functions.global("bytes", "bytes_to_bytes", "bytes -> bytes", same);
    functions.global("bytes", "string_to_bytes", "string -> bytes", to_bytes);
    functions.global("double", "double_to_double", "double -> double", same);
    functions.global("double", "int64_to_double", "int -> double", to_double);
    functions.global("double", "string_to_double", "string -> double", to_double);
    functions.global("double", "uint64_to_double", "uint -> double", to_double);
    functions.global("duration", "duration_to_duration", "duration -> duration", same);
    functions.global("duration", "int64_to_duration", "int -> duration", to_duration);
    functions.global("duration", "string_to_duration", "string -> duration", to_duration);
    functions.global("int", "int64_to_int64", "int -> int", same);
    functions.global("int", "double_to_int64", "double -> int", to_int);
    functions.global("int", "duration_to_int64", "duration -> int", to_int);
    functions.global("int", "string_to_int64", "string -> int", to_int);
    functions.global("int", "timestamp_to_int64", "timestamp -> int", to_int);
    functions.global("int", "uint64_to_int64", "uint -> int", to_int);
    functions.global("string", "string_to_string", "string -> string", same);
    functions.global("string", "bool_to_string", "bool -> string", to_string);
    functions.global("string", "bytes_to_string", "bytes -> string", to_string);
    functions.global("string", "double_to_string", "double -> string", to_string);
    functions.global("string", "duration_to_string", "duration -> string", to_string);
    functions.global("string", "int64_to_string", "int -> string", to_string);
    functions.global("string", "timestamp_to_string", "timestamp -> string", to_string);
    functions.global("string", "uint64_to_string", "uint -> string", to_string);
    functions.global("timestamp", "timestamp_to_timestamp", "timestamp -> timestamp", same);
    functions.global("timestamp", "int64_to_timestamp", "int -> timestamp", to_timestamp);
    functions.global("timestamp", "string_to_timestamp", "string -> timestamp", to_timestamp);
    functions.global("uint", "uint64_to_uint64", "uint -> uint", same);
    functions.global("uint", "double_to_uint64", "double -> uint", to_uint);
    functions.global("uint", "int64_to_uint64", "int -> uint", to_uint);
    functions.global("uint", "string_to_uint64", "string -> uint", to_uint);
}

fn same<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    args.first().cloned().map_or_else(mismatch, Ok)
}

/// A text that is none of the other type.
fn unreadable(to: &Type) -> EvalError {
    EvalError::Conversion { from: "string".to_owned(), to: to.runtime_name().to_owned() }
}

fn to_bool<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::String(text)] = args else { return mismatch() };
    match &**text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::Bool(true)),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::Bool(false)),
        _ => Err(unreadable(&Type::Bool)),
    }
}

fn to_bytes<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::String(text)] = args else { return mismatch() };
    Ok(Value::Bytes(text.as_bytes().into()))
}

#[expect(clippy::cast_precision_loss, reason = "as in Go")]
fn to_double<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(Value::Double(match args {
        [Value::Int(i)] => *i as f64,
        [Value::Uint(u)] => *u as f64,
        [Value::String(text)] => parse_double(text).ok_or_else(|| unreadable(&Type::Double))?,
        _ => return mismatch(),
    }))
}

/// Go reads infinities and NaN in any case, and refuses what is too large.
fn parse_double(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    if unsigned == "nan" {
        return (unsigned.len() == text.len()).then_some(f64::NAN);
    }
    let infinite = unsigned == "inf" || unsigned == "infinity";
    let plain = !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit() || b"+-.e".contains(&b));
    let value: f64 = text.parse().ok().filter(|_| infinite || plain)?;
    (value.is_finite() || infinite).then_some(value)
}

fn to_duration<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(Value::Duration(match args {
        [Value::Int(nanos)] => Duration(*nanos),
        [Value::String(text)] => Duration::parse(text).ok_or_else(|| unreadable(&Type::Duration))?,
        _ => return mismatch(),
    }))
}

fn to_timestamp<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(Value::Timestamp(match args {
        [Value::Int(seconds)] => Timestamp::from_unix(*seconds)?,
        [Value::String(text)] => Timestamp::parse(text).ok_or_else(|| unreadable(&Type::Timestamp))?,
        _ => return mismatch(),
    }))
}

fn to_int<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    const OVERFLOW: EvalError = EvalError::Overflow("integer");
    Ok(Value::Int(match args {
        // The bounds themselves are refused: not every neighbour is exact.
        [Value::Double(d)] if d.is_finite() && d.abs() < 9_223_372_036_854_775_807.0 => truncated(*d),
        [Value::Double(_)] => return Err(OVERFLOW),
        [Value::Uint(u)] => i64::try_from(*u).map_err(|_| OVERFLOW)?,
        [Value::Duration(span)] => span.0,
        [Value::Timestamp(time)] => time.seconds,
        [Value::String(text)] => text.parse().map_err(|_| unreadable(&Type::Int))?,
        _ => return mismatch(),
    }))
}

#[expect(clippy::cast_possible_truncation, reason = "the caller has looked at the bounds")]
fn truncated(d: f64) -> i64 {
    d as i64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the bounds are checked")]
fn to_uint<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    const OVERFLOW: EvalError = EvalError::Overflow("unsigned integer");
    Ok(Value::Uint(match args {
        [Value::Double(d)] if *d >= 0.0 && *d < 18_446_744_073_709_551_615.0 => *d as u64,
        [Value::Double(_)] => return Err(OVERFLOW),
        [Value::Int(i)] => u64::try_from(*i).map_err(|_| OVERFLOW)?,
        [Value::String(text)] if !text.starts_with('+') => text.parse().map_err(|_| unreadable(&Type::Uint))?,
        [Value::String(_)] => return Err(unreadable(&Type::Uint)),
        _ => return mismatch(),
    }))
}

/// Also what `%s` shows of plain values.
pub(super) fn to_string<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(Value::string(match args {
        [Value::String(text)] => return Ok(Value::String(text.clone())),
        [Value::Bool(b)] => b.to_string(),
        [Value::Int(i)] => i.to_string(),
        [Value::Uint(u)] => u.to_string(),
        [Value::Double(d)] => show_double(*d),
        [Value::Timestamp(time)] => time.to_string(),
        [Value::Duration(span)] => span.to_string(),
        [Value::Type(ty)] => ty.runtime_name().to_owned(),
        [Value::Bytes(bytes)] => {
            let invalid = || EvalError::other("invalid UTF-8 in bytes, cannot convert to string");
            String::from_utf8(bytes.to_vec()).map_err(|_| invalid())?
        }
        _ => return mismatch(),
    }))
}
