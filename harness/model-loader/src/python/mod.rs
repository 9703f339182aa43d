//! The parts of Python's standard library whose behaviour shows: how values are printed, error numbers, JSON's messages, URLs, file name patterns.

mod glob;
mod json;
mod url;

pub(crate) use glob::{fnmatch, glob};
pub(crate) use json::loads;
pub(crate) use url::{basename, dirname, join, urlsplit};

/// `repr()` of a text: in single quotes, unless only double quotes avoid a backslash.
pub(crate) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// `repr()` of bytes.
pub(crate) fn repr_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    let mut out = String::from("b");
    out.push(quote as char);
    for &b in bytes {
        match b {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b if b == quote => {
                out.push('\\');
                out.push(b as char);
            }
            0x20..0x7f => out.push(b as char),
            b => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out.push(quote as char);
    out
}

/// What an error number of Linux means.
pub(crate) fn strerror(errno: i32) -> &'static str {
    match errno {
        1 => "Operation not permitted",
        2 => "No such file or directory",
        5 => "Input/output error",
        13 => "Permission denied",
        17 => "File exists",
        20 => "Not a directory",
        21 => "Is a directory",
        22 => "Invalid argument",
        28 => "No space left on device",
        30 => "Read-only file system",
        36 => "File name too long",
        39 => "Directory not empty",
        40 => "Too many levels of symbolic links",
        104 => "Connection reset by peer",
        111 => "Connection refused",
        _ => "Unknown error",
    }
}

/// The subclass of `OSError` for an error number.
pub(crate) fn os_error_class(errno: i32) -> &'static str {
    match errno {
        1 | 13 => "PermissionError",
        2 => "FileNotFoundError",
        17 => "FileExistsError",
        20 => "NotADirectoryError",
        21 => "IsADirectoryError",
        104 => "ConnectionResetError",
        111 => "ConnectionRefusedError",
        _ => "OSError",
    }
}

/// `int(text)`: a sign, digits with single underscores between them, blanks around.
pub(crate) fn int(text: &str) -> crate::exception::Result<i64> {
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let well_formed = !digits.is_empty()
        && digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    if !well_formed {
        return Err(crate::Exception::no_integer(text));
    }
    trimmed.replace('_', "").parse().map_err(|_| crate::Exception::no_integer(text))
}

/// The reason phrase that `http.client.responses` has for a status; empty for those it does not know.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        302 => "Found",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        416 => "Requested Range Not Satisfiable",
        422 => "Unprocessable Entity",
        418 => "I'm a Teapot",
        status => {
            http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_printed_as_python_does() {
        assert_eq!(repr("a'b"), "\"a'b\"");
        assert_eq!(repr("a'b\"c"), "'a\\'b\"c'");
        assert_eq!(repr("a\nü\u{1}"), "'a\\nü\\x01'");
        assert_eq!(repr_bytes(b"it's\n\xff"), "b\"it's\\n\\xff\"");
    }

    #[test]
    fn integers_are_read_as_python_does() {
        for (text, value) in
            [("3", Some(3)), (" 1_0 ", Some(10)), ("-2", Some(-2)), ("", None), ("1.0", None), ("1__0", None)]
        {
            assert_eq!(int(text).ok(), value, "{text:?}");
        }
    }
}
