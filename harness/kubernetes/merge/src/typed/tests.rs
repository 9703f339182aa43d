use proofmark_json::{Value, json};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::fieldset::FieldSet;
use crate::testing::{gizmo, gizmo_spec, pod};
use crate::value;

fn with_gizmo<T>(test: impl FnOnce(Typed<'_>) -> T) -> T {
    let (types, id) = gizmo();
    test(Typed::new(&types, id))
}

fn spec(spec: &Value) -> Value {
    json!({"spec": spec})
}

#[rstest]
#[case(json!({"num": "1"}), ".spec.num: expected numeric (int or float), got string")]
#[case(json!({"num": {}}), ".spec.num: expected numeric (int or float), got map[string]interface {}")]
#[case(json!({"s": 1}), ".spec.s: expected string, got &value.valueUnstructured{Value:1}")]
#[case(json!({"s": {"a": [1.5]}}), ".spec.s: expected string, got &value.valueUnstructured{Value:map[string]interface {}{\"a\":[]interface {}{1.5}}}")]
#[case(json!({"b": "yes"}), ".spec.b: expected boolean, got &{yes}")]
#[case(json!({"byKey": {"name": "x"}}), ".spec.byKey: expected list, got &{map[name:x]}")]
#[case(json!({"gm": [1]}), ".spec.gm: expected map, got &{[1]}")]
#[case(json!({"gm": {"a": 1}}), ".spec.gm.a: expected string, got &value.valueUnstructured{Value:1}")]
#[case(json!({"unknown": 1}), ".spec.unknown: field not declared in schema")]
#[case(json!({"set": ["a", "a"]}), ".spec.set: duplicate entries for key [=\"a\"]")]
#[case(json!({"set": [null]}), ".spec.set: element 0: associative list without keys has an element that's an explicit null")]
#[case(json!({"set": [{}]}), ".spec.set: element 0: associative list without keys has an element that's a map type")]
#[case(json!({"set": ["a", []]}), ".spec.set: element 1: not supported: associative list with lists as elements")]
#[case(json!({"byKey": [{"name": "x"}, {"name": "x"}]}), ".spec.byKey: duplicate entries for key [name=\"x\"]")]
#[case(json!({"byKey": [{"v": "x"}]}), ".spec.byKey: element 0: associative list with keys has an element that omits all key fields [\"name\"] (and doesn't have default values for any key fields)")]
#[case(json!({"byKey": [null]}), ".spec.byKey: element 0: associative list with keys may not have a null element")]
#[case(json!({"byKey": ["x"]}), ".spec.byKey: element 0: associative list with keys may not have non-map elements")]
#[case(json!({"byTwo": [{"port": 1}, {"port": 1, "proto": "TCP"}]}), ".spec.byTwo: duplicate entries for key [port=1,proto=\"TCP\"]")]
#[case(json!({"byKey": [{"name": "x", "v": 1}]}), ".spec.byKey[name=\"x\"].v: expected string, got &value.valueUnstructured{Value:1}")]
#[case(json!({"atomic": ["a", 1]}), ".spec.atomic[1]: expected string, got &value.valueUnstructured{Value:1}")]
#[case(json!({"num": true, "s": true}), "errors:\n  .spec.num: expected numeric (int or float), got bool\n  .spec.s: expected string, got &value.valueUnstructured{Value:true}")]
fn does_not_fit(#[case] value: Value, #[case] why: &str) {
    with_gizmo(|ty| assert_eq!(ty.validate(&spec(&value), Duplicates::Refused).unwrap_err().to_string(), why));
}

#[rstest]
#[case(json!({"num": 1.5, "s": null, "byKey": null, "gm": null, "port": "http", "as": {"x": "1"}}))]
#[case(json!({"free": {"a": [{"b": null}, 1], "c": {}}}))]
#[case(json!({"byTwo": [{"port": 1}, {"port": 1, "proto": "UDP"}, {"proto": "TCP"}]}))]
fn fits(#[case] value: Value) {
    with_gizmo(|ty| assert_eq!(ty.validate(&spec(&value), Duplicates::Refused), Ok(())));
}

#[test]
fn stored_lists_may_repeat_items() {
    with_gizmo(|ty| assert_eq!(ty.validate(&spec(&json!({"set": ["a", "a"]})), Duplicates::Allowed), Ok(())));
}

#[rstest]
#[case::scalars(json!({"num": 1, "s": null}), json!({"f:num": {}, "f:s": {}}))]
#[case::maps_of_the_schema_have_no_dot(json!({"gm": {"a": "1"}}), json!({"f:gm": {"f:a": {}}}))]
#[case::items_have_one(json!({"byKey": [{"name": "x", "v": "1"}]}), json!({"f:byKey": {"k:{\"name\":\"x\"}": {".": {}, "f:name": {}, "f:v": {}}}}))]
#[case::default_keys(json!({"byTwo": [{"port": 1}]}), json!({"f:byTwo": {"k:{\"port\":1,\"proto\":\"TCP\"}": {".": {}, "f:port": {}}}}))]
#[case::sets(json!({"set": ["a", "b"]}), json!({"f:set": {"v:\"a\"": {}, "v:\"b\"": {}}}))]
#[case::atomic(json!({"atomic": ["a"], "am": {"a": "1"}, "as": {"x": "1"}}), json!({"f:am": {}, "f:as": {}, "f:atomic": {}}))]
#[case::empty_objects_count_and_lists_do_not(json!({"gm": {}, "set": [], "atomic": []}), json!({"f:atomic": {}, "f:gm": {}}))]
#[case::free(json!({"free": {"a": {"b": 1}, "l": [{"x": 1}], "n": null}}), json!({"f:free": {"f:a": {".": {}, "f:b": {}}, "f:l": {}, "f:n": {}}}))]
#[case::repeated_items_are_one(json!({"byKey": [{"name": "x", "v": "1"}, {"name": "x", "w": "1"}]}), json!({"f:byKey": {"k:{\"name\":\"x\"}": {}}}))]
fn fields_of(#[case] value: Value, #[case] want: Value) {
    with_gizmo(|ty| assert_eq!(ty.field_set(&spec(&value)).to_fields_v1(), json!({"f:spec": want})));
}

/// Old and new spec, then what was removed, modified and added below `f:spec`.
#[rstest]
#[case::same(json!({"num": 1, "gm": {"a": "1"}}), json!({"num": 1.0, "gm": {"a": "1"}}), json!({}), json!({}), json!({}))]
#[case::scalar(json!({"num": 1}), json!({"num": 2}), json!({}), json!({"f:num": {}}), json!({}))]
#[case::new_maps_have_a_dot(json!({"num": 1}), json!({"num": 1, "gm": {"a": "1"}}), json!({}), json!({}), json!({"f:gm": {".": {}, "f:a": {}}}))]
#[case::emptied_map(json!({"gm": {"a": "1"}}), json!({"gm": {}}), json!({"f:gm": {"f:a": {}}}), json!({}), json!({}))]
#[case::null_for_empty(json!({"gm": {}}), json!({"gm": null}), json!({}), json!({"f:gm": {}}), json!({}))]
#[case::items(json!({"byKey": [{"name": "x", "v": "1"}, {"name": "y"}]}), json!({"byKey": [{"name": "z"}, {"name": "x", "v": "2"}]}),
    json!({"f:byKey": {"k:{\"name\":\"y\"}": {".": {}, "f:name": {}}}}), json!({"f:byKey": {"k:{\"name\":\"x\"}": {"f:v": {}}}}), json!({"f:byKey": {"k:{\"name\":\"z\"}": {".": {}, "f:name": {}}}}))]
