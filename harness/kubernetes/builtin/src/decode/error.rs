//! Why a body cannot be decoded, in Go's words.

use thiserror::Error;

/// Why a body cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A JSON value of the wrong type (`json.UnmarshalTypeError`).
    #[error("json: cannot unmarshal {value} into Go {} of type {go_type}", target(outer, field))]
    Type {
        /// What stands there: `string`, `number 1.5`, `object`.
        value: String,
        /// The innermost struct around it: `PodSpec`; empty at the top.
        outer: String,
        /// The path of fields to it, without indices and map keys: `spec.containers.image`.
        field: String,
        /// The Go type that it should be: `[]v1.Container`.
        go_type: String,
    },
    /// A value of the right type that cannot be read: a quantity, a time, base64.
    #[error("{0}")]
    Value(String),
    /// The text is no JSON (`json.SyntaxError`).
    #[error("{0}")]
    Syntax(String),
}

fn target(outer: &str, field: &str) -> String {
    if field.is_empty() { "value".to_owned() } else { format!("struct field {outer}.{field}") }
}
