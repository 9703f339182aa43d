//! Coercing `apiVersion`, `kind` and `metadata` of embedded resources (`x-kubernetes-embedded-resource`).
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta`, release 1.35.

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::json::sorted;
use crate::metadata;
use crate::path::{child, entry, item};
use crate::schema::Schema;

impl Schema {
    /// Brings `metadata` of embedded resources into form: what `ObjectMeta` does not know is dropped.
    /// Returns the sorted paths of unknown fields. With `drop_invalid`, as for objects read from storage,
    /// what has a wrong type is dropped too.
    ///
    /// # Errors
    /// The first field of a wrong type, unless dropped. The API server answers with 400 then.
    pub fn coerce(&self, object: &mut Value, drop_invalid: bool) -> Result<Vec<String>, Box<FieldError>> {
        let mut unknown = Vec::new();
        Coercer { drop_invalid, unknown: &mut unknown }.walk(object, self, "")?;
        unknown.sort();
        Ok(unknown)
    }
}

struct Coercer<'a> {
    drop_invalid: bool,
    unknown: &'a mut Vec<String>,
}

impl Coercer<'_> {
    fn walk(&mut self, value: &mut Value, schema: &Schema, at: &str) -> Result<(), Box<FieldError>> {
        match value {
            Value::Object(fields) => {
                if schema.embedded_resource {
                    for key in ["apiVersion", "kind"] {
                        match fields.get(key) {
                            None | Some(Value::String(_)) => {}
                            Some(_) if self.drop_invalid => {
                                fields.shift_remove(key);
                            }
                            Some(odd) => {
                                return Err(Box::new(FieldError::invalid(
                                    child(at, key),
                                    sorted(odd),
                                    "must be a string",
                                )));
                            }
                        }
                    }
                    if let Some(meta) = fields.get_mut("metadata") {
                        self.metadata(meta, &child(at, "metadata"))?;
                    }
                }
                for (name, field) in fields.iter_mut() {
                    if let Some(schema) = schema.properties.get(name) {
                        self.walk(field, schema, &child(at, name))?;
                    } else if let Some(schema) = schema.additional_schema() {
                        self.walk(field, schema, &entry(at, name))?;
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = &schema.items {
                    for (i, value) in items.iter_mut().enumerate() {
                        self.walk(value, schema, &item(at, i))?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn metadata(&mut self, meta: &mut Value, at: &str) -> Result<(), Box<FieldError>> {
        match metadata::decode(meta, self.drop_invalid) {
            Ok(decoded) => {
                self.unknown.extend(decoded.unknown.iter().map(|path| child(at, path)));
                *meta = decoded.value;
                Ok(())
            }
            Err(_) if self.drop_invalid => Ok(()),
            Err(why) => Err(Box::new(FieldError::invalid(at, sorted(meta), why))),
        }
    }
}
