//! One immutable version of one object.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

/// One version of one object, as stored (in its storage version, with `apiVersion` and `kind`).
#[derive(Debug)]
pub(crate) struct Object {
    /// The revision of the write that made it: its `metadata.resourceVersion`.
    pub(crate) revision: u64,
    /// The whole object, `metadata.resourceVersion` included.
    pub(crate) value: Value,
    json: OnceLock<Bytes>,
}

impl Object {
    pub(crate) fn new(revision: u64, mut value: Value) -> Self {
        if let Some(meta) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            meta.insert("resourceVersion".to_owned(), Value::String(revision.to_string()));
        }
        Self { revision, value, json: OnceLock::new() }
    }

    /// The object as compact JSON; made once.
    pub(crate) fn json(&self) -> Bytes {
        self.json.get_or_init(|| Bytes::from(serde_json::to_vec(&self.value).unwrap_or_default())).clone()
    }
}
