//! Kubernetes' types as schemas, as controller-gen writes them for a release of Kubernetes.
//!
//! The types themselves are those of the built-in API ([`proofmark_builtin::types`]); [`history`] takes away what an older Kubernetes did not have.
//! What controller-gen does its own way: metadata inside of other objects is any object, a struct that embeds an atomic one is atomic itself, enumerations
//! are not written, and of defaults only those that are marked. Types that contain themselves (`JSONSchemaProps`) have no such schema.

use std::collections::BTreeMap;

use proofmark_builtin::{embedded, named, required, types};
use proofmark_json::{Key, Map, Value, json};
use proofmark_types::{Field, ListKind, Scalar, Struct, Type, TypeId};

use super::history;

/// What controller-gen has for `resource.Quantity`.
const QUANTITY: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

/// Kubernetes at one minor version.
pub(super) struct Kubernetes {
    minor: u8,
    /// The structs that were written already.
    structs: BTreeMap<TypeId, Value>,
}

impl Kubernetes {
    /// Kubernetes 1.`minor`.
    pub(super) const fn new(minor: u8) -> Self {
        Self { minor, structs: BTreeMap::new() }
    }

    /// The schema of a type by its Go name: `v1.Container`, `resource.Quantity`.
    pub(super) fn schema_of(&mut self, go_name: &str) -> Option<Value> {
        named(go_name).map(|id| self.schema(id))
    }

    fn schema(&mut self, id: TypeId) -> Value {
        match types().get(id) {
            Type::Scalar(kind) => scalar(*kind),
            Type::Any => json!({"x-kubernetes-preserve-unknown-fields": true}),
            Type::List(list) => json!({"type": "array", "items": self.schema(list.item)}),
            Type::Map(map) => {
                let mut schema = json!({"type": "object", "additionalProperties": self.schema(map.value)});
                if map.atomic {
                    schema["x-kubernetes-map-type"] = json!("atomic");
                }
                schema
            }
            Type::Struct(known) if known.go_name == "v1.ObjectMeta" => json!({"type": "object"}),
            Type::Struct(known) => {
                if let Some(schema) = self.structs.get(&id) {
                    return schema.clone();
                }
                let schema = self.structure(id, known);
                self.structs.insert(id, schema.clone());
                schema
            }
        }
    }

    fn structure(&mut self, id: TypeId, known: &Struct) -> Value {
        let of = known.go_name.as_str();
        let mut properties: BTreeMap<Key, Value> = BTreeMap::new();
        for (name, field) in &known.fields {
            if history::has(self.minor, of, name) {
                properties.insert(name.clone(), self.field(of, name, field));
            }
        }
        for (name, texts) in history::gone(self.minor, of) {
            let texts: Map = texts.iter().map(|text| ((*text).to_owned(), json!({"type": "string"}))).collect();
            properties.insert(name.into(), json!({"type": "object", "properties": texts}));
        }
        let mut schema = json!({"type": "object", "properties": Map::from_iter(properties)});
        let mut needed: Vec<_> = required(id).filter(|field| history::requires(self.minor, of, field)).collect();
        if !needed.is_empty() {
            needed.sort_unstable();
            schema["required"] = json!(needed);
        }
        let atomic = |id| matches!(types().get(id), Type::Struct(known) if known.atomic);
        if known.atomic || embedded(id).any(atomic) {
            schema["x-kubernetes-map-type"] = json!("atomic");
        }
        schema
    }

    fn field(&mut self, of: &str, name: &str, field: &Field) -> Value {
        let earlier = history::held(self.minor, of, name).and_then(|go_name| self.schema_of(go_name));
        let mut schema = earlier.unwrap_or_else(|| self.schema(field.ty));
        if let Some(default) = field.default.as_ref().filter(|default| !implied(field, default))
            && history::marks_default(self.minor, of, name)
        {
            schema["default"] = default.clone();
        }
        if let Type::List(list) = types().get(field.ty)
            && history::marks_lists(self.minor, of, name)
        {
            schema["x-kubernetes-list-type"] = json!(match &list.kind {
                ListKind::Atomic => "atomic",
                ListKind::Set => "set",
                ListKind::Map(_) => "map",
            });
            if let ListKind::Map(keys) = &list.kind {
                schema["x-kubernetes-list-map-keys"] = json!(keys);
            }
        }
        if field.atomic == Some(false) {
            schema["x-kubernetes-map-type"] = json!("granular");
        }
        schema
    }
}

/// Whether OpenAPI has a default only because Go writes the field even when it is empty.
fn implied(field: &Field, default: &Value) -> bool {
    let empty = match default {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    };
    field.always && !field.pointer && empty
}

fn scalar(kind: Scalar) -> Value {
    let either = || json!([{"type": "integer"}, {"type": "string"}]);
    match kind {
        Scalar::Bool => json!({"type": "boolean"}),
        Scalar::Int32 | Scalar::Uint32 => json!({"type": "integer", "format": "int32"}),
        Scalar::Int64 => json!({"type": "integer", "format": "int64"}),
        Scalar::Float => json!({"type": "number"}),
        Scalar::String | Scalar::Duration => json!({"type": "string"}),
        Scalar::Bytes => json!({"type": "string", "format": "byte"}),
        Scalar::Time | Scalar::MicroTime => json!({"type": "string", "format": "date-time"}),
        Scalar::Quantity => json!({"anyOf": either(), "pattern": QUANTITY, "x-kubernetes-int-or-string": true}),
        Scalar::IntOrString => json!({"anyOf": either(), "x-kubernetes-int-or-string": true}),
    }
}
