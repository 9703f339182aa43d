//! Whether defaults fit their schema: they validate, hold nothing unknown, and give valid metadata.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go`, release 1.35.

use proofmark_json::{Map, Value};
use proofmark_status::{FieldError, aggregate};

use crate::json::sorted;
use crate::path::{child, entry};
use crate::rules::Rules;
use crate::schema::Schema;

/// Everything wrong with the defaults of a whole schema.
pub(super) fn validate(schema: &Schema, at: &str, require_pruned: bool) -> Vec<FieldError> {
    let root = Schema { embedded_resource: true, ..schema.clone() };
    let mut errors = Vec::new();
    Walk { resource: &root, require_pruned, steps: Vec::new(), inside_meta: false }.node(&root, at, &mut errors);
    errors
}

/// Whether any default holds what its schema does not know.
pub(super) fn any_unpruned(schema: &Schema) -> bool {
    schema.contains(&mut |node| node.default.as_ref().is_some_and(|default| is_unpruned(node, default)))
}

fn is_unpruned(schema: &Schema, default: &Value) -> bool {
    !schema.prune_part(&mut default.clone()).is_empty()
}

/// What the schema proper says of a default, or if that is nothing, its CEL rules.
fn of_value(schema: &Schema, default: &Value, at: &str) -> Vec<FieldError> {
    let errors = schema.validate_default(default, at);
    if !errors.is_empty() {
        return errors;
    }
    let rules = Rules::of_part(schema, schema.embedded_resource);
    rules.map(|rules| rules.validate_default(default, at)).unwrap_or_default()
}

/// How a node is reached from the resource that it belongs to.
#[derive(Clone)]
enum Step<'a> {
    Key(&'a str),
    Item,
}

#[derive(Clone)]
struct Walk<'a> {
    /// The innermost resource around the node.
    resource: &'a Schema,
    require_pruned: bool,
    steps: Vec<Step<'a>>,
    /// Whether the node belongs to `apiVersion`, `kind` or `metadata` of the resource.
    inside_meta: bool,
}

impl<'a> Walk<'a> {
    fn node(mut self, schema: &'a Schema, at: &str, errors: &mut Vec<FieldError>) {
        if schema.embedded_resource {
            self.inside_meta = false;
            self.steps.clear();
            self.resource = schema;
        }
        if let Some(default) = &schema.default {
            let at = child(at, "default");
            errors.extend(if self.inside_meta {
                self.of_meta(schema, default, &at)
            } else {
                self.plain(schema, default, &at)
            });
        }
        // Maps have no defaults of their own to look at.
        if let Some(each) = &schema.items {
            let mut below = self.clone();
            below.steps.push(Step::Item);
            below.node(each, &child(at, "items"), errors);
        }
        for (name, property) in &schema.properties {
            let mut below = self.clone();
            below.steps.push(Step::Key(name));
            below.inside_meta |=
                schema.embedded_resource && matches!(name.as_str(), "metadata" | "apiVersion" | "kind");
            below.node(property, &entry(&child(at, "properties"), name), errors);
        }
    }

    fn plain(&self, schema: &Schema, default: &Value, at: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.require_pruned && is_unpruned(schema, default) {
            errors.push(FieldError::invalid(at, sorted(default), "must not have unknown fields"));
        }
        let mut value = default.clone();
        if let Err(mut error) = schema.coerce(&mut value, false) {
            error.field = child(at, &error.field);
            errors.push(*error);
            return errors;
        }
        let embedded = schema.validate_embedded(&value, at);
        errors.extend(if embedded.is_empty() { of_value(schema, &value, at) } else { embedded });
        errors
    }

    /// Defaults of metadata are looked at within an otherwise empty resource.
    fn of_meta(&self, schema: &Schema, default: &Value, at: &str) -> Vec<FieldError> {
        let mut resource = self.surround(default.clone());
        let complaint = match self.resource.coerce(&mut resource, false) {
            Err(error) => Some(error.to_string()),
            Ok(_) => {
                let errors = self.resource.validate_embedded(&resource, "");
                (!errors.is_empty()).then(|| aggregate(&errors))
            }
        };
        match complaint {
            Some(why) => {
                vec![FieldError::invalid(at, sorted(default), format!("must result in valid metadata: {why}"))]
            }
            None => of_value(schema, default, at),
        }
    }

    fn surround(&self, default: Value) -> Value {
        let wrap = |value: Value, step: &Step<'_>| match step {
            Step::Key(key) => Value::Object(Map::from_iter([((*key).to_owned(), value)])),
            Step::Item => Value::Array(vec![value]),
        };
        let mut resource = self.steps.iter().rev().fold(default, wrap);
        if let Some(fields) = resource.as_object_mut() {
            fields.entry("kind").or_insert_with(|| "Validation".into());
            fields.entry("apiVersion").or_insert_with(|| "validation/v1".into());
        }
        resource
    }
}
