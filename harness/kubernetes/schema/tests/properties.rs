//! What holds for any schema and any value.

use proofmark_json::{Map, Value, json};
use proofmark_schema::{Format, Pattern, Schema, crd};
use proptest::prelude::*;

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "kind", "apiVersion", "metadata", "spec", "x.y", "é"])
        .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c0-9 :./-]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A schema that makes sense more often than not.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["string", "integer", "number", "boolean"]).prop_map(|t| json!({"type": t})),
        Just(json!({"x-kubernetes-int-or-string": true})),
        Just(json!({"x-kubernetes-preserve-unknown-fields": true})),
        Just(json!({"type": "string", "pattern": "^a", "maxLength": 3, "format": "ipv4"})),
        Just(json!({"type": "number", "minimum": -1.5, "multipleOf": 0.5, "enum": [1, 2.5]})),
        Just(
            json!({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true})
        ),
    ];
    let node = leaf.prop_recursive(4, 30, 4, |inner| {
        let properties = prop::collection::vec((key(), inner.clone()), 0..4);
        let properties = properties.prop_map(|all| Value::Object(all.into_iter().collect::<Map>()));
        prop_oneof![
            properties.prop_map(|p| json!({"type": "object", "properties": p, "required": ["a"], "maxProperties": 2})),
            inner.clone().prop_map(|each| json!({"type": "object", "additionalProperties": each})),
            inner.clone().prop_map(|each| json!({"type": "array", "items": each, "x-kubernetes-list-type": "set"})),
            inner.clone().prop_map(|each| json!({"type": "array", "items": each, "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["a"]})),
            (inner.clone(), inner).prop_map(
                |(a, b)| json!({"anyOf": [a.clone(), b.clone()], "oneOf": [a.clone()], "allOf": [b.clone()], "not": a})
            ),
        ]
    });
    (node, value(), any::<bool>()).prop_map(|(mut node, default, nullable)| {
        node["default"] = default;
        node["nullable"] = nullable.into();
        node
    })
}

/// The schema of a whole resource.
fn resource() -> impl Strategy<Value = Schema> {
    prop::collection::vec((key(), schema()), 0..4).prop_filter_map("a schema that parses", |all| {
        let properties = Value::Object(all.into_iter().collect());
        Schema::parse(&json!({"type": "object", "properties": properties})).ok()
    })
}

proptest! {
    #[test]
    fn pruning_again_finds_nothing(schema in resource(), mut object in value()) {
        schema.prune(&mut object);
        let once = object.clone();
        prop_assert_eq!(schema.prune(&mut object), Vec::<String>::new());
        prop_assert_eq!(object, once);
    }

    #[test]
    fn defaulting_again_changes_nothing(schema in resource(), mut object in value()) {
        schema.default(&mut object);
        let once = object.clone();
        schema.default(&mut object);
        prop_assert_eq!(object, once);
    }

    #[test]
    fn coercing_again_changes_nothing(schema in resource(), mut object in value()) {
        if schema.coerce(&mut object, false).is_ok() {
            let once = object.clone();
            prop_assert_eq!(schema.coerce(&mut object, false), Ok(Vec::new()));
            prop_assert_eq!(object, once);
        }
    }

    #[test]
    fn any_value_is_judged(schema in resource(), new in value(), old in value()) {
        schema.validate(&new, "status");
        schema.validate_update(&new, &old, "");
        let unchanged = schema.validate_update(&new, &new, "");
        prop_assert!(schema.validate(&new, "").len() >= unchanged.len());
    }

    #[test]
    fn any_definition_is_judged(mut crd in value(), props in schema()) {
        crd::default(&mut crd);
        crd::prepare_create(&mut crd);
        crd::validate(&crd);
        let mut whole = json!({"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": props}}]}});
        crd::default(&mut whole);
        crd::validate_update(&whole, &crd);
        crd::warnings(&whole, Some(&crd));
    }

    #[test]
    fn any_text_is_matched(pattern in "[a-c\\[\\](){}?*+|.\\\\^$:<>=!0-9,PpdwsQExé&~-]{0,12}", text in ".{0,12}") {
        let pattern = Pattern::new(&pattern);
        let mistake = pattern.mistake().map(str::to_owned);
        prop_assert!(mistake.is_none() || !pattern.is_match(&text));
        for format in ["uri", "email", "hostname", "cidr", "mac", "isbn", "creditcard", "date", "date-time", "duration", "uuid", "byte"] {
            Format::find(format).map(|f| f.accepts(&text));
        }
    }
}
