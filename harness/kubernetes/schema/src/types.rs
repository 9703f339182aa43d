//! The types of a schema, for structured merge (server-side apply).
//!
//! Source: `k8s.io/kube-openapi/pkg/schemaconv` over the published OpenAPI of the resource, release 1.35.

use proofmark_json::Value;
use proofmark_types::{Field, Fields, ListKind, ListType, MapType, Patch, Scalar, Struct, Type, TypeGraph, TypeId};

use crate::schema::{self, Additional, Schema};

impl Schema {
    /// Adds the types of a whole resource to the graph: what the schema says, and `apiVersion`, `kind` and `metadata`,
    /// the last being of the type given (that of `ObjectMeta` in the same graph). Embedded resources have the three as well.
    pub fn to_types(&self, types: &mut TypeGraph, metadata: TypeId) -> TypeId {
        let any = types.add(Type::Any);
        let text = types.add(Type::Scalar(Scalar::String));
        Builder { types, metadata, any, text }.object(self, self.preserve_unknown_fields, true)
    }
}

struct Builder<'a> {
    types: &'a mut TypeGraph,
    metadata: TypeId,
    any: TypeId,
    text: TypeId,
}

impl Builder<'_> {
    /// `preserve` holds for everything below a node that preserves unknown fields.
    fn node(&mut self, schema: &Schema, preserve: bool) -> TypeId {
        let preserve = preserve || schema.preserve_unknown_fields;
        match &schema.ty {
            Some(schema::Type::Object) => self.object(schema, preserve, schema.embedded_resource),
            Some(schema::Type::Array) => self.list(schema, preserve),
            Some(schema::Type::String) => match schema.checks.format.as_str() {
                "" | "byte" => self.text,
                // A scalar of any kind, as far as merging goes.
                _ => self.types.add(Type::Scalar(Scalar::IntOrString)),
            },
            Some(schema::Type::Integer) => self.types.add(Type::Scalar(Scalar::Int64)),
            Some(schema::Type::Number) => self.types.add(Type::Scalar(Scalar::Float)),
            Some(schema::Type::Boolean) => self.types.add(Type::Scalar(Scalar::Bool)),
            _ if !schema.properties.is_empty() || schema.embedded_resource => {
                self.object(schema, preserve, schema.embedded_resource)
            }
            _ => self.any,
        }
    }

    fn object(&mut self, schema: &Schema, preserve: bool, is_resource: bool) -> TypeId {
        let mut fields = Fields::default();
        for (name, property) in &schema.properties {
            let ty = self.node(property, preserve);
            fields.insert(name.clone(), field(ty, property.default.clone()));
        }
        if is_resource {
            for (name, ty) in [("apiVersion", self.text), ("kind", self.text), ("metadata", self.metadata)] {
                fields.insert(name.into(), field(ty, None));
            }
        }
        let rest = match &schema.additional {
            None => (preserve || fields.is_empty()).then_some(self.any),
            Some(Additional::Schema(each)) => Some(self.node(each, preserve)),
            Some(Additional::Allowed(allowed)) => allowed.then_some(self.any),
        };
        let atomic = schema.map_type.as_deref() == Some("atomic");
        self.types.add(match rest {
            Some(value) if fields.is_empty() => Type::Map(MapType { value, atomic }),
            rest => Type::Struct(Struct { go_name: String::new(), fields, atomic, rest }),
        })
    }

    fn list(&mut self, schema: &Schema, preserve: bool) -> TypeId {
        let item = match &schema.items {
            Some(each) => self.node(each, preserve),
            None => self.any,
        };
        let kind = match schema.list_type.as_deref() {
            Some("set") => ListKind::Set,
            Some("map") => ListKind::Map(schema.list_map_keys.clone()),
            _ => ListKind::Atomic,
        };
        self.types.add(Type::List(ListType { item, kind }))
    }
}

fn field(ty: TypeId, default: Option<Value>) -> Field {
    Field { ty, number: None, always: false, pointer: false, default, patch: Patch::default(), atomic: None }
}
