//! `subresources`: the paths of scale.

use proofmark_json::Map;
use proofmark_status::FieldError;

use super::columns::simple_path;
use super::definition::{object, text};

/// Everything wrong with subresources.
pub(super) fn validate(subresources: Option<&Map>, at: &str) -> Vec<FieldError> {
    let Some(scale) = subresources.and_then(|s| object(s, "scale")) else {
        return Vec::new();
    };
    let mut errors = Vec::new();
    for (key, prefix, within) in
        [("specReplicasPath", ".spec.", ".spec"), ("statusReplicasPath", ".status.", ".status")]
    {
        let at = format!("{at}.scale.{key}");
        let path = text(scale, key);
        if path.is_empty() {
            errors.push(FieldError::required(at, ""));
        } else if let Some(error) = simple_path(path, at.clone()) {
            errors.push(error);
        } else if !path.starts_with(prefix) {
            errors.push(FieldError::invalid(at, path, format!("should be a json path under {within}")));
        }
    }
    let path = text(scale, "labelSelectorPath");
    if !path.is_empty() {
        let at = format!("{at}.scale.labelSelectorPath");
        if let Some(error) = simple_path(path, at.clone()) {
            errors.push(error);
        } else if !path.starts_with(".spec.") && !path.starts_with(".status.") {
            errors.push(FieldError::invalid(at, path, "should be a json path under either .spec or .status"));
        }
    }
    errors
}
