//! Values as Python prints them.

use super::Json;

/// `str(value)`
pub(crate) fn text(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        other => repr(other),
    }
}

/// `repr(value)`
pub(crate) fn repr(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Int(digits) => digits.clone(),
        Json::Float(value) => float(*value),
        Json::Text(text) => quoted(text),
        Json::List(items) => format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Json::Dict(members) => {
            let members = members.iter().map(|(key, value)| format!("{}: {}", quoted(key), repr(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The shortest digits that give the number back, with an exponent where that is below -4 or above 15.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let plain = value.to_string();
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                out.push_str(&match code {
                    0..=0xFF => format!("\\x{code:02x}"),
                    0x100..=0xFFFF => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                });
            }
        }
    }
    out.push(quote);
    out
}

/// `str.isprintable`: no control or format characters, no separators but the blank, nothing for private use.
fn is_printable(c: char) -> bool {
    const FORMAT: [(u32, u32); 9] = [
        (0xAD, 0xAD),
        (0x600, 0x605),
        (0x200B, 0x200F),
        (0x2028, 0x202E),
        (0x2060, 0x206F),
        (0xE000, 0xF8FF),
        (0xFEFF, 0xFEFF),
        (0xFFF0, 0xFFFB),
        (0xE0000, 0x10_FFFF),
    ];
    let code = u32::from(c);
    let separates = c.is_whitespace() && c != ' ';
    !c.is_control() && !separates && !FORMAT.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::loads;
    use super::*;

    #[rstest]
    #[case(r#"{"level":"info","n":1}"#, "{'level': 'info', 'n': 1}")]
    #[case(r#"[1, "two", null, true]"#, "[1, 'two', None, True]")]
    #[case(r#""plain""#, "plain")]
    #[case(r#"["it's", "\"'", "a\nb\u0001\u200b"]"#, r#"["it's", '"\'', 'a\nb\x01\u200b']"#)]
    #[case("1.50", "1.5")]
    #[case("1e22", "1e+22")]
    #[case("100000000000000000.0", "1e+17")]
    #[case("0.0001", "0.0001")]
    #[case("NaN", "nan")]
    fn values_are_printed_as_python_prints_them(#[case] json: &str, #[case] want: &str) {
        assert_eq!(text(&loads(json).unwrap()), want);
    }
}
