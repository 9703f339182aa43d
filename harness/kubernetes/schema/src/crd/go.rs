//! The internal types as Go prints them: every field by its Go name, set or not.

use proofmark_json::{Map, Value, json};

use super::definition::{Parts, Version, list, object, text};
use crate::json::{sorted, whole};
use crate::schema::Rule;

/// Fields of `JSONSchemaProps` in their order: Go name, JSON name, and what an unset one prints as.
pub(super) const PROPS: [(&str, &str, Kind); 44] = [
    ("ID", "id", Kind::Text),
    ("Schema", "$schema", Kind::Text),
    ("Ref", "$ref", Kind::Pointer),
    ("Description", "description", Kind::Text),
    ("Type", "type", Kind::Text),
    ("Nullable", "nullable", Kind::Flag),
    ("Format", "format", Kind::Text),
    ("Title", "title", Kind::Text),
    ("Default", "default", Kind::Pointer),
    ("Maximum", "maximum", Kind::Pointer),
    ("ExclusiveMaximum", "exclusiveMaximum", Kind::Flag),
    ("Minimum", "minimum", Kind::Pointer),
    ("ExclusiveMinimum", "exclusiveMinimum", Kind::Flag),
    ("MaxLength", "maxLength", Kind::Pointer),
    ("MinLength", "minLength", Kind::Pointer),
    ("Pattern", "pattern", Kind::Text),
    ("MaxItems", "maxItems", Kind::Pointer),
    ("MinItems", "minItems", Kind::Pointer),
    ("UniqueItems", "uniqueItems", Kind::Flag),
    ("MultipleOf", "multipleOf", Kind::Pointer),
    ("Enum", "enum", Kind::Pointer),
    ("MaxProperties", "maxProperties", Kind::Pointer),
    ("MinProperties", "minProperties", Kind::Pointer),
    ("Required", "required", Kind::Pointer),
    ("Items", "items", Kind::SchemaOrArray),
    ("AllOf", "allOf", Kind::Schemas),
    ("OneOf", "oneOf", Kind::Schemas),
    ("AnyOf", "anyOf", Kind::Schemas),
    ("Not", "not", Kind::Schema),
    ("Properties", "properties", Kind::Named),
    ("AdditionalProperties", "additionalProperties", Kind::SchemaOrBool),
    ("PatternProperties", "patternProperties", Kind::Named),
    ("Dependencies", "dependencies", Kind::Dependencies),
    ("AdditionalItems", "additionalItems", Kind::SchemaOrBool),
    ("Definitions", "definitions", Kind::Named),
    ("ExternalDocs", "externalDocs", Kind::Docs),
    ("Example", "example", Kind::Pointer),
    ("XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", Kind::Pointer),
    ("XEmbeddedResource", "x-kubernetes-embedded-resource", Kind::Flag),
    ("XIntOrString", "x-kubernetes-int-or-string", Kind::Flag),
    ("XListMapKeys", "x-kubernetes-list-map-keys", Kind::Pointer),
    ("XListType", "x-kubernetes-list-type", Kind::Pointer),
    ("XMapType", "x-kubernetes-map-type", Kind::Pointer),
    ("XValidations", "x-kubernetes-validations", Kind::Rules),
];

/// What a field of `JSONSchemaProps` holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Pointer,
    Schema,
    Schemas,
    Named,
    SchemaOrArray,
    SchemaOrBool,
    Dependencies,
    Docs,
    Rules,
}

/// Whether a field is set, in Go's eyes.
pub(super) fn is_set(props: &Map, json_name: &str, kind: Kind) -> bool {
    match (props.get(json_name), kind) {
        (None | Some(Value::Null), _) => false,
        (Some(Value::String(s)), Kind::Text) => !s.is_empty(),
        (Some(Value::Bool(b)), Kind::Flag) => *b,
        _ => true,
    }
}

/// A schema.
pub(super) fn schema(props: &Map) -> Value {
    let mut out = Map::new();
    for (go_name, json_name, kind) in PROPS {
        out.insert(go_name.to_owned(), field(props.get(json_name).unwrap_or(&Value::Null), kind));
    }
    Value::Object(out)
}

