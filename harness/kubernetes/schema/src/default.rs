//! Defaulting: what is missing is filled in.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting`, release 1.35.

use proofmark_json::Value;

use crate::schema::Schema;

impl Schema {
    /// Fills in defaults: of fields that are missing or null without being nullable, and within what is there or was filled in.
    /// The default of this node itself is not applied.
    pub fn default(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, schema) in &self.properties {
                    let Some(default) = &schema.default else { continue };
                    match fields.get_mut(name) {
                        None => {
                            fields.insert(name.clone(), default.clone());
                        }
                        Some(field) if field.is_null() && !schema.nullable => *field = default.clone(),
                        Some(_) => {}
                    }
                }
                for (name, field) in fields.iter_mut() {
                    match self.properties.get(name) {
                        Some(schema) => schema.default(field),
                        None => self.additional_schema().into_iter().for_each(|s| s.default_entry(field)),
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = &self.items {
                    items.iter_mut().for_each(|item| schema.default_entry(item));
                }
            }
            _ => {}
        }
    }

    /// An entry of a map or list cannot be missing, but null.
    fn default_entry(&self, entry: &mut Value) {
        if entry.is_null() && !self.nullable {
            *entry = self.default.clone().unwrap_or(Value::Null);
        }
        self.default(entry);
    }
}
