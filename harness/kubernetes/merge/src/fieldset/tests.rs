use proofmark_json::json;
use proptest::prelude::*;

use super::*;

fn element() -> impl Strategy<Value = PathElement> {
    prop_oneof![
        "[a-d]".prop_map(PathElement::field),
        prop_oneof![Just(json!("x")), Just(json!("a<b&\"c\"")), Just(json!(80)), Just(json!(true))]
            .prop_map(|v| PathElement::key(vec![("name".into(), v), ("port".into(), json!(1))])),
        "[ab]".prop_map(|s| PathElement::Value(json!(s))),
        (0_i64..3).prop_map(PathElement::Index),
    ]
}

fn set() -> impl Strategy<Value = FieldSet> {
    let path = prop::collection::vec(element(), 1..4).prop_map(Path);
    prop::collection::vec(path, 0..8).prop_map(|paths| {
        let mut set = FieldSet::new();
        paths.iter().for_each(|path| set.insert(path));
        set
    })
}

proptest! {
    #[test]
    fn algebra(a in set(), b in set(), c in set()) {
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
        prop_assert_eq!(a.intersection(&b), b.intersection(&a));
        prop_assert_eq!(a.difference(&b).union(&a.intersection(&b)), a.clone());
        prop_assert_eq!(a.union(&b).difference(&b), a.difference(&b));
        prop_assert!(a.difference(&b).intersection(&b).is_empty());
        prop_assert_eq!(a.intersection(&b.union(&c)), a.intersection(&b).union(&a.intersection(&c)));
        prop_assert!(a.recursive_difference(&b).difference(&a.difference(&b)).is_empty());
        prop_assert!(a.leaves().is_subset(&a));
        prop_assert_eq!(a.is_subset(&b), a.difference(&b).is_empty());
    }

    #[test]
    fn membership_agrees_with_paths(a in set(), b in set()) {
        prop_assert_eq!(a.paths().len(), a.len());
        for path in a.paths() {
            prop_assert!(a.has(&path));
            prop_assert_eq!(a.difference(&b).has(&path), !b.has(&path));
            prop_assert_eq!(a.intersection(&b).has(&path), b.has(&path));
        }
    }

    #[test]
    fn fields_v1_round_trip(a in set()) {
        prop_assert_eq!(FieldSet::from_fields_v1(&a.to_fields_v1()), Ok(a));
    }
}

#[test]
fn canonical_order_and_dots() {
    let fields = json!({
        "f:spec": {
            "f:containers": {"k:{\"name\":\"b\"}": {".": {}, "f:image": {}}, "k:{\"name\":\"a\"}": {}},
            "f:finalizers": {".": {}, "v:\"x\"": {}, "i:1": {}, "f:z": {}},
        },
        "f:data": {".": {}, "f:k": {}},
    });
    let set = FieldSet::from_fields_v1(&fields).unwrap();
    assert_eq!(
        set.to_fields_v1().to_string(),
        r#"{"f:data":{".":{},"f:k":{}},"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{},"k:{\"name\":\"b\"}":{".":{},"f:image":{}}},"f:finalizers":{".":{},"f:z":{},"v:\"x\"":{},"i:1":{}}}}"#
    );
}

#[test]
fn paths_list_members_before_what_lies_deeper() {
    let set = FieldSet::from_fields_v1(
        &json!({"f:spec": {"f:a": {"k:{\"name\":\"x\",\"port\":80}": {"f:v": {}}, "v:\"q\"": {}}, "f:z": {}}}),
    )
    .unwrap();
    let paths: Vec<_> = set.paths().iter().map(ToString::to_string).collect();
    assert_eq!(paths, [".spec.z", ".spec.a[=\"q\"]", ".spec.a[name=\"x\",port=80].v"]);
}

#[test]
fn reads_what_go_reads() {
    let cases = [
        (json!({}), Some(json!({}))),
        (json!(null), Some(json!({}))),
        (json!({"f:a": null}), Some(json!({"f:a": {}}))),
        (json!({"f:a": {".": {}}}), Some(json!({"f:a": {}}))),
        (json!({"x:a": {}, "f:b": {}}), Some(json!({"f:b": {}}))),
        (json!({"data": {}}), None),
        (json!({"f": {}}), None),
        (json!({"v:{": {}}), None),
        (json!({"k:[]": {}}), None),
        (json!({"i:x": {}}), None),
        (json!({"f:a": 1}), None),
        (json!({"é": {}}), None),
    ];
    for (fields, want) in cases {
        assert_eq!(FieldSet::from_fields_v1(&fields).ok().map(|set| set.to_fields_v1()), want, "{fields}");
    }
}
