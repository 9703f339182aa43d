//! A call, and what it asks for.

use crate::Fault;
use crate::gate::Caller;
use proofmark_aws_policy::{Attached, Context, Denial, ResourceRule};
use std::net::IpAddr;

/// A request, once it is known who sent it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who calls.
    pub caller: Caller,
    /// The request's id, as the answer will carry it.
    pub request_id: String,
    /// Where it comes from; none for requests in process.
    pub source_ip: Option<IpAddr>,
    /// Whether it came over TLS. In process it counts as such.
    pub secure: bool,
    /// `User-Agent`
    pub user_agent: Option<String>,
    /// `Referer`
    pub referer: Option<String>,
    /// The region of the endpoint: what the request is signed for, or the cloud's own.
    pub region: String,
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Ask<'a> {
    /// `s3:GetObject`
    pub action: &'a str,
    /// An ARN, or `*` for actions that have no resource.
    pub resource: &'a str,
    /// The account that owns it.
    pub owner: &'a str,
    /// The resource's own policy.
    pub resource_policy: Option<Attached<'a>>,
    /// What that policy means.
    pub resource_rule: ResourceRule,
    /// The service's own context keys: `s3:prefix`, `sts:ExternalId`, `aws:ResourceTag/team`, ...
    pub keys: Context,
}

/// Why a call may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The layer that denies.
    pub denial: Denial,
    /// The caller's ARN.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The resource's ARN.
    pub resource: String,
    /// Whether the caller may know: S3 tells only those of the same account or organisation.
    pub detailed: bool,
}

impl Refusal {
    /// The words that every service but S3 uses.
    ///
    /// Source: IAM User Guide, "Troubleshoot access denied error messages".
    pub fn message(&self) -> String {
        let Self { principal, action, resource, denial, .. } = self;
        format!(
            "User: {principal} is not authorized to perform: {action} on resource: {resource} {}",
            denial.reason(action)
        )
    }

    /// S3's words: the resource in quotes, and nothing but `Access Denied` for strangers.
    ///
    /// Source: S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors in Amazon S3".
    pub fn for_s3(&self) -> Fault {
        let Self { principal, action, resource, denial, .. } = self;
        let message = if self.detailed {
            let reason = denial.reason(action);
            format!("User: {principal} is not authorized to perform: {action} on resource: \"{resource}\" {reason}")
        } else {
            "Access Denied".to_owned()
        };
        Fault::new(403, "AccessDenied", message)
    }
}
