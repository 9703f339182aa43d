//! IAM's refusals, in its words.

use crate::Fault;
use proofmark_aws_policy::PolicyError;

pub(super) fn not_found(what: &str, name: &str) -> Fault {
    no_such_entity(format!("The {what} with name {name} cannot be found."))
}

pub(super) fn no_such_entity(message: impl Into<String>) -> Fault {
    Fault::new(404, "NoSuchEntity", message)
}

pub(super) fn exists(what: &str, name: &str) -> Fault {
    already_exists(format!("{what} with name {name} already exists."))
}

pub(super) fn already_exists(message: impl Into<String>) -> Fault {
    Fault::new(409, "EntityAlreadyExists", message)
}

pub(super) fn conflict(message: impl Into<String>) -> Fault {
    Fault::new(409, "DeleteConflict", message)
}

pub(super) fn limit(message: impl Into<String>) -> Fault {
    Fault::new(409, "LimitExceeded", message)
}

pub(super) fn quota(name: &str, most: usize) -> Fault {
    limit(format!("Cannot exceed quota for {name}: {most}"))
}

pub(super) fn invalid_input(message: impl Into<String>) -> Fault {
    Fault::new(400, "InvalidInput", message)
}

pub(super) fn malformed(error: &PolicyError) -> Fault {
    Fault::new(400, "MalformedPolicyDocument", error.to_string())
}

pub(super) fn policy_not_found(arn: &str) -> Fault {
    no_such_entity(format!("Policy {arn} was not found."))
}

pub(super) fn not_attachable(arn: &str) -> Fault {
    no_such_entity(format!("Policy {arn} does not exist or is not attachable."))
}
