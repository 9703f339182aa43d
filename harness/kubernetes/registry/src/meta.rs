//! `ObjectMeta`: its validation, and the system fields that a client's write may not decide.
//!
//! Source: `k8s.io/apimachinery/pkg/api/validation/objectmeta.go`, release 1.35.

use std::collections::BTreeSet;

use proofmark_json::{Map, Value};
use proofmark_status::FieldError;
use proofmark_text::manager::validate_manager_name;

use crate::content;
use crate::strategy::{self, NameRule, Repeats};

/// All annotations of an object together may not be larger (bytes).
pub const ANNOTATIONS_MAX: usize = 256 * 1024;

/// Finalizers of Kubernetes that have no domain.
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

/// `metadata` of an object.
pub fn of(object: &Value) -> Option<&Map> {
    object.get("metadata").and_then(Value::as_object)
}

/// `metadata` of an object, made when it is missing or no object.
pub fn of_mut(object: &mut Value) -> &mut Map {
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let Value::Object(members) = object else { unreachable!("made an object above") };
    let meta = members.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    if !meta.is_object() {
        *meta = Value::Object(Map::new());
    }
    let Value::Object(meta) = meta else { unreachable!("made an object above") };
    meta
}

/// A text field of `metadata`; empty when it is missing.
pub fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    of(object).and_then(|m| m.get(field)).and_then(Value::as_str).unwrap_or_default()
}

/// Complaints about the metadata of an object that is to be created.
pub fn validate(object: &Value, namespaced: bool, rule: NameRule) -> Vec<FieldError> {
    let mut errors = object_errors(object, namespaced, rule);
    errors.extend(standard_finalizers(object));
    errors
}

/// What holds for new objects.
fn object_errors(object: &Value, namespaced: bool, rule: NameRule) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (name, prefix) = (text(object, "name"), text(object, "generateName"));
    if !prefix.is_empty() {
        let complaints = rule.check(prefix, true);
        errors.extend(complaints.into_iter().map(|e| FieldError::invalid("metadata.generateName", prefix, e)));
    }
    if name.is_empty() {
        errors.push(FieldError::required("metadata.name", "name or generateName is required"));
    } else {
        errors.extend(rule.check(name, false).into_iter().map(|e| FieldError::invalid("metadata.name", name, e)));
    }
    let namespace = text(object, "namespace");
    if namespaced {
        if namespace.is_empty() {
            errors.push(FieldError::required("metadata.namespace", ""));
        } else {
            let complaints = content::dns_label(namespace);
            errors.extend(complaints.into_iter().map(|e| FieldError::invalid("metadata.namespace", namespace, e)));
        }
    } else if !namespace.is_empty() {
        errors.push(FieldError::forbidden("metadata.namespace", "not allowed on this type"));
    }
    let generation = of(object).and_then(|m| m.get("generation")).and_then(Value::as_i64).unwrap_or(0);
    if generation < 0 {
        errors.push(FieldError::invalid("metadata.generation", generation, "must be greater than or equal to 0"));
    }
    errors.extend(shared(object));
    if let Some(meta) = of(object) {
        errors.extend(finalizers(meta));
    }
    errors
}

/// Complaints about the metadata of a new state of an object that exists: what every update checks, then what the kind's own
/// validation checks again. Source: `rest.BeforeUpdate`.
pub fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let namespaced = !text(new, "namespace").is_empty();
    let mut errors = object_errors(new, namespaced, NameRule::PathSegment);
    errors.extend(change_errors(new, old));
    let (group, plural) = resource_of(new);
    let repeats = if plural.is_empty() { Repeats::Change } else { strategy::strategy(&group, plural).repeats };
    if matches!(repeats, Repeats::Change | Repeats::Both) {
        errors.extend(change_errors(new, old));
        errors.extend(standard_finalizers(new));
    }
    if matches!(repeats, Repeats::Object | Repeats::Both) {
        errors.extend(object_errors(new, namespaced, NameRule::PathSegment));
        errors.extend(standard_finalizers(new));
    }
    errors
}

/// The group and plural of a built-in object's resource; empty for others.
fn resource_of(object: &Value) -> (String, &'static str) {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (group, version) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
    let mut known = proofmark_builtin::resources().iter();
    let found = known.find(|r| r.group == group && r.version == version && r.kind == text("kind"));
    (group.to_owned(), found.map_or("", |r| r.plural.as_str()))
}

/// What holds between two states.
fn change_errors(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = new_finalizers(new, old);
    let generation = |o: &Value| of(o).and_then(|m| m.get("generation")).and_then(Value::as_i64).unwrap_or(0);
    if generation(new) < generation(old) {
        errors.push(FieldError::invalid("metadata.generation", generation(new), "must not be decremented"));
    }
    for field in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        let value = |o: &Value| of(o).and_then(|m| m.get(field)).cloned().unwrap_or(Value::Null);
        let (now, before) = (value(new), value(old));
        if now != before {
            errors.push(FieldError::invalid(format!("metadata.{field}"), now, "field is immutable"));
        }
    }
    errors.extend(shared(new));
    errors
}

