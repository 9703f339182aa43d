//! Answers in YAML, as Go's `sigs.k8s.io/yaml` writes them: the same quotes, the same order of members, the same line breaks.
//!
//! Source: the emitter and resolver of `goyaml.v2` (a port of libyaml). What it refuses to do: anything that JSON cannot hold.

use std::cmp::Ordering;

use proofmark_json::{Key, Map, Value};

/// From this column on a text is broken at its next space.
const WIDTH: usize = 80;
/// Spaces of one level.
const STEP: usize = 2;

/// A value as YAML.
pub(super) fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => mapping(&mut out, members, 0, false),
        Value::Array(items) if !items.is_empty() => sequence(&mut out, items, 0),
        plain => {
            scalar(&mut out, plain, STEP, 0);
            out.push('\n');
        }
    }
    out
}

/// The members of a mapping; the first one stands where the line is already if `begun`.
fn mapping(out: &mut String, members: &Map, indent: usize, begun: bool) {
    let mut sorted: Vec<(&Key, &Value)> = members.iter().collect();
    sorted.sort_by(|a, b| natural(a.0, b.0));
    for (index, (key, value)) in sorted.into_iter().enumerate() {
        if index > 0 || !begun {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        let from = out.len();
        text(out, key, None, 0);
        out.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                mapping(out, inner, indent + STEP, false);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                sequence(out, items, indent);
            }
            plain => {
                out.push(' ');
                let column = indent + out[from..].chars().count();
                scalar(out, plain, indent + STEP, column);
                out.push('\n');
            }
        }
    }
}

fn sequence(out: &mut String, items: &[Value], indent: usize) {
    for item in items {
        out.extend(std::iter::repeat_n(' ', indent));
        out.push_str("- ");
        match item {
            Value::Object(inner) if !inner.is_empty() => mapping(out, inner, indent + STEP, true),
            Value::Array(inner) if !inner.is_empty() => {
                let from = out.len();
                sequence(out, inner, indent + STEP);
                // The first item of an inner list stands on the line of the outer one.
                out.replace_range(from..from + indent + STEP, "");
            }
            plain => {
                scalar(out, plain, indent + STEP, indent + STEP);
                out.push('\n');
            }
        }
    }
}

fn scalar(out: &mut String, value: &Value, indent: usize, column: usize) {
    match value {
        Value::String(string) => text(out, string, Some(indent), column),
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
        other => out.push_str(&other.to_string()),
    }
}

/// What decides how a text can be written (`yaml_emitter_analyze_scalar`).
#[derive(Default)]
struct Shape {
    /// Characters that mean something where they stand.
    indicators: bool,
    /// Characters that only escapes can write.
    special: bool,
    /// A space before a line break, or at the very end.
    trailing_space: bool,
    /// A space at either end, or a line break.
    edges: bool,
    /// A line break before a space.
    break_space: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut shape = Self { indicators: text.starts_with("---") || text.starts_with("..."), ..Self::default() };
        let blank = |at: usize| chars.get(at).is_none_or(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
        for (at, &c) in chars.iter().enumerate() {
            shape.indicators |= match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
                    if at == 0 =>
                {
                    true
                }
                '?' | '-' if at == 0 => blank(at + 1),
                ':' => blank(at + 1),
                '#' => blank(at - 1),
                _ => false,
            };
            let printable = matches!(c, '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..);
            shape.special |= !printable;
            if c == ' ' {
                shape.trailing_space |= chars.get(at + 1).is_none_or(|next| *next == '\n');
                shape.edges |= at == 0 || at + 1 == chars.len();
                shape.break_space |= at > 0 && chars[at - 1] == '\n';
            }
            shape.edges |= c == '\n';
        }
        shape
    }
}

