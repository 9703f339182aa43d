use proofmark_json::{Value, json};
use rstest::rstest;

use proofmark_text::manager::validate_manager_name;

use super::super::{keep_times_if_unchanged, manager_name, validate_entries};
use super::World;

#[test]
fn whoever_changes_a_field_owns_it() {
    let mut world = World::gizmo();
    world.put("maker", &json!({"num": 1, "gm": {"a": "1", "b": "1"}}));
    assert_eq!(
        world.owners(),
        [r#"maker Update 01: {"f:spec":{".":{},"f:gm":{".":{},"f:a":{},"f:b":{}},"f:num":{}}}"#]
    );
    world.patch("editor", &json!({"spec": {"num": 2, "gm": {"c": "1"}}}));
    assert_eq!(
        world.owners(),
        [
            r#"maker Update 01: {"f:spec":{".":{},"f:gm":{".":{},"f:a":{},"f:b":{}}}}"#,
            r#"editor Update 02: {"f:spec":{"f:gm":{"f:c":{}},"f:num":{}}}"#,
        ]
    );
    // Removing takes from whoever owned it and gives to nobody; same values give to nobody either.
    world.patch("other", &json!({"spec": {"num": 2, "gm": {"a": null, "c": null}}}));
    assert_eq!(
        world.owners(),
        [
            r#"maker Update 01: {"f:spec":{".":{},"f:gm":{".":{},"f:b":{}}}}"#,
            r#"editor Update 02: {"f:spec":{"f:num":{}}}"#
        ]
    );
    world.patch("maker", &json!({"spec": {"num": 3}}));
    assert_eq!(world.owners(), [r#"maker Update 04: {"f:spec":{".":{},"f:gm":{".":{},"f:b":{}},"f:num":{}}}"#]);
}

#[test]
fn what_go_structs_always_hold_is_not_owned() {
    let mut world = World::pod();
    let body = json!({"spec": {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80, "protocol": "TCP"}], "resources": {}}]}, "status": {}});
    world.put("kubectl-create", &body);
    assert_eq!(
        world.owners(),
        [concat!(
            r#"kubectl-create Update 01: {"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:name":{},"#,
            r#""f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{}}}}}"#
        )]
    );
}

