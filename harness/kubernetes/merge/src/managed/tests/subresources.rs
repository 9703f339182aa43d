use std::collections::BTreeMap;

use proofmark_json::{Value, json};

use super::super::{Filter, ScaleEntries};
use super::World;
use crate::fieldset::{FieldSet, Path};

#[test]
fn each_endpoint_owns_its_part() {
    let mut world = World::gizmo();
    world.reset = Some(Filter::Exclude(FieldSet::of_fields(&[&["status"]])));
    world.apply("alice", &json!({"spec": {"num": 1}, "status": {"phase": "x"}})).unwrap();
    assert_eq!(world.owners(), [r#"alice Apply 01: {"f:spec":{"f:num":{}}}"#]);

    world.subresource = "status";
    world.reset = Some(Filter::Exclude(FieldSet::of_fields(&[&["spec"]])));
    world.object.as_mut().unwrap().as_object_mut().unwrap().shift_remove("status");
    world.apply("alice", &json!({"spec": {"num": 2}, "status": {"phase": "A"}})).unwrap();
    assert_eq!(world.owners()[1], r#"alice Apply/status 02: {"f:status":{"f:phase":{}}}"#);
    assert_eq!(
        world.owners()[0],
        r#"alice Apply 01: {"f:spec":{"f:num":{}}}"#,
        "what the endpoint does not write takes from nobody"
    );

    let conflict = world.apply("bob", &json!({"status": {"phase": "B"}})).unwrap_err();
    assert_eq!(
        conflict.to_string(),
        "Apply failed with 1 conflict: conflict with \"alice\" with subresource \"status\": .status.phase"
    );
    world.patch("ctl", &json!({"status": {"replicas": 1}, "metadata": {"managedFields": [{}]}}));
    assert_eq!(
        world.owners()[2],
        r#"ctl Update/status 04: {"f:status":{"f:replicas":{}}}"#,
        "entries of the request do not count here"
    );
    let conflict = world.apply("bob", &json!({"status": {"replicas": 2}})).unwrap_err();
    assert_eq!(
        conflict.to_string(),
        "Apply failed with 1 conflict: conflict with \"ctl\" with subresource \"status\" using test.example.com/v1: .status.replicas"
    );
}

fn entry(manager: &str, api_version: &str, fields: Value) -> Value {
    json!({"manager": manager, "operation": "Update", "apiVersion": api_version, "time": "2024-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": fields})
}

#[test]
fn owners_of_replicas_carry_over_to_the_scale_and_back() {
    let scale = ScaleEntries {
        api_version: "apps/v1",
        replicas: BTreeMap::from([("apps/v1".to_owned(), Some(Path::fields(&["spec", "replicas"])))]),
    };
    let parent = json!([
        entry("a", "apps/v1", json!({"f:spec": {"f:replicas": {}, "f:paused": {}}})),
        entry("b", "apps/v1", json!({"f:spec": {"f:template": {}}})),
        entry("old", "apps/v1beta1", json!({"f:spec": {"f:replicas": {}}})),
    ]);
    let seen = scale.to_scale(&parent).unwrap();
    assert_eq!(seen, json!([entry("a", "autoscaling/v1", json!({"f:spec": {"f:replicas": {}}}))]));

    let mut scaler = entry("scaler", "autoscaling/v1", json!({"f:spec": {"f:replicas": {}}}));
    scaler["subresource"] = json!("scale");
    let mut want = entry("scaler", "apps/v1", json!({"f:spec": {"f:replicas": {}}}));
    want.as_object_mut().unwrap().shift_remove("time");
    want["subresource"] = json!("scale");
    let merged = scale.to_parent(&parent, &json!([scaler])).unwrap();
    assert_eq!(
        merged,
        json!([
            want,
            entry("a", "apps/v1", json!({"f:spec": {"f:paused": {}}})),
            entry("b", "apps/v1", json!({"f:spec": {"f:template": {}}}))
        ])
    );

    assert_eq!(scale.to_scale(&json!(null)).unwrap(), json!([]));
    assert!(scale.to_scale(&json!([{}])).is_err());
}