/// A text in the style that Go takes; a key (no `indent`) stays on its line.
fn text(out: &mut String, text: &str, indent: Option<usize>, column: usize) {
    let shape = Shape::of(text);
    let literal = text.contains('\n') && indent.is_some() && !shape.trailing_space && !shape.special;
    match indent {
        Some(indent) if literal => return block(out, text, indent),
        _ => {}
    }
    if text.contains('\n') || !is_string(text) || shape.special || shape.break_space {
        double(out, text, indent, column);
    } else if shape.indicators || shape.edges {
        let quoted = text.replace('\'', "''");
        out.push('\'');
        wrapped(out, &quoted, indent, column + 1);
        out.push('\'');
    } else {
        wrapped(out, text, indent, column);
    }
}

/// A text of several lines as it stands.
fn block(out: &mut String, text: &str, indent: usize) {
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push_str(&STEP.to_string());
    }
    let body = text.trim_end_matches('\n');
    match text.len() - body.len() {
        0 => out.push('-'),
        1 if !body.is_empty() => {}
        _ => out.push('+'),
    }
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
}

/// A text whose single spaces may become line breaks.
fn wrapped(out: &mut String, text: &str, indent: Option<usize>, mut column: usize) {
    let chars: Vec<char> = text.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let alone = at > 0 && chars[at - 1] != ' ' && chars.get(at + 1).is_some_and(|next| *next != ' ');
        match indent {
            Some(indent) if c == ' ' && alone && column > WIDTH => {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
}

/// A text in double quotes, with escapes.
fn double(out: &mut String, text: &str, indent: Option<usize>, column: usize) {
    out.push('"');
    let mut column = column + 1;
    let chars: Vec<char> = text.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let inside = at > 0 && at + 1 < chars.len();
        let escape = match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            '\0' => "\\0".to_owned(),
            '\u{7}' => "\\a".to_owned(),
            '\u{8}' => "\\b".to_owned(),
            '\u{b}' => "\\v".to_owned(),
            '\u{c}' => "\\f".to_owned(),
            '\u{1b}' => "\\e".to_owned(),
            '\u{85}' => "\\N".to_owned(),
            '\u{feff}' => "\\uFEFF".to_owned(),
            c if c.is_control() => format!("\\x{:02X}", u32::from(c)),
            ' ' if inside && column > WIDTH && chars[at - 1] != ' ' => {
                if let Some(indent) = indent {
                    out.push('\n');
                    out.extend(std::iter::repeat_n(' ', indent));
                    column = indent;
                    if chars[at + 1] == ' ' {
                        out.push('\\');
                        column += 1;
                    }
                    continue;
                }
                " ".to_owned()
            }
            c => c.to_string(),
        };
        column += escape.chars().count();
        out.push_str(&escape);
    }
    out.push('"');
}

/// Words that are booleans, nulls and the like without quotes.
const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"];

/// Whether a bare text is read as a text again.
fn is_string(text: &str) -> bool {
    let cased = |word: &str| {
        let mut capital = word.to_owned();
        capital[..1].make_ascii_uppercase();
        text == word || text == capital || text == word.to_ascii_uppercase()
    };
    let special = matches!(text, "" | "<<" | ".nan" | ".NaN" | ".NAN");
    let infinite = matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF");
    !(special || infinite || WORDS.iter().any(|word| cased(word)) || is_number(text) || is_time(text))
}

/// Numbers of every kind that YAML 1.1 knows, sexagesimal ones too.
fn is_number(text: &str) -> bool {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !bare.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    let digits = bare.replace('_', "");
    let based = |prefixes: [&str; 2], radix: u32| {
        prefixes
            .iter()
            .filter_map(|p| digits.strip_prefix(p))
            .any(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    let sexagesimal = || {
        let (whole, fraction) = bare.split_once('.').unwrap_or((bare, ""));
        let mut parts = whole.split(':');
        let first = parts.next().is_some_and(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_digit() || c == '_'));
        let rest: Vec<&str> = parts.collect();
        let small = |p: &&str| matches!(p.len(), 1 | 2) && p.parse::<u8>().is_ok_and(|n| n < 60);
        first && !rest.is_empty() && rest.iter().all(small) && fraction.chars().all(|c| c.is_ascii_digit() || c == '_')
    };
    is_float(&digits) || based(["0x", "0X"], 16) || based(["0b", "0B"], 2) || based(["0o", "0O"], 8) || sexagesimal()
}

/// `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`, and an exponent.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let all_digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    let fine = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    let signed = |e: &str| e.strip_prefix(['+', '-']).unwrap_or(e).to_owned();
    fine && exponent.is_none_or(|e| !signed(e).is_empty() && all_digits(&signed(e)))
}

