//! One node of a schema as OpenAPI spells it.

use proofmark_json::{Key, Map, Value, json};

use super::{EMBEDDED_API_VERSION, EMBEDDED_KIND, Release, two};
use crate::json::{sorted, whole};
use crate::schema::{Additional, Rule, Schema, Type};

/// Publishes a whole schema.
pub(super) fn publish(schema: &Schema, release: Release) -> Map {
    match release {
        Release::Three => node(schema, release),
        Release::Two => node(&two::reduce(schema), release),
    }
}

fn node(schema: &Schema, release: Release) -> Map {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        // What Go leaves out: zero values.
        let empty = match &value {
            Value::Null | Value::Bool(false) => true,
            Value::String(s) => s.is_empty(),
            Value::Array(a) => a.is_empty(),
            _ => false,
        };
        if !empty {
            out.insert(key.to_owned(), value);
        }
    };
    put("description", schema.description.as_str().into());
    put("title", schema.title.as_str().into());
    put("type", schema.ty.as_ref().map(Type::as_str).into());
    put("nullable", schema.nullable.into());
    let nodes = |all: &[Schema]| -> Value { all.iter().map(|s| node(s, release)).collect() };
    let checks = &schema.checks;
    put("format", checks.format.as_str().into());
    put("maximum", number(checks.maximum));
    put("exclusiveMaximum", checks.exclusive_maximum.into());
    put("minimum", number(checks.minimum));
    put("exclusiveMinimum", checks.exclusive_minimum.into());
    put("maxLength", checks.max_length.into());
    put("minLength", checks.min_length.into());
    put("pattern", checks.pattern.as_ref().map(|p| p.source()).into());
    put("maxItems", checks.max_items.into());
    put("minItems", checks.min_items.into());
    put("uniqueItems", checks.unique_items.into());
    put("multipleOf", number(checks.multiple_of));
    put("enum", checks.allowed.iter().map(sorted).collect());
    put("maxProperties", checks.max_properties.into());
    put("minProperties", checks.min_properties.into());
    put("allOf", nodes(&checks.all_of));
    put("oneOf", nodes(&checks.one_of));
    // Int-or-string is spelled out, beside what else is demanded.
    match unfolded(schema, release) {
        Unfold::No => put("anyOf", nodes(&checks.any_of)),
        Unfold::AnyOf(types) => put("anyOf", types),
        Unfold::AllOf(types) => {
            put("anyOf", nodes(&checks.any_of));
            let mut all = vec![json!({"anyOf": types})];
            all.extend(checks.all_of.iter().map(|s| Value::Object(node(s, release))));
            put("allOf", all.into());
        }
    }
    put("not", checks.not.as_ref().map(|not| node(not, release)).into());
    put("items", schema.items.as_ref().map(|each| node(each, release)).into());
    put("required", required(schema, release));
    put("x-kubernetes-preserve-unknown-fields", schema.preserve_unknown_fields.into());
    put("x-kubernetes-embedded-resource", schema.embedded_resource.into());
    put("x-kubernetes-int-or-string", schema.int_or_string.into());
    put("x-kubernetes-list-map-keys", schema.list_map_keys.as_slice().into());
    put("x-kubernetes-list-type", schema.list_type.as_deref().into());
    put("x-kubernetes-map-type", schema.map_type.as_deref().into());
    put("x-kubernetes-validations", schema.validations.iter().map(rule).collect());
    let properties = properties(schema, release);
    if !properties.is_empty() {
        out.insert("properties", Value::Object(properties));
    }
    // These two are written whatever they hold.
    if let Some(default) = &schema.default {
        out.insert("default", sorted(default));
    }
    match &schema.additional {
        None => {}
        Some(Additional::Allowed(allowed)) => {
            out.insert("additionalProperties", (*allowed).into());
        }
        Some(Additional::Schema(each)) => {
            out.insert("additionalProperties", Value::Object(node(each, release)));
        }
    }
    out
}

/// Whether the node is shown as a resource: in v2, not where unknown fields are preserved, lest kubectl refuse them.
fn shows_resource(schema: &Schema, release: Release) -> bool {
    schema.embedded_resource && !(release == Release::Two && schema.preserve_unknown_fields)
}

fn properties(schema: &Schema, release: Release) -> Map {
    let each = |(name, schema): (&Key, &Schema)| (name.clone(), Value::Object(node(schema, release)));
    let mut properties: Map = schema.properties.iter().map(each).collect();
    if shows_resource(schema, release) {
        let text = |description: &str| json!({"description": description, "type": "string"});
        properties.insert("apiVersion", text(EMBEDDED_API_VERSION));
        properties.insert("kind", text(EMBEDDED_KIND));
        properties.insert("metadata", release.object_meta());
    }
    properties
}

fn required(schema: &Schema, release: Release) -> Value {
    let mut required: Vec<&str> = schema.checks.required.iter().map(String::as_str).collect();
    if shows_resource(schema, release) {
        for name in ["kind", "apiVersion"] {
            if !required.contains(&name) {
                required.push(name);
            }
        }
    }
    required.into()
}

enum Unfold {
    No,
    AnyOf(Value),
    AllOf(Value),
}

fn unfolded(schema: &Schema, release: Release) -> Unfold {
    if release == Release::Two || !schema.int_or_string || schema.spells_int_or_string() {
        return Unfold::No;
    }
    let types = json!([{"type": "integer"}, {"type": "string"}]);
    if schema.checks.any_of.is_empty() { Unfold::AnyOf(types) } else { Unfold::AllOf(types) }
}

fn number(number: Option<f64>) -> Value {
    number.map_or(Value::Null, |n| whole(&n.into()))
}

fn rule(rule: &Rule) -> Value {
    let mut out = Map::from_iter([("rule".to_owned(), rule.rule.as_str().into())]);
    for (key, text) in [
        ("message", rule.message.as_str()),
        ("messageExpression", &rule.message_expression),
        ("reason", rule.reason.as_deref().unwrap_or_default()),
        ("fieldPath", &rule.field_path),
    ] {
        if !text.is_empty() {
            out.insert(key.to_owned(), text.into());
        }
    }
    if let Some(optional) = rule.optional_old_self {
        out.insert("optionalOldSelf", optional.into());
    }
    Value::Object(out)
}
