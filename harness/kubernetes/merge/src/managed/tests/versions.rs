//! Managers of an object that is served at two versions, the newer of which renames `num` to `count`.

use proofmark_json::{Value, json};
use proofmark_types::{TypeGraph, TypeId};

use super::super::{Applied, ConvertError, FieldManager, Filter, Manager, Versions};
use crate::testing::types_of;
use crate::typed::Typed;

struct Two {
    old: (TypeGraph, TypeId),
    new: (TypeGraph, TypeId),
}

impl Two {
    fn new() -> Self {
        let with = |name: &str| {
            let string = json!({"type": "string"});
            types_of(&json!({"type": "object", "properties": {
                "apiVersion": string, "kind": string, "metadata": {"type": "object", "properties": {"name": string, "uid": string, "managedFields": {"type": "array", "items": {}}}},
                "spec": {"type": "object", "properties": {name: {"type": "integer"}, "s": string}},
            }}))
        };
        Self { old: with("num"), new: with("count") }
    }
}

impl Versions for Two {
    fn typed(&self, api_version: &str) -> Option<Typed<'_>> {
        match api_version {
            "x/v1" => Some(Typed::new(&self.old.0, self.old.1)),
            "x/v2" => Some(Typed::new(&self.new.0, self.new.1)),
            _ => None,
        }
    }

    fn reset(&self, _: &str) -> Option<&Filter> {
        None
    }

    fn convert(&self, object: &Value, api_version: &str) -> Result<Value, ConvertError> {
        let (from, to) = match api_version {
            "x/v1" => ("count", "num"),
            "x/v2" => ("num", "count"),
            _ => return Err(ConvertError::UnknownVersion),
        };
        if object.pointer("/spec/s") == Some(&json!("poison")) {
            return Err(ConvertError::Failed("poisoned".into()));
        }
        let mut out = object.clone();
        out["apiVersion"] = json!(api_version);
        if let Some(spec) = out["spec"].as_object_mut()
            && let Some(value) = spec.shift_remove(from)
        {
            spec.insert(to, value);
        }
        Ok(out)
    }
}

fn manager<'a>(name: &'a str, api_version: &'a str) -> Manager<'a> {
    Manager { name, api_version, subresource: "", time: "2024-01-01T00:00:00Z" }
}

fn object(api_version: &str, spec: Value) -> Value {
    json!({"apiVersion": api_version, "kind": "X", "metadata": {"name": "a"}, "spec": spec})
}

fn entries(object: &Value) -> Vec<String> {
    let list = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|e| format!("{} {} {}", e["manager"].as_str().unwrap(), e["apiVersion"].as_str().unwrap(), e["fieldsV1"]))
        .collect()
}

#[test]
fn ownership_is_compared_at_the_version_of_the_owner() {
    let two = Two::new();
    let fields = FieldManager { versions: &two, kind: "X" };
    let Applied { object: first, .. } =
        fields.apply(None, &object("x/v1", json!({"num": 1, "s": "a"})), &manager("alice", "x/v1"), false).unwrap();
    let live = two.convert(&first, "x/v2").unwrap();

    let taken =
        fields.apply(Some(&live), &object("x/v2", json!({"count": 2})), &manager("bob", "x/v2"), false).unwrap_err();
    assert_eq!(taken.to_string(), "Apply failed with 1 conflict: conflict with \"alice\": .spec.num");
    let forced =
        fields.apply(Some(&live), &object("x/v2", json!({"count": 2})), &manager("bob", "x/v2"), true).unwrap();
    assert_eq!(
        entries(&forced.object),
        [r#"alice x/v1 {"f:spec":{"f:s":{}}}"#, r#"bob x/v2 {"f:spec":{"f:count":{}}}"#]
    );

    // Pruning goes by the version of the last configuration.
    let moved =
        fields.apply(Some(&live), &object("x/v2", json!({"s": "a"})), &manager("alice", "x/v2"), false).unwrap();
    assert_eq!(moved.object["spec"], json!({"s": "a"}));
    assert_eq!(entries(&moved.object), [r#"alice x/v2 {"f:spec":{"f:s":{}}}"#]);
}

#[test]
fn updates_take_from_owners_at_other_versions() {
    let two = Two::new();
    let fields = FieldManager { versions: &two, kind: "X" };
    let mut first = fields.update(None, object("x/v1", json!({"num": 1, "s": "a"})), &manager("m", "x/v1"));
    first["metadata"]["uid"] = json!("u");
    let live = two.convert(&first, "x/v2").unwrap();
    let mut changed = live.clone();
    changed["spec"]["count"] = json!(2);
    let changed = fields.update(Some(&live), changed, &manager("n", "x/v2"));
    assert_eq!(entries(&changed), [r#"m x/v1 {"f:spec":{".":{},"f:s":{}}}"#, r#"n x/v2 {"f:spec":{"f:count":{}}}"#]);
}

#[test]
fn managers_at_versions_that_are_gone_are_forgotten() {
    let two = Two::new();
    let fields = FieldManager { versions: &two, kind: "X" };
    let mut live = fields.update(None, object("x/v1", json!({"num": 1})), &manager("m", "x/v1"));
    live["metadata"]["uid"] = json!("u");
    live["metadata"]["managedFields"][0]["apiVersion"] = json!("x/v0");
    let mut changed = live.clone();
    changed["spec"]["s"] = json!("b");
    assert_eq!(
        entries(&fields.update(Some(&live), changed, &manager("n", "x/v1"))),
        [r#"n x/v1 {"f:spec":{"f:s":{}}}"#]
    );
}

#[test]
fn failed_conversions_fail_applies_and_clear_updates() {
    let two = Two::new();
    let fields = FieldManager { versions: &two, kind: "X" };
    let mut live =
        two.convert(&fields.update(None, object("x/v1", json!({"num": 1})), &manager("m", "x/v1")), "x/v2").unwrap();
    live["metadata"]["uid"] = json!("u");
    live["spec"]["s"] = json!("poison");
    let status = fields
        .apply(Some(&live), &object("x/v2", json!({"count": 3})), &manager("a", "x/v2"), true)
        .unwrap_err()
        .status();
    assert_eq!((status.code, status.message.as_str()), (500, "poisoned"));
    assert_eq!(entries(&fields.update(Some(&live), live.clone(), &manager("a", "x/v2"))), [""; 0]);
}
