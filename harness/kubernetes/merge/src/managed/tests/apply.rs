use proofmark_json::{Value, json};
use rstest::rstest;

use super::World;

fn refusal(result: Result<bool, super::ApplyError>) -> (u16, String) {
    let status = result.unwrap_err().status();
    (status.code, status.message)
}

#[test]
fn apply_creates_changes_and_prunes() {
    let mut world = World::gizmo();
    assert_eq!(
        world.apply("a", &json!({"num": 1, "gm": {"x": "1"}, "byKey": [{"name": "k", "v": "1"}, {"name": "l"}]})),
        Ok(true)
    );
    assert_eq!(
        world.owners(),
        [
            r#"a Apply 01: {"f:spec":{"f:byKey":{"k:{\"name\":\"k\"}":{".":{},"f:name":{},"f:v":{}},"k:{\"name\":\"l\"}":{".":{},"f:name":{}}},"f:gm":{"f:x":{}},"f:num":{}}}"#
        ]
    );
    let body = json!({"num": 1, "gm": {"x": "1"}, "byKey": [{"name": "l"}]});
    assert_eq!(world.apply("a", &body), Ok(true));
    assert_eq!(world.spec(), &json!({"num": 1, "gm": {"x": "1"}, "byKey": [{"name": "l"}]}));
    assert_eq!(world.apply("a", &body), Ok(false), "the same again is no change");
    assert!(world.owners()[0].starts_with("a Apply 02"), "and keeps the time");
    assert_eq!(world.apply("a", &json!({"num": 2})), Ok(true));
    assert_eq!(world.spec(), &json!({"num": 2}));
}

#[test]
fn what_others_own_survives_pruning() {
    let mut world = World::gizmo();
    world
        .apply("a", &json!({"gm": {"x": "1", "y": "1"}, "set": ["p", "q"], "byKey": [{"name": "k", "v": "1"}]}))
        .unwrap();
    world.apply("b", &json!({"gm": {"x": "1"}, "set": ["q", "r"]})).unwrap();
    world.patch("u", &json!({"spec": {"byKey": [{"name": "k", "v": "1", "w": "2"}]}}));
    world.apply("a", &json!({})).unwrap();
    assert_eq!(
        world.spec(),
        &json!({"gm": {"x": "1"}, "set": ["q", "r"], "byKey": null}),
        "a field of an item is not the item"
    );
}

#[test]
fn conflicts_name_managers_and_fields() {
    let mut world = World::gizmo();
    world.apply("alice", &json!({"num": 1, "gm": {"a": "1"}, "byKey": [{"name": "k", "v": "1"}]})).unwrap();
    let taken = world.apply("bob", &json!({"gm": {"a": "2"}}));
    assert_eq!(refusal(taken), (409, "Apply failed with 1 conflict: conflict with \"alice\": .spec.gm.a".into()));
    world.patch("zed", &json!({"spec": {"s": "x"}}));
    let taken = world
        .apply("bob", &json!({"num": 2, "gm": {"a": "2"}, "byKey": [{"name": "k", "v": "2"}], "s": "y"}))
        .unwrap_err();
    assert_eq!(
        taken.to_string(),
        "Apply failed with 4 conflicts: conflicts with \"alice\":\n- .spec.num\n- .spec.byKey[name=\"k\"].v\n- .spec.gm.a\nconflicts with \"zed\" using test.example.com/v1:\n- .spec.s"
    );
    let causes = taken.status().details.unwrap().causes;
    assert_eq!(causes.len(), 4);
    assert_eq!(
        proofmark_json::to_value(&causes[3]).unwrap(),
        json!({"reason": "FieldManagerConflict", "message": "conflict with \"zed\" using test.example.com/v1", "field": ".spec.s"})
    );

    assert_eq!(world.force("bob", &json!({"num": 2, "gm": {"a": "2"}})), Ok(true));
    assert_eq!(
        world.owners(),
        [
            r#"alice Apply 01: {"f:spec":{"f:byKey":{"k:{\"name\":\"k\"}":{".":{},"f:name":{},"f:v":{}}}}}"#,
            r#"bob Apply 05: {"f:spec":{"f:gm":{"f:a":{}},"f:num":{}}}"#,
            r#"zed Update 03: {"f:spec":{"f:s":{}}}"#,
        ]
    );
}

