//! The JSON Schema of the format, for editors.

use proofmark_json::Value;
use schemars::generate::SchemaSettings;

use crate::document::Document;

/// The JSON Schema (2020-12) of a scenario file.
pub fn schema() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Document>().to_value().into()
}
