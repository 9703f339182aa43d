//! `spec`, from top to bottom in the order in which Kubernetes complains.

use proofmark_json::Value;
use proofmark_status::FieldError;
use proofmark_text::content;

use super::definition::Definition;
use super::options::Options;
use super::{columns, conversion, go, names, props, selectable, subresources, survey, versions};
use crate::path::item;

/// Everything wrong with `spec`.
pub(super) fn validate(new: &Definition<'_>, options: &Options) -> Vec<FieldError> {
    let mut errors = Vec::new();
    errors.extend(group(new.group));
    errors.extend(one_of("spec.scope", new.scope, &["Cluster", "Namespaced"]));
    errors.extend(schemas_given(new, options));
    let has_defaults = new.schemas().any(|(_, schema)| survey::has_defaults(schema));
    if has_defaults && new.preserve_unknown_fields {
        let detail = "must be false in order to use defaults in the schema";
        errors.push(FieldError::invalid("spec.preserveUnknownFields", true, detail));
    }
    let mut options = options.clone();
    let has_extensions = || new.schemas().any(|(_, schema)| survey::has_extensions(schema));
    options.require_structural |= !new.preserve_unknown_fields || has_defaults || has_extensions();

    for (i, version) in new.versions().iter().enumerate() {
        let at = item("spec.versions", i);
        errors.extend(names::label(format!("{at}.name"), version.name));
        errors.extend(versions::validate(new, version, &at, &options));
    }
    errors.extend(versions_together(new));
    if let Some(first) = new.versions().first().filter(|v| !v.name.is_empty()) {
        errors.extend(names::label("spec.version".to_owned(), first.name));
    }
    for key in ["plural", "singular", "kind", "listKind"] {
        if new.names.get(key).is_empty() {
            errors.push(FieldError::required(format!("spec.names.{key}"), ""));
        }
    }
    errors.extend(names::validate(&new.names, "spec.names"));
    let first_version = new.versions().first().map_or("", |v| v.name);
    let has_status = new.shared.has_status() || new.versions().iter().any(|v| v.parts.has_status());
    errors.extend(props::validate_root(new.shared.schema, first_version, has_status, &options, "spec.validation"));
    errors.extend(subresources::validate(new.shared.subresources, "spec.subresources"));
    errors.extend(columns::validate(new.shared.columns, "spec.additionalPrinterColumns"));
    errors.extend(selectable::validate_shared(new, &options));
    errors.extend(conversion::validate(new, &options));
    errors
}

/// What may never change, and what may not once the names are taken.
pub(super) fn validate_unchanged(new: &Definition<'_>, old: &Definition<'_>) -> Vec<FieldError> {
    let fixed =
        |at: &str, new: &str, old: &str| (new != old).then(|| FieldError::invalid(at, new, "field is immutable"));
    let mut errors = Vec::new();
    if old.established {
        errors.extend(fixed("spec.scope", new.scope, old.scope));
        errors.extend(fixed("spec.names.kind", new.names.get("kind"), old.names.get("kind")));
    }
    errors.extend(fixed("spec.group", new.group, old.group));
    errors.extend(fixed("spec.names.plural", new.names.get("plural"), old.names.get("plural")));
    errors
}

/// `preserveUnknownFields` can stay true, but not become so.
pub(super) fn validate_preserve(new: &Definition<'_>, old: Option<&Definition<'_>>) -> Option<FieldError> {
    let was = old.is_some_and(|old| old.preserve_unknown_fields);
    let detail =
        "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
    (new.preserve_unknown_fields && !was).then(|| FieldError::invalid("spec.preserveUnknownFields", true, detail))
}

/// A text that must be one of a few.
pub(super) fn one_of(at: &str, text: &str, accepted: &[&str]) -> Option<FieldError> {
    if text.is_empty() {
        return Some(FieldError::required(at, ""));
    }
    (!accepted.contains(&text)).then(|| FieldError::not_supported(at, text, accepted))
}

fn group(group: &str) -> Option<FieldError> {
    let at = "spec.group";
    let complaints = content::dns_subdomain(group);
    if group.is_empty() {
        Some(FieldError::required(at, ""))
    } else if !complaints.is_empty() {
        Some(FieldError::invalid(at, group, complaints.join(",")))
    } else {
        (!group.contains('.')).then(|| FieldError::invalid(at, group, "should be a domain with at least one dot"))
    }
}

/// Every version needs a schema; where an old state had none, only those that are served and pruned.
fn schemas_given(new: &Definition<'_>, options: &Options) -> Vec<FieldError> {
    if new.shared.props().is_some() || (!options.require_schema && new.preserve_unknown_fields) {
        return Vec::new();
    }
    let detail = if options.require_schema { "" } else { "because otherwise all fields are pruned" };
    let without = new
        .versions()
        .iter()
        .enumerate()
        .filter(|(_, v)| v.parts.props().is_none() && (options.require_schema || v.served));
    without.map(|(i, _)| FieldError::required(format!("spec.versions[{i}].schema.openAPIV3Schema"), detail)).collect()
}

fn versions_together(new: &Definition<'_>) -> Vec<FieldError> {
    let versions = new.versions();
    let complain = |detail: &str| FieldError::invalid("spec.versions", go::versions(new.versions.as_deref()), detail);
    let mut errors = Vec::new();
    let repeated =
        |(i, v): (usize, &super::definition::Version<'_>)| versions[..i].iter().any(|other| other.name == v.name);
    if versions.iter().enumerate().any(repeated) {
        errors.push(complain("must contain unique version names"));
    }
    if versions.iter().filter(|v| v.storage).count() != 1 {
        errors.push(complain("must have exactly one version marked as storage version"));
    }
    errors
}

/// Names of versions in lists of other things.
pub(super) fn version_label(at: &str, text: &str) -> Vec<FieldError> {
    content::dns_1035_label(text)
        .into_iter()
        .map(|complaint| FieldError::invalid(at, Value::from(text), complaint))
        .collect()
}
