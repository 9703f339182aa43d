//! Following a path.

use std::borrow::Cow;
use std::cmp::Ordering;

use proofmark_json::{Value, json};

use super::print::print;
use super::{EvalError, Node, Slice};

type Values<'a> = Vec<Cow<'a, Value>>;

fn fail<T>(what: impl Into<String>) -> Result<T, EvalError> {
    Err(EvalError(what.into()))
}

/// Follows the nodes one after the other, each from what the one before it found.
pub(super) fn list<'a>(mut values: Values<'a>, nodes: &[Node]) -> Result<Values<'a>, EvalError> {
    for node in nodes {
        values = step(values, node)?;
    }
    Ok(values)
}

fn step<'a>(values: Values<'a>, node: &Node) -> Result<Values<'a>, EvalError> {
    Ok(match node {
        Node::Field(key) => values.into_iter().filter_map(|value| member(value, key)).collect(),
        Node::Wildcard => values.into_iter().flat_map(children).collect(),
        Node::Recursive => descend(values),
        Node::Slice(slice) => {
            let mut found = Vec::new();
            for value in values.into_iter().filter(|value| !value.is_null()) {
                found.extend(slice_of(value, *slice)?);
            }
            found
        }
        Node::Union(parts) => {
            let mut found = Vec::new();
            for part in parts {
                found.extend(list(values.clone(), part)?);
            }
            found
        }
        Node::Filter { left, comparison } => {
            let mut found = Vec::new();
            for value in values {
                if !value.is_array() {
                    return fail(format!("{} is not array or slice and cannot be filtered", print(&value)));
                }
                for element in children(value) {
                    if keeps(&element, left, comparison.as_ref())? {
                        found.push(element);
                    }
                }
            }
            found
        }
        // A text replaces everything by itself; other literals stand once for each value.
        Node::Literal(text @ Value::String(_)) => vec![Cow::Owned(text.clone())],
        Node::Literal(literal) => values.iter().map(|_| Cow::Owned(literal.clone())).collect(),
        Node::Identifier(name) => return fail(format!("unrecognized identifier {name}")),
    })
}

fn member<'a>(value: Cow<'a, Value>, key: &str) -> Option<Cow<'a, Value>> {
    match value {
        Cow::Borrowed(value) => value.as_object()?.get(key).map(Cow::Borrowed),
        Cow::Owned(Value::Object(mut map)) => map.remove(key).map(Cow::Owned),
        Cow::Owned(_) => None,
    }
}

/// Elements of a list, members of an object, bytes of a text.
fn children(value: Cow<'_, Value>) -> Values<'_> {
    match value {
        Cow::Borrowed(Value::Array(list)) => list.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Object(map)) => map.values().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Array(list)) => list.into_iter().map(Cow::Owned).collect(),
        Cow::Owned(Value::Object(map)) => map.into_iter().map(|(_, value)| Cow::Owned(value)).collect(),
        value => value.as_str().unwrap_or_default().bytes().map(|byte| Cow::Owned(json!(byte))).collect(),
    }
}

/// Everything that has something inside, outermost first.
fn descend(values: Values<'_>) -> Values<'_> {
    let mut found = Vec::new();
    let mut todo: Vec<_> = values.into_iter().rev().collect();
    while let Some(value) = todo.pop() {
        let inside = children(value.clone());
        if !inside.is_empty() {
            found.push(value);
            todo.extend(inside.into_iter().rev());
        }
    }
    found
}

fn slice_of(value: Cow<'_, Value>, slice: Slice) -> Result<Values<'_>, EvalError> {
    let Some(length) = value.as_array().map(Vec::len) else {
        return fail("not array or slice");
    };
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let start = match slice.start.unwrap_or(0) {
        start @ ..0 => start.saturating_add(length),
        start => start,
    };
    let end = match slice.end.unwrap_or(length) {
        end @ ..0 => end.saturating_add(length),
        // The end derived from index -1.
        0 if slice.single => length,
        end => end,
    };
    if start == end {
        return Ok(Vec::new());
    }
    if !(0..length).contains(&start) || !(0..=length).contains(&end) {
        return fail(format!("array index out of bounds: index {start}, length {length}"));
    }
    if start > end {
        return fail(format!("starting index {start} is greater than ending index {end}"));
    }
    let step = match slice.step.map(usize::try_from) {
        None => 1,
        Some(Ok(step @ 1..)) => step,
        Some(_) => return fail("step must be > 0"),
    };
    let place = |index: i64| usize::try_from(index).unwrap_or(0);
    Ok(children(value).into_iter().skip(place(start)).take(place(end - start)).step_by(step).collect())
}

fn keeps(element: &Value, left: &[Node], comparison: Option<&(String, Vec<Node>)>) -> Result<bool, EvalError> {
    let side = |nodes: &[Node]| {
        list(vec![Cow::Borrowed(element)], nodes)
            .map(|found| found.into_iter().map(Cow::into_owned).collect::<Vec<_>>())
    };
    let left = side(left);
    let Some((operator, right)) = comparison else {
        // Whatever went wrong, nothing was found.
        return Ok(left.is_ok_and(|found| !found.is_empty()));
    };
    let one = |found: Vec<Value>| match found.len() {
        0 | 1 => Ok(found.into_iter().next()),
        _ => fail("can only compare one element at a time"),
    };
    let Some(left) = one(left?)? else { return Ok(false) };
    let Some(right) = one(side(right)?)? else {
        return Ok(false);
    };
    let order = compare(&left, &right);
    let ordered = |holds: fn(Ordering) -> bool| match (&order, &left) {
        (Some(_), Value::Bool(_)) | (None, _) => fail("invalid type for comparison"),
        (Some(order), _) => Ok(holds(*order)),
    };
    match operator.as_str() {
        "==" => order.map_or_else(|| fail("incompatible types for comparison"), |order| Ok(order.is_eq())),
        "!=" => order.map_or_else(|| fail("incompatible types for comparison"), |order| Ok(order.is_ne())),
        "<" => ordered(Ordering::is_lt),
        "<=" => ordered(Ordering::is_le),
        ">" => ordered(Ordering::is_gt),
        ">=" => ordered(Ordering::is_ge),
        other => fail(format!("unrecognized filter operator {other}")),
    }
}

/// Values of one kind compare; whole numbers and others are two kinds.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            (None, None) => left.as_f64()?.partial_cmp(&right.as_f64()?),
            _ => None,
        },
        _ => None,
    }
}
