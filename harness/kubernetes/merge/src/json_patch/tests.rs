use proofmark_json::json;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::testing::json_value;

#[rstest]
#[case::add_key(json!([{"op": "add", "path": "/a/c", "value": 1}]), json!({"a": {"b": 0, "c": 1}, "l": [1, 2]}))]
#[case::add_without_value(json!([{"op": "add", "path": "/n"}]), json!({"a": {"b": 0}, "l": [1, 2], "n": null}))]
#[case::append(json!([{"op": "add", "path": "/l/-", "value": 3}]), json!({"a": {"b": 0}, "l": [1, 2, 3]}))]
#[case::append_by_index(json!([{"op": "add", "path": "/l/2", "value": 3}]), json!({"a": {"b": 0}, "l": [1, 2, 3]}))]
#[case::insert_from_the_end(json!([{"op": "add", "path": "/l/-1", "value": 3}]), json!({"a": {"b": 0}, "l": [1, 2, 3]}))]
#[case::insert_first(json!([{"op": "add", "path": "/l/-3", "value": 3}]), json!({"a": {"b": 0}, "l": [3, 1, 2]}))]
#[case::remove_last(json!([{"op": "remove", "path": "/l/-1"}]), json!({"a": {"b": 0}, "l": [1]}))]
#[case::replace_last(json!([{"op": "replace", "path": "/l/-1", "value": 9}]), json!({"a": {"b": 0}, "l": [1, 9]}))]
#[case::replace_missing_key(json!([{"op": "replace", "path": "/a/z", "value": 9}]), json!({"a": {"b": 0, "z": 9}, "l": [1, 2]}))]
#[case::replace_all(json!([{"op": "replace", "path": "", "value": {"x": 1}}]), json!({"x": 1}))]
#[case::move_key(json!([{"op": "move", "from": "/a/b", "path": "/c"}]), json!({"a": {}, "c": 0, "l": [1, 2]}))]
#[case::copy_missing_key(json!([{"op": "copy", "from": "/a/z", "path": "/c"}]), json!({"a": {"b": 0}, "c": null, "l": [1, 2]}))]
#[case::test_null_on_nothing(json!([{"op": "test", "path": "/a/z", "value": null}]), json!({"a": {"b": 0}, "l": [1, 2]}))]
#[case::test_object(json!([{"op": "test", "path": "/a", "value": {"b": 0}}]), json!({"a": {"b": 0}, "l": [1, 2]}))]
#[case::test_all(json!([{"op": "test", "path": "", "value": {"a": {"b": 0}, "l": [1, 2]}}]), json!({"a": {"b": 0}, "l": [1, 2]}))]
#[case::escapes(json!([{"op": "add", "path": "/a~1b~0c~01", "value": 1}]), json!({"a": {"b": 0}, "a/b~c~1": 1, "l": [1, 2]}))]
#[case::first_step_is_not_read(json!([{"op": "add", "path": "ignored/x", "value": 1}]), json!({"a": {"b": 0}, "l": [1, 2], "x": 1}))]
#[case::nothing(json!([]), json!({"a": {"b": 0}, "l": [1, 2]}))]
#[case::null(json!(null), json!({"a": {"b": 0}, "l": [1, 2]}))]
fn applies(#[case] patch: Value, #[case] want: Value) {
    let doc = json!({"a": {"b": 0}, "l": [1, 2]});
    assert_eq!(json_patch(&doc, &patch), Ok(want));
}