#[case::order_of_items_is_nothing(json!({"set": ["a", "b"]}), json!({"set": ["b", "a"]}), json!({}), json!({}), json!({}))]
#[case::order_of_atomic_lists_is(json!({"atomic": ["a", "b"]}), json!({"atomic": ["b", "a"]}), json!({}), json!({"f:atomic": {}}), json!({}))]
#[case::free_object_to_scalar(json!({"free": {"a": 1}}), json!({"free": 1}), json!({"f:free": {"f:a": {}}}), json!({"f:free": {}}), json!({}))]
#[case::free_scalar_to_object(json!({"free": 1}), json!({"free": {"a": 1}}), json!({}), json!({"f:free": {}}), json!({"f:free": {"f:a": {}}}))]
#[case::duplicates_appear(json!({"byKey": [{"name": "x", "v": "1"}]}), json!({"byKey": [{"name": "x"}, {"name": "x"}]}),
    json!({"f:byKey": {"k:{\"name\":\"x\"}": {".": {}, "f:name": {}, "f:v": {}}}}), json!({}), json!({"f:byKey": {"k:{\"name\":\"x\"}": {}}}))]
#[case::duplicates_vanish(json!({"set": ["a", "a"]}), json!({"set": ["a"]}), json!({"f:set": {"v:\"a\"": {}}}), json!({}), json!({"f:set": {"v:\"a\"": {}}}))]
#[case::duplicates_change(json!({"byKey": [{"name": "x"}, {"name": "x"}]}), json!({"byKey": [{"name": "x"}, {"name": "x", "v": "1"}]}), json!({}), json!({"f:byKey": {"k:{\"name\":\"x\"}": {}}}), json!({}))]
fn compares(
    #[case] old: Value,
    #[case] new: Value,
    #[case] removed: Value,
    #[case] modified: Value,
    #[case] added: Value,
) {
    let below = |set: Value| if set == json!({}) { set } else { json!({"f:spec": set}) };
    with_gizmo(|ty| {
        let got = ty.compare(&spec(&old), &spec(&new));
        assert_eq!(got.removed.to_fields_v1(), below(removed), "removed");
        assert_eq!(got.modified.to_fields_v1(), below(modified), "modified");
        assert_eq!(got.added.to_fields_v1(), below(added), "added");
    });
}

