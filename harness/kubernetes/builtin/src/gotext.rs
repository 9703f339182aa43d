//! Go's quoting of strings, as it stands in error messages.

use std::fmt::Write;

/// `strconv.Quote`: control and unprintable characters are escaped, other Unicode stays.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        escape(c, &mut out);
    }
    out.push('"');
    out
}

/// One character in a Go string literal with double quotes.
pub(crate) fn escape(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        c if c < ' ' || c == '\x7f' => _ = write!(out, "\\x{:02x}", u32::from(c)),
        c if unprintable(c) && u32::from(c) < 0x1_0000 => _ = write!(out, "\\u{:04x}", u32::from(c)),
        c if unprintable(c) => _ = write!(out, "\\U{:08x}", u32::from(c)),
        c => out.push(c),
    }
}

/// What Go's `IsPrint` refuses beyond ASCII, as nearly as Rust's own table of printable characters says it.
fn unprintable(c: char) -> bool {
    !c.is_ascii() && (c.is_whitespace() || c.escape_debug().len() > 1)
}
