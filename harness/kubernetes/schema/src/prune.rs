//! Pruning: what a schema does not know is dropped.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/{pruning,defaulting}`, release 1.35.

use proofmark_json::{Key, Value};

use crate::path::Trail;
use crate::schema::Schema;

/// The fields that every object has without its schema saying so.
const META: [&str; 3] = ["apiVersion", "kind", "metadata"];

impl Schema {
    /// Drops what this schema, that of a whole resource, does not know, and nulls that may not be null and have no default.
    ///
    /// `apiVersion`, `kind` and `metadata` of the object are left alone, as are those of embedded resources
    /// ([`Schema::coerce`] sees to their `metadata`). Returns the sorted paths of unknown fields, as `spec.list[0].extra`;
    /// nulls are not among them.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        let mut unknown = Pruner::run(object, self, true);
        unknown.sort();
        drop_nulls(object, Some(self));
        unknown
    }

    /// The same for a value within a resource: `apiVersion`, `kind` and `metadata` are not special. Keeps nulls.
    pub(crate) fn prune_part(&self, value: &mut Value) -> Vec<String> {
        Pruner::run(value, self, self.embedded_resource)
    }
}

#[derive(Default)]
struct Pruner {
    at: Trail,
    unknown: Vec<String>,
}

impl Pruner {
    fn run(value: &mut Value, schema: &Schema, is_resource: bool) -> Vec<String> {
        let mut pruner = Self::default();
        pruner.walk(value, Some(schema), is_resource, schema.preserve_unknown_fields);
        pruner.unknown
    }

    /// `schema` is none where nothing is specified: there, everything that objects hold is unknown, unless `preserve`.
    fn walk(&mut self, value: &mut Value, schema: Option<&Schema>, is_resource: bool, preserve: bool) {
        match value {
            Value::Object(fields) => {
                let names: Vec<Key> = fields.keys().cloned().collect();
                for name in names {
                    if is_resource && META.contains(&name.as_str()) {
                        continue;
                    }
                    match schema.and_then(|s| s.specified(&name)) {
                        Some(below) => {
                            if let Some(field) = fields.get_mut(&name) {
                                self.at.key(&name);
                                self.descend(field, below, false);
                                self.at.pop();
                            }
                        }
                        None if preserve => {}
                        None => {
                            // At the root, the server itself knows these three.
                            if !(self.at.is_root() && META.contains(&name.as_str())) {
                                self.unknown.push(self.at.join(&name));
                            }
                            fields.shift_remove(&name);
                        }
                    }
                }
            }
            Value::Array(items) => {
                let below = schema.and_then(|s| s.items.as_deref());
                for (i, item) in items.iter_mut().enumerate() {
                    self.at.index(i);
                    // Preserving reaches through lists, but not into specified properties.
                    self.descend(item, below, preserve);
                    self.at.pop();
                }
            }
            _ => {}
        }
    }

    fn descend(&mut self, value: &mut Value, schema: Option<&Schema>, preserve: bool) {
        let embedded = schema.is_some_and(|s| s.embedded_resource);
        self.walk(value, schema, embedded, preserve || schema.is_some_and(|s| s.preserve_unknown_fields));
    }
}

impl Schema {
    /// Whether a property is specified, and if so by which schema: `additionalProperties: true` specifies it by none.
    fn specified(&self, name: &str) -> Option<Option<&Schema>> {
        match self.properties.get(name) {
            Some(schema) => Some(Some(schema)),
            None => self.additional.is_some().then(|| self.additional_schema()),
        }
    }
}

/// Removes fields that are null, may not be, and have no default. List items stay.
fn drop_nulls(value: &mut Value, schema: Option<&Schema>) {
    match value {
        Value::Object(fields) => fields.retain(|name, field| {
            let below = schema.and_then(|s| s.property(name));
            if field.is_null() {
                return below.is_none_or(|s| s.nullable || s.default.is_some());
            }
            drop_nulls(field, below);
            true
        }),
        Value::Array(items) => {
            let below = schema.and_then(|s| s.items.as_deref());
            items.iter_mut().for_each(|item| drop_nulls(item, below));
        }
        _ => {}
    }
}
