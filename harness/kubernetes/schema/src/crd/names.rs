//! The names of a resource.

use proofmark_status::FieldError;
use proofmark_text::content;

use super::definition::Names;
use crate::path::{child, item};

/// What is wrong with names that are given; that they are, is checked elsewhere.
pub(super) fn validate(names: &Names<'_>, at: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for key in ["plural", "singular"] {
        let name = names.get(key);
        if !name.is_empty() {
            errors.extend(label(child(at, key), name));
        }
    }
    for key in ["kind", "listKind"] {
        let name = names.get(key);
        let complaints = content::dns_1035_label(&name.to_lowercase());
        if !name.is_empty() && !complaints.is_empty() {
            let detail = format!("may have mixed case, but should otherwise match: {}", complaints.join(","));
            errors.push(FieldError::invalid(child(at, key), name, detail));
        }
    }
    errors.extend(labels(names, "shortNames", at));
    let (kind, list_kind) = (names.get("kind"), names.get("listKind"));
    if !kind.is_empty() && kind == list_kind {
        errors.push(FieldError::invalid(child(at, "listKind"), list_kind, "kind and listKind may not be the same"));
    }
    errors.extend(labels(names, "categories", at));
    errors
}

/// A complaint about a text that must be a DNS label beginning with a letter.
pub(super) fn label(at: String, text: &str) -> Option<FieldError> {
    let complaints = content::dns_1035_label(text);
    (!complaints.is_empty()).then(|| FieldError::invalid(at, text, complaints.join(",")))
}

fn labels(names: &Names<'_>, key: &str, at: &str) -> Vec<FieldError> {
    let at = child(at, key);
    names.list(key).enumerate().filter_map(|(i, name)| label(item(&at, i), name)).collect()
}