#[rstest]
#[case::scalars(json!({"num": 1, "s": "a"}), json!({"num": 2}), json!({"num": 2, "s": "a"}))]
#[case::null_is_kept(json!({"s": "a"}), json!({"s": null}), json!({"s": null}))]
#[case::null_does_not_empty_maps(json!({"gm": {"a": "1"}}), json!({"gm": null}), json!({"gm": {"a": "1"}}))]
#[case::maps(json!({"gm": {"a": "1"}}), json!({"gm": {"b": "2"}}), json!({"gm": {"a": "1", "b": "2"}}))]
#[case::atomic(json!({"am": {"a": "1"}, "atomic": ["a"]}), json!({"am": {"b": "2"}, "atomic": ["b"]}), json!({"am": {"b": "2"}, "atomic": ["b"]}))]
#[case::new_items_last(json!({"set": ["a", "b"]}), json!({"set": ["c"]}), json!({"set": ["a", "b", "c"]}))]
#[case::shared_in_the_new_order(json!({"set": ["a", "b", "c"]}), json!({"set": ["c", "a"]}), json!({"set": ["b", "c", "a"]}))]
#[case::old_items_keep_their_place(json!({"set": ["x", "a", "y", "b", "z"]}), json!({"set": ["a", "n", "b"]}), json!({"set": ["x", "a", "y", "n", "b", "z"]}))]
#[case::items_merge(json!({"byKey": [{"name": "x", "v": "1"}]}), json!({"byKey": [{"name": "x", "w": "2"}]}), json!({"byKey": [{"name": "x", "v": "1", "w": "2"}]}))]
#[case::default_keys_meet(json!({"byTwo": [{"port": 1, "proto": "TCP"}]}), json!({"byTwo": [{"port": 1, "n": "x"}]}), json!({"byTwo": [{"port": 1, "proto": "TCP", "n": "x"}]}))]
#[case::free(json!({"free": {"a": {"b": 1}, "l": [1]}}), json!({"free": {"a": {"c": 2}, "l": [2]}}), json!({"free": {"a": {"b": 1, "c": 2}, "l": [2]}}))]
#[case::free_kinds(json!({"free": {"a": {"b": 1}}}), json!({"free": {"a": 1}}), json!({"free": {"a": 1}}))]
fn merges(#[case] old: Value, #[case] new: Value, #[case] want: Value) {
    with_gizmo(|ty| assert_eq!(ty.merge(&spec(&old), &spec(&new)), spec(&want)));
}

#[rstest]
#[case(json!({"f:num": {}}), json!({"gm": {"a": "1", "b": "2"}, "byKey": [{"name": "x", "v": "1"}, {"name": "y"}], "set": ["a"]}))]
#[case(json!({"f:gm": {"f:a": {}}, "f:num": {}}), json!({"gm": {"b": "2"}, "byKey": [{"name": "x", "v": "1"}, {"name": "y"}], "set": ["a"]}))]
#[case(json!({"f:gm": {"f:a": {}, "f:b": {}}, "f:num": {}}), json!({"gm": null, "byKey": [{"name": "x", "v": "1"}, {"name": "y"}], "set": ["a"]}))]
#[case(json!({"f:gm": {}, "f:num": {}, "f:byKey": {"k:{\"name\":\"x\"}": {"f:v": {}}, "k:{\"name\":\"y\"}": {}}, "f:set": {"v:\"a\"": {}}}), json!({"byKey": [{"name": "x"}], "set": null}))]
fn removes(#[case] fields: Value, #[case] want: Value) {
    let object = spec(
        &json!({"num": 1, "gm": {"a": "1", "b": "2"}, "byKey": [{"name": "x", "v": "1"}, {"name": "y"}], "set": ["a"]}),
    );
    let fields = FieldSet::from_fields_v1(&json!({"f:spec": fields})).unwrap();
    with_gizmo(|ty| assert_eq!(ty.remove(&object, &fields), spec(&want)));
}

