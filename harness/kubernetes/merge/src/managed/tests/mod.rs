//! Sequences of writes to one object, and who owns what after each.

mod apply;
mod laws;
mod subresources;
mod update;
mod versions;

use proofmark_json::{Value, json};
use proofmark_types::{TypeGraph, TypeId};

use super::{Applied, ApplyError, FieldManager, Filter, Manager, OneVersion};
use crate::typed::Typed;

pub(super) const GIZMO: &str = "test.example.com/v1";

/// One object and a clock that moves a minute with every write.
pub(super) struct World {
    types: TypeGraph,
    id: TypeId,
    api_version: &'static str,
    kind: &'static str,
    pub(super) object: Option<Value>,
    pub(super) reset: Option<Filter>,
    pub(super) subresource: &'static str,
    minutes: u32,
}

impl World {
    pub(super) fn gizmo() -> Self {
        let (types, id) = crate::testing::gizmo();
        Self { types, id, api_version: GIZMO, kind: "Gizmo", object: None, reset: None, subresource: "", minutes: 0 }
    }

    pub(super) fn pod() -> Self {
        let (types, id) = crate::testing::pod();
        Self { types, id, api_version: "v1", kind: "Pod", object: None, reset: None, subresource: "", minutes: 0 }
    }

    fn write<T>(&mut self, name: &str, write: impl FnOnce(FieldManager<'_>, Option<&Value>, &Manager<'_>) -> T) -> T {
        self.minutes += 1;
        let time = format!("2024-01-01T00:{:02}:00Z", self.minutes);
        let versions = OneVersion {
            api_version: self.api_version.into(),
            typed: Typed::new(&self.types, self.id),
            reset: self.reset.clone(),
        };
        let manager = Manager { name, api_version: self.api_version, subresource: self.subresource, time: &time };
        write(FieldManager { versions: &versions, kind: self.kind }, self.object.as_ref(), &manager)
    }

    /// Replaces the object, as a create or an update does; the body may be a spec alone.
    pub(super) fn put(&mut self, name: &str, body: &Value) -> &Value {
        let new = self.whole(body);
        let mut object = self.write(name, |fields, live, manager| fields.update(live, new, manager));
        object["metadata"]["uid"] = json!("u");
        self.object.insert(object)
    }

    /// Updates the object with a merge patch.
    pub(super) fn patch(&mut self, name: &str, patch: &Value) -> &Value {
        let patched = crate::merge_patch(self.object.as_ref().unwrap(), patch);
        let object = self.write(name, |fields, live, manager| fields.update(live, patched, manager));
        self.object.insert(object)
    }

    /// Applies a configuration; the body may be a spec alone.
    pub(super) fn apply(&mut self, name: &str, body: &Value) -> Result<bool, ApplyError> {
        self.apply_by(name, body, false)
    }

    pub(super) fn force(&mut self, name: &str, body: &Value) -> Result<bool, ApplyError> {
        self.apply_by(name, body, true)
    }

    fn apply_by(&mut self, name: &str, body: &Value, force: bool) -> Result<bool, ApplyError> {
        let body = self.whole(body);
        let Applied { mut object, changed } =
            self.write(name, |fields, live, manager| fields.apply(live, &body, manager, force))?;
        object["metadata"]["uid"] = json!("u");
        self.object = Some(object);
        Ok(changed)
    }

    fn whole(&self, body: &Value) -> Value {
        let mut whole = json!({"apiVersion": self.api_version, "kind": self.kind, "metadata": {"name": "a"}});
        let is_whole = body.get("spec").is_some()
            || body.get("metadata").is_some()
            || body.get("kind").is_some()
            || body.get("status").is_some();
        let body = if is_whole { body.clone() } else { json!({"spec": body}) };
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        whole
    }

    pub(super) fn spec(&self) -> &Value {
        &self.object.as_ref().unwrap()["spec"]
    }

    /// `manager operation[/subresource] minute: fields` of every entry.
    pub(super) fn owners(&self) -> Vec<String> {
        let entries =
            self.object.as_ref().unwrap()["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| {
                let text = |key: &str| entry[key].as_str().unwrap_or("-").to_owned();
                let subresource = entry["subresource"].as_str().map(|s| format!("/{s}")).unwrap_or_default();
                let minute = text("time").get(14..16).unwrap_or("-").to_owned();
                format!("{} {}{subresource} {minute}: {}", text("manager"), text("operation"), entry["fieldsV1"])
            })
            .collect()
    }
}
