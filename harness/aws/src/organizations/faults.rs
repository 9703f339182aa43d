//! The refusals of Organizations, in its words.

use crate::Fault;

pub(super) fn not_in_use() -> Fault {
    Fault::new(400, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
}

pub(super) fn not_management() -> Fault {
    Fault::new(400, "AccessDeniedException", "You don't have permissions to access this resource.")
}

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(400, "InvalidInputException", message)
}

pub(super) fn missing(code: &'static str, what: &str) -> Fault {
    Fault::new(400, code, format!("You specified {what} that doesn't exist."))
}

pub(super) fn no_target() -> Fault {
    missing("TargetNotFoundException", "a target")
}

pub(super) fn no_parent() -> Fault {
    missing("ParentNotFoundException", "a parent")
}

pub(super) fn no_policy() -> Fault {
    missing("PolicyNotFoundException", "a policy")
}

pub(super) fn no_account() -> Fault {
    missing("AccountNotFoundException", "an account")
}
