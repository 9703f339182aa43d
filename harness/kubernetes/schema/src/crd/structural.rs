//! Whether a schema is structural: every value has a known type, and junctors only narrow it.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/{validation,complete}.go`, release 1.35.

use proofmark_status::FieldError;

use crate::path::{child, entry, item};
use crate::schema::{Additional, Schema, Type, is_int_or_string};

/// Everything that keeps a schema from being structural, sorted by text.
pub(super) fn validate(schema: &Schema, at: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    node(schema, Level::Root, at, &mut errors);
    complete_junctors(schema, Some(schema), at, at, &mut errors);
    errors.sort_by_cached_key(ToString::to_string);
    errors
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

fn node(schema: &Schema, level: Level, at: &str, errors: &mut Vec<FieldError>) {
    if schema.ty == Some(Type::Array) && schema.items.is_none() {
        errors.push(FieldError::required(child(at, "items"), "must be specified"));
    }
    if let Some(each) = &schema.items {
        node(each, Level::Item, &child(at, "items"), errors);
    }
    let properties = child(at, "properties");
    for (name, property) in &schema.properties {
        node(property, Level::Field, &entry(&properties, name), errors);
    }
    additional(schema, level, at, errors);
    if schema.int_or_string {
        let must = "must be false if x-kubernetes-int-or-string is true";
        if schema.preserve_unknown_fields {
            errors.push(FieldError::invalid(child(at, "x-kubernetes-preserve-unknown-fields"), true, must));
        }
        if schema.embedded_resource {
            errors.push(FieldError::invalid(child(at, "x-kubernetes-embedded-resource"), true, must));
        }
    }
    // Types may stand below a junctor in two patterns that say "integer or string".
    let skip_any_of = is_int_or_string(&schema.checks.any_of);
    let skip_first = schema.checks.all_of.first().is_some_and(|first| is_int_or_string(&first.checks.any_of));
    junctors(schema, skip_any_of, skip_first, at, errors);
    types(schema, level, at, errors);
    metadata(schema, level, &properties, errors);
    if schema.embedded_resource && !schema.preserve_unknown_fields && schema.properties.is_empty() {
        let detail =
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.push(FieldError::required(properties, detail));
    }
}

fn additional(schema: &Schema, level: Level, at: &str, errors: &mut Vec<FieldError>) {
    let Some(additional) = &schema.additional else { return };
    let at = child(at, "additionalProperties");
    if level == Level::Root {
        errors.push(FieldError::forbidden(&at, "must not be used at the root"));
    }
    if schema.embedded_resource {
        errors.push(FieldError::forbidden(&at, "must not be used if x-kubernetes-embedded-resource is set"));
    }
    if let Additional::Schema(each) = additional {
        node(each, Level::Field, &at, errors);
    }
}

fn types(schema: &Schema, level: Level, at: &str, errors: &mut Vec<FieldError>) {
    let at = child(at, "type");
    match &schema.ty {
        Some(Type::Object) => {}
        Some(other) => {
            if schema.embedded_resource {
                errors.push(FieldError::invalid(
                    &at,
                    other.as_str(),
                    "must be object if x-kubernetes-embedded-resource is true",
                ));
            }
            if level == Level::Root {
                errors.push(FieldError::invalid(at, other.as_str(), "must be object at the root"));
            }
        }
        None if schema.embedded_resource => {
            errors.push(FieldError::required(at, "must be object if x-kubernetes-embedded-resource is true"));
        }
        None if schema.int_or_string || schema.preserve_unknown_fields => {}
        None => {
            let place = match level {
                Level::Root => "at the root",
                Level::Item => "for specified array items",
                Level::Field => "for specified object fields",
            };
            errors.push(FieldError::required(at, format!("must not be empty {place}")));
        }
    }
}

/// `kind` and `apiVersion` are strings; of `metadata` a schema may narrow the name only, and only at the root.
fn metadata(schema: &Schema, level: Level, properties: &str, errors: &mut Vec<FieldError>) {
    let is_resource = level == Level::Root || schema.embedded_resource;
    let wanted = [("kind", Type::String), ("apiVersion", Type::String), ("metadata", Type::Object)];
    for (name, ty) in wanted {
        if let Some(property) = schema.properties.get(name).filter(|p| is_resource && p.ty.as_ref() != Some(&ty)) {
            let at = child(&entry(properties, name), "type");
            let found = property.ty.as_ref().map(Type::as_str).unwrap_or_default();
            errors.push(FieldError::invalid(at, found, format!("must be {}", ty.as_str())));
        }
    }
    if level != Level::Root {
        return;
    }
    if let Some(metadata) = schema.properties.get("metadata") {
        let mut rest = Schema { ty: None, default: None, ..metadata.clone() };
        if rest.properties.keys().all(|name| matches!(name.as_str(), "name" | "generateName")) {
            rest.properties.clear();
        }
        if rest != Schema::empty() {
            let detail =
                "must not specify anything other than name and generateName, but metadata is implicitly specified";
            errors.push(FieldError::forbidden(entry(properties, "metadata"), detail));
        }
    }
}

fn junctors(schema: &Schema, skip_any_of: bool, skip_first: bool, at: &str, errors: &mut Vec<FieldError>) {
    let checks = &schema.checks;
    let each = |key: &str, all: &[Schema], errors: &mut Vec<FieldError>| {
        for (i, part) in all.iter().enumerate() {
            let skip = key == "allOf" && skip_first && i == 0;
            nested(part, skip, &item(&child(at, key), i), errors);
        }
    };
    if !skip_any_of {
        each("anyOf", &checks.any_of, errors);
    }
    each("allOf", &checks.all_of, errors);
    each("oneOf", &checks.one_of, errors);
    if let Some(not) = &checks.not {
        nested(not, false, &child(at, "not"), errors);
    }
    if let Some((source, why)) = checks.pattern.as_ref().and_then(|p| Some((p.source(), p.mistake()?))) {
        let detail = format!("must be a valid regular expression, but isn't: {why}");
        errors.push(FieldError::invalid(child(at, "pattern"), source, detail));
    }
}

/// Below a junctor only values may be narrowed.
fn nested(schema: &Schema, skip_any_of: bool, at: &str, errors: &mut Vec<FieldError>) {
    junctors(schema, skip_any_of, false, at, errors);
    if let Some(each) = &schema.items {
        nested(each, false, &child(at, "items"), errors);
    }
    let properties = child(at, "properties");
    for (name, property) in &schema.properties {
        nested(property, false, &entry(&properties, name), errors);
    }
    let allows = schema.allows_additional();
    let forbidden = [
        ("type", schema.ty.is_some(), "empty"),
        ("additionalProperties", allows, "undefined"),
        ("default", schema.default.is_some(), "undefined"),
        ("title", !schema.title.is_empty(), "empty"),
        ("description", !schema.description.is_empty(), "empty"),
        ("nullable", schema.nullable, "false"),
        ("x-kubernetes-preserve-unknown-fields", schema.preserve_unknown_fields, "false"),
        ("x-kubernetes-embedded-resource", schema.embedded_resource, "false"),
        ("x-kubernetes-int-or-string", schema.int_or_string, "false"),
        ("x-kubernetes-list-map-keys", !schema.list_map_keys.is_empty(), "empty"),
        ("x-kubernetes-list-type", schema.list_type.is_some(), "undefined"),
        ("x-kubernetes-map-type", schema.map_type.is_some(), "undefined"),
        ("x-kubernetes-validations", !schema.validations.is_empty(), "empty"),
    ];
    for (key, _, wanted) in forbidden.into_iter().filter(|(_, set, _)| *set) {
        errors.push(FieldError::forbidden(child(at, key), format!("must be {wanted} to be structural")));
    }
    if schema.properties.contains_key("metadata") {
        errors.push(FieldError::forbidden(entry(&properties, "metadata"), "must not be specified in a nested context"));
    }
}

/// What a junctor narrows must be specified outside of it too.
fn complete_junctors(
    narrowed: &Schema,
    specified: Option<&Schema>,
    at: &str,
    below: &str,
    errors: &mut Vec<FieldError>,
) {
    let checks = &narrowed.checks;
    if let Some(not) = &checks.not {
        complete(not, specified, at, &child(below, "not"), errors);
    }
    for (key, all) in [("allOf", &checks.all_of), ("anyOf", &checks.any_of), ("oneOf", &checks.one_of)] {
        for (i, part) in all.iter().enumerate() {
            complete(part, specified, at, &item(&child(below, key), i), errors);
        }
    }
}

fn complete(narrowed: &Schema, specified: Option<&Schema>, at: &str, below: &str, errors: &mut Vec<FieldError>) {
    let Some(schema) = specified else {
        return errors.push(FieldError::required(at, format!("because it is defined in {below}")));
    };
    complete_junctors(narrowed, specified, at, below, errors);
    if let Some(each) = &narrowed.items {
        complete(each, schema.items.as_deref(), &child(at, "items"), &child(below, "items"), errors);
    }
    for (name, property) in &narrowed.properties {
        let at = entry(&child(at, "properties"), name);
        complete(property, schema.properties.get(name), &at, &entry(&child(below, "properties"), name), errors);
    }
}
