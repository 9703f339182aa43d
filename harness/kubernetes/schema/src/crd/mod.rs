//! CustomResourceDefinition objects (`apiextensions.k8s.io/v1`): defaults, preparation, validation and warnings.
//!
//! Objects come as JSON that has been decoded (fields have their types) and hold `metadata` that the caller validates;
//! here of the metadata only the name is looked at, which must be `plural.group`, and the approval annotation.
//!
//! Kubernetes validates the internal form of the type, in which what all versions share stands once at the top: that is why
//! errors name `spec.validation.openAPIV3Schema` as often as `spec.versions[0].schema.openAPIV3Schema`, and why printed
//! versions have Go's field names. [`definition`] makes that form. CEL rules are compiled and measured.
//! Source: `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation`, release 1.35.

mod approval;
mod columns;
mod conversion;
mod costs;
mod defaults;
mod definition;
mod field_path;
mod go;
mod keywords;
mod names;
mod options;
mod prepare;
mod props;
mod rules;
mod selectable;
mod spec;
mod structural;
mod subresources;
mod survey;
mod versions;

use proofmark_json::Value;
use proofmark_status::FieldError;

use definition::Definition;
use options::Options;

pub use prepare::{default, prepare_create, prepare_update};

/// Everything wrong with a new CustomResourceDefinition, except for its `metadata` as such.
pub fn validate(crd: &Value) -> Vec<FieldError> {
    let new = Definition::of(crd);
    let mut errors = new.validate_name();
    errors.extend(spec::validate(&new, &Options::default()));
    errors.extend(validate_rest(&new, None));
    errors
}

/// Everything wrong with the new state of a CustomResourceDefinition. Checks that the old state fails are not tightened.
pub fn validate_update(crd: &Value, old: &Value) -> Vec<FieldError> {
    let (new, old) = (Definition::of(crd), Definition::of(old));
    let mut errors = spec::validate(&new, &Options::of_update(&new, &old));
    errors.extend(spec::validate_unchanged(&new, &old));
    errors.extend(validate_rest(&new, Some(&old)));
    errors
}

/// Everything wrong with a new status, written through the status subresource.
pub fn validate_status(crd: &Value) -> Vec<FieldError> {
    names::validate(&Definition::of(crd).accepted_names, "status.acceptedNames")
}

/// The condition `KubernetesAPIApprovalPolicyConformant`: its status, reason and message. None for groups that need no approval.
pub fn approval(crd: &Value) -> Option<(&'static str, &'static str, String)> {
    approval::condition(&Definition::of(crd))
}

/// What a client is warned of: string formats that are not enforced and that the old state, if any, did not have yet.
pub fn warnings(crd: &Value, old: Option<&Value>) -> Vec<String> {
    let formats =
        |crd| Definition::of(crd).schemas().flat_map(|(_, schema)| survey::unknown_formats(schema)).collect::<Vec<_>>();
    let known = old.map(formats).unwrap_or_default();
    let new = formats(crd).into_iter().filter(|format| !known.contains(format));
    new.map(|format| format!("unrecognized format {}", proofmark_status::quote(&format))).collect()
}

/// The `fieldPath` of a CEL rule as errors write paths; empty if it is none.
pub(crate) fn rule_path(path: &str, schema: &crate::Schema) -> String {
    field_path::find(path, schema, field_path::Arrays::Allowed).map(|found| found.path).unwrap_or_default()
}

fn validate_rest(new: &Definition<'_>, old: Option<&Definition<'_>>) -> Vec<FieldError> {
    let mut errors = names::validate(&new.accepted_names, "status.acceptedNames");
    errors.extend(versions::validate_stored(new));
    errors.extend(approval::validate(new, old));
    errors.extend(spec::validate_preserve(new, old));
    errors
}
