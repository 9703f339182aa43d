//! JSON documents of what is no run; a run has its own, of the same version.

use proofmark_json::{Map, Value, json};
use serde::Serialize;

/// A document with one member beside the version of its format.
pub(crate) fn document(name: &str, content: &impl Serialize) -> String {
    let mut document = Map::new();
    document.insert("schemaVersion", json!(proofmark_report::SCHEMA_VERSION));
    document.insert(name.to_owned(), json!(content));
    format!("{:#}\n", Value::Object(document))
}
