//! The model of a structural schema: one owned node type for every place where a schema can stand.
//!
//! A node holds what `JSONSchemaProps` can say after the parts that CustomResourceDefinitions refuse (`$ref`, `patternProperties`, ...)
//! are gone. The same type serves below `allOf`, `anyOf`, `oneOf` and `not`, where most members must be unset for the schema to be
//! structural; [`crate::crd::validate`] checks that, the model does not.

use indexmap::IndexMap;
use proofmark_json::{Key, Value};

use proofmark_text::Format;
use proofmark_text::Pattern;

/// A node of a structural schema. Build one with [`Schema::parse`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema {
    /// `description`; empty when unset.
    pub description: String,
    /// `title`; empty when unset.
    pub title: String,
    /// `type`.
    pub ty: Option<Type>,
    /// `nullable`.
    pub nullable: bool,
    /// `default`; a `null` default counts as none.
    pub default: Option<Value>,
    /// `items`.
    pub items: Option<Box<Schema>>,
    /// `properties`.
    pub properties: IndexMap<Key, Schema>,
    /// `additionalProperties`.
    pub additional: Option<Additional>,
    /// `x-kubernetes-preserve-unknown-fields`.
    pub preserve_unknown_fields: bool,
    /// `x-kubernetes-embedded-resource`.
    pub embedded_resource: bool,
    /// `x-kubernetes-int-or-string`.
    pub int_or_string: bool,
    /// `x-kubernetes-list-type`.
    pub list_type: Option<String>,
    /// `x-kubernetes-list-map-keys`.
    pub list_map_keys: Vec<String>,
    /// `x-kubernetes-map-type`.
    pub map_type: Option<String>,
    /// `x-kubernetes-validations`; [`crate::Rules`] evaluates them.
    pub validations: Vec<Rule>,
    /// What is demanded of values.
    pub checks: Checks,
}

/// `type` of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `object`
    Object,
    /// `array`
    Array,
    /// `string`
    String,
    /// `integer`
    Integer,
    /// `number`
    Number,
    /// `boolean`
    Boolean,
    /// Anything else: no value has this type, and no CustomResourceDefinition that names it is accepted.
    Other(Box<str>),
}

impl Type {
    /// The type of that name.
    pub fn new(name: &str) -> Self {
        match name {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            other => Self::Other(other.into()),
        }
    }

    /// The name as schemas spell it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Other(name) => name,
        }
    }
}

/// `additionalProperties`.
#[derive(Debug, Clone, PartialEq)]
pub enum Additional {
    /// `true` or `false`.
    Allowed(bool),
    /// The schema of every further property.
    Schema(Box<Schema>),
}

/// One rule of `x-kubernetes-validations`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// The CEL expression.
    pub rule: String,
    /// What to say when it fails; empty for `failed rule: RULE`.
    pub message: String,
    /// A CEL expression for the message; empty for none.
    pub message_expression: String,
    /// The machine-readable reason, as `FieldValueForbidden`.
    pub reason: Option<String>,
    /// A path below the node, to which the failure is attributed; empty for the node itself.
    pub field_path: String,
    /// Whether `oldSelf` is an optional, so that the rule is evaluated on create too.
    pub optional_old_self: Option<bool>,
}

/// What a schema demands of values, apart from their type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checks {
    /// `format` as written; empty when unset.
    pub format: String,
    /// The format, if it is one that Kubernetes enforces.
    pub known_format: Option<Format>,
    /// `maximum`.
    pub maximum: Option<f64>,
    /// `exclusiveMaximum`.
    pub exclusive_maximum: bool,
    /// `minimum`.
    pub minimum: Option<f64>,
    /// `exclusiveMinimum`.
    pub exclusive_minimum: bool,
    /// `multipleOf`.
    pub multiple_of: Option<f64>,
    /// `maxLength`, in characters.
    pub max_length: Option<i64>,
    /// `minLength`, in characters.
    pub min_length: Option<i64>,
    /// `pattern`.
    pub pattern: Option<Pattern>,
    /// `maxItems`.
    pub max_items: Option<i64>,
    /// `minItems`.
    pub min_items: Option<i64>,
    /// `uniqueItems`.
    pub unique_items: bool,
    /// `maxProperties`.
    pub max_properties: Option<i64>,
    /// `minProperties`.
    pub min_properties: Option<i64>,
    /// `required`.
    pub required: Vec<String>,
    /// `enum`.
    pub allowed: Vec<Value>,
    /// `allOf`.
    pub all_of: Vec<Schema>,
    /// `anyOf`.
    pub any_of: Vec<Schema>,
    /// `oneOf`.
    pub one_of: Vec<Schema>,
    /// `not`.
    pub not: Option<Box<Schema>>,
}

impl Schema {
    /// The schema that says nothing. (`Schema::default` is what fills in defaults.)
    pub fn empty() -> Self {
        Default::default()
    }

    /// The schema of a property: its own, or that of all further properties.
    pub fn property(&self, name: &str) -> Option<&Schema> {
        self.properties.get(name).or_else(|| self.additional_schema())
    }

    /// The schema of properties that are not named.
    pub fn additional_schema(&self) -> Option<&Schema> {
        match &self.additional {
            Some(Additional::Schema(schema)) => Some(schema),
            _ => None,
        }
    }

    /// Whether this node or any below it satisfies `test`; junctors (`allOf`, ...) included.
    pub fn contains(&self, test: &mut dyn FnMut(&Schema) -> bool) -> bool {
        test(self) || self.children().any(|child| child.contains(test))
    }

    /// All nodes directly below, junctors included.
    pub fn children(&self) -> impl Iterator<Item = &Schema> {
        let checks = &self.checks;
        self.items
            .as_deref()
            .into_iter()
            .chain(&checks.all_of)
            .chain(&checks.any_of)
            .chain(&checks.one_of)
            .chain(checks.not.as_deref())
            .chain(self.properties.values())
            .chain(self.additional_schema())
    }

    /// Whether `additionalProperties` is a schema or `true`.
    pub fn allows_additional(&self) -> bool {
        matches!(self.additional, Some(Additional::Schema(_) | Additional::Allowed(true)))
    }

    /// Whether values are lists keyed by some of their fields.
    pub fn is_map_list(&self) -> bool {
        self.ty == Some(Type::Array) && self.list_type.as_deref() == Some("map") && !self.list_map_keys.is_empty()
    }

    /// Whether it is spelled out that values are integers or strings, in one of the two ways that structural schemas allow.
    pub(crate) fn spells_int_or_string(&self) -> bool {
        is_int_or_string(&self.checks.any_of)
            || self.checks.all_of.first().is_some_and(|first| is_int_or_string(&first.checks.any_of))
    }
}

/// Whether these are the alternatives `type: integer` and `type: string`, and nothing else.
pub(crate) fn is_int_or_string(any_of: &[Schema]) -> bool {
    let only = |ty| Schema { ty: Some(ty), ..Schema::empty() };
    matches!(any_of, [integer, string] if *integer == only(Type::Integer) && *string == only(Type::String))
}
