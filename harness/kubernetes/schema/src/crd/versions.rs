//! What a version says of itself, and which versions were ever stored.

use proofmark_json::Value;
use proofmark_status::FieldError;

use super::definition::{Definition, Version};
use super::options::Options;
use super::{columns, props, selectable, subresources};

/// Everything wrong with one version, apart from its name.
pub(super) fn validate(new: &Definition<'_>, version: &Version<'_>, at: &str, options: &Options) -> Vec<FieldError> {
    let mut errors = deprecation(version, at);
    let parts = version.parts;
    let per_version = new.versions().iter().any(|v| v.parts.subresources.is_some());
    let has_status = if per_version { parts.has_status() } else { new.shared.has_status() };
    errors.extend(props::validate_root(parts.schema, version.name, has_status, options, &format!("{at}.schema")));
    errors.extend(subresources::validate(parts.subresources, &format!("{at}.subresources")));
    errors.extend(columns::validate(parts.columns, &format!("{at}.additionalPrinterColumns")));
    errors.extend(selectable::validate_version(version, at, options));
    errors
}

fn deprecation(version: &Version<'_>, at: &str) -> Vec<FieldError> {
    let Some(warning) = version.deprecation_warning else {
        return Vec::new();
    };
    let complain = |detail: String| FieldError::invalid(format!("{at}.deprecationWarning"), warning, detail);
    if !version.deprecated {
        return vec![complain("can only be set for deprecated versions".to_owned())];
    }
    let mut errors = Vec::new();
    if warning.len() > 256 {
        errors.push(complain("must be <= 256 characters long".to_owned()));
    }
    if warning.is_empty() {
        errors.push(complain("must not be an empty string".to_owned()));
    }
    // A character that Go would not print as it is.
    let printable = |c: char| {
        c == ' ' || (!c.is_control() && !c.is_whitespace() && c.escape_debug().len() == 1) || "\"'\\".contains(c)
    };
    if let Some((at, _)) = warning.char_indices().find(|(_, c)| !printable(*c)) {
        errors.push(complain(format!(
            "must only contain printable UTF-8 characters; non-printable character found at index {at}"
        )));
    }
    errors
}

/// Every version that objects were ever stored in must still be there, the present one among them.
pub(super) fn validate_stored(new: &Definition<'_>) -> Vec<FieldError> {
    let at = "status.storedVersions";
    let stored = new.stored_versions.as_deref().unwrap_or_default();
    let value = || new.stored_versions.as_ref().map_or(Value::Null, |all| all.as_slice().into());
    if stored.is_empty() {
        return vec![FieldError::invalid(at, value(), "must have at least one stored version")];
    }
    let missing = new.versions().iter().filter(|v| v.storage && !stored.contains(&v.name));
    let mut errors: Vec<_> = missing
        .map(|v| FieldError::invalid(at, value(), format!("must have the storage version {}", v.name)))
        .collect();
    for (i, name) in stored.iter().enumerate().filter(|(_, name)| new.versions().iter().all(|v| v.name != **name)) {
        let detail = format!(
            "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
        );
        errors.push(FieldError::invalid(format!("{at}[{i}]"), *name, detail));
    }
    errors
}
