//! Kinds that are served in several versions: one object is stored, every version is a view of it.
//!
//! [`storage_version`] says in which version a resource is stored, [`convert`] turns a view into another. Views lose nothing: what a
//! version cannot say it carries in annotations. Kinds without an entry here are served in one version only, or differ in nothing but
//! `apiVersion`.
//!
//! Source: `pkg/apis/autoscaling/v1/conversion.go`, `pkg/apis/events/v1/conversion.go`, release 1.35.

mod autoscaling;
mod event;

use proofmark_json::{Map, Value};

/// The `apiVersion` in which the objects of a built-in resource are stored, where it is served in several.
pub fn storage_version(group: &str, plural: &str) -> Option<&'static str> {
    match (group, plural) {
        ("autoscaling", "horizontalpodautoscalers") => Some("autoscaling/v2"),
        ("" | "events.k8s.io", "events") => Some("v1"),
        _ => None,
    }
}

/// An object as another version of its kind shows it.
#[must_use]
pub fn convert(mut object: Value, api_version: &str) -> Value {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let way: Option<fn(&mut Map)> = match (text("kind"), text("apiVersion"), api_version) {
        ("HorizontalPodAutoscaler", "autoscaling/v1", "autoscaling/v2") => Some(autoscaling::to_v2),
        ("HorizontalPodAutoscaler", "autoscaling/v2", "autoscaling/v1") => Some(autoscaling::to_v1),
        ("Event", "v1", "events.k8s.io/v1") => Some(event::to_events),
        ("Event", "events.k8s.io/v1", "v1") => Some(event::to_core),
        _ => None,
    };
    if let Some(members) = object.as_object_mut() {
        if let Some(way) = way {
            way(members);
        }
        members.insert("apiVersion", api_version.into());
    }
    object
}