#[test]
fn identity_is_never_owned() {
    let mut world = World::gizmo();
    world.put("m", &json!({"metadata": {"name": "a", "namespace": "n", "generation": 1, "resourceVersion": "1", "labels": {"x": "1"}}, "spec": {}}));
    assert_eq!(world.owners(), [r#"m Update 01: {"f:metadata":{"f:labels":{".":{},"f:x":{}}},"f:spec":{}}"#]);
}

#[rstest]
#[case::absent(json!(null), true)]
#[case::empty_list(json!([]), false)]
#[case::empty_entry(json!([{}]), false)]
#[case::empty_members(json!([{"manager": "", "time": null}]), false)]
#[case::no_operation(json!([{"manager": "x", "apiVersion": "test.example.com/v1", "fieldsType": "FieldsV1"}]), true)]
#[case::two_empty_entries(json!([{}, {}]), true)]
#[case::fields_that_cannot_be_read(json!([{"manager": "x", "operation": "Update", "apiVersion": "test.example.com/v1", "fieldsType": "FieldsV1", "fieldsV1": {"spec": {}}}]), true)]
fn entries_of_the_request(#[case] entries: Value, #[case] kept: bool) {
    let mut world = World::gizmo();
    world.put("maker", &json!({"num": 1}));
    let before = world.owners();
    world.put("editor", &json!({"metadata": {"name": "a", "uid": "u", "managedFields": entries}, "spec": {"num": 1}}));
    assert_eq!(world.owners(), if kept { before } else { Vec::new() });
    world.patch("editor", &json!({"spec": {"num": 2}}));
    assert_eq!(world.owners().len(), usize::from(kept) * 2, "managers that were forgotten stay forgotten");
}

#[test]
fn entries_can_be_forged() {
    let mut world = World::gizmo();
    world.put("maker", &json!({"num": 1, "s": "a"}));
    let forged = json!([{"manager": "forged", "operation": "Apply", "apiVersion": super::GIZMO, "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:s": {}}}}]);
    world.patch("editor", &json!({"metadata": {"managedFields": forged}, "spec": {"num": 2}}));
    assert_eq!(
        world.owners(),
        [r#"forged Apply -: {"f:spec":{"f:s":{}}}"#, r#"editor Update 02: {"f:spec":{"f:num":{}}}"#]
    );
}

#[test]
fn an_object_that_does_not_fit_loses_its_managers() {
    let mut world = World::gizmo();
    world.put("maker", &json!({"set": ["a"]}));
    world.patch("maker", &json!({"spec": {"set": ["a", "a"]}}));
    assert_eq!(
        world.owners(),
        [r#"maker Update 02: {"f:spec":{".":{},"f:set":{".":{},"v:\"a\"":{}}}}"#],
        "repeated items are one"
    );
    world.patch("maker", &json!({"spec": {"num": "one"}}));
    assert_eq!(world.owners(), [""; 0]);
    world.patch("maker", &json!({"spec": {"num": 1}}));
    assert_eq!(world.owners(), [""; 0]);
}

#[test]
fn the_oldest_managers_are_merged() {
    let mut world = World::gizmo();
    world.put("m00", &json!({"gm": {"x00": "1"}}));
    for n in 1..10 {
        world.patch(&format!("m{n:02}"), &json!({"spec": {"gm": {format!("x{n:02}"): "1"}}}));
    }
    assert_eq!(world.owners().len(), 10);
    world.patch("m10", &json!({"spec": {"gm": {"x10": "1"}}}));
    let owners = world.owners();
    assert_eq!(owners.len(), 10);
    assert_eq!(owners[0], r#"ancient-changes Update 02: {"f:spec":{".":{},"f:gm":{".":{},"f:x00":{},"f:x01":{}}}}"#);
    world.patch("m11", &json!({"spec": {"gm": {"x11": "1"}}}));
    assert_eq!(
        world.owners()[0],
        r#"ancient-changes Update 03: {"f:spec":{".":{},"f:gm":{".":{},"f:x00":{},"f:x01":{},"f:x02":{}}}}"#
    );
    world.apply("applier", &json!({"num": 1})).unwrap();
    assert_eq!(world.owners().len(), 11, "appliers do not count");
}

#[test]
fn times_alone_are_no_change() {
    let mut world = World::gizmo();
    let old = world.put("maker", &json!({"num": 1})).clone();
    let mut touched = old.clone();
    touched["metadata"]["managedFields"][0]["time"] = json!("2030-01-01T00:00:00Z");
    let mut changed = touched.clone();
    changed["spec"]["num"] = json!(2);
    let mut same = touched.clone();
    keep_times_if_unchanged(&old, &mut same);
    assert_eq!(same, old);
    let mut kept = changed.clone();
    keep_times_if_unchanged(&old, &mut kept);
    assert_eq!(kept, changed);
}

#[rstest]
#[case(json!([{"operation": "Steal"}]), "operation must be `Apply` or `Update`")]
#[case(json!([{"operation": "Apply"}]), "apiVersion must not be empty")]
#[case(json!([{"operation": "Apply", "apiVersion": "v1"}]), "missing fieldsType in managed fields entry 0")]
#[case(json!([{"operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV2"}]), "invalid fieldsType \"FieldsV2\" in managed fields entry 0")]
fn unusable_entries(#[case] entries: Value, #[case] why: &str) {
    assert_eq!(validate_entries(&entries).unwrap_err().to_string(), why);
}

#[rstest]
#[case(None, None, "unknown")]
#[case(Some("kubectl/v1.30 (linux)"), None, "kubectl")]
#[case(Some("kubectl/v1.30"), Some("me"), "me")]
#[case(Some("kubectl/v1.30"), Some(""), "kubectl")]
#[case(Some("/slash"), None, "unknown")]
#[case(Some("Mozilla 5.0 (X11)"), None, "Mozilla 5.0 (X11)")]
#[case(Some("a\tb\u{200b}c\"\\/x"), None, "abc\"\\")]
fn names(#[case] user_agent: Option<&str>, #[case] field_manager: Option<&str>, #[case] want: &str) {
    assert_eq!(manager_name(user_agent, field_manager), Ok(want.to_owned()));
}

#[test]
fn names_are_cut_and_checked() {
    for (user_agent, length) in [("u".repeat(200), 128), ("é".repeat(100), 128), (format!("{}é", "u".repeat(127)), 127)]
    {
        assert_eq!(manager_name(Some(&user_agent), None).map(|name| name.len()), Ok(length));
    }
    assert!(manager_name(None, Some(&"m".repeat(129))).is_err());
    let texts =
        |name: &str| validate_manager_name(name, "fieldManager").iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts("fine"), [""; 0]);
    assert_eq!(texts(&"m".repeat(129)), ["fieldManager: Too long: may not be more than 128 bytes"]);
    assert_eq!(texts("tab\t"), ["fieldManager: Invalid value: \"tab\\t\": invalid character U+0009 (at position 3)"]);
}