#[test]
fn an_updater_of_the_same_name_is_someone_else() {
    let mut world = World::gizmo();
    world.apply("alice", &json!({"num": 1})).unwrap();
    world.patch("alice", &json!({"spec": {"num": 2}}));
    assert_eq!(
        refusal(world.apply("alice", &json!({"num": 1}))).1,
        "Apply failed with 1 conflict: conflict with \"alice\" using test.example.com/v1: .spec.num"
    );
}

#[test]
fn equal_values_are_shared() {
    let mut world = World::gizmo();
    world.apply("alice", &json!({"num": 1})).unwrap();
    assert_eq!(world.apply("bob", &json!({"num": 1})), Ok(false));
    assert_eq!(
        world.owners(),
        [r#"bob Apply -: {"f:spec":{"f:num":{}}}"#, r#"alice Apply 01: {"f:spec":{"f:num":{}}}"#],
        "who changed nothing has no time"
    );
    world.apply("alice", &json!({})).unwrap();
    assert_eq!(world.spec(), &json!({"num": 1}));
    world.apply("bob", &json!({})).unwrap();
    assert_eq!(
        world.object.as_ref().unwrap().get("spec"),
        Some(&json!(null)),
        "what is emptied and still owned is null until defaulting drops it"
    );
}

#[test]
fn atomic_lists_and_maps_are_one_field() {
    let mut world = World::gizmo();
    world.apply("alice", &json!({"atomic": ["x"], "am": {"a": "1"}})).unwrap();
    assert_eq!(
        refusal(world.apply("bob", &json!({"am": {"b": "1"}}))).1,
        "Apply failed with 1 conflict: conflict with \"alice\": .spec.am"
    );
    world.force("bob", &json!({"am": {"b": "1"}})).unwrap();
    assert_eq!(world.spec(), &json!({"atomic": ["x"], "am": {"b": "1"}}));
}

#[test]
fn items_meet_by_their_default_keys() {
    let mut world = World::gizmo();
    world.put("maker", &json!({"byTwo": [{"port": 80, "proto": "TCP", "n": "x"}]}));
    assert_eq!(
        refusal(world.apply("a", &json!({"byTwo": [{"port": 80, "n": "y"}]}))).1,
        "Apply failed with 1 conflict: conflict with \"maker\" using test.example.com/v1: .spec.byTwo[port=80,proto=\"TCP\"].n"
    );
    world.apply("a", &json!({"byTwo": [{"port": 80, "proto": "UDP"}]})).unwrap();
    assert_eq!(world.spec()["byTwo"], json!([{"port": 80, "proto": "TCP", "n": "x"}, {"port": 80, "proto": "UDP"}]));
}

#[test]
fn objects_without_managers_get_one_for_what_is_there() {
    let mut world = World::gizmo();
    world.put("maker", &json!({"num": 1, "gm": {"a": "1"}}));
    world.patch("maker", &json!({"metadata": {"managedFields": [{}]}}));
    assert_eq!(
        refusal(world.apply("a", &json!({"num": 2}))).1,
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using test.example.com/v1: .spec.num"
    );
    assert_eq!(world.apply("a", &json!({"num": 1})), Ok(false));
    assert_eq!(
        world.owners(),
        [
            r#"a Apply -: {"f:spec":{"f:num":{}}}"#,
            r#"before-first-apply Update 04: {"f:spec":{".":{},"f:gm":{".":{},"f:a":{}},"f:num":{}}}"#
        ]
    );
}

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

#[test]
fn kubectl_takes_over_from_client_side_apply() {
    let mut world = World::gizmo();
    let last = format!(
        r#"{{"apiVersion":"{}","kind":"Gizmo","metadata":{{"name":"a"}},"spec":{{"num":1,"s":"a"}}}}"#,
        super::GIZMO
    );
    world.put(
        "kubectl-client-side-apply",
        &json!({"metadata": {"name": "a", "annotations": {ANNOTATION: last}}, "spec": {"num": 1, "s": "a", "b": true}}),
    );
    world.patch("editor", &json!({"spec": {"s": "edited"}}));
    assert_eq!(refusal(world.apply("other", &json!({"num": 2}))).0, 409);
    let taken = world.apply("kubectl", &json!({"num": 2, "b": false, "s": "x"}));
    assert_eq!(
        refusal(taken).1,
        "Apply failed with 2 conflicts: conflicts with \"editor\" using test.example.com/v1:\n- .spec.s\nconflicts with \"kubectl-client-side-apply\" using test.example.com/v1:\n- .spec.b",
        "only what the annotation has, unchanged since, is free"
    );
    assert_eq!(world.apply("kubectl", &json!({"num": 2})), Ok(true));
    let annotation = &world.object.as_ref().unwrap()["metadata"]["annotations"][ANNOTATION];
    assert_eq!(
        annotation,
        &json!(
            "{\"apiVersion\":\"test.example.com/v1\",\"kind\":\"Gizmo\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"num\":2}}\n"
        )
    );
}

#[test]
fn a_last_configuration_without_room_is_dropped() {
    let mut world = World::gizmo();
    let last = json!({"apiVersion": super::GIZMO, "kind": "Gizmo", "spec": {}}).to_string();
    world.put(
        "kubectl-client-side-apply",
        &json!({"metadata": {"name": "a", "annotations": {ANNOTATION: last, "x": "y"}}, "spec": {}}),
    );
    world.apply("kubectl", &json!({"s": "x".repeat(300 * 1024)})).unwrap();
    assert_eq!(world.object.as_ref().unwrap()["metadata"]["annotations"], json!({"x": "y"}));
}

#[rstest]
#[case(json!({"kind": "Widget"}), 400, "invalid object type: test.example.com/v1, Kind=Widget")]
#[case(json!({"kind": "Gizmo", "apiVersion": "v1"}), 400, "invalid object type: /v1, Kind=Gizmo")]
#[case(json!({"kind": "Gizmo", "apiVersion": "a/b/c"}), 400, "invalid object type: /, Kind=")]
#[case(json!({"kind": null, "apiVersion": null}), 400, "invalid object type: /, Kind=")]
#[case(json!({"metadata": {"name": "a", "managedFields": []}}), 400, "metadata.managedFields must be nil")]
#[case(json!({"metadata": {"name": "a"}, "spec": {"nope": 1}}), 500, "failed to create typed patch object (/a; test.example.com/v1, Kind=Gizmo): .spec.nope: field not declared in schema")]
#[case(json!({"metadata": {"name": "a", "namespace": "n"}, "spec": {"num": "1"}}), 500, "failed to create typed patch object (n/a; test.example.com/v1, Kind=Gizmo): .spec.num: expected numeric (int or float), got string")]
fn refused(#[case] body: Value, #[case] code: u16, #[case] message: &str) {
    assert_eq!(refusal(World::gizmo().apply("a", &body)), (code, message.to_owned()));
}

#[test]
fn live_objects_that_do_not_fit_are_refused() {
    let mut world = World::gizmo();
    world.apply("a", &json!({"num": 1})).unwrap();
    world.object.as_mut().unwrap()["spec"]["num"] = json!("1");
    assert_eq!(refusal(world.apply("a", &json!({"num": 1}))), (500, "failed to create typed live object (/a; test.example.com/v1, Kind=Gizmo): .spec.num: expected numeric (int or float), got string".into()));
}