#[test]
fn extracts_what_a_manager_owns() {
    let object = spec(
        &json!({"num": 1, "gm": {"a": "1", "b": "2"}, "byKey": [{"name": "x", "v": "1"}, {"name": "y"}], "set": ["a", "b"], "atomic": ["q"]}),
    );
    let fields = json!({"f:spec": {"f:gm": {"f:a": {}}, "f:byKey": {"k:{\"name\":\"x\"}": {".": {}, "f:name": {}}}, "f:set": {"v:\"b\"": {}}, "f:atomic": {}}});
    let fields = FieldSet::from_fields_v1(&fields).unwrap();
    let want = spec(&json!({"gm": {"a": "1"}, "byKey": [{"name": "x"}], "set": ["b"], "atomic": ["q"]}));
    with_gizmo(|ty| assert_eq!(ty.extract(&object, &fields), want));
}

#[test]
fn sets_follow_a_schema_that_became_atomic() {
    let written = json!({"f:spec": {"f:atomic": {"v:\"a\"": {}}, "f:am": {".": {}, "f:x": {}}, "f:as": {"f:x": {}}, "f:gm": {"f:a": {}}, "f:set": {}, "f:free": {"f:l": {"i:0": {}}}, "f:gone": {"f:x": {}}}});
    let mut set = FieldSet::from_fields_v1(&written).unwrap();
    with_gizmo(|ty| ty.reconcile(&mut set));
    let want = json!({"f:spec": {"f:am": {}, "f:as": {}, "f:atomic": {}, "f:free": {"f:l": {"i:0": {}}}, "f:gm": {"f:a": {}}, "f:gone": {"f:x": {}}, "f:set": {}}});
    assert_eq!(set.to_fields_v1(), want);
}

#[test]
fn zero_values() {
    let (types, id) = pod();
    assert_eq!(Typed::new(&types, id).zero(), json!({"metadata": {}, "spec": {"containers": null}, "status": {}}));
    with_gizmo(|ty| assert_eq!(ty.zero(), json!({})));
}

proptest! {
    #[test]
    fn merge_laws(old in gizmo_spec(), new in gizmo_spec()) {
        with_gizmo(|ty| {
            let (old, new) = (spec(&old), spec(&new));
            ty.validate(&new, Duplicates::Refused).unwrap();
            let merged = ty.merge(&old, &new);
            prop_assert_eq!(ty.merge(&new, &new), new.clone());
            prop_assert_eq!(ty.merge(&merged, &new), merged.clone());
            // Merging only writes what the new object has, and takes nothing away but what free JSON replaced.
            let written = ty.compare(&old, &merged).written();
            let reachable = ty.field_set(&new).union(&ty.compare(&json!({"spec": {}}), &new).written());
            prop_assert!(written.leaves().difference(&reachable).is_empty(), "{}", written.to_fields_v1());
            Ok(())
        })?;
    }

    #[test]
    fn comparison_laws(old in gizmo_spec(), new in gizmo_spec()) {
        with_gizmo(|ty| {
            let (old, new) = (spec(&old), spec(&new));
            let there = ty.compare(&old, &new);
            let back = ty.compare(&new, &old);
            prop_assert_eq!(&there.added.difference(&back.removed), &FieldSet::new());
            prop_assert_eq!(&there.modified, &back.modified);
            prop_assert_eq!(ty.compare(&old, &old), Comparison::default());
            let same = there == Comparison::default();
            // Lists with the same items in another order are the same object to ownership.
            if value::equal(&old, &new) {
                prop_assert!(same);
            }
            Ok(())
        })?;
    }

    #[test]
    fn removing_all_fields_leaves_nothing(object in gizmo_spec()) {
        with_gizmo(|ty| {
            let object = spec(&object);
            let all = ty.declared_field_set(&object);
            let left = ty.remove(&object, &all);
            // Empty associative lists belong to nobody.
            prop_assert!(ty.field_set(&left).is_empty() || left == Value::Null, "{left}");
            Ok(())
        })?;
    }
}
