//! Kubernetes' functions of lists: `sum`, `min`, `max`, `isSorted`, `indexOf`, `lastIndexOf`.

use std::cmp::Ordering;

use super::{arithmetic, mismatch};
use crate::types::Functions;
use crate::value::{Duration, EvalError, Evaluated, List, Value, compare, equal};

pub(super) fn declare(functions: &mut Functions) {
    macro_rules! comparable {
        ($($ty:literal)*) => { $(
            functions.method("isSorted", concat!("list_", $ty, "_is_sorted_bool"), concat!("list(", $ty, ") -> bool"), is_sorted);
            functions.method("max", concat!("list_", $ty, "_max_", $ty), concat!("list(", $ty, ") -> ", $ty), |args| {
                extreme(args, "max", Ordering::Greater)
            });
            functions.method("min", concat!("list_", $ty, "_min_", $ty), concat!("list(", $ty, ") -> ", $ty), |args| {
                extreme(args, "min", Ordering::Less)
            });
        )* };
    }
    comparable!("int" "uint" "double" "bool" "duration" "timestamp" "string" "bytes");
    functions.method("sum", "list_int_sum_int", "list(int) -> int", |args| sum(args, Value::Int(0)));
    functions.method("sum", "list_uint_sum_uint", "list(uint) -> uint", |args| sum(args, Value::Uint(0)));
    functions.method("sum", "list_double_sum_double", "list(double) -> double", |args| sum(args, Value::Double(0.0)));
    functions.method("sum", "list_duration_sum_duration", "list(duration) -> duration", |args| {
        sum(args, Value::Duration(Duration(0)))
    });
    functions.method("indexOf", "list_a_index_of_int", "list(A), A -> int", |args| position(args, false));
    functions.method("lastIndexOf", "list_a_last_index_of_int", "list(A), A -> int", |args| position(args, true));
}

fn is_sorted<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::List(list)] = args else { return mismatch() };
    let mut previous: Option<Value<'v>> = None;
    for item in list.iter() {
        let item = item?;
        if let Some(previous) = &previous
            && compare(previous, &item)?.is_gt()
        {
            return Ok(Value::Bool(false));
        }
        previous = Some(item);
    }
    Ok(Value::Bool(true))
}

/// Nothing is the sum of nothing; otherwise the type is that of the elements.
fn sum<'v>(args: &[Value<'v>], zero: Value<'v>) -> Evaluated<'v> {
    let [Value::List(list)] = args else { return mismatch() };
    let mut total: Option<Value<'v>> = None;
    for item in list.iter() {
        let item = item?;
        if !matches!(item, Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_)) {
            return mismatch();
        }
        total = Some(match total {
            Some(total) => arithmetic::add(&[total, item])?,
            None => item,
        });
    }
    Ok(total.unwrap_or(zero))
}

fn extreme<'v>(args: &[Value<'v>], name: &str, wanted: Ordering) -> Evaluated<'v> {
    let [Value::List(list)] = args else { return mismatch() };
    let mut best: Option<Value<'v>> = None;
    for item in list.iter() {
        let item = item?;
        best = Some(match best {
            Some(best) if compare(&item, &best)? != wanted => best,
            _ => item,
        });
    }
    best.ok_or_else(|| EvalError::other(format!("{name} called on empty list")))
}

fn position<'v>(args: &[Value<'v>], from_end: bool) -> Evaluated<'v> {
    let [Value::List(list), value] = args else { return mismatch() };
    let found = |i: usize| -> Result<bool, EvalError> {
        let item = list.get(i).unwrap_or(Err(EvalError::NoSuchOverload))?;
        Ok(equal(&item, value).unwrap_or(false))
    };
    let at = |i: usize| Ok(Value::Int(i64::try_from(i).unwrap_or(i64::MAX)));
    for i in order(list, from_end) {
        if found(i)? {
            return at(i);
        }
    }
    Ok(Value::Int(-1))
}

fn order(list: &List<'_>, from_end: bool) -> impl Iterator<Item = usize> {
    let last = list.len();
    (0..last).map(move |i| if from_end { last - 1 - i } else { i })
}
