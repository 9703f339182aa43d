//! JSON values as structured merge sees them: integers and floats compare as numbers, objects without regard to order,
//! and texts print as Go prints them.

use std::cmp::Ordering;

use proofmark_json::{Key, Number, Value};
use proofmark_status::quote;

/// Whether two values are equal to structured merge: `1` equals `1.0`, and the order of an object's keys does not matter.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => compare_numbers(x, y) == Ordering::Equal,
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            // Mostly they have the same order, which spares looking names up.
            let same = |((key, a), (other, b)): ((&Key, _), (&Key, _))| {
                if key == other { equal(a, b) } else { y.get(key).is_some_and(|b| equal(a, b)) }
            };
            x.is_shared_with(y) || x.len() == y.len() && x.iter().zip(y).all(same)
        }
        _ => a == b,
    }
}

/// The order of values inside path elements: numbers, strings, booleans, lists, objects, null.
pub(crate) fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => compare_numbers(x, y),
        (Value::String(x), Value::String(y)) => x.cmp(y),
        (Value::Bool(x), Value::Bool(y)) => x.cmp(y),
        (Value::Array(x), Value::Array(y)) => {
            let differing = x.iter().zip(y).map(|(x, y)| compare(x, y)).find(|order| order.is_ne());
            differing.unwrap_or_else(|| x.len().cmp(&y.len()))
        }
        (Value::Object(x), Value::Object(y)) => {
            let (x, y) = (sorted(x), sorted(y));
            let differing =
                x.iter().zip(&y).map(|(x, y)| x.0.cmp(y.0).then_with(|| compare(x.1, y.1))).find(|order| order.is_ne());
            differing.unwrap_or_else(|| x.len().cmp(&y.len()))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    }
}

fn compare_numbers(a: &Number, b: &Number) -> Ordering {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default()),
    }
}

fn sorted(object: &proofmark_json::Map) -> Vec<(&Key, &Value)> {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

/// A value inside a path, as in `[name="x",port=80]`.
pub(crate) fn in_path(value: &Value) -> String {
    match value {
        Value::String(s) => quote(s),
        Value::Number(n) => number(n),
        Value::Array(items) => format!("[{}]", items.iter().map(in_path).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            sorted(fields).into_iter().map(|(key, value)| format!("{key}={}", in_path(value))).collect()
        }
        Value::Bool(_) | Value::Null => value.to_string(),
    }
}

/// A value as Go's `%v` prints what JSON decodes to: `map[a:1 b:[x y]]`, `<nil>`.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".into(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => number(n),
        Value::String(s) => s.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let fields: Vec<_> =
                sorted(fields).into_iter().map(|(key, value)| format!("{key}:{}", plain(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
    }
}

/// A value as Go's `%#v` prints what JSON decodes to: `map[string]interface {}{"a":1}`.
pub(crate) fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".into(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => number(n),
        Value::String(s) => quote(s),
        Value::Array(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(go_syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<_> =
                sorted(fields).into_iter().map(|(key, value)| format!("{}:{}", quote(key), go_syntax(value))).collect();
            format!("map[string]interface {{}}{{{}}}", fields.join(", "))
        }
    }
}

/// The Go type that JSON decodes to, as `%T` prints it.
pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// A number as `%v` prints it: floats in their shortest form, with an exponent from 1e21 up and below 1e-4.
fn number(n: &Number) -> String {
    let Some(float) = n.as_f64().filter(|_| n.is_f64()) else {
        return n.to_string();
    };
    let magnitude = float.abs();
    if magnitude == 0.0 || (1e-4..1e21).contains(&magnitude) {
        return format!("{float}");
    }
    let text = format!("{float:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn numbers_compare_by_value_and_objects_without_order() {
        assert!(equal(&json!({"a": 1, "b": [2.0]}), &json!({"b": [2], "a": 1.0})));
        assert!(!equal(&json!({"a": null}), &json!({})));
        assert_eq!(compare(&json!(2), &json!(1.5)), Ordering::Greater);
        assert_eq!(compare(&json!(9), &json!("1")), Ordering::Less);
        assert_eq!(compare(&json!("z"), &json!(false)), Ordering::Less);
    }

    #[test]
    fn prints_as_go_does() {
        let value = json!({"b": [1, "x", null], "a": {"c": true, "f": 1e21, "g": 0.00001, "h": 1.5}});
        assert_eq!(plain(&value), "map[a:map[c:true f:1e+21 g:1e-05 h:1.5] b:[1 x <nil>]]");
        assert_eq!(go_syntax(&json!({"a": ["x", 1]})), r#"map[string]interface {}{"a":[]interface {}{"x", 1}}"#);
        assert_eq!(in_path(&json!("a\"b")), r#""a\"b""#);
    }
}