/// An object on its way out takes no new finalizers.
fn new_finalizers(new: &Value, old: &Value) -> Vec<FieldError> {
    let finalizers = |o: &Value| -> Vec<String> {
        let list = of(o).and_then(|m| m.get("finalizers")).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let before = finalizers(old);
    let mut added: Vec<String> = finalizers(new).into_iter().filter(|f| !before.contains(f)).collect();
    if text(old, "deletionTimestamp").is_empty() || added.is_empty() {
        return Vec::new();
    }
    added.sort_unstable();
    added.dedup();
    let shown: Vec<String> = added.iter().map(|f| proofmark_status::quote(f)).collect();
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        shown.join(", ")
    );
    vec![FieldError::forbidden("metadata.finalizers", why)]
}

/// What a client hears about new finalizers of a custom resource: their names should have a domain and a path.
/// Source: `customResourceStrategy.generateWarningsFromObj` of k8s.io/apiextensions-apiserver, release 1.35.
pub fn finalizer_warnings(new: &Value, old: Option<&Value>) -> Vec<String> {
    let of = |object: &Value| -> BTreeSet<String> {
        let list = of(object).and_then(|m| m.get("finalizers")).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let before = old.map(of).unwrap_or_default();
    let mut warnings = Vec::new();
    for name in of(new).difference(&before) {
        let shown = proofmark_status::quote(name);
        let wrong = content::qualified_name(name);
        warnings.extend(wrong.into_iter().map(|why| format!("metadata.finalizers: {shown}: {why}")));
        if !name.contains('/') && !matches!(name.as_str(), "orphan" | "foregroundDeletion") {
            warnings.push(format!(
                "metadata.finalizers: {shown}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental \
                 conflicts with other finalizer writers"
            ));
        }
    }
    warnings
}

/// Built-in kinds take finalizers without a domain only if they are Kubernetes' own. The groups that are served by
/// the API extension and aggregation servers do not ask.
fn standard_finalizers(object: &Value) -> Vec<FieldError> {
    let list = of(object).and_then(|m| m.get("finalizers")).and_then(Value::as_array);
    let named = list.into_iter().flatten().filter_map(Value::as_str).enumerate();
    let unknown: Vec<(usize, &str)> = named.filter(|(_, name)| !is_qualified(name)).collect();
    if unknown.is_empty() || !is_core(object) {
        return Vec::new();
    }
    unknown
        .into_iter()
        .map(|(i, name)| FieldError::invalid(format!("metadata.finalizers[{i}]"), name, NOT_QUALIFIED))
        .collect()
}

/// Whether a finalizer has a domain, or is Kubernetes' own.
fn is_qualified(name: &str) -> bool {
    name.contains('/') || STANDARD_FINALIZERS.contains(&name)
}

const NOT_QUALIFIED: &str = "name is neither a standard finalizer name nor is it fully qualified";

/// Complaints about a finalizer that stands elsewhere than in the metadata.
pub(crate) fn finalizer(name: &str, at: &str) -> Vec<FieldError> {
    let shape = content::qualified_name(name).into_iter().map(|why| FieldError::invalid(at, name, why));
    shape.chain((!is_qualified(name)).then(|| FieldError::invalid(at, name, NOT_QUALIFIED))).collect()
}

fn is_core(object: &Value) -> bool {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (group, version) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
    let outside = matches!(group, "apiextensions.k8s.io" | "apiregistration.k8s.io");
    !outside && proofmark_builtin::type_of(group, version, text("kind")).is_some()
}

/// What holds for new and changed objects alike: labels, annotations, owners, finalizers.
fn shared(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let Some(meta) = of(object) else { return errors };
    if let Some(labels) = meta.get("labels").and_then(Value::as_object) {
        errors.extend(validate_labels(labels, "metadata.labels"));
    }
    if let Some(annotations) = meta.get("annotations").and_then(Value::as_object) {
        let mut size = 0;
        for (key, value) in annotations {
            let complaints = content::qualified_name(&key.to_ascii_lowercase());
            errors.extend(complaints.into_iter().map(|e| FieldError::invalid("metadata.annotations", key.as_str(), e)));
            size += key.len() + value.as_str().map_or(0, str::len);
        }
        if size > ANNOTATIONS_MAX {
            errors.push(FieldError::too_long("metadata.annotations", ANNOTATIONS_MAX));
        }
    }
    errors.extend(owners(meta));
    errors.extend(managed_fields(meta));
    errors
}

/// The longest name of a subresource in an entry of `managedFields`, in bytes.
const SUBRESOURCE_MAX: usize = 256;

fn managed_fields(meta: &Map) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, entry) in meta.get("managedFields").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let at = |field: &str| format!("metadata.managedFields[{index}].{field}");
        let field = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        if !matches!(field("operation"), "Apply" | "Update") {
            errors.push(FieldError::invalid(at("operation"), field("operation"), "must be `Apply` or `Update`"));
        }
        if !matches!(field("fieldsType"), "" | "FieldsV1") {
            errors.push(FieldError::invalid(at("fieldsType"), field("fieldsType"), "must be `FieldsV1`"));
        }
        errors.extend(validate_manager_name(field("manager"), &at("manager")));
        if field("subresource").len() > SUBRESOURCE_MAX {
            errors.push(FieldError::too_long(at("subresource"), SUBRESOURCE_MAX));
        }
    }
    errors
}

