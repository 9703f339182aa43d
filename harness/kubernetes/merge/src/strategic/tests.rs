use proofmark_json::{Value, json};
use proptest::prelude::*;
use rstest::rstest;

use super::strategic_merge;
use crate::error::PatchError;
use crate::testing::{json_value, pod};

fn patched(doc: &Value, patch: &Value) -> Result<Value, PatchError> {
    let (types, ty) = pod();
    strategic_merge(doc, patch, &types, ty)
}

fn spec() -> Value {
    json!({"metadata": {"finalizers": ["a", "b"], "labels": {"x": "1"}}, "spec": {
        "containers": [{"name": "a", "image": "1", "args": ["x"], "ports": [{"containerPort": 80}]}, {"name": "b", "image": "1"}, {"name": "c", "image": "1"}],
        "volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}],
        "tolerations": [{"key": "x"}], "nodeSelector": {"x": "1"}, "whole": {"a": "1"},
    }})
}

/// What a patch of the spec makes of some of its fields.
#[rstest]
#[case::by_key(json!({"containers": [{"name": "b", "image": "2"}]}), "/containers/1", json!({"name": "b", "image": "2"}))]
#[case::nested(json!({"containers": [{"name": "a", "ports": [{"containerPort": 81}]}]}), "/containers/0/ports", json!([{"containerPort": 81}, {"containerPort": 80}]))]
#[case::new_items_first(json!({"containers": [{"name": "z"}]}), "/containers/0", json!({"name": "z"}))]
#[case::atomic_list(json!({"containers": [{"name": "a", "args": ["y"]}]}), "/containers/0/args", json!(["y"]))]
#[case::atomic_objects(json!({"tolerations": [{"key": "y", "$patch": "kept"}]}), "/tolerations", json!([{"key": "y", "$patch": "kept"}]))]
#[case::null_list(json!({"containers": null}), "/tolerations", json!([{"key": "x"}]))]
#[case::empty_list_changes_nothing(json!({"volumes": []}), "/volumes/0/name", json!("v"))]
#[case::delete_item(json!({"containers": [{"name": "a", "$patch": "delete"}, {"name": "c", "$patch": "delete"}]}), "/containers", json!([{"name": "b", "image": "1"}]))]
#[case::delete_unknown_item(json!({"volumes": [{"name": "z", "$patch": "delete"}]}), "/volumes", json!([{"name": "v", "emptyDir": {"medium": "Memory"}}]))]
#[case::replace_list(json!({"containers": [{"$patch": "replace"}, {"name": "o"}]}), "/containers", json!([{"name": "o"}]))]
#[case::replace_list_with_nothing(json!({"containers": [{"$patch": "replace"}]}), "/containers", json!([]))]
#[case::replace_item(json!({"containers": [{"name": "b", "$patch": "replace", "image": "9"}]}), "/containers", json!([]))]
#[case::merge_map(json!({"nodeSelector": {"y": "2", "x": null}}), "/nodeSelector", json!({"y": "2"}))]
#[case::replace_map(json!({"nodeSelector": {"$patch": "replace", "y": "2"}}), "/nodeSelector", json!({"y": "2"}))]
#[case::delete_map(json!({"nodeSelector": {"$patch": "delete"}}), "/nodeSelector", json!({}))]
#[case::replaced_by_strategy(json!({"whole": {"b": "2"}}), "/whole", json!({"b": "2"}))]
#[case::retain_keys(json!({"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "m"}}]}), "/volumes", json!([{"name": "v", "configMap": {"name": "m"}}]))]
#[case::order(json!({"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}, {"name": "b"}], "containers": [{"name": "b", "image": "2"}]}), "/containers",
    json!([{"name": "c", "image": "1"}, {"name": "a", "image": "1", "args": ["x"], "ports": [{"containerPort": 80}]}, {"name": "b", "image": "2"}]))]
#[case::order_alone(json!({"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}]}), "/containers/2/name", json!("b"))]
#[case::order_of_a_new_list(json!({"$setElementOrder/x": [], "$setElementOrder/volumes": [{"name": "n"}, {"name": "v"}], "volumes": [{"name": "n"}]}), "/volumes/0", json!({"name": "n"}))]
#[case::nulls_and_directives_of_what_is_new(json!({"named": {"n": {"a": null}, "d": {"$patch": "delete"}}}), "/named", json!({"n": {}}))]
fn spec_becomes(#[case] patch: Value, #[case] at: &str, #[case] want: Value) {
    let (mut patch, skipped) = (patch, "$setElementOrder/x");
    patch.as_object_mut().unwrap().shift_remove(skipped);
    let result = patched(&spec(), &json!({"spec": patch})).unwrap();
    assert_eq!(result["spec"].pointer(at), Some(&want), "{result}");
}