#[rstest]
#[case(json!([{"op": "remove", "path": "/a/z"}]), "error in remove for path: '/a/z': Unable to remove nonexistent key: z: missing value")]
#[case(json!([{"op": "remove", "path": "/x/y/z"}]), "remove operation does not apply: doc is missing path: \"/x/y/z\": missing value")]
#[case(json!([{"op": "remove", "path": ""}]), "remove operation does not apply: doc is missing path: \"\": missing value")]
#[case(json!([{"op": "remove", "path": "/l/-"}]), "error in remove for path: '/l/-': strconv.Atoi: parsing \"-\": invalid syntax")]
#[case(json!([{"op": "remove", "path": "/l/2"}]), "error in remove for path: '/l/2': Unable to access invalid index: 2: invalid index referenced")]
#[case(json!([{"op": "remove", "path": "/l/-3"}]), "error in remove for path: '/l/-3': Unable to access invalid index: -3: invalid index referenced")]
#[case(json!([{"op": "add", "path": "/l/x", "value": 1}]), "error in add for path: '/l/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": invalid syntax")]
#[case(json!([{"op": "add", "path": "/l/3", "value": 1}]), "error in add for path: '/l/3': Unable to access invalid index: 3: invalid index referenced")]
#[case(json!([{"op": "add", "path": "", "value": {}}]), "add operation does not apply: doc is missing path: \"\": missing value")]
#[case(json!([{"op": "add", "path": "/a/b/c", "value": {}}]), "add operation does not apply: doc is missing path: \"/a/b/c\": missing value")]
#[case(json!([{"op": "add", "value": 1}]), "add operation failed to decode path: missing value")]
#[case(json!([{"op": "replace", "path": "/l/2", "value": 1}]), "replace operation does not apply: doc is missing key: /l/2: missing value")]
#[case(json!([{"op": "replace", "path": "/x/y", "value": 1}]), "replace operation does not apply: doc is missing path: /x/y: missing value")]
#[case(json!([{"op": "test", "path": "/a/b", "value": 1}]), "testing value /a/b failed: test failed")]
#[case(json!([{"op": "test", "path": "/l/9", "value": 1}]), "error in test for path: '/l/9': Unable to access invalid index: 9: invalid index referenced")]
#[case(json!([{"op": "move", "path": "/x"}]), "move operation failed to decode from: operation, missing from field: missing value")]
#[case(json!([{"op": "move", "from": "/a/b"}]), "move operation failed to decode path: operation missing path field: missing value")]
#[case(json!([{"op": "move", "from": "/a/z", "path": "/x"}]), "error in move for path: 'z': Unable to remove nonexistent key: z: missing value")]
#[case(json!([{"op": "copy", "from": "/x/y", "path": "/z"}]), "copy operation does not apply: doc is missing from path: /x/y: missing value")]
#[case(json!([{"op": "merge", "path": "/a"}]), "Unexpected kind: merge")]
#[case(json!([{"path": "/a"}]), "Unexpected kind: unknown")]
#[case(json!([null]), "Unexpected kind: unknown")]
fn is_rejected(#[case] patch: Value, #[case] why: &str) {
    let doc = json!({"a": {"b": 0}, "l": [1, 2]});
    let error = json_patch(&doc, &patch).unwrap_err();
    assert_eq!(error, PatchError::Rejected(why.to_owned()));
    assert_eq!(error.status().to_value()["message"], "the server rejected our request due to an error in our request");
}

#[rstest]
#[case(json!({}), "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp")]
#[case(json!("x"), "error decoding patch: json: cannot unmarshal string into Go value of type []handlers.jsonPatchOp")]
#[case(json!(["x"]), "error decoding patch: json: cannot unmarshal string into Go value of type handlers.jsonPatchOp")]
#[case(json!([{"op": 1}]), "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string")]
fn is_no_patch(#[case] patch: Value, #[case] why: &str) {
    assert_eq!(json_patch(&json!({}), &patch), Err(PatchError::Malformed(why.to_owned())));
}

#[test]
fn too_many_operations() {
    let patch = vec![json!({"op": "test", "path": "/a"}); MAX_OPERATIONS + 1];
    let status = json_patch(&json!({}), &json!(patch)).unwrap_err().status();
    assert_eq!(
        (status.code, status.message.as_str()),
        (413, "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001")
    );
}

#[test]
fn copies_add_up_to_a_limit() {
    let doc = json!({"a": "x".repeat(1 << 20)});
    let copy = json!({"op": "copy", "from": "/a", "path": "/b"});
    assert!(json_patch(&doc, &json!([copy, copy])).is_ok());
    assert!(matches!(json_patch(&doc, &json!([copy, copy, copy])), Err(PatchError::Rejected(_))));
}

#[test]
fn what_is_reached_comes_out_sorted() {
    let doc = json!({"z": {"y": 1, "x": 2}, "b": {"d": {"f": 1, "e": 2}, "c": 2}});
    let patch = json!([{"op": "add", "path": "/b/a", "value": {"k": 1, "j": 2}}]);
    assert_eq!(
        json_patch(&doc, &patch).unwrap().to_string(),
        r#"{"b":{"a":{"k":1,"j":2},"c":2,"d":{"f":1,"e":2}},"z":{"y":1,"x":2}}"#
    );
}

proptest! {
    #[test]
    fn never_panics(doc in json_value(), ops in prop::collection::vec(("(add|remove|replace|move|copy|test|x)", "(/([a-c~/0-9-]|-1)?){0,4}", "(/[a-c0-2-]{0,2}){0,3}", json_value()), 0..5)) {
        let patch: Vec<_> = ops.into_iter().map(|(op, path, from, value)| json!({"op": op, "path": path, "from": from, "value": value})).collect();
        let _ = json_patch(&doc, &json!(patch));
    }

    #[test]
    fn any_json_as_a_patch(doc in json_value(), patch in json_value()) {
        let _ = json_patch(&doc, &patch);
    }

    #[test]
    fn add_then_test_then_remove_restores(doc in prop::collection::btree_map("[a-c]", json_value(), 0..3), value in json_value()) {
        let doc = json!(doc);
        let patch = json!([{"op": "add", "path": "/new", "value": value}, {"op": "test", "path": "/new", "value": value}, {"op": "remove", "path": "/new"}]);
        prop_assert_eq!(json_patch(&doc, &patch), Ok(doc));
    }
}
