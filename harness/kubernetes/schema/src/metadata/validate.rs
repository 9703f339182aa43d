//! Validation of an embedded resource's `ObjectMeta`.
//!
//! Source: `k8s.io/apimachinery/pkg/api/validation/objectmeta.go`, release 1.35.

use proofmark_json::Value;
use proofmark_status::FieldError;
use proofmark_text::content;

use crate::path::{child, item};

/// All annotations together may not be larger, in bytes.
const ANNOTATIONS_MAX: usize = 256 * 1024;

/// What is wrong with decoded `metadata`. A missing name is fine: the resource need not exist.
pub(crate) fn validate(metadata: &Value, at: &str) -> Vec<FieldError> {
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut errors = Vec::new();
    let mut complain = |field: &str, value: &str, complaints: Vec<String>| {
        errors.extend(complaints.into_iter().map(|c| FieldError::invalid(child(at, field), value, c)));
    };
    let prefix = text("generateName");
    complain(
        "generateName",
        prefix,
        content::path_segment(prefix).into_iter().filter(|c| !c.starts_with("may not be")).collect(),
    );
    complain("name", text("name"), content::path_segment(text("name")));
    let namespace = text("namespace");
    if !namespace.is_empty() {
        complain("namespace", namespace, content::dns_label(namespace));
    }
    if let Some(generation) = metadata.get("generation").and_then(Value::as_i64).filter(|g| *g < 0) {
        errors.push(FieldError::invalid(child(at, "generation"), generation, "must be greater than or equal to 0"));
    }
    labels(metadata, at, &mut errors);
    annotations(metadata, at, &mut errors);
    owners(metadata, at, &mut errors);
    finalizers(metadata, at, &mut errors);
    managed_fields(metadata, at, &mut errors);
    errors
}

fn labels(metadata: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let at = child(at, "labels");
    for (key, value) in metadata.get("labels").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        errors.extend(content::qualified_name(key).into_iter().map(|c| FieldError::invalid(&at, key.as_str(), c)));
        errors.extend(content::label_value(value).into_iter().map(|c| FieldError::invalid(&at, value, c)));
    }
}

fn annotations(metadata: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let at = child(at, "annotations");
    let mut size = 0;
    for (key, value) in metadata.get("annotations").and_then(Value::as_object).into_iter().flatten() {
        let complaints = content::qualified_name(&key.to_lowercase());
        errors.extend(complaints.into_iter().map(|c| FieldError::invalid(&at, key.as_str(), c)));
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > ANNOTATIONS_MAX {
        errors.push(FieldError::too_long(&at, ANNOTATIONS_MAX));
    }
}

fn list<'a>(metadata: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    metadata.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn owners(metadata: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let at = child(at, "ownerReferences");
    let mut controller: Option<String> = None;
    for owner in list(metadata, "ownerReferences") {
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let version = api_version.split_once('/').map_or(api_version, |(_, version)| version);
        if version.is_empty() || api_version.matches('/').count() > 1 {
            errors.push(FieldError::invalid(child(&at, "apiVersion"), api_version, "version must not be empty"));
        }
        for key in ["kind", "name", "uid"].into_iter().filter(|key| text(key).is_empty()) {
            errors.push(FieldError::invalid(child(&at, key), "", "must not be empty"));
        }
        if (api_version, kind) == ("v1", "Event") {
            errors.push(FieldError::invalid(&at, owner.clone(), "/v1, Kind=Event is disallowed from being an owner"));
        }
        if owner.get("controller") == Some(&Value::Bool(true)) {
            let this = format!("{kind}/{}", text("name"));
            match &controller {
                None => controller = Some(this),
                Some(first) => {
                    let all = metadata.get("ownerReferences").cloned().unwrap_or_default();
                    let detail = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {this}"
                    );
                    errors.push(FieldError::invalid(&at, all, detail));
                }
            }
        }
    }
}

fn finalizers(metadata: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let at = child(at, "finalizers");
    let all: Vec<&str> = list(metadata, "finalizers").filter_map(Value::as_str).collect();
    for name in &all {
        errors.extend(content::qualified_name(name).into_iter().map(|c| FieldError::invalid(&at, *name, c)));
    }
    if all.contains(&"orphan") && all.contains(&"foregroundDeletion") {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.push(FieldError::invalid(&at, all, detail));
    }
}

fn managed_fields(metadata: &Value, at: &str, errors: &mut Vec<FieldError>) {
    let at = child(at, "managedFields");
    for (i, manager) in list(metadata, "managedFields").enumerate() {
        let at = item(&at, i);
        let text = |key: &str| manager.get(key).and_then(Value::as_str).unwrap_or_default();
        if !matches!(text("operation"), "Apply" | "Update") {
            errors.push(FieldError::invalid(child(&at, "operation"), text("operation"), "must be `Apply` or `Update`"));
        }
        if !matches!(text("fieldsType"), "" | "FieldsV1") {
            errors.push(FieldError::invalid(child(&at, "fieldsType"), text("fieldsType"), "must be `FieldsV1`"));
        }
        if text("manager").len() > 128 {
            errors.push(FieldError::too_long(child(&at, "manager"), 128));
        }
        if text("subresource").len() > 256 {
            errors.push(FieldError::too_long(child(&at, "subresource"), 256));
        }
    }
}
