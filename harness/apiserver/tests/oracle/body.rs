//! Writes a request's body byte for byte as the recordings' client did, because some answers quote it.
//!
//! That client was Python's: a space after every colon and comma, and nothing beyond ASCII.

use std::io::{self, Write};

use proofmark_json::{Result, Value};
use serde::Serialize as _;
use serde_json::ser::{Formatter, Serializer};

/// A body of JSON.
pub(crate) fn write(value: &Value) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced))?;
    Ok(bytes)
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.begin_array_value(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        for unit in fragment.encode_utf16() {
            match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => writer.write_all(&[byte])?,
                _ => write!(writer, "\\u{unit:04x}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn spaces_and_escapes() {
        let value = json!({"a": [1, "x, y"], "b": {}, "c": "é\"😀\n", "d": []});
        let text = r#"{"a": [1, "x, y"], "b": {}, "c": "\u00e9\"\ud83d\ude00\n", "d": []}"#;
        assert_eq!(write(&value).unwrap(), text.as_bytes());
    }
}