#[rstest]
#[case::new_first(json!({"finalizers": ["c"]}), json!(["c", "a", "b"]))]
#[case::known_stay(json!({"finalizers": ["b"]}), json!(["a", "b"]))]
#[case::delete(json!({"$deleteFromPrimitiveList/finalizers": ["a", "z"]}), json!(["b"]))]
#[case::order(json!({"$setElementOrder/finalizers": ["c", "b"], "finalizers": ["c"]}), json!(["c", "a", "b"]))]
fn finalizers_become(#[case] patch: Value, #[case] want: Value) {
    assert_eq!(patched(&spec(), &json!({"metadata": patch})).unwrap()["metadata"]["finalizers"], want);
}

#[rstest]
#[case(json!({"containers": [{"image": "x"}]}), 500, "map: map[image:x] does not contain declared merge key: name")]
#[case(json!({"containers": [{"name": "a", "$patch": "explode"}]}), 500, "unknown patch type: explode in map: map[$patch:explode name:a]")]
#[case(json!({"containers": [{"name": "a", "$patch": 1}]}), 500, "unknown patch type: %!s(int64=1) in map: map[$patch:1 name:a]")]
#[case(json!({"containers": [{"name": "a", "$patch": "merge"}]}), 500, "merging lists cannot yet be specified in the patch")]
#[case(json!({"containers": [{"$patch": "delete"}]}), 500, "map: map[$patch:delete] does not contain declared merge key: name")]
#[case(json!({"nodeSelector": {"$patch": "explode"}}), 500, "unknown patch type: explode in map: map[$patch:explode]")]
#[case(json!({"containers": ["a"]}), 500, "list element types are not identical: [[map[args:[x] image:1 name:a ports:[map[containerPort:80]]] map[image:1 name:b] map[image:1 name:c]] [a]]")]
#[case(json!({"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "z", "image": "1"}]}), 500,
    "The order in patch list:\n[map[image:1 name:z]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n")]
#[case(json!({"$setElementOrder/containers": "a"}), 500, "expected a []interface {}, but received a string")]
#[case(json!({"$setElementOrder": []}), 400, "invalid patch format of setElementOrder list")]
#[case(json!({"$deleteFromPrimitiveList": []}), 400, "invalid patch format of primitive list")]
#[case(json!({"volumes": [{"name": "v", "$retainKeys": "name"}]}), 400, "invalid patch format of retainKeys")]
#[case(json!({"volumes": [{"name": "v", "$retainKeys": ["configMap"], "configMap": {}}]}), 400, "invalid patch format of retainKeys")]
#[case(json!({"$setElementOrder/nothing": []}), 500, "unable to find api field in struct PodSpec for the json field \"nothing\"")]
fn is_refused(#[case] patch: Value, #[case] code: u16, #[case] text: &str) {
    let error = patched(&spec(), &json!({"spec": patch})).unwrap_err();
    assert_eq!((error.status().code, error.to_string().as_str()), (code, text));
}

#[test]
fn objects_in_maps_of_structs_cannot_merge() {
    let doc = json!({"spec": {"named": {"n": {"a": "1"}}}});
    let error = patched(&doc, &json!({"spec": {"named": {"n": {"a": "2"}}}})).unwrap_err();
    assert_eq!(error.to_string(), "merging an object in json but data type is not struct, instead is: map");
}

proptest! {
    #[test]
    fn never_panics(doc in strategic_value(), patch in strategic_value()) {
        let _ = patched(&json!({"spec": doc}), &json!({"spec": patch}));
    }

    #[test]
    fn any_json(doc in json_value(), patch in json_value()) {
        let _ = patched(&doc, &patch);
    }
}

/// Documents and patches that hit the strategies, well-formed or not.
fn strategic_value() -> impl Strategy<Value = Value> {
    let item = prop_oneof![
        "[ab]".prop_map(|name| json!({"name": name, "image": "1"})),
        ("[ab]", "(delete|replace|merge|x)").prop_map(|(name, directive)| json!({"name": name, "$patch": directive})),
        Just(json!({"name": "a", "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]})),
        json_value(),
    ];
    let key = "(containers|volumes|tolerations|\\$setElementOrder/containers|\\$setElementOrder/volumes|\\$deleteFromPrimitiveList/containers|\\$retainKeys|nodeSelector|named)";
    let value = prop_oneof![3 => prop::collection::vec(item, 0..4).prop_map(Value::from), 1 => json_value()];
    prop::collection::vec((key, value), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect()))
}
