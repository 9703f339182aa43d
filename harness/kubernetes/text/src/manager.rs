//! Who owns fields: the names of field managers.

use proofmark_json::json;
use proofmark_status::FieldError;

/// The most bytes that a manager's name may have.
pub const NAME_LIMIT: usize = 128;

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
pub fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~') || proofmark_status::quote(c.encode_utf8(&mut [0; 4])).chars().count() == 3
}
