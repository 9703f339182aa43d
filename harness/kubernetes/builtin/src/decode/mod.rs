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
mod settle;
mod zero;

use std::collections::BTreeMap;

use proofmark_json::Value;
use proofmark_types::TypeId;

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

/// The same as [`decode`] of a value that is not needed any more: what of it is already as Go writes it stays as it is.
///
/// # Errors
/// [`DecodeError`] with Go's text for the first value that does not fit its field.
pub fn decode_owned(value: Value, ty: TypeId, strict: bool) -> Result<Decoded, DecodeError> {
    decode_changed(value, None, ty, strict)
}

/// The same of a changed copy of a value that was decoded as this type before: what both still share is not looked at again.
///
/// # Errors
/// [`DecodeError`] with Go's text for the first value that does not fit its field.
pub fn decode_changed(
    mut value: Value,
    settled: Option<&Value>,
    ty: TypeId,
    strict: bool,
) -> Result<Decoded, DecodeError> {
    match settle::settle(&mut value, settled, ty) {
        Ok(()) => Ok(Decoded { value, complaints: Vec::new() }),
        Err(settle::Unsettled) => decode(&value, ty, strict),
    }
}

/// The same of a value that is to become what Go writes of it. One that does not fit may have become that in part.
///
/// # Errors
/// [`DecodeError`] with Go's text for the first value that does not fit its field.
pub fn decode_in_place(value: &mut Value, ty: TypeId) -> Result<(), DecodeError> {
    if let Err(settle::Unsettled) = settle::settle(value, None, ty) {
        *value = decode(value, ty, false)?.value;
    }
    Ok(())
}

/// Decodes a JSON text as a type of [`types`](crate::types); `strict` collects unknown and duplicate fields.
///
/// # Errors
/// [`DecodeError`] with Go's text for a text that is no JSON, or for the first value that does not fit its field.
pub fn decode_text(text: &[u8], ty: TypeId, strict: bool) -> Result<Decoded, DecodeError> {
    Text::parse(text)?.decode(ty, strict)
}

/// A JSON text that was parsed once, to be looked at first and decoded then.
#[derive(Debug)]
pub struct Text<'t>(node::Tree<'t>);

impl<'t> Text<'t> {
    /// Parses a text.
    ///
    /// # Errors
    /// [`DecodeError::Syntax`] with Go's text.
    pub fn parse(text: &'t [u8]) -> Result<Self, DecodeError> {
        parser::parse(text).map(Self)
    }

    /// The text as it stands; of duplicate fields the last one counts.
    pub fn value(&self) -> Value {
        self.0.to_value()
    }

    /// The same with no more than these fields of the outermost object; what is no object is as it is.
    pub fn outline(&self, fields: &[&str]) -> Value {
        match &self.0 {
            node::Tree::Object(all) => {
                let wanted = all.iter().filter(|(name, _)| fields.contains(&&**name));
                Value::Object(wanted.map(|(name, value)| (name.clone().into_owned(), value.to_value())).collect())
            }
            other => other.to_value(),
        }
    }

    /// Whether there is an empty list at the end of a path of fields.
    pub fn is_empty_list(&self, path: &[&str]) -> bool {
        let found = path.iter().try_fold(&self.0, |tree, name| match tree {
            node::Tree::Object(fields) => fields.iter().rev().find(|(of, _)| of == name).map(|(_, value)| value),
            _ => None,
        });
        matches!(found, Some(node::Tree::Array(items)) if items.is_empty())
    }

    /// Decodes it as [`decode_text`] does.
    ///
    /// # Errors
    /// [`DecodeError`] with Go's text for the first value that does not fit its field.
    pub fn decode(&self, ty: TypeId, strict: bool) -> Result<Decoded, DecodeError> {
        Reader::new(strict).run(&self.0, ty).map_err(|error| *error)
    }

    /// Reads it as Go reads it into a value without a type (`map[string]any`: custom resources), with [its duplicate fields](Self::duplicates).
    ///
    /// # Errors
    /// [`DecodeError::Type`] for a number that no `float64` holds.
    pub fn untyped(&self) -> Result<(Value, Vec<String>), DecodeError> {
        self.0.check_numbers()?;
        Ok((self.value(), self.duplicates()))
    }

    /// Every duplicate field, worded and ordered as a strict decoder of untyped objects (custom resources) does: `duplicate field "spec.a"`.
    pub fn duplicates(&self) -> Vec<String> {
        reader::duplicates(&self.0)
    }
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
