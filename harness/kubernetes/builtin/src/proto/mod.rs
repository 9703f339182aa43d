//! Kubernetes' protobuf (`application/vnd.kubernetes.protobuf`): a body to the value that JSON would have given, and back.
//!
//! A body is `k8s\0` and a `runtime.Unknown`: the kind, and the object's message in the conventions of gogo/protobuf as Kubernetes
//! uses it. Those are: whatever is no pointer is always written, also when it is zero; an embedded struct is a message of its own;
//! times, quantities, `IntOrString` and raw JSON are small messages; `ExtraValue` and its like are lists within a message.
//!
//! Reading never panics and is bounded: messages nest at most [`crate::decode::MAX_DEPTH`] deep and hold at most a million values, since
//! two bytes of an empty message can stand for a large object.

mod read;
pub mod wire;
mod write;

use proofmark_json::Value;
use thiserror::Error;

pub use write::{encode, encode_event, encode_list};

/// What every body begins with.
pub const PREFIX: &[u8; 4] = b"k8s\0";

/// A decoded body.
#[derive(Debug, Clone, PartialEq)]
pub struct ProtoObject {
    /// `apps/v1`, as the envelope has it.
    pub api_version: String,
    /// `Deployment`, as the envelope has it.
    pub kind: String,
    /// The object as Go writes it in JSON, with its `apiVersion` and `kind`.
    pub value: Value,
}

/// Why a body cannot be decoded. The texts are the API server's, except that a malformed message's lack the name of the field.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProtoError {
    /// There is no body.
    #[error("empty data")]
    Empty,
    /// It does not begin with [`PREFIX`].
    #[error("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")]
    Prefix,
    /// What follows the prefix is no envelope.
    #[error("{0}")]
    Envelope(&'static str),
    /// The envelope names a kind that is not built in: custom resources have no protobuf.
    #[error("no kind {kind:?} is registered for version {api_version:?} in scheme \"pkg/runtime/scheme.go:111\"")]
    Kind {
        /// The envelope's `apiVersion`.
        api_version: String,
        /// The envelope's `kind`.
        kind: String,
    },
    /// It is no message of that kind.
    #[error("{0}")]
    Malformed(&'static str),
    /// A value within cannot be read: a quantity, raw JSON.
    #[error("{0}")]
    Value(String),
}

/// Decodes a body, envelope included.
///
/// # Errors
/// [`ProtoError`].
pub fn decode(bytes: &[u8]) -> Result<ProtoObject, ProtoError> {
    decode_as(bytes, "", "")
}

/// Decodes a body whose envelope may leave out what it holds: an API server then takes the kind that its path expects.
///
/// # Errors
/// [`ProtoError`].
pub fn decode_as(bytes: &[u8], api_version: &str, kind: &str) -> Result<ProtoObject, ProtoError> {
    if bytes.is_empty() {
        return Err(ProtoError::Empty);
    }
    let message = bytes.strip_prefix(PREFIX.as_slice()).ok_or(ProtoError::Prefix)?;
    let mut envelope = read::envelope(message).map_err(|error| match error {
        ProtoError::Malformed(text) => ProtoError::Envelope(text),
        other => other,
    })?;
    for (found, expected) in [(&mut envelope.api_version, api_version), (&mut envelope.kind, kind)] {
        if found.is_empty() {
            expected.clone_into(found);
        }
    }
    read::object(envelope)
}

/// Splits an `apiVersion` into group and version.
fn group_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}
