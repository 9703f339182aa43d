//! Embedded resources name their kind, and their metadata is that of an object.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta/validation.go`, release 1.35.

use proofmark_json::{Map, Value};
use proofmark_status::FieldError;
use proofmark_text::content;

use crate::json::sorted;
use crate::metadata;
use crate::path::{child, entry, item};
use crate::schema::Schema;

impl Schema {
    /// What is wrong with `apiVersion`, `kind` and `metadata` of embedded resources. The object itself is not looked at as one.
    pub fn validate_embedded(&self, value: &Value, at: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        self.embedded(value, at, &mut errors);
        errors
    }

    fn embedded(&self, value: &Value, at: &str, errors: &mut Vec<FieldError>) {
        match value {
            Value::Object(fields) => {
                if self.embedded_resource {
                    check(fields, at, errors);
                }
                for (name, field) in fields {
                    if let Some(schema) = self.properties.get(name) {
                        schema.embedded(field, &child(at, name), errors);
                    } else if let Some(schema) = self.additional_schema() {
                        schema.embedded(field, &entry(at, name), errors);
                    }
                }
            }
            Value::Array(items) => {
                for (i, value) in items.iter().enumerate() {
                    self.items.iter().for_each(|schema| schema.embedded(value, &item(at, i), errors));
                }
            }
            _ => {}
        }
    }
}

/// What is wrong with a resource as such.
pub(crate) fn check(fields: &Map, at: &str, errors: &mut Vec<FieldError>) {
    for key in ["apiVersion", "kind"] {
        if !fields.contains_key(key) {
            errors.push(FieldError::required(child(at, key), ""));
        }
    }
    for key in ["apiVersion", "kind"] {
        let Some(value) = fields.get(key) else { continue };
        let complaint = match value.as_str() {
            None => Some("must be a string".to_owned()),
            Some("") => Some("must not be empty".to_owned()),
            Some(version) if key == "apiVersion" => (version != "/" && version.matches('/').count() > 1)
                .then(|| format!("unexpected GroupVersion string: {version}")),
            Some(kind) => {
                let complaints = content::dns_1035_label(&kind.to_lowercase());
                let joined = complaints.join(",");
                (!joined.is_empty()).then(|| format!("may have mixed case, but should otherwise match: {joined}"))
            }
        };
        errors.extend(complaint.map(|c| FieldError::invalid(child(at, key), sorted(value), c)));
    }
    if let Some(meta) = fields.get("metadata") {
        let at = child(at, "metadata");
        match metadata::decode(meta, false) {
            Ok(decoded) => errors.extend(metadata::validate(&decoded.value, &at)),
            Err(why) => errors.push(FieldError::invalid(at, sorted(meta), why)),
        }
    }
}
