//! CEL's extension for lists, version 3: `slice`, `flatten`, `sort`, `reverse`, `distinct`, `lists.range`.

use super::mismatch;
use crate::types::Functions;
use crate::value::{EvalError, Evaluated, List, Value, compare, equal};

pub(super) fn declare(functions: &mut Functions) {
    functions.method("slice", "list_slice", "list(T), int, int -> list(T)", slice);
    functions.method("flatten", "list_flatten", "list(list(T)) -> list(T)", flatten);
    functions.method("flatten", "list_flatten_int", "list(dyn), int -> list(dyn)", flatten);
    macro_rules! comparable {
        ($($ty:literal)*) => { $(
            functions.method("sort", concat!("list_", $ty, "_sort"), concat!("list(", $ty, ") -> list(", $ty, ")"), sort);
            functions.method(
                "@sortByAssociatedKeys",
                concat!("list_", $ty, "_sortByAssociatedKeys"),
                concat!("list(T), list(", $ty, ") -> list(T)"),
                sort_by_keys,
            );
        )* };
    }
    comparable!("int" "uint" "double" "bool" "duration" "timestamp" "string" "bytes");
    functions.method("reverse", "list_reverse", "list(T) -> list(T)", |args| {
        let [Value::List(list)] = args else { return mismatch() };
        let mut items = list.values()?;
        items.reverse();
        Ok(Value::list(items))
    });
    functions.method("distinct", "list_distinct", "list(T) -> list(T)", distinct);
    functions.global("lists.range", "lists_range", "int -> list(int)", range);
    functions.method("first", "list_first", "list(T) -> optional(T)", |args| end(args, |list| list.get(0)));
    functions.method("last", "list_last", "list(T) -> optional(T)", |args| {
        end(args, |list| list.get(list.len().checked_sub(1)?))
    });
}

fn slice<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::List(list), Value::Int(start), Value::Int(end)] = args else { return mismatch() };
    let cannot = |why: String| Err(EvalError::other(format!("cannot slice({start}, {end}), {why}")));
    let (Ok(from), Ok(to)) = (usize::try_from(*start), usize::try_from(*end)) else {
        return cannot("negative indexes not supported".to_owned());
    };
    if from > to {
        return cannot("start index must be less than or equal to end index".to_owned());
    }
    if to > list.len() {
        return cannot(format!("list is length {}", list.len()));
    }
    let items: Result<Vec<_>, _> = (from..to).filter_map(|i| list.get(i)).collect();
    Ok(Value::list(items?))
}

fn flatten<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let (list, depth) = match args {
        [Value::List(list)] => (list, 1),
        [Value::List(list), Value::Int(depth)] => (list, *depth),
        _ => return mismatch(),
    };
    let depth = u64::try_from(depth).map_err(|_| EvalError::other("level must be non-negative"))?;
    let mut out = Vec::new();
    flatten_into(list, depth, &mut out)?;
    Ok(Value::list(out))
}

fn flatten_into<'v>(list: &List<'v>, depth: u64, out: &mut Vec<Value<'v>>) -> Result<(), EvalError> {
    for item in list.iter() {
        match (item?, depth.checked_sub(1)) {
            (Value::List(inner), Some(depth)) => flatten_into(&inner, depth, out)?,
            (item, _) => out.push(item),
        }
    }
    Ok(())
}

fn sort<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [list] = args else { return mismatch() };
    sort_by_keys(&[list.clone(), list.clone()])
}

fn sort_by_keys<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::List(list), Value::List(keys)] = args else { return mismatch() };
    if list.len() != keys.len() {
        return Err(EvalError::other(format!(
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got {} and {} elements respectively",
            list.len(),
            keys.len()
        )));
    }
    let mut pairs: Vec<(Value<'v>, Value<'v>)> = keys.values()?.into_iter().zip(list.values()?).collect();
    let mut failed =
        pairs.first().and_then(|(first, _)| compare(first, first).err()).map(|_| "list elements must be comparable");
    if pairs.windows(2).any(|pair| pair[0].0.ty() != pair[1].0.ty()) {
        failed = Some("list elements must have the same type");
    }
    if let Some(why) = failed {
        return Err(EvalError::other(why));
    }
    pairs.sort_by(|a, b| compare(&a.0, &b.0).unwrap_or(std::cmp::Ordering::Equal));
    Ok(Value::list(pairs.into_iter().map(|(_, item)| item).collect()))
}

fn distinct<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::List(list)] = args else { return mismatch() };
    let mut kept: Vec<Value<'v>> = Vec::new();
    for item in list.iter() {
        let item = item?;
        if !kept.iter().any(|known| equal(&item, known).unwrap_or(false)) {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

/// The longest range: what costs more than any budget is not made.
const MAX_RANGE: i64 = 10_000_000;

fn range<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::Int(n)] = args else { return mismatch() };
    if *n > MAX_RANGE {
        return Err(EvalError::CostLimit);
    }
    Ok(Value::list((0..*n).map(Value::Int).collect()))
}

fn end<'v>(args: &[Value<'v>], pick: fn(&List<'v>) -> Option<Evaluated<'v>>) -> Evaluated<'v> {
    let [Value::List(list)] = args else { return mismatch() };
    pick(list).transpose().map(Value::optional)
}
