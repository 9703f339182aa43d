//! The types and the OpenAPI that a schema becomes.

use proofmark_json::{Value, json};
use proofmark_schema::{Schema, openapi};
use proofmark_types::{ListKind, Scalar, Struct, Type, TypeGraph};

fn parse(schema: &Value) -> Schema {
    Schema::parse(schema).expect("a structural schema")
}

#[test]
fn types_say_how_parts_merge() {
    let schema = parse(&json!({"type": "object", "properties": {
        "spec": {"type": "object", "properties": {
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "map": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                "items": {"type": "object", "properties": {"k": {"type": "integer", "default": 1}}}},
            "plain": {"type": "array", "items": {"type": "boolean"}},
            "sel": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {"type": "number"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"in": {"type": "object", "properties": {"a": {"type": "string"}}}}},
            "port": {"x-kubernetes-int-or-string": true},
            "open": {"type": "object"},
            "pod": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {"spec": {"type": "object"}}},
            "when": {"type": "string", "format": "date-time"},
        }},
    }}));
    let mut types = TypeGraph::default();
    let metadata = types.add(Type::Struct(Struct::default()));
    let root = schema.to_types(&mut types, metadata);
    let Type::Struct(root) = types.get(root) else { panic!("a resource is a struct") };
    assert_eq!(root.fields.get("metadata").map(|f| f.ty), Some(metadata));
    assert!(root.rest.is_none());
    let Some(Type::Struct(spec)) = root.fields.get("spec").map(|f| types.get(f.ty)) else { panic!("spec is a struct") };
    let of = |name: &str| types.get(spec.fields[name].ty);
    assert!(matches!(of("set"), Type::List(l) if l.kind == ListKind::Set));
    assert!(matches!(of("plain"), Type::List(l) if l.kind == ListKind::Atomic));
    let Type::List(map) = of("map") else { panic!("a list") };
    assert_eq!(map.kind, ListKind::Map(vec!["k".to_owned()]));
    assert!(matches!(types.get(map.item), Type::Struct(s) if s.fields["k"].default == Some(json!(1))));
    assert!(matches!(of("sel"), Type::Map(m) if m.atomic && matches!(types.get(m.value), Type::Scalar(Scalar::Float))));
    // What preserves unknown fields lets all below it do so.
    let Type::Struct(free) = of("free") else { panic!("a struct") };
    assert!(free.rest.is_some());
    assert!(matches!(types.get(free.fields["in"].ty), Type::Struct(s) if s.rest.is_some()));
    assert!(matches!(of("port"), Type::Any));
    assert!(matches!(of("open"), Type::Map(m) if matches!(types.get(m.value), Type::Any)));
    assert!(matches!(of("pod"), Type::Struct(s) if s.fields.get("metadata").map(|f| f.ty) == Some(metadata)));
    assert!(matches!(of("when"), Type::Scalar(Scalar::IntOrString)));
}

#[test]
fn a_published_list_names_its_items() {
    let resource = openapi::Resource {
        group: "disco-e.example.com",
        version: "v1",
        kind: "Model",
        list_kind: "ModelList",
        plural: "models",
        selectable: &[".spec.color".to_owned()],
    };
    let definitions = openapi::v3(Some(&parse(&json!({"type": "object", "description": "d"}))), resource);
    let list = &definitions["com.example.disco-e.v1.ModelList"];
    assert_eq!(
        list["properties"]["items"]["items"],
        json!({"$ref": "#/components/schemas/com.example.disco-e.v1.Model"})
    );
    assert_eq!(list["x-kubernetes-selectable-fields"], json!([{"fieldPath": "spec.color"}]));
    let object = &definitions["com.example.disco-e.v1.Model"];
    assert_eq!(object["description"], "d");
    let reference = json!([{"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}]);
    assert_eq!(object["properties"]["metadata"]["allOf"], reference);
    let two = openapi::v2(None, resource);
    assert_eq!(two["com.example.disco-e.v1.Model"]["type"], "object");
    assert_eq!(two["com.example.disco-e.v1.Model"].get("properties"), None);
}
