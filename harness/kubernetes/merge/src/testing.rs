//! What the crate's tests share: types from short schemas, and generators for property tests.

use proofmark_json::{Value, json};
use proofmark_types::{Field, ListKind, ListType, MapType, Patch, Scalar, Struct, Type, TypeGraph, TypeId};
use proptest::prelude::*;

/// Types from an OpenAPI schema with its Kubernetes extensions. `x-go` names a Go struct, whose `required` fields Go always writes.
pub(crate) fn types_of(schema: &Value) -> (TypeGraph, TypeId) {
    let mut types = TypeGraph::default();
    let id = add(&mut types, schema);
    (types, id)
}

fn add(types: &mut TypeGraph, schema: &Value) -> TypeId {
    let text = |key: &str| schema[key].as_str().unwrap_or_default();
    let ty = match text("type") {
        "string" if text("format") == "int-or-string" => Type::Scalar(Scalar::IntOrString),
        "string" => Type::Scalar(Scalar::String),
        "integer" => Type::Scalar(Scalar::Int64),
        "boolean" => Type::Scalar(Scalar::Bool),
        "array" => {
            let kind = match text("x-kubernetes-list-type") {
                "map" => {
                    ListKind::Map(proofmark_json::from_value(schema["x-kubernetes-list-map-keys"].clone()).unwrap())
                }
                "set" => ListKind::Set,
                _ => ListKind::Atomic,
            };
            Type::List(ListType { item: add(types, &schema["items"]), kind })
        }
        "object" => {
            let atomic = text("x-kubernetes-map-type") == "atomic";
            if let Some(properties) = schema["properties"].as_object() {
                let fields = properties
                    .iter()
                    .map(|(name, property)| (name.clone(), field(types, schema, name, property)))
                    .collect();
                let rest = (schema["x-kubernetes-preserve-unknown-fields"] == true).then(|| types.add(Type::Any));
                Type::Struct(Struct { go_name: text("x-go").into(), fields, atomic, rest })
            } else {
                Type::Map(MapType { value: add(types, &schema["additionalProperties"]), atomic })
            }
        }
        _ => Type::Any,
    };
    types.add(ty)
}

fn field(types: &mut TypeGraph, schema: &Value, name: &str, property: &Value) -> Field {
    let strategy = property["x-kubernetes-patch-strategy"].as_str().unwrap_or_default();
    Field {
        ty: add(types, property),
        number: None,
        always: schema["required"].as_array().is_some_and(|required| required.contains(&json!(name))),
        pointer: property["nullable"] == true,
        default: property.get("default").cloned(),
        patch: Patch {
            merge: strategy.contains("merge"),
            retain_keys: strategy.contains("retainKeys"),
            replace: strategy.contains("replace"),
            merge_key: property["x-kubernetes-patch-merge-key"].as_str().map(str::to_owned),
        },
        atomic: None,
    }
}

/// A kind with one list or map of every sort, as a custom resource.
pub(crate) fn gizmo() -> (TypeGraph, TypeId) {
    types_of(&proofmark_json::from_str(include_str!("testing/gizmo.json")).unwrap())
}

/// A kind with the strategies of strategic merge, as a built-in.
pub(crate) fn pod() -> (TypeGraph, TypeId) {
    types_of(&proofmark_json::from_str(include_str!("testing/pod.json")).unwrap())
}

/// Small JSON documents with few distinct keys, so that two of them often meet.
pub(crate) fn json_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
        Just(json!(1.5)),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-d]", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A gizmo's spec that fits its type, without repeated list items.
pub(crate) fn gizmo_spec() -> impl Strategy<Value = Value> {
    let names = || prop::collection::btree_set("[a-d]", 0..4).prop_shuffle_into();
    let by_key = names().prop_flat_map(|names| {
        let count = names.len();
        (Just(names), prop::collection::vec(prop::option::of("[xy]"), count)).prop_map(|(names, values)| {
            names
                .into_iter()
                .zip(values)
                .map(|(name, v)| v.map_or(json!({"name": name}), |v| json!({"name": name, "v": v})))
                .collect::<Value>()
        })
    });
    let map = || prop::collection::btree_map("[a-c]", "[xy]", 0..3).prop_map(|map| json!(map));
    let fields = (
        prop::option::of(0..3),
        prop::option::of(by_key),
        prop::option::of(names()),
        prop::option::of(names()),
        prop::option::of(map()),
        prop::option::of(map()),
        prop::option::of(json_value()),
    );
    fields.prop_map(|(num, by_key, set, atomic, gm, am, free)| {
        let fields = [
            ("num", num.map(Value::from)),
            ("byKey", by_key),
            ("set", set.map(Value::from)),
            ("atomic", atomic.map(Value::from)),
            ("gm", gm),
            ("am", am),
            ("free", free),
        ];
        Value::Object(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
    })
}

/// Turns a strategy for sets into one for their members in any order.
trait ShuffleInto {
    fn prop_shuffle_into(self) -> BoxedStrategy<Vec<String>>;
}

impl<S: Strategy<Value = std::collections::BTreeSet<String>> + 'static> ShuffleInto for S {
    fn prop_shuffle_into(self) -> BoxedStrategy<Vec<String>> {
        self.prop_map(|set| set.into_iter().collect::<Vec<_>>()).prop_shuffle().boxed()
    }
}
