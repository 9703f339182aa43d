//! Definitions of the built-in types, from the tables.

use proofmark_types::{Field, ListKind, Scalar, Type, TypeId};
use serde_json::{Map, Value, json};

use super::Release;
use crate::resource::Resource;

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// The Go package of a group version's types, as definitions are named.
fn package(group: &str, version: &str) -> String {
    match group {
        "" => format!("io.k8s.api.core.{version}"),
        "apiextensions.k8s.io" => format!("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.{version}"),
        "apiregistration.k8s.io" => format!("io.k8s.kube-aggregator.pkg.apis.apiregistration.{version}"),
        "meta.k8s.io" => META.to_owned(),
        group => format!("io.k8s.api.{}.{version}", group.split('.').next().unwrap_or(group)),
    }
}

/// The name of a kind's definition.
pub(super) fn kind_name(group: &str, version: &str, kind: &str) -> String {
    format!("{}.{kind}", package(group, version))
}

/// The name of a type's definition. Types of meta/v1 are shared; others are named as if they were of the version that uses them.
fn type_name(go_name: &str, package: &str) -> String {
    match go_name.split_once('.') {
        Some(("v1", name)) if is_meta(name) => format!("{META}.{name}"),
        Some((_, name)) => format!("{package}.{name}"),
        None => format!("{package}.{go_name}"),
    }
}

/// Types of meta/v1 that other types hold.
fn is_meta(name: &str) -> bool {
    matches!(
        name,
        "ObjectMeta"
            | "ListMeta"
            | "OwnerReference"
            | "ManagedFieldsEntry"
            | "FieldsV1"
            | "LabelSelector"
            | "LabelSelectorRequirement"
            | "Condition"
            | "DeleteOptions"
            | "Preconditions"
            | "Status"
            | "StatusDetails"
            | "StatusCause"
            | "GroupVersionForDiscovery"
            | "FieldSelectorRequirement"
    )
}

/// Adds a resource's kind, its list, and everything that they hold.
pub(super) fn define(resource: &Resource, release: Release, into: &mut Map<String, Value>) {
    let (_, id) = resource.types();
    let package = package(&resource.group, &resource.version);
    let name = kind_name(&resource.group, &resource.version, &resource.kind);
    Writer { release, package: &package, into }.define(&name, id);
    let gvk = |kind: &str| json!([{"group": resource.group, "version": resource.version, "kind": kind}]);
    if let Some(definition) = into.get_mut(&name) {
        definition["x-kubernetes-group-version-kind"] = gvk(&resource.kind);
    }
    into.insert(
        format!("{name}List"),
        json!({
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": release.reference(&format!("{META}.ListMeta")),
                "items": {"type": "array", "items": release.reference(&name)},
            },
            "x-kubernetes-group-version-kind": gvk(&resource.list_kind),
        }),
    );
    define_meta(release, into);
}

/// Adds the types that custom resources refer to.
pub(super) fn define_meta(release: Release, into: &mut Map<String, Value>) {
    if let Some(id) = crate::resource::object_meta() {
        Writer { release, package: META, into }.define(&format!("{META}.ObjectMeta"), id);
    }
    into.entry(format!("{META}.ListMeta")).or_insert_with(|| {
        json!({"type": "object", "properties": {
            "continue": {"type": "string"}, "remainingItemCount": {"type": "integer", "format": "int64"},
            "resourceVersion": {"type": "string"}, "selfLink": {"type": "string"},
        }})
    });
}

struct Writer<'a> {
    release: Release,
    package: &'a str,
    into: &'a mut Map<String, Value>,
}

impl Writer<'_> {
    /// Adds a struct's definition under a name, unless it is there (types refer to themselves).
    fn define(&mut self, name: &str, id: TypeId) {
        if self.into.contains_key(name) {
            return;
        }
        let Type::Struct(object) = proofmark_builtin::types().get(id) else {
            return;
        };
        self.into.insert(name.to_owned(), Value::Null);
        let properties: Map<String, Value> =
            object.fields.iter().map(|(name, field)| (name.clone(), self.property(field))).collect();
        let mut definition = json!({"type": "object"});
        if !properties.is_empty() {
            definition["properties"] = Value::Object(properties);
        }
        let required: Vec<&str> = proofmark_builtin::required(id).collect();
        if !required.is_empty() {
            definition["required"] = json!(required);
        }
        if object.atomic {
            definition["x-kubernetes-map-type"] = json!("atomic");
        }
        self.into.insert(name.to_owned(), definition);
    }

    fn property(&mut self, field: &Field) -> Value {
        let mut schema = self.schema(field.ty);
        if let Some(default) = field.default.as_ref().filter(|_| self.release == Release::Three) {
            // A reference stands beside nothing in v3.
            if schema.get("$ref").is_some() {
                schema = json!({"allOf": [schema]});
            }
            schema["default"] = default.clone();
        }
        if field.patch.merge {
            schema["x-kubernetes-patch-strategy"] = json!("merge");
        }
        if let Some(key) = &field.patch.merge_key {
            schema["x-kubernetes-patch-merge-key"] = json!(key);
        }
        schema
    }

    fn schema(&mut self, id: TypeId) -> Value {
        match proofmark_builtin::types().get(id) {
            Type::Scalar(scalar) => scalar_schema(*scalar),
            Type::Any => json!({"type": "object"}),
            Type::Map(map) => json!({"type": "object", "additionalProperties": self.schema(map.value)}),
            Type::List(list) => {
                let mut schema = json!({"type": "array", "items": self.schema(list.item)});
                match &list.kind {
                    ListKind::Atomic => schema["x-kubernetes-list-type"] = json!("atomic"),
                    ListKind::Set => schema["x-kubernetes-list-type"] = json!("set"),
                    ListKind::Map(keys) => {
                        schema["x-kubernetes-list-type"] = json!("map");
                        schema["x-kubernetes-list-map-keys"] = json!(keys);
                    }
                }
                schema
            }
            Type::Struct(object) => {
                let name = type_name(&object.go_name, self.package);
                self.define(&name, id);
                self.release.reference(&name)
            }
        }
    }
}

fn scalar_schema(scalar: Scalar) -> Value {
    match scalar {
        Scalar::Bool => json!({"type": "boolean"}),
        Scalar::Int32 => json!({"type": "integer", "format": "int32"}),
        Scalar::Int64 | Scalar::Uint32 => json!({"type": "integer", "format": "int64"}),
        Scalar::Float => json!({"type": "number", "format": "double"}),
        Scalar::String | Scalar::Quantity | Scalar::Duration => json!({"type": "string"}),
        Scalar::Bytes => json!({"type": "string", "format": "byte"}),
        Scalar::IntOrString => json!({"type": "string", "format": "int-or-string"}),
        Scalar::Time | Scalar::MicroTime => json!({"type": "string", "format": "date-time"}),
    }
}
