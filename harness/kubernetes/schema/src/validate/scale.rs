//! The numbers and the selector that the scale subresource reads and writes.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/registry/customresource/validator.go` and `unstructured.NestedInt64`, release 1.35.

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::number::Num;

/// The JSON paths of `subresources.scale`, as `.spec.replicas`.
#[derive(Debug, Clone, Copy)]
pub struct ScalePaths<'a> {
    /// `specReplicasPath`; none when only the status is written.
    pub spec_replicas: Option<&'a str>,
    /// `statusReplicasPath`.
    pub status_replicas: &'a str,
    /// `labelSelectorPath`.
    pub label_selector: Option<&'a str>,
}

/// What is wrong with the parts of an object that scale knows. It is said after what the schema proper says.
pub fn validate_scale(object: &Value, paths: ScalePaths<'_>) -> Vec<FieldError> {
    let replicas = paths.spec_replicas.into_iter().chain([paths.status_replicas]);
    let mut errors: Vec<FieldError> = replicas.filter_map(|path| validate_replicas(object, path)).collect();
    if let Some(path) = paths.label_selector.filter(|path| !path.is_empty()) {
        let found = nested(object, path, "string", |v| v.as_str().map(str::to_owned));
        errors.extend(found.err().map(|why| FieldError::invalid(path, "", why)));
    }
    errors
}

fn validate_replicas(object: &Value, path: &str) -> Option<FieldError> {
    match nested(object, path, "int64", Value::as_i64) {
        Err(why) => Some(FieldError::invalid(path, 0, why)),
        Ok(Some(n)) if n < 0 => Some(FieldError::invalid(path, n, "should be a non-negative integer")),
        Ok(Some(n)) if n > i64::from(i32::MAX) => {
            Some(FieldError::invalid(path, n, format!("should be less than or equal to {}", i32::MAX)))
        }
        Ok(_) => None,
    }
}

/// The value at a path; none when it is missing.
fn nested<T>(
    object: &Value,
    path: &str,
    wanted: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, String> {
    let names: Vec<&str> = path.strip_prefix('.').unwrap_or(path).split('.').collect();
    let wrong = |depth: usize, value: &Value, wanted: &str| {
        let at = names.get(..depth).unwrap_or_default().join(".");
        format!(".{at} accessor error: {} is of the type {}, expected {wanted}", printed(value), type_name(value))
    };
    let mut value = object;
    for (depth, name) in names.iter().enumerate() {
        let fields = match value {
            Value::Null => return Ok(None),
            Value::Object(fields) => fields,
            other => return Err(wrong(depth + 1, other, "map[string]interface{}")),
        };
        match fields.get(*name) {
            None => return Ok(None),
            Some(found) => value = found,
        }
    }
    read(value).map(Some).ok_or_else(|| wrong(names.len(), value, wanted))
}

/// A value as Go's `%v` prints it.
fn printed(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(n) => match Num::of(n) {
            Num::Int(n) => n.to_string(),
            Num::Float(f) => proofmark_status::float(f),
        },
        Value::Array(items) => format!("[{}]", items.iter().map(printed).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let mut fields: Vec<String> = fields.iter().map(|(k, v)| format!("{k}:{}", printed(v))).collect();
            fields.sort();
            format!("map[{}]", fields.join(" "))
        }
        Value::Bool(flag) => flag.to_string(),
    }
}

/// A value's type as Go's `%T` prints it.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Number(n) => match Num::of(n) {
            Num::Int(_) => "int64",
            Num::Float(_) => "float64",
        },
    }
}