/// Complaints about a set of labels.
pub fn validate_labels(labels: &Map, at: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, value) in labels {
        errors.extend(content::qualified_name(key).into_iter().map(|e| FieldError::invalid(at, key.as_str(), e)));
        let value = value.as_str().unwrap_or_default();
        errors.extend(content::label_value(value).into_iter().map(|e| FieldError::invalid(at, value, e)));
    }
    errors
}

fn owners(meta: &Map) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut controllers = Vec::new();
    let references = meta.get("ownerReferences").and_then(Value::as_array);
    for reference in references.into_iter().flatten() {
        let at = "metadata.ownerReferences";
        let field = |name: &str| reference.get(name).and_then(Value::as_str).unwrap_or_default();
        let (group_version, kind) = (field("apiVersion"), field("kind"));
        // A text with two slashes has neither group nor version.
        let version = group_version.rsplit('/').next().filter(|_| group_version.matches('/').count() < 2);
        if version.is_none_or(str::is_empty) {
            errors.push(FieldError::invalid(format!("{at}.apiVersion"), group_version, "version must not be empty"));
        }
        if kind.is_empty() {
            errors.push(FieldError::invalid(format!("{at}.kind"), kind, "must not be empty"));
        }
        if field("name").is_empty() {
            errors.push(FieldError::invalid(format!("{at}.name"), "", "must not be empty"));
        }
        if field("uid").is_empty() {
            errors.push(FieldError::invalid(format!("{at}.uid"), "", "must not be empty"));
        }
        if group_version == "v1" && kind == "Event" {
            let why = format!("/{group_version}, Kind=Event is disallowed from being an owner");
            errors.push(FieldError::invalid(at, reference.clone(), why));
        }
        if reference.get("controller").and_then(Value::as_bool) == Some(true) {
            controllers.push(format!("{kind}/{}", field("name")));
        }
    }
    if let [first, second, ..] = controllers.as_slice() {
        let why = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}"
        );
        errors.push(FieldError::invalid(
            "metadata.ownerReferences",
            Value::from(references.cloned().unwrap_or_default()),
            why,
        ));
    }
    errors
}

fn finalizers(meta: &Map) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let list = meta.get("finalizers").and_then(Value::as_array);
    let names: Vec<&str> = list.into_iter().flatten().filter_map(Value::as_str).collect();
    for name in &names {
        let complaints = content::qualified_name(name);
        errors.extend(complaints.into_iter().map(|e| FieldError::invalid("metadata.finalizers", *name, e)));
    }
    if names.contains(&"foregroundDeletion") && names.contains(&"orphan") {
        let why = "finalizer orphan and foregroundDeletion cannot be both set".to_owned();
        errors.push(FieldError::invalid("metadata.finalizers", Value::from(names), why));
    }
    errors
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({"name": "a", "namespace": "n"}), "[]")]
    #[case(json!({"namespace": "n"}), "metadata.name: Required value: name or generateName is required")]
    #[case(json!({"name": "a"}), "metadata.namespace: Required value")]
    #[case(json!({"name": "a", "namespace": "n", "finalizers": ["orphan", "foregroundDeletion"]}),
        r#"metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set"#)]
    fn complains_about_metadata(#[case] meta: Value, #[case] want: &str) {
        let errors = validate(&json!({"metadata": meta}), true, NameRule::Subdomain);
        assert_eq!(proofmark_status::aggregate(&errors), want);
    }

    #[test]
    fn what_the_server_set_stays() {
        let old = json!({"metadata": {"name": "a", "uid": "1"}});
        let new = json!({"metadata": {"name": "a", "uid": "2"}});
        let errors = validate_update(&new, &old);
        assert_eq!(proofmark_status::aggregate(&errors), "metadata.uid: Invalid value: \"2\": field is immutable");
    }
}
