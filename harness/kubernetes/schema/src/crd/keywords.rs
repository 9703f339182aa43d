//! `x-kubernetes-list-type`, `x-kubernetes-list-map-keys` and `x-kubernetes-map-type`.

use proofmark_json::Value;
use proofmark_status::FieldError;

use super::definition::{flag, list, object, text};
use super::survey::{Props, is_given, is_set_of_parts};
use crate::json::sorted;
use crate::path::{child, entry};

/// `type` must be that which a keyword needs.
fn needs_type(props: &Props, at: &str, wanted: &str, keyword: &str) -> Option<FieldError> {
    let (at, detail) = (child(at, "type"), format!("must be {wanted} if {keyword} is specified"));
    match text(props, "type") {
        ty if ty == wanted => None,
        "" => Some(FieldError::required(at, detail)),
        other => Some(FieldError::invalid(at, other, detail)),
    }
}

/// What is wrong with the map type.
pub(super) fn map_type(props: &Props, at: &str) -> Vec<FieldError> {
    let keyword = "x-kubernetes-map-type";
    let Some(map_type) = props.get(keyword).and_then(Value::as_str) else {
        return Vec::new();
    };
    let mut errors: Vec<_> = needs_type(props, at, "object", keyword).into_iter().collect();
    if !matches!(map_type, "atomic" | "granular") {
        errors.push(FieldError::not_supported(child(at, keyword), map_type, &["atomic", "granular"]));
    }
    errors
}

/// What is wrong with the list type and its keys.
pub(super) fn list_type(props: &Props, at: &str, require_atomic_sets: bool) -> Vec<FieldError> {
    let (keyword, keys_keyword) = ("x-kubernetes-list-type", "x-kubernetes-list-map-keys");
    let list_type = props.get(keyword).and_then(Value::as_str);
    let keys: Vec<&str> = list(props, keys_keyword).iter().filter_map(Value::as_str).collect();
    let mut errors = Vec::new();
    if list_type.is_some() {
        match needs_type(props, at, "array", keyword) {
            Some(error) => errors.push(error),
            None if require_atomic_sets && is_set_of_parts(props) => {
                let each = object(props, "items");
                let list = each.is_some_and(|e| text(e, "type") == "array");
                let inner = if list { "x-kubernetes-list-type" } else { "x-kubernetes-map-type" };
                // Kubernetes prints the list type in both cases.
                let shown = each.and_then(|e| e.get("x-kubernetes-list-type")).cloned().unwrap_or_default();
                let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
                errors.push(FieldError::invalid(child(&child(at, "items"), inner), shown, detail));
            }
            None => {}
        }
    }
    if let Some(odd) = list_type.filter(|t| !matches!(*t, "atomic" | "set" | "map")) {
        errors.push(FieldError::not_supported(child(at, keyword), odd, &["atomic", "set", "map"]));
    }
    if !keys.is_empty() && list_type != Some("map") {
        let (at, detail) = (child(at, keyword), "must be map if x-kubernetes-list-map-keys is non-empty");
        errors
            .push(list_type.map_or_else(|| FieldError::required(&at, detail), |t| FieldError::invalid(&at, t, detail)));
    }
    if list_type == Some("map") {
        errors.extend(map_list(props, &keys, at, keys_keyword));
    }
    errors
}

/// A list with keys needs items that have them.
fn map_list(props: &Props, keys: &[&str], at: &str, keys_keyword: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let keys_at = child(at, keys_keyword);
    if keys.is_empty() {
        errors.push(FieldError::required(&keys_at, "must not be empty if x-kubernetes-list-type is map"));
    }
    let items_at = child(at, "items");
    let each = match props.get("items") {
        None | Some(Value::Null) => {
            errors.push(FieldError::required(items_at, "must have a schema if x-kubernetes-list-type is map"));
            return errors;
        }
        Some(Value::Object(each)) => each,
        Some(other) => {
            let detail = "must only have a single schema if x-kubernetes-list-type is map";
            errors.push(FieldError::invalid(items_at, sorted(other), detail));
            return errors;
        }
    };
    let ty = text(each, "type");
    if ty != "object" {
        let detail = "must be object if parent array's x-kubernetes-list-type is map";
        errors.push(FieldError::invalid(child(&items_at, "type"), ty, detail));
        return errors;
    }
    for (i, key) in keys.iter().enumerate() {
        match object(each, "properties").and_then(|p| p.get(*key)) {
            None => errors.push(FieldError::invalid(&keys_at, keys, "entries must all be names of item properties")),
            Some(property) => {
                if matches!(property.get("type").and_then(Value::as_str), Some("array" | "object")) {
                    let at = child(&entry(&child(&items_at, "properties"), key), "type");
                    let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                    errors.push(FieldError::invalid(at, ty, detail));
                }
            }
        }
        if keys[..i].contains(key) {
            errors.push(FieldError::invalid(&keys_at, keys, "must not contain duplicate entries"));
        }
    }
    errors
}

/// Items of sets and keyed lists are never null; keys are required or have a default.
pub(super) fn map_keys(props: &Props, at: &str) -> Vec<FieldError> {
    let list_type = text(props, "x-kubernetes-list-type");
    let Some(each) = object(props, "items").filter(|_| matches!(list_type, "set" | "map")) else {
        return Vec::new();
    };
    let at = child(at, "items");
    let mut errors = Vec::new();
    if flag(each, "nullable") {
        let detail = format!("cannot be nullable when x-kubernetes-list-type is {list_type}");
        errors.push(FieldError::forbidden(child(&at, "nullable"), detail));
    }
    let keys = list(props, "x-kubernetes-list-map-keys").iter().filter_map(Value::as_str);
    for key in keys.filter(|_| list_type == "map") {
        let Some(property) = object(each, "properties").and_then(|p| p.get(key)).and_then(Value::as_object) else {
            continue;
        };
        let at = entry(&child(&at, "properties"), key);
        let why = "this property is in x-kubernetes-list-map-keys, so it";
        let required = list(each, "required").iter().any(|r| r.as_str() == Some(key));
        if !required && !is_given(property, "default") {
            errors.push(FieldError::required(
                child(&at, "default"),
                format!("{why} must have a default or be a required property"),
            ));
        }
        if flag(property, "nullable") {
            errors.push(FieldError::forbidden(child(&at, "nullable"), format!("{why} cannot be nullable")));
        }
    }
    errors
}
