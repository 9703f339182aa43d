//! Values as messages show them.

use std::fmt;

use proofmark_status::float;

use super::Value;

/// As Go's `%v` shows a value of cel-go.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Uint(u) => write!(f, "{u}"),
            Self::Double(d) => f.write_str(&show_double(*d)),
            Self::String(text) => f.write_str(text),
            Self::Bytes(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Self::Timestamp(time) => write!(f, "{time}"),
            Self::Duration(duration) => write!(f, "{duration}"),
            Self::Type(ty) => f.write_str(ty.runtime_name()),
            Self::Optional(None) => f.write_str("optional.none()"),
            Self::Optional(Some(value)) => write!(f, "optional.of({value})"),
            Self::Opaque(opaque) => write!(f, "{opaque}"),
            Self::Preserved(json) => write!(f, "{json}"),
            Self::List(list) => {
                f.write_str("[")?;
                for (i, item) in list.iter().enumerate() {
                    let separator = if i > 0 { ", " } else { "" };
                    match item {
                        Ok(item) => write!(f, "{separator}{item}")?,
                        Err(error) => write!(f, "{separator}{error}")?,
                    }
                }
                f.write_str("]")
            }
            Self::Map(map) => {
                f.write_str("{")?;
                for (i, entry) in map.entries().enumerate() {
                    let separator = if i > 0 { ", " } else { "" };
                    match entry {
                        Ok((key, value)) => write!(f, "{separator}{key}: {value}")?,
                        Err(error) => write!(f, "{separator}{error}")?,
                    }
                }
                f.write_str("}")
            }
        }
    }
}

/// As Go's `%g`.
pub(crate) fn show_double(d: f64) -> String {
    if d.is_nan() {
        "NaN".to_owned()
    } else if d.is_infinite() {
        if d > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        float(d)
    }
}
