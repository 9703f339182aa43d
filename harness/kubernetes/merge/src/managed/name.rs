//! What a manager is called.

use proofmark_status::FieldError;
use serde_json::json;

/// The most bytes that a manager's name may have.
pub const NAME_LIMIT: usize = 128;

/// The name of whoever sends a request: `fieldManager` if given, otherwise the User-Agent up to its first `/`, printable characters
/// only, cut at [`NAME_LIMIT`] bytes; `unknown` when nothing is left.
///
/// # Errors
/// What [`validate_manager_name`] finds wrong with a given `fieldManager`.
pub fn manager_name(user_agent: Option<&str>, field_manager: Option<&str>) -> Result<String, Vec<FieldError>> {
    if let Some(name) = field_manager.filter(|name| !name.is_empty()) {
        let errors = validate_manager_name(name, "fieldManager");
        return if errors.is_empty() { Ok(name.to_owned()) } else { Err(errors) };
    }
    let prefix = user_agent.unwrap_or("").split('/').next().unwrap_or("");
    let mut name = String::new();
    for c in prefix.chars().filter(|c| is_printable(*c)) {
        if name.len() + c.len_utf8() > NAME_LIMIT {
            break;
        }
        name.push(c);
    }
    Ok(if name.is_empty() { "unknown".to_owned() } else { name })
}

/// Checks a manager's name; `field` is where it stands.
pub fn validate_manager_name(name: &str, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if name.len() > NAME_LIMIT {
        errors.push(FieldError::too_long(field, NAME_LIMIT));
    }
    for (position, c) in name.char_indices().filter(|(_, c)| !is_printable(*c)) {
        errors.push(FieldError::invalid(
            field,
            json!(name),
            format!("invalid character U+{:04X} (at position {position})", u32::from(c)),
        ));
    }
    errors
}

/// Whether Go's `unicode.IsPrint` holds: whatever needs no escape in a quoted string.
fn is_printable(c: char) -> bool {
    c == '"' || c == '\\' || proofmark_status::quote(c.encode_utf8(&mut [0; 4])).chars().count() == 3
}
