//! Order.

use std::cmp::Ordering;

use super::{EvalError, Value};

/// How two values of the same type are ordered; numbers may be of different types.
pub(crate) fn compare<'v>(a: &Value<'v>, b: &Value<'v>) -> Result<Ordering, EvalError> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Ok((**a).cmp(&**b)),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Ok(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Ok(a.cmp(b)),
        _ => order(a, b),
    }
}

/// How two numbers are ordered.
pub(super) fn order(a: &Value<'_>, b: &Value<'_>) -> Result<Ordering, EvalError> {
    if let (Some(a), Some(b)) = (whole(a), whole(b)) {
        return Ok(a.cmp(&b));
    }
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => {
            a.partial_cmp(b).ok_or_else(|| EvalError::other("NaN values cannot be ordered"))
        }
        (Value::Double(a), b) => mixed(*a, whole(b).ok_or(EvalError::NoSuchOverload)?),
        (a, Value::Double(b)) => mixed(*b, whole(a).ok_or(EvalError::NoSuchOverload)?).map(Ordering::reverse),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(i) => Some(i128::from(*i)),
        Value::Uint(u) => Some(i128::from(*u)),
        _ => None,
    }
}

/// A float and an integer, without rounding the integer.
fn mixed(a: f64, b: i128) -> Result<Ordering, EvalError> {
    if a.is_nan() {
        return Err(EvalError::other("NaN values cannot be ordered"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and no 64 bit integer is that large")]
    let floor = a.floor() as i128;
    Ok(floor.cmp(&b).then(if a > a.floor() { Ordering::Greater } else { Ordering::Equal }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ordered_across_types() {
        use Ordering::*;
        let cases = [
            (Value::Int(1), Value::Double(1.0), Equal),
            (Value::Int(1), Value::Double(1.5), Less),
            (Value::Double(-0.5), Value::Int(0), Less),
            (Value::Uint(u64::MAX), Value::Int(i64::MAX), Greater),
            (Value::Double(f64::INFINITY), Value::Uint(u64::MAX), Greater),
            (Value::Int(i64::MAX), Value::Double(9_223_372_036_854_775_808.0), Less),
        ];
        for (a, b, want) in cases {
            assert_eq!(compare(&a, &b), Ok(want), "{a:?} and {b:?}");
        }
        assert!(compare(&Value::Double(f64::NAN), &Value::Int(1)).is_err());
    }
}
