//! Go's typed JSON round trip: what an API server's decoder makes of a body, and what its encoder writes of it afterwards.
//!
//! The rules are those of `sigs.k8s.io/json` (the decoder of Kubernetes 1.35: case-sensitive, strict where asked) and of
//! `encoding/json`: unknown fields are dropped and reported, null means the zero value, the first misfit is the error, fields come
//! out in the order of Go's structs, zero values are left out where the field says so, and times, quantities and bytes
//! are written anew in their canonical form.
//!
//! [`decode_text`] reads a body as it came, and is exact. [`decode`] reads a value that was parsed already (the result of a patch);
//! it cannot know of duplicate fields nor how a number was spelled. What nests deeper than [`MAX_DEPTH`] is refused, like Go refuses
//! depth 10000.

pub(crate) mod base64;
mod error;
mod node;
mod parser;
mod path;
mod reader;
mod scalar;
mod zero;

use std::collections::BTreeMap;

use proofmark_types::TypeId;
use serde_json::Value;

use node::Node;
use reader::Reader;

pub use error::DecodeError;
pub use parser::MAX_DEPTH;
pub use path::{Complaint, FieldPath};
pub(crate) use scalar::float_value;
pub use zero::is_zero;
pub(crate) use zero::{omitted, zero, zero_field};

/// What a typed decoder kept of a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The object as Go writes it.
    pub value: Value,
    /// What a strict decoder complains of, in the order of the body. Empty unless asked for.
    pub complaints: Vec<Complaint>,
}

/// What does not fit its field, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Why, in Go's words.
    pub error: DecodeError,
    /// The way to it; empty unless complaints were asked for, too.
    pub path: FieldPath,
}

/// Decodes a parsed value as [`decode`] does, and says where it stands if something does not fit.
///
/// # Errors
/// [`Misfit`] for the first value that does not fit its field.
pub fn decode_located(value: &Value, ty: TypeId) -> Result<Decoded, Box<Misfit>> {
    Reader::new(true).located(value, ty)
}

/// Decodes a parsed value as a type of [`types`](crate::types); `strict` collects unknown fields.
///
/// # Errors
/// [`DecodeError`] with Go's text for the first value that does not fit its field.
pub fn decode(value: &Value, ty: TypeId, strict: bool) -> Result<Decoded, DecodeError> {
    Reader::new(strict).run(value, ty).map_err(|error| *error)
}

/// Decodes a JSON text as a type of [`types`](crate::types); `strict` collects unknown and duplicate fields.
///
/// # Errors
/// [`DecodeError`] with Go's text for a text that is no JSON, or for the first value that does not fit its field.
pub fn decode_text(text: &[u8], ty: TypeId, strict: bool) -> Result<Decoded, DecodeError> {
    Reader::new(strict).run(&parser::parse(text)?, ty).map_err(|error| *error)
}

/// Parses a JSON text as it stands; of duplicate fields the last one counts. See [`untyped`] for custom resources.
///
/// # Errors
/// [`DecodeError::Syntax`] with Go's text.
pub fn parse(text: &[u8]) -> Result<Value, DecodeError> {
    Ok(parser::parse(text)?.to_value())
}

/// What Go writes of a value that it holds without a type (`map[string]any`: custom resources): fields sorted by name, whole numbers
/// without a point.
pub fn untyped(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.into_iter().map(|(name, value)| (name, untyped(value))).collect();
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(untyped).collect(),
        Value::Number(number) if number.is_f64() => {
            number.as_f64().and_then(float_value).unwrap_or(Value::Number(number))
        }
        other => other,
    }
}

/// A JSON text as Go reads it into a value without a type (`map[string]any`: custom resources), and its duplicate fields in the words
/// of [`find_duplicates`].
///
/// # Errors
/// [`DecodeError::Syntax`], or [`DecodeError::Type`] for a number that no `float64` holds.
pub fn untyped_text(json_text: &[u8]) -> Result<(Value, Vec<String>), DecodeError> {
    let tree = parser::parse(json_text)?;
    tree.check_numbers()?;
    Ok((tree.to_value(), reader::duplicates(&tree)))
}

/// Every duplicate field of a JSON text, worded and ordered as a strict decoder of untyped objects (custom resources) does:
/// `duplicate field "spec.a"`. A text that is no JSON has none.
pub fn find_duplicates(json_text: &[u8]) -> Vec<String> {
    parser::parse(json_text).map_or_else(|_| Vec::new(), |tree| reader::duplicates(&tree))
}
