//! KMS' refusals, in its words.

use crate::Fault;

pub(super) fn not_found(what: &str) -> Fault {
    Fault::new(400, "NotFoundException", what)
}

pub(super) fn no_key(arn: &str) -> Fault {
    not_found(&format!("Key '{arn}' does not exist"))
}

pub(super) fn no_alias(arn: &str) -> Fault {
    not_found(&format!("Alias {arn} is not found."))
}

pub(super) fn validation(message: impl Into<String>) -> Fault {
    Fault::new(400, "ValidationException", message)
}

/// A member that is not as its type says.
pub(super) fn constraint(value: &str, member: &str, constraint: &str) -> Fault {
    validation(format!(
        "1 validation error detected: Value{value} at '{member}' failed to satisfy constraint: Member must {constraint}"
    ))
}

pub(super) fn disabled(arn: &str) -> Fault {
    Fault::new(400, "DisabledException", format!("{arn} is disabled."))
}

pub(super) fn pending_deletion(arn: &str) -> Fault {
    Fault::new(400, "KMSInvalidStateException", format!("{arn} is pending deletion."))
}

pub(super) fn invalid_ciphertext() -> Fault {
    Fault::new(400, "InvalidCiphertextException", "")
}

pub(super) fn denied(message: impl Into<String>) -> Fault {
    Fault::new(400, "AccessDeniedException", message)
}
