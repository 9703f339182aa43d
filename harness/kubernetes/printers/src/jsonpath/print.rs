//! A value as the text of a cell: Go's `fmt.Print` for scalars, Go's JSON for the rest.

use proofmark_json::{Number, Value};

/// The text of a value.
pub(crate) fn print(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::String(text) => text.clone(),
        Value::Number(number) => print_number(number),
        Value::Array(_) | Value::Object(_) => {
            let mut out = String::new();
            json(value, &mut out);
            out
        }
    }
}

/// `strconv.FormatFloat(.., 'g', -1, 64)`: an exponent below 0.0001 and from a million on.
fn print_number(number: &Number) -> String {
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => whole.to_string(),
        (None, float) => {
            let float = float.unwrap_or_default();
            match exponent(float) {
                (_, -4..6) => float.to_string(),
                (digits, below @ ..0) => format!("{digits}e-{:02}", below.unsigned_abs()),
                (digits, above) => format!("{digits}e+{above:02}"),
            }
        }
    }
}

/// `encoding/json`: an exponent below 0.000001 and from 10^21 on, written without zeros in front when negative.
fn json_number(number: &Number) -> String {
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => whole.to_string(),
        (None, float) => {
            let float = float.unwrap_or_default();
            match exponent(float) {
                (_, -6..21) => float.to_string(),
                (digits, below @ ..0) => format!("{digits}e-{}", below.unsigned_abs()),
                (digits, above) => format!("{digits}e+{above}"),
            }
        }
    }
}

/// The shortest digits that give the number back, and its decimal exponent.
fn exponent(float: f64) -> (String, i32) {
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    (digits.to_owned(), exponent.parse().unwrap_or(0))
}

/// Go's JSON: keys in order, and what could be HTML escaped.
fn json(value: &Value, out: &mut String) {
    match value {
        Value::Array(list) => {
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                separate(index, out);
                json(value, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, value)) in members.into_iter().enumerate() {
                separate(index, out);
                json_text(key, out);
                out.push(':');
                json(value, out);
            }
            out.push('}');
        }
        Value::String(text) => json_text(text, out),
        Value::Number(number) => out.push_str(&json_number(number)),
        Value::Bool(_) | Value::Null => out.push_str(&value.to_string()),
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

fn json_text(text: &str, out: &mut String) {
    for c in Value::from(text).to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmark_json::json;
    use rstest::rstest;

    #[rstest]
    #[case(json!(1e21), "1e+21", "1e+21")]
    #[case(json!(1e20), "1e+20", "100000000000000000000")]
    #[case(json!(1e-7), "1e-07", "1e-7")]
    #[case(json!(0.00001), "1e-05", "0.00001")]
    #[case(json!(0.25), "0.25", "0.25")]
    #[case(json!(123456789.5), "1.234567895e+08", "123456789.5")]
    #[case(json!(123456.5), "123456.5", "123456.5")]
    #[case(json!(2.0), "2", "2")]
    #[case(json!(-0.0), "-0", "-0")]
    #[case(json!(42), "42", "42")]
    fn numbers(#[case] value: Value, #[case] alone: &str, #[case] inside: &str) {
        assert_eq!(print(&value), alone);
        assert_eq!(print(&json!([value])), format!("[{inside}]"));
    }
}