/// A date, or a moment.
fn is_time(text: &str) -> bool {
    let Some((year, rest)) = text.split_once('-') else { return false };
    if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let (date, time) = rest.split_once(['T', 't', ' ']).map_or((rest, None), |(d, t)| (d, Some(t)));
    let small = |p: &str| matches!(p.len(), 1 | 2) && p.bytes().all(|b| b.is_ascii_digit());
    let dated = date.split_once('-').is_some_and(|(month, day)| small(month) && small(day));
    dated && time.is_none_or(|time| time.split(':').count() >= 3 && time.starts_with(|c: char| c.is_ascii_digit()))
}

/// The order of keys: letters after everything else, numbers by their value (`keyList.Less`).
fn natural(a: &str, b: &str) -> Ordering {
    let (left, right): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut digits = false;
    for (at, (l, r)) in left.iter().zip(&right).enumerate() {
        if l == r {
            digits = l.is_numeric();
            continue;
        }
        return match (l.is_alphabetic(), r.is_alphabetic()) {
            (true, true) => l.cmp(r),
            (true, false) => {
                if digits {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (false, true) => {
                if digits {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (false, false) => number(&left[at..]).cmp(&number(&right[at..])).then(l.cmp(r)),
        };
    }
    left.len().cmp(&right.len())
}

/// The number that a text begins with, and how many digits it has.
fn number(chars: &[char]) -> (u64, usize) {
    let digits = chars.iter().take_while(|c| c.is_ascii_digit());
    digits.fold((0, 0), |(value, count), c| {
        (value.saturating_mul(10).saturating_add(u64::from(*c as u32 - '0' as u32)), count + 1)
    })
}

#[cfg(test)]
mod tests {
    use proofmark_json::{Value, json};
    use rstest::rstest;

    use super::to_yaml;

    #[rstest]
    #[case(json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}}}}), "f:metadata:\n  f:labels:\n    .: {}\n    f:a: {}\n")]
    #[case(json!({"a": [{"b": 1, "c": []}, "x"], "d": null}), "a:\n- b: 1\n  c: []\n- x\nd: null\n")]
    #[case(json!({"t": "2026-01-02T03:04:05Z", "n": "1", "s": "", "y": "y", "v": "v1.2"}),
        "\"n\": \"1\"\ns: \"\"\nt: \"2026-01-02T03:04:05Z\"\nv: v1.2\n\"y\": \"y\"\n")]
    #[case(json!({"q": "a: b", "h": "a #b", "e": "b:", "u": "it's", "l": " x"}), "e: 'b:'\nh: 'a #b'\nl: ' x'\nq: 'a: b'\nu: it's\n")]
    #[case(json!({"m": "a\nb\n", "n2": "a\n\nb", "n10": "c\n\n"}), "m: |\n  a\n  b\nn2: |-\n  a\n\n  b\nn10: |+\n  c\n\n")]
    #[case(json!({"d": "1:30", "i": "0x1F", "t": "tab\there", "b": "1e3", "c": "1.2.3"}),
        "b: \"1e3\"\nc: 1.2.3\nd: \"1:30\"\ni: \"0x1F\"\nt: \"tab\\there\"\n")]
    fn texts_are_written_as_go_writes_them(#[case] value: Value, #[case] want: &str) {
        assert_eq!(to_yaml(&value), want);
    }

    #[test]
    fn long_lines_are_broken_at_a_space() {
        let message = "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
        let want = "message: 'only the following media types are accepted: application/json;stream=watch,\n  application/vnd.kubernetes.protobuf;stream=watch'\n";
        assert_eq!(to_yaml(&json!({"message": message})), want);
    }
}
