//! What a manager is called.

use proofmark_status::FieldError;
use proofmark_text::manager::{NAME_LIMIT, is_printable, validate_manager_name};

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