fn field(value: &Value, kind: Kind) -> Value {
    let of = |value: &Value| value.as_object().map(schema).unwrap_or_default();
    match (kind, value) {
        (Kind::Text, Value::Null) => "".into(),
        (Kind::Flag, Value::Null) => false.into(),
        (Kind::SchemaOrBool, Value::Bool(allows)) => json!({"Allows": allows, "Schema": null}),
        (_, Value::Null) => Value::Null,
        (Kind::Text | Kind::Flag, value) => value.clone(),
        (Kind::Pointer, value) => whole(&sorted(value)),
        (Kind::Schema, value) => of(value),
        (Kind::Schemas, value) => value.as_array().into_iter().flatten().map(of).collect(),
        (Kind::Named, value) => sorted_fields(value, of),
        (Kind::SchemaOrArray, Value::Array(all)) => {
            json!({"Schema": null, "JSONSchemas": all.iter().map(of).collect::<Value>()})
        }
        (Kind::SchemaOrArray, value) => json!({"Schema": of(value), "JSONSchemas": null}),
        (Kind::SchemaOrBool, value) => json!({"Allows": true, "Schema": of(value)}),
        (Kind::Dependencies, value) => sorted_fields(value, |value| match value {
            Value::Array(_) => json!({"Schema": null, "Property": value}),
            value => json!({"Schema": of(value), "Property": null}),
        }),
        (Kind::Docs, value) => {
            let part = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
            json!({"Description": part("description"), "URL": part("url")})
        }
        (Kind::Rules, value) => {
            value.as_array().into_iter().flatten().filter_map(Value::as_object).map(rule_props).collect()
        }
    }
}

fn sorted_fields(value: &Value, print: impl Fn(&Value) -> Value) -> Value {
    let mut fields: Vec<_> = value.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), print(v))).collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(fields.into_iter().collect())
}

/// A CEL rule.
pub(super) fn rule(rule: &Rule) -> Value {
    json!({
        "Rule": rule.rule,
        "Message": rule.message,
        "MessageExpression": rule.message_expression,
        "Reason": rule.reason,
        "FieldPath": rule.field_path,
        "OptionalOldSelf": rule.optional_old_self,
    })
}

fn rule_props(rule: &Map) -> Value {
    json!({
        "Rule": text(rule, "rule"),
        "Message": text(rule, "message"),
        "MessageExpression": text(rule, "messageExpression"),
        "Reason": rule.get("reason"),
        "FieldPath": text(rule, "fieldPath"),
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    })
}

/// The list of versions.
pub(super) fn versions(versions: Option<&[Version<'_>]>) -> Value {
    let Some(versions) = versions else { return Value::Null };
    versions
        .iter()
        .map(|v| {
            json!({
                "Name": v.name,
                "Served": v.served,
                "Storage": v.storage,
                "Deprecated": v.deprecated,
                "DeprecationWarning": v.deprecation_warning,
                "Schema": v.parts.schema.map(|_| json!({"OpenAPIV3Schema": v.parts.props().map(schema)})),
                "Subresources": subresources(&v.parts),
                "AdditionalPrinterColumns": columns(v.parts.columns),
                "SelectableFields": selectable(v.parts.selectable),
            })
        })
        .collect()
}

fn subresources(parts: &Parts<'_>) -> Value {
    let Some(subresources) = parts.subresources else {
        return Value::Null;
    };
    let scale = object(subresources, "scale").map(|scale| {
        json!({
            "SpecReplicasPath": text(scale, "specReplicasPath"),
            "StatusReplicasPath": text(scale, "statusReplicasPath"),
            "LabelSelectorPath": scale.get("labelSelectorPath"),
        })
    });
    json!({"Status": parts.has_status().then(|| json!({})), "Scale": scale})
}

fn columns(columns: &[Value]) -> Value {
    let print = |column: &Map| {
        json!({
            "Name": text(column, "name"),
            "Type": text(column, "type"),
            "Format": text(column, "format"),
            "Description": text(column, "description"),
            "Priority": column.get("priority").and_then(Value::as_i64).unwrap_or_default(),
            "JSONPath": text(column, "jsonPath"),
        })
    };
    unless_empty(columns, print)
}

fn selectable(fields: &[Value]) -> Value {
    unless_empty(fields, |field| json!({"JSONPath": text(field, "jsonPath")}))
}

fn unless_empty(items: &[Value], print: impl Fn(&Map) -> Value) -> Value {
    if items.is_empty() { Value::Null } else { items.iter().filter_map(Value::as_object).map(print).collect() }
}

/// Printed names, as Go's `%v` prints a list of texts.
pub(super) fn words(words: &[&str]) -> String {
    format!("[{}]", words.join(" "))
}

/// The list under a key, or what an unset one prints as.
pub(super) fn texts(fields: &Map, key: &str) -> Value {
    let texts = list(fields, key);
    if texts.is_empty() { Value::Null } else { texts.into() }
}
