//! Failures in words for users, as releases from 0.17 on put them. The words are found by searching the message, which sometimes finds the wrong ones.

use crate::exception::{Exception, Link};
use crate::journal::{Journal, Level};

/// Tells a failure in the log and turns it into one for users. `resource` is a bucket or a host; empty without one.
pub(super) fn storage_error(
    journal: &Journal,
    protocol: &str,
    uri: &str,
    error: Exception,
    resource: &str,
) -> Exception {
    let message = describe(protocol, &error, resource);
    journal.write(
        Level::Error,
        "storage_errors.py:raise_storage_error()",
        &format!("{protocol} error for {uri}: {}", error.message),
    );
    Exception::runtime(message).because(Link::Cause, error)
}

fn describe(protocol: &str, error: &Exception, resource: &str) -> String {
    let text = error.message.to_lowercase();
    let class = error.name();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let named = |classes: &[&str]| classes.contains(&class);
    if named(&[
        "NoCredentialsError",
        "DefaultCredentialsError",
        "GoogleAuthError",
        "ClientAuthenticationError",
        "GatedRepoError",
    ]) || says(&["credential", "auth"])
    {
        let hint = match protocol {
            "S3" => "Set AWS_ACCESS_KEY_ID/AWS_SECRET_ACCESS_KEY or use awsAnonymousCredential=true.",
            "GCS" => "Verify GOOGLE_APPLICATION_CREDENTIALS or use anonymous access.",
            "HTTP" => "Verify authentication credentials.",
            _ => "",
        };
        return format!("{protocol} authentication failed. {hint}");
    }
    if named(&["NotFound", "ResourceNotFoundError"]) || says(&["not found", "does not exist"]) {
        return match resource {
            "" => format!("{protocol} resource not found."),
            resource => format!("{protocol} resource '{resource}' not found."),
        };
    }
    if named(&["Forbidden", "AccessDenied"]) || says(&["access denied", "permission"]) {
        return match resource {
            "" => format!("Access denied. Verify {protocol} permissions."),
            resource => format!("Access denied to {protocol} resource '{resource}'. Verify permissions."),
        };
    }
    if named(&["ConnectionError"]) || says(&["connection", "timeout"]) {
        return match resource {
            "" => format!("Failed to connect to {protocol} endpoint."),
            resource => format!("Failed to connect to {protocol} endpoint '{resource}'."),
        };
    }
    if let Some(service) = error.service.as_ref().filter(|_| protocol == "S3") {
        let code = service.code.as_deref().unwrap_or_default();
        match code {
            "InvalidAccessKeyId" | "SignatureDoesNotMatch" => {
                return "Invalid AWS credentials. Verify AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.".to_owned();
            }
            "NoSuchBucket" => return format!("S3 bucket '{resource}' does not exist."),
            // The second is how no code at all is printed.
            "" | "None" => {}
            code => return format!("S3 error [{code}]: {}", service.message.as_deref().unwrap_or_default()),
        }
    }
    format!("{protocol} error: {}", error.message)
}
