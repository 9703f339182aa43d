//! Moving from client-side to server-side apply.
//!
//! Client-side apply leaves what it applied in an annotation, and its fields belong to an updating manager. When `kubectl` applies
//! server-side it takes those fields over without force, as far as they still have the values of the annotation, and keeps the
//! annotation up to date, so that one may go back.

use proofmark_json::{Map, Value};

use super::conflict::Conflicts;
use crate::fieldset::FieldSet;
use crate::typed::{Duplicates, Typed};

/// The manager that `kubectl apply --server-side` uses.
pub(super) const SERVER_SIDE: &str = "kubectl";
/// Where client-side apply keeps its last configuration.
const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The most bytes that all annotations of an object may have.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// The conflicts that remain when fields of the last client-side apply may be taken; `None` when all may be.
pub(super) fn conflicts_to_report(
    typed: Typed<'_>,
    live: &Value,
    api_version: &str,
    conflicts: Conflicts,
) -> Option<Conflicts> {
    let Some(free) = last_applied_fields(typed, live, api_version) else {
        return Some(conflicts);
    };
    let kept: Vec<_> = conflicts.0.into_iter().filter(|conflict| !free.has(&conflict.path)).collect();
    (!kept.is_empty()).then_some(Conflicts(kept))
}

/// The fields of the annotation's configuration that the live object still has with the same values.
fn last_applied_fields(typed: Typed<'_>, live: &Value, api_version: &str) -> Option<FieldSet> {
    let text = annotation(live)?;
    let last: Value = proofmark_json::from_str(text).ok()?;
    if last.get("apiVersion")?.as_str()? != api_version {
        return None;
    }
    typed.validate(&last, Duplicates::Refused).ok()?;
    let changes = typed.compare(&last, live);
    let mut free = typed.field_set(&last);
    [&changes.removed, &changes.modified, &changes.added].into_iter().for_each(|set| free.subtract(set));
    Some(free)
}

fn annotation(object: &Value) -> Option<&str> {
    object.get("metadata")?.get("annotations")?.get(ANNOTATION)?.as_str().filter(|text| !text.is_empty())
}

/// Writes the applied configuration into the annotation, if the object has one. Without room for it, the annotation goes.
pub(super) fn sync_last_applied(object: &mut Value, applied: &Value) {
    if annotation(object).is_none() {
        return;
    }
    let mut configuration = applied.clone();
    if let Some(Value::Object(annotations)) = configuration.pointer_mut("/metadata/annotations") {
        annotations.shift_remove(ANNOTATION);
    }
    sort_keys(&mut configuration);
    let text = format!("{configuration}\n");
    if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        annotations.insert(ANNOTATION, Value::String(text));
        if size(annotations) > ANNOTATIONS_LIMIT {
            annotations.shift_remove(ANNOTATION);
        }
    }
}

fn size(annotations: &Map) -> usize {
    annotations.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum()
}

fn sort_keys(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.sort_keys();
            fields.values_mut().for_each(sort_keys);
        }
        Value::Array(items) => items.iter_mut().for_each(sort_keys),
        _ => {}
    }
}
