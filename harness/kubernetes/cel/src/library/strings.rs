//! Strings: CEL's standard and version 2 of its extension. Positions count characters.

use super::mismatch;
use crate::types::Functions;
use crate::value::{EvalError, Evaluated, Value};

pub(super) fn declare(functions: &mut Functions) {
    functions
        .method("contains", "contains_string", "string, string -> bool", |args| tested(args, |a, b| a.contains(b)));
    functions.method("startsWith", "starts_with_string", "string, string -> bool", |args| {
        tested(args, |a, b| a.starts_with(b))
    });
    functions
        .method("endsWith", "ends_with_string", "string, string -> bool", |args| tested(args, |a, b| a.ends_with(b)));
    functions.method("charAt", "string_char_at_int", "string, int -> string", char_at);
    functions.method("indexOf", "string_index_of_string", "string, string -> int", index_of);
    functions.method("indexOf", "string_index_of_string_int", "string, string, int -> int", index_of);
    functions.method("lastIndexOf", "string_last_index_of_string", "string, string -> int", last_index_of);
    functions.method("lastIndexOf", "string_last_index_of_string_int", "string, string, int -> int", last_index_of);
    functions
        .method("lowerAscii", "string_lower_ascii", "string -> string", |args| changed(args, str::to_ascii_lowercase));
    functions
        .method("upperAscii", "string_upper_ascii", "string -> string", |args| changed(args, str::to_ascii_uppercase));
    functions.method("trim", "string_trim", "string -> string", |args| changed(args, |text| text.trim().to_owned()));
    functions.method("replace", "string_replace_string_string", "string, string, string -> string", replace);
    functions.method("replace", "string_replace_string_string_int", "string, string, string, int -> string", replace);
    functions.method("split", "string_split_string", "string, string -> list(string)", split);
    functions.method("split", "string_split_string_int", "string, string, int -> list(string)", split);
    functions.method("substring", "string_substring_int", "string, int -> string", substring);
    functions.method("substring", "string_substring_int_int", "string, int, int -> string", substring);
    functions.method("join", "list_join", "list(string) -> string", join);
    functions.method("join", "list_join_string", "list(string), string -> string", join);
    functions.global("strings.quote", "strings_quote", "string -> string", |args| changed(args, quoted));
}

fn tested<'v>(args: &[Value<'v>], test: fn(&str, &str) -> bool) -> Evaluated<'v> {
    let [Value::String(a), Value::String(b)] = args else { return mismatch() };
    Ok(Value::Bool(test(a, b)))
}

fn changed<'v>(args: &[Value<'v>], change: fn(&str) -> String) -> Evaluated<'v> {
    let [Value::String(text)] = args else { return mismatch() };
    Ok(Value::string(change(text)))
}

/// The length in characters.
fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// Where a character stands in bytes; none beyond the end.
fn byte_of(text: &str, position: i64) -> Option<usize> {
    let position = usize::try_from(position).ok()?;
    text.char_indices().map(|(byte, _)| byte).chain([text.len()]).nth(position)
}

fn out_of_range(position: i64) -> EvalError {
    EvalError::other(format!("index out of range: {position}"))
}

fn char_at<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::String(text), Value::Int(position)] = args else { return mismatch() };
    let byte = byte_of(text, *position).ok_or_else(|| out_of_range(*position))?;
    Ok(Value::string(text[byte..].chars().take(1).collect::<String>()))
}

fn index_of<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let (text, part, from) = match args {
        [Value::String(text), Value::String(part)] => (text, part, 0),
        [Value::String(text), Value::String(part), Value::Int(from)] => (text, part, *from),
        _ => return mismatch(),
    };
    if part.is_empty() {
        return Ok(Value::Int(from));
    }
    if from < 0 {
        return Err(out_of_range(from));
    }
    let found = byte_of(text, from).and_then(|start| text[start..].find(&**part).map(|at| start + at));
    Ok(Value::Int(found.map_or(-1, |byte| length(&text[..byte]))))
}

fn last_index_of<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let (text, part, until) = match args {
        [Value::String(text), Value::String(part)] if part.is_empty() => return Ok(Value::Int(length(text))),
        [Value::String(text), Value::String(part)] if text.len() < part.len() => return Ok(Value::Int(-1)),
        [Value::String(text), Value::String(part)] => (text, part, length(text) - 1),
        [Value::String(_), Value::String(part), Value::Int(until)] if part.is_empty() => return Ok(Value::Int(*until)),
        [Value::String(text), Value::String(part), Value::Int(until)] => (text, part, *until),
        _ => return mismatch(),
    };
    if until < 0 {
        return Err(out_of_range(until));
    }
    let Some(start) = byte_of(text, until).filter(|start| *start < text.len()) else { return Ok(Value::Int(-1)) };
    let end = (start + part.len()).min(text.len());
    let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
    let found = text[..end].rfind(&**part);
    Ok(Value::Int(found.map_or(-1, |byte| length(&text[..byte]))))
}

fn replace<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let (text, old, new, times) = match args {
        [Value::String(text), Value::String(old), Value::String(new)] => (text, old, new, -1),
        [Value::String(text), Value::String(old), Value::String(new), Value::Int(times)] => (text, old, new, *times),
        _ => return mismatch(),
    };
    Ok(Value::string(match usize::try_from(times) {
        Ok(times) => text.replacen(&**old, new, times),
        Err(_) => text.replace(&**old, new),
    }))
}

fn split<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let (text, separator, times) = match args {
        [Value::String(text), Value::String(separator)] => (text, separator, -1),
        [Value::String(text), Value::String(separator), Value::Int(times)] => (text, separator, *times),
        _ => return mismatch(),
    };
    let most = usize::try_from(times).unwrap_or(usize::MAX);
    let parts: Vec<String> = match (most, separator.is_empty()) {
        (0, _) => Vec::new(),
        (most, false) => text.splitn(most, &**separator).map(str::to_owned).collect(),
        (most, true) => {
            // Between all characters, the last part being what is left.
            let count = text.chars().count().min(most);
            let head = text.chars().take(count.saturating_sub(1)).map(String::from);
            let rest: String = text.chars().skip(count.saturating_sub(1)).collect();
            head.chain((count > 0).then_some(rest)).collect()
        }
    };
    Ok(Value::list(parts.into_iter().map(Value::string).collect()))
}

fn substring<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let (text, start, end) = match args {
        [Value::String(text), Value::Int(start)] => (text, *start, None),
        [Value::String(text), Value::Int(start), Value::Int(end)] => (text, *start, Some(*end)),
        _ => return mismatch(),
    };
    if let Some(end) = end.filter(|end| start > *end) {
        return Err(EvalError::other(format!("invalid substring range. start: {start}, end: {end}")));
    }
    let from = byte_of(text, start).ok_or_else(|| out_of_range(start))?;
    let to = end.map_or(Ok(text.len()), |end| byte_of(text, end).ok_or_else(|| out_of_range(end)))?;
    Ok(Value::string(text[from..to].to_owned()))
}

fn join<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let (list, separator) = match args {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(separator)] => (list, &**separator),
        _ => return mismatch(),
    };
    let mut out = String::new();
    for (i, item) in list.iter().enumerate() {
        match item? {
            Value::String(text) => {
                out.push_str(if i > 0 { separator } else { "" });
                out.push_str(&text);
            }
            other => return Err(EvalError::other(format!("join: invalid input: {other}"))),
        }
    }
    Ok(Value::string(out))
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
