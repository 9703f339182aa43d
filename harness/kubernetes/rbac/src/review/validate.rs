//! What is wrong with an access review.

use proofmark_json::{Map, Value};
use proofmark_status::FieldError;

use super::{AccessSpec, NonResourceAttributes, ReviewKind, read_spec, selectors, without_nulls};

/// Complaints about a review, in Kubernetes' order.
///
/// # Errors
/// A field of the spec has the wrong type.
pub fn validate(kind: ReviewKind, review: &Value) -> Result<Vec<FieldError>, proofmark_json::Error> {
    let spec = read_spec(kind, review)?;
    Ok(complaints(kind, review.get("metadata").unwrap_or(&Value::Null), &spec))
}

pub(super) fn complaints(kind: ReviewKind, metadata: &Value, spec: &AccessSpec) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let url = spec.non_resource_attributes.as_ref();
    match (&spec.resource_attributes, url) {
        (Some(_), Some(url)) => {
            let detail = "cannot be specified in combination with resourceAttributes";
            errors.push(FieldError::invalid("spec.nonResourceAttributes", shown(url), detail));
        }
        (None, None) => {
            let detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            errors.push(FieldError::invalid("spec.resourceAttributes", Value::Null, detail));
        }
        _ => {}
    }
    if kind != ReviewKind::SelfSubject && spec.user.is_empty() && spec.groups.is_empty() {
        errors.push(FieldError::invalid("spec.user", "", "at least one of user or group must be specified"));
    }
    if let Some(resource) = &spec.resource_attributes {
        for (selector, is_labels, name) in
            [(&resource.field_selector, false, "fieldSelector"), (&resource.label_selector, true, "labelSelector")]
        {
            let field = format!("spec.resourceAttributes.{name}");
            errors.extend(selector.iter().flat_map(|selector| selectors::validate(selector, is_labels, &field)));
        }
    }
    errors.extend(metadata_complaint(kind, metadata));
    if kind == ReviewKind::LocalSubject {
        let namespace = metadata.get("namespace").and_then(Value::as_str).unwrap_or_default();
        if let Some(resource) = spec.resource_attributes.as_ref().filter(|r| r.namespace != namespace) {
            let wrong = resource.namespace.as_str();
            errors.push(FieldError::invalid(
                "spec.resourceAttributes.namespace",
                wrong,
                "must match metadata.namespace",
            ));
        }
        if let Some(url) = url {
            errors.push(FieldError::invalid(
                "spec.nonResourceAttributes",
                shown(url),
                "disallowed on this kind of request",
            ));
        }
    }
    errors
}

/// Reviews are not stored, so that metadata makes no sense; `managedFields` are the server's own doing.
fn metadata_complaint(kind: ReviewKind, metadata: &Value) -> Option<FieldError> {
    let local = kind == ReviewKind::LocalSubject;
    let ignored = |key: &str| key == "managedFields" || (local && key == "namespace");
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(_) => false,
    };
    let empty = metadata.as_object().unwrap_or(&Map::new()).iter().all(|(key, value)| ignored(key) || is_empty(value));
    let detail = if local { "must be empty except for namespace" } else { "must be empty" };
    (!empty).then(|| FieldError::invalid("metadata", without_nulls(metadata), detail))
}

/// The internal type has no JSON names, so that the Go field names show.
fn shown(url: &NonResourceAttributes) -> Value {
    proofmark_json::json!({"Path": url.path, "Verb": url.verb})
}
