//! How the API server publishes a custom resource's schema: one definition for the kind and one for its list.
//!
//! OpenAPI v3 says all that the schema says. OpenAPI v2 drops what it has no words for or what `kubectl` trips over:
//! junctors, nullable and preserved values lose their inner structure.
//! Source: `k8s.io/apiextensions-apiserver/pkg/controller/openapi/{builder,v2}`, release 1.35.

mod node;
mod two;

use proofmark_json::{Map, Value, json};

use crate::schema::Schema;

const API_VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const EMBEDDED_API_VERSION: &str = "apiVersion defines the versioned schema of this representation of an object. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const EMBEDDED_KIND: &str = "kind is a string value representing the type of this object. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const METADATA: &str = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
const LIST_METADATA: &str = "Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// What a published definition says of the resource beside its schema.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// The API group.
    pub group: &'a str,
    /// The version.
    pub version: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// The kind of lists.
    pub list_kind: &'a str,
    /// The resource (plural).
    pub plural: &'a str,
    /// The JSON paths of `selectableFields`, as `.spec.color`.
    pub selectable: &'a [String],
}

/// The name of a definition: `com.example.v1.Kind` for the group `example.com`.
pub fn definition_name(group: &str, version: &str, kind: &str) -> String {
    let mut parts: Vec<&str> = group.split('.').collect();
    parts.reverse();
    format!("{}.{version}.{kind}", parts.join("."))
}

/// The definitions of OpenAPI v3 (`components.schemas`), by name. A resource without a structural schema is any object.
pub fn v3(schema: Option<&Schema>, resource: Resource<'_>) -> Map {
    definitions(schema, resource, Release::Three)
}

/// The definitions of OpenAPI v2 (`definitions`), by name.
pub fn v2(schema: Option<&Schema>, resource: Resource<'_>) -> Map {
    definitions(schema, resource, Release::Two)
}

/// Which OpenAPI.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Release {
    Two,
    Three,
}

impl Release {
    /// A reference to a definition.
    fn reference(self, name: &str) -> Value {
        let prefix = if self == Self::Two { "#/definitions/" } else { "#/components/schemas/" };
        json!({"$ref": format!("{prefix}{name}")})
    }

    /// A described reference; in v3, a reference may stand beside nothing.
    fn described(self, name: &str, description: &str) -> Value {
        let mut reference = self.reference(name);
        match self {
            Self::Two => {
                reference["description"] = description.into();
                reference
            }
            Self::Three => json!({"description": description, "allOf": [reference]}),
        }
    }

    fn object_meta(self) -> Value {
        self.described(&format!("{META}.ObjectMeta"), METADATA)
    }
}

fn definitions(schema: Option<&Schema>, resource: Resource<'_>, release: Release) -> Map {
    let Resource { group, version, kind, list_kind, .. } = resource;
    let name = definition_name(group, version, kind);
    let object = extended(object(schema, release), resource, kind);
    let list = extended(list(resource, &name, release), resource, list_kind);
    Map::from_iter([(name, object), (definition_name(group, version, list_kind), list)])
}

fn object(schema: Option<&Schema>, release: Release) -> Map {
    let any = || Map::from_iter([("type".to_owned(), json!("object"))]);
    let mut object = match schema {
        None => return any(),
        // Adding even the three common fields would make kubectl refuse all others.
        Some(schema) if release == Release::Two && schema.preserve_unknown_fields => return any(),
        Some(schema) => node::publish(schema, release),
    };
    let properties = object.entry("properties").or_insert_with(|| json!({}));
    properties["metadata"] = release.object_meta();
    properties["apiVersion"] = json!({"description": API_VERSION, "type": "string"});
    properties["kind"] = json!({"description": KIND, "type": "string"});
    object
}

fn list(resource: Resource<'_>, item: &str, release: Release) -> Map {
    let Resource { kind, list_kind, plural, .. } = resource;
    let items = format!(
        "List of {plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"
    );
    let list = json!({
        "description": format!("{list_kind} is a list of {kind}"),
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"description": API_VERSION, "type": "string"},
            "kind": {"description": KIND, "type": "string"},
            "metadata": release.described(&format!("{META}.ListMeta"), LIST_METADATA),
            "items": {"description": items, "type": "array", "items": release.reference(item)},
        },
    });
    match list {
        Value::Object(list) => list,
        _ => Map::new(),
    }
}

/// Adds which kind this is and by which fields it can be selected.
fn extended(mut definition: Map, resource: Resource<'_>, kind: &str) -> Value {
    let kinds = json!([{"group": resource.group, "kind": kind, "version": resource.version}]);
    definition.insert("x-kubernetes-group-version-kind", kinds);
    if !resource.selectable.is_empty() {
        let path = |p: &String| json!({"fieldPath": p.strip_prefix('.').unwrap_or(p)});
        definition.insert("x-kubernetes-selectable-fields", resource.selectable.iter().map(path).collect());
    }
    Value::Object(definition)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOURCE: Resource<'_> = Resource {
        group: "a.example.com",
        version: "v1",
        kind: "Box",
        list_kind: "BoxList",
        plural: "boxes",
        selectable: &[],
    };

    fn published(schema: Value, publish: fn(Option<&Schema>, Resource<'_>) -> Map) -> Value {
        let schema = Schema::parse(&schema).ok();
        publish(schema.as_ref(), RESOURCE).remove("com.example.a.v1.Box").unwrap_or_default()
    }

    #[test]
    fn v3_says_all_and_v2_less() {
        let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "required": ["n"], "properties": {
            "p": {"x-kubernetes-int-or-string": true, "maximum": 2.0},
            "n": {"type": "string", "nullable": true, "maxLength": 3},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": {"type": "string"}}},
            "e": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {"b": {"type": "string"}}},
        }}}});
        let three = &published(schema.clone(), v3)["properties"]["spec"]["properties"];
        assert_eq!(
            three["p"],
            json!({"x-kubernetes-int-or-string": true, "maximum": 2, "anyOf": [{"type": "integer"}, {"type": "string"}]})
        );
        assert_eq!(three["n"], json!({"type": "string", "nullable": true, "maxLength": 3}));
        assert_eq!(three["e"]["required"], json!(["kind", "apiVersion"]));
        assert_eq!(three["e"]["properties"]["metadata"], Release::Three.object_meta());
        let two = published(schema, v2);
        let spec = &two["properties"]["spec"];
        assert_eq!(spec["required"], Value::Null);
        assert_eq!(spec["properties"]["p"], json!({"x-kubernetes-int-or-string": true, "maximum": 2}));
        assert_eq!(spec["properties"]["n"], json!({"maxLength": 3}));
        assert_eq!(spec["properties"]["free"], json!({"x-kubernetes-preserve-unknown-fields": true}));
    }

    #[test]
    fn a_resource_that_preserves_everything_is_any_object_in_v2() {
        let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let gvk = json!([{"group": "a.example.com", "kind": "Box", "version": "v1"}]);
        assert_eq!(published(schema, v2), json!({"type": "object", "x-kubernetes-group-version-kind": gvk}));
    }
}
