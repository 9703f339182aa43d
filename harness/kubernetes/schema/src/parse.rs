//! From `openAPIV3Schema` (`JSONSchemaProps`) to [`Schema`].
//!
//! Parsing is lenient where the API server has decoded the body before (members of a wrong type count as unset)
//! and strict about what a structural schema cannot say.

use std::collections::BTreeMap;

use proofmark_json::{Map, Value};

use crate::schema::{Additional, Checks, Rule, Schema, Type};
use proofmark_text::Format;
use proofmark_text::Pattern;

/// Why a schema cannot be structural; the words are those of `NewStructural`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A keyword that CustomResourceDefinitions do not support.
    #[error("OpenAPIV3Schema '{0}' is not supported")]
    Unsupported(&'static str),
    /// `items` holds several schemas.
    #[error("OpenAPIV3Schema 'items' must be a schema, but is an array")]
    ItemsArray,
    /// `x-kubernetes-preserve-unknown-fields: false`.
    #[error("internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined")]
    PreserveFalse,
    /// Nested too deeply to be walked.
    #[error("schema is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// Far beyond any real schema, and far within any stack.
const MAX_DEPTH: usize = 256;

impl Schema {
    /// The schema that `openAPIV3Schema` holds.
    ///
    /// # Errors
    /// When it uses what structural schemas cannot say, see [`SchemaError`].
    pub fn parse(props: &Value) -> Result<Schema, SchemaError> {
        props.as_object().map_or_else(|| Ok(Schema::empty()), Self::parse_props)
    }

    /// The same, of the members of that object.
    pub(crate) fn parse_props(props: &Map) -> Result<Schema, SchemaError> {
        Parser::default().node(props)
    }
}

#[derive(Default)]
struct Parser {
    depth: usize,
    /// Generated schemas repeat few patterns many times.
    patterns: BTreeMap<String, Pattern>,
}

impl Parser {
    fn node(&mut self, props: &Map) -> Result<Schema, SchemaError> {
        if self.depth == MAX_DEPTH {
            return Err(SchemaError::TooDeep);
        }
        refuse_unsupported(props)?;
        self.depth += 1;
        let schema = self.members(props);
        self.depth -= 1;
        schema
    }

    fn members(&mut self, props: &Map) -> Result<Schema, SchemaError> {
        let items = match props.get("items") {
            Some(Value::Array(several)) if !several.is_empty() => return Err(SchemaError::ItemsArray),
            _ => self.one(props, "items")?,
        };
        let additional = match props.get("additionalProperties") {
            Some(Value::Bool(allowed)) => Some(Additional::Allowed(*allowed)),
            Some(Value::Object(schema)) => Some(Additional::Schema(Box::new(self.node(schema)?))),
            _ => None,
        };
        let named = props.get("properties").and_then(Value::as_object).into_iter().flatten();
        let properties = named.map(|(name, value)| Ok((name.clone(), self.value(value)?))).collect::<Result<_, _>>()?;
        let preserve = props.get("x-kubernetes-preserve-unknown-fields").and_then(Value::as_bool);
        if preserve == Some(false) {
            return Err(SchemaError::PreserveFalse);
        }
        let ty = text(props, "type");
        Ok(Schema {
            description: text(props, "description"),
            title: text(props, "title"),
            ty: (!ty.is_empty()).then(|| Type::new(&ty)),
            nullable: flag(props, "nullable"),
            default: props.get("default").filter(|d| !d.is_null()).cloned(),
            items,
            properties,
            additional,
            preserve_unknown_fields: preserve == Some(true),
            embedded_resource: flag(props, "x-kubernetes-embedded-resource"),
            int_or_string: flag(props, "x-kubernetes-int-or-string"),
            list_type: optional_text(props, "x-kubernetes-list-type"),
            list_map_keys: texts(props, "x-kubernetes-list-map-keys"),
            map_type: optional_text(props, "x-kubernetes-map-type"),
            validations: rules(props),
            checks: self.checks(props)?,
        })
    }

    fn checks(&mut self, props: &Map) -> Result<Checks, SchemaError> {
        let format = text(props, "format");
        Ok(Checks {
            known_format: Format::find(&format),
            format,
            maximum: number(props, "maximum"),
            exclusive_maximum: flag(props, "exclusiveMaximum"),
            minimum: number(props, "minimum"),
            exclusive_minimum: flag(props, "exclusiveMinimum"),
            multiple_of: number(props, "multipleOf"),
            max_length: size(props, "maxLength"),
            min_length: size(props, "minLength"),
            pattern: self.pattern(props),
            max_items: size(props, "maxItems"),
            min_items: size(props, "minItems"),
            unique_items: flag(props, "uniqueItems"),
            max_properties: size(props, "maxProperties"),
            min_properties: size(props, "minProperties"),
            required: texts(props, "required"),
            allowed: props.get("enum").and_then(Value::as_array).cloned().unwrap_or_default(),
            all_of: self.many(props, "allOf")?,
            any_of: self.many(props, "anyOf")?,
            one_of: self.many(props, "oneOf")?,
            not: self.one(props, "not")?,
        })
    }

    fn value(&mut self, props: &Value) -> Result<Schema, SchemaError> {
        props.as_object().map_or_else(|| Ok(Schema::empty()), |props| self.node(props))
    }

    fn one(&mut self, props: &Map, key: &str) -> Result<Option<Box<Schema>>, SchemaError> {
        props.get(key).and_then(Value::as_object).map(|props| self.node(props).map(Box::new)).transpose()
    }

    fn many(&mut self, props: &Map, key: &str) -> Result<Vec<Schema>, SchemaError> {
        props.get(key).and_then(Value::as_array).into_iter().flatten().map(|props| self.value(props)).collect()
    }

    fn pattern(&mut self, props: &Map) -> Option<Pattern> {
        let source = props.get("pattern").and_then(Value::as_str).filter(|p| !p.is_empty())?;
        if !self.patterns.contains_key(source) {
            self.patterns.insert(source.to_owned(), Pattern::new(source));
        }
        self.patterns.get(source).cloned()
    }
}

/// The first keyword that is set and that no structural schema may have.
fn refuse_unsupported(props: &Map) -> Result<(), SchemaError> {
    let filled = |key: &str| match props.get(key) {
        Some(Value::String(s)) => !s.is_empty(),
        Some(Value::Object(o)) => !o.is_empty(),
        _ => false,
    };
    for keyword in ["id", "schema", "$ref", "patternProperties", "dependencies"] {
        // `schema` is what the keyword `$schema` is called in the words of the error.
        let key = if keyword == "schema" { "$schema" } else { keyword };
        if filled(key) {
            return Err(SchemaError::Unsupported(keyword));
        }
    }
    if props.get("additionalItems").is_some_and(|v| !v.is_null()) {
        return Err(SchemaError::Unsupported("additionalItems"));
    }
    if filled("definitions") { Err(SchemaError::Unsupported("definitions")) } else { Ok(()) }
}

fn rules(props: &Map) -> Vec<Rule> {
    let list = props.get("x-kubernetes-validations").and_then(Value::as_array);
    let rule = |props: &Map| Rule {
        rule: text(props, "rule"),
        message: text(props, "message"),
        message_expression: text(props, "messageExpression"),
        reason: optional_text(props, "reason"),
        field_path: text(props, "fieldPath"),
        optional_old_self: props.get("optionalOldSelf").and_then(Value::as_bool),
    };
    list.into_iter().flatten().filter_map(Value::as_object).map(rule).collect()
}

fn text(props: &Map, key: &str) -> String {
    optional_text(props, key).unwrap_or_default()
}

fn optional_text(props: &Map, key: &str) -> Option<String> {
    props.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn texts(props: &Map, key: &str) -> Vec<String> {
    let list = props.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn flag(props: &Map, key: &str) -> bool {
    props.get(key).and_then(Value::as_bool).unwrap_or_default()
}

fn number(props: &Map, key: &str) -> Option<f64> {
    props.get(key).and_then(Value::as_f64)
}

/// A count; Go accepts `3.0` for an integer nowhere, so a float counts as unset.
fn size(props: &Map, key: &str) -> Option<i64> {
    props.get(key).and_then(Value::as_i64)
}
