//! RoleBindings and ClusterRoleBindings.

use proofmark_json::{Map, Value, json};
use proofmark_status::FieldError;
use proofmark_text::content;

use super::unreadable;
use crate::{Binding, GROUP, RoleRef, Subject};

/// Complaints about a RoleBinding.
pub fn validate_role_binding(object: &Value) -> Vec<FieldError> {
    read(object).map_or_else(|errors| errors, |binding| validate(&binding, true))
}

/// Complaints about a RoleBinding that replaces another.
pub fn validate_role_binding_update(object: &Value, old: &Value) -> Vec<FieldError> {
    update(object, old, true)
}

/// Complaints about a ClusterRoleBinding.
pub fn validate_cluster_role_binding(object: &Value) -> Vec<FieldError> {
    read(object).map_or_else(|errors| errors, |binding| validate(&binding, false))
}

/// Complaints about a ClusterRoleBinding that replaces another.
pub fn validate_cluster_role_binding_update(object: &Value, old: &Value) -> Vec<FieldError> {
    update(object, old, false)
}

fn read(object: &Value) -> Result<Binding, Vec<FieldError>> {
    Binding::read(object, "RoleBinding").map_err(|error| unreadable(&error))
}

fn update(object: &Value, old: &Value, namespaced: bool) -> Vec<FieldError> {
    let binding = match read(object) {
        Ok(binding) => binding,
        Err(errors) => return errors,
    };
    let mut errors = validate(&binding, namespaced);
    if read(old).is_ok_and(|old| old.role_ref != binding.role_ref) {
        let RoleRef { api_group, kind, name } = binding.role_ref;
        // The internal type has no JSON names, so that the Go field names show.
        let shown = json!({"APIGroup": api_group, "Kind": kind, "Name": name});
        errors.push(FieldError::invalid("roleRef", shown, "cannot change roleRef"));
    }
    errors
}

fn validate(binding: &Binding, namespaced: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let RoleRef { api_group, kind, name } = &binding.role_ref;
    if api_group != GROUP {
        errors.push(FieldError::not_supported("roleRef.apiGroup", api_group.as_str(), &[GROUP]));
    }
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&kind.as_str()) {
        errors.push(FieldError::not_supported("roleRef.kind", kind.as_str(), kinds));
    }
    if name.is_empty() {
        errors.push(FieldError::required("roleRef.name", ""));
    }
    let segments = content::path_segment(name);
    errors.extend(segments.into_iter().map(|message| FieldError::invalid("roleRef.name", name.as_str(), message)));
    for (i, one) in binding.subjects.iter().enumerate() {
        errors.extend(subject(one, namespaced, &format!("subjects[{i}]")));
    }
    errors
}

fn subject(subject: &Subject, namespaced: bool, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let group =
        |wanted: &str| FieldError::not_supported(format!("{field}.apiGroup"), subject.api_group.as_str(), &[wanted]);
    let name = subject.name.as_str();
    if name.is_empty() {
        errors.push(FieldError::required(format!("{field}.name"), ""));
    }
    match subject.kind.as_str() {
        "ServiceAccount" => {
            if !name.is_empty() {
                let messages = content::dns_subdomain(name).into_iter();
                errors.extend(messages.map(|message| FieldError::invalid(format!("{field}.name"), name, message)));
            }
            if !subject.api_group.is_empty() {
                errors.push(group(""));
            }
            if !namespaced && subject.namespace.is_empty() {
                errors.push(FieldError::required(format!("{field}.namespace"), ""));
            }
        }
        "User" | "Group" => {
            if subject.api_group != GROUP {
                errors.push(group(GROUP));
            }
        }
        other => {
            let kinds = ["ServiceAccount", "User", "Group"];
            errors.push(FieldError::not_supported(format!("{field}.kind"), other, &kinds));
        }
    }
    errors
}

/// Fills in the API groups that a binding may leave out: the role reference's, and those of users and groups.
/// Works for RoleBindings and ClusterRoleBindings; fields come out in Go's order.
pub fn default_binding(object: &mut Value) {
    let Some(object) = object.as_object_mut() else { return };
    for subject in object.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
        let kind = subject.get("kind").and_then(Value::as_str);
        if matches!(kind, Some("User" | "Group")) {
            set_group(subject, &["kind", "apiGroup"]);
        }
    }
    match object.get_mut("roleRef") {
        Some(role_ref) if !role_ref.is_null() => set_group(role_ref, &["apiGroup"]),
        _ => {
            object.insert("roleRef", json!({"apiGroup": GROUP, "kind": "", "name": ""}));
        }
    }
}

/// Sets an absent or empty `apiGroup`, and puts the fields in `order` first.
fn set_group(value: &mut Value, order: &[&str]) {
    let Some(fields) = value.as_object_mut() else { return };
    if fields.get("apiGroup").and_then(Value::as_str).is_some_and(|group| !group.is_empty()) {
        return;
    }
    fields.insert("apiGroup", json!(GROUP));
    let mut rest = std::mem::take(fields);
    let mut ordered = Map::with_capacity(rest.len());
    for &key in order {
        if let Some(value) = rest.shift_remove(key) {
            ordered.insert(key.to_owned(), value);
        }
    }
    ordered.extend(rest);
    *fields = ordered;
}
