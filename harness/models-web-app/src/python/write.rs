//! Writing: non-ASCII characters are always escaped.

use proofmark_json::{Key, Value};

use super::Json;

/// How much space is between things, and in which order members stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// No blanks, members sorted: how Flask answers.
    Compact,
    /// One thing a line, members sorted: how Flask answers in development.
    Indented,
    /// Blanks after commas and colons, members as they come: `json.dumps` unless told otherwise.
    Plain,
}

/// Writes a value of the API server.
pub(crate) fn write(value: &Value, style: Style) -> String {
    let mut out = String::new();
    put(value, style, 0, &mut out);
    out
}

fn put(value: &Value, style: Style, depth: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => out.push_str(&super::repr::float(float)),
            None => out.push_str(&number.to_string()),
        },
        Value::String(text) => quote(text, out),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                between(index, style, depth + 1, out);
                put(item, style, depth + 1, out);
            }
            end(style, depth, out);
            out.push(']');
        }
        Value::Object(members) if members.is_empty() => out.push_str("{}"),
        Value::Object(members) => {
            let mut members: Vec<(&Key, &Value)> = members.iter().collect();
            if style != Style::Plain {
                members.sort_unstable_by_key(|(key, _)| *key);
            }
            out.push('{');
            for (index, (key, value)) in members.into_iter().enumerate() {
                between(index, style, depth + 1, out);
                quote(key, out);
                out.push_str(if style == Style::Compact { ":" } else { ": " });
                put(value, style, depth + 1, out);
            }
            end(style, depth, out);
            out.push('}');
        }
    }
}

fn between(index: usize, style: Style, depth: usize, out: &mut String) {
    match style {
        Style::Compact if index > 0 => out.push(','),
        Style::Plain if index > 0 => out.push_str(", "),
        Style::Compact | Style::Plain => {}
        Style::Indented => {
            if index > 0 {
                out.push(',');
            }
            line(depth, out);
        }
    }
}

fn end(style: Style, depth: usize, out: &mut String) {
    if style == Style::Indented {
        line(depth, out);
    }
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// `json.dumps` of what `json.loads` gave.
pub(crate) fn dumps(value: &Json) -> String {
    let mut out = String::new();
    dump(value, &mut out);
    out
}

fn dump(value: &Json, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Int(digits) => out.push_str(digits),
        Json::Float(value) if value.is_nan() => out.push_str("NaN"),
        Json::Float(value) if value.is_infinite() => out.push_str(if *value > 0.0 { "Infinity" } else { "-Infinity" }),
        Json::Float(value) => out.push_str(&super::repr::float(*value)),
        Json::Text(text) => quote(text, out),
        Json::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                between(index, Style::Plain, 0, out);
                dump(item, out);
            }
            out.push(']');
        }
        Json::Dict(members) => {
            out.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                between(index, Style::Plain, 0, out);
                quote(key, out);
                out.push_str(": ");
                dump(value, out);
            }
            out.push('}');
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| matches!(c, '"' | '\\') || !(' '..='~').contains(&c)) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = special.chars();
        if let Some(c) = chars.next() {
            escape(c, out);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn escape(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        c => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn styles_differ_in_space_and_order() {
        let value = json!({"b": [1, "é\u{7f}"], "a": {}, "c": {"d": []}});
        assert_eq!(write(&value, Style::Compact), r#"{"a":{},"b":[1,"\u00e9\u007f"],"c":{"d":[]}}"#);
        assert_eq!(write(&value, Style::Plain), r#"{"b": [1, "\u00e9\u007f"], "a": {}, "c": {"d": []}}"#);
        let indented =
            "{\n  \"a\": {},\n  \"b\": [\n    1,\n    \"\\u00e9\\u007f\"\n  ],\n  \"c\": {\n    \"d\": []\n  }\n}";
        assert_eq!(write(&value, Style::Indented), indented);
    }
}
