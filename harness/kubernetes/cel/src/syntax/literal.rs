//! Literals: numbers and quoted texts.

use super::ast::Literal;

/// An integer literal without its sign: decimal or `0x`.
pub(super) fn int(text: &str, negative: bool) -> Option<Literal> {
    let magnitude = magnitude(text)?;
    let value = if negative { 0_i128 - i128::from(magnitude) } else { i128::from(magnitude) };
    i64::try_from(value).ok().map(Literal::Int)
}

/// An unsigned literal: an integer and a `u`.
pub(super) fn uint(text: &str) -> Option<Literal> {
    magnitude(text.trim_end_matches(['u', 'U'])).map(Literal::Uint)
}

/// A floating point literal without its sign. Go refuses those that are too large.
pub(super) fn double(text: &str, negative: bool) -> Option<Literal> {
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(Literal::Double(if negative { -value } else { value }))
}

fn magnitude(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A string literal, quotes and all.
pub(super) fn string(text: &str) -> Result<Literal, &'static str> {
    let bytes = unquote(text, false)?;
    String::from_utf8(bytes).map(|s| Literal::String(s.into())).map_err(|_| "unable to unescape string")
}

/// A bytes literal, prefix, quotes and all.
pub(super) fn bytes(text: &str) -> Result<Literal, &'static str> {
    unquote(text.get(1..).unwrap_or_default(), true).map(|b| Literal::Bytes(b.into()))
}

fn unquote(text: &str, is_bytes: bool) -> Result<Vec<u8>, &'static str> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let raw = text.starts_with(['r', 'R']);
    let text = if raw { &text[1..] } else { &text[..] };
    let inner = ["'''", "\"\"\"", "'", "\""]
        .iter()
        .filter(|quote| text.len() >= 2 * quote.len())
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .ok_or("unable to unescape string")?;
    if raw {
        return Ok(inner.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = escape(&rest[at + 1..], is_bytes, &mut out)?;
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// One escape sequence, of which the backslash is read; returns what follows it.
fn escape<'t>(text: &'t str, is_bytes: bool, out: &mut Vec<u8>) -> Result<&'t str, &'static str> {
    const BAD: &str = "unable to unescape string";
    let letter = text.chars().next().ok_or("unable to unescape string, found '\\' as last character")?;
    let rest = &text[letter.len_utf8()..];
    let (digits, radix) = match letter {
        'a' => return simple(out, 7, rest),
        'b' => return simple(out, 8, rest),
        'f' => return simple(out, 12, rest),
        'n' => return simple(out, b'\n', rest),
        'r' => return simple(out, b'\r', rest),
        't' => return simple(out, b'\t', rest),
        'v' => return simple(out, 11, rest),
        '\\' | '\'' | '"' | '`' | '?' => return simple(out, u8::try_from(letter).map_err(|_| BAD)?, rest),
        'x' | 'X' => (rest.get(..2).ok_or(BAD)?, 16),
        'u' if !is_bytes => (rest.get(..4).ok_or(BAD)?, 16),
        'U' if !is_bytes => (rest.get(..8).ok_or(BAD)?, 16),
        '0'..='3' => (text.get(..3).ok_or("unable to unescape octal sequence in string")?, 8),
        _ => return Err(BAD),
    };
    let code = u32::from_str_radix(digits, radix).map_err(|_| BAD)?;
    let rest = if radix == 8 { &text[digits.len()..] } else { &rest[digits.len()..] };
    if is_bytes {
        out.push(u8::try_from(code).map_err(|_| BAD)?);
    } else {
        let c = char::from_u32(code).ok_or("invalid unicode code point")?;
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Ok(rest)
}

fn simple<'t>(out: &mut Vec<u8>, byte: u8, rest: &'t str) -> Result<&'t str, &'static str> {
    out.push(byte);
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_texts() {
        let cases = [
            (r"'a'", "a"),
            (r#""a\tb\x41\u00e9\101""#, "a\tbAé\u{41}"),
            (r"'''a'b'''", "a'b"),
            (r"r'a\n'", r"a\n"),
            ("'''a\r\nb'''", "a\nb"),
            ("''", ""),
            (r"'\`\?'", "`?"),
        ];
        for (text, want) in cases {
            assert_eq!(string(text), Ok(Literal::String(want.into())), "{text}");
        }
        assert_eq!(bytes(r"b'\xff\303a'"), Ok(Literal::Bytes([0xff, 0xc3, b'a'].as_slice().into())));
        assert_eq!(bytes(r"b'\u0041'"), Err("unable to unescape string"));
        assert_eq!(string(r"'\ud800'"), Err("invalid unicode code point"));
    }

    #[test]
    fn numbers() {
        assert_eq!(int("9223372036854775808", true), Some(Literal::Int(i64::MIN)));
        assert_eq!(int("9223372036854775808", false), None);
        assert_eq!(int("0x1F", false), Some(Literal::Int(31)));
        assert_eq!(uint("0xffu"), Some(Literal::Uint(255)));
        assert_eq!(double(".5e1", true), Some(Literal::Double(-5.0)));
        assert_eq!(double("1e999", false), None);
    }
}
