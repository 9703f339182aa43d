//! Policies that would lock their own author out of a key.

use super::turn::Turn;
use crate::Fault;
use crate::world::Document;
use proofmark_aws_policy::{Attached, Context, Kind, Policies, Policy, Request, ResourceRule, decide};

/// A policy must leave it to whoever sets it, by itself or through the account, to set it again; unless they say that they know better.
///
/// Source: AWS KMS API Reference, `BypassPolicyLockoutSafetyCheck`.
pub(super) fn check(turn: &Turn<'_>, arn: &str, policy: &Document) -> Result<(), Fault> {
    if turn.body["BypassPolicyLockoutSafetyCheck"] == true {
        return Ok(());
    }
    let principal = &turn.call.caller.principal;
    let mut context = Context::default();
    principal.keys(&mut context);
    context.set("kms:CallerAccount", turn.account.as_str());
    let action = "kms:PutKeyPolicy";
    let request = Request { principal, action, resource: arn, owner: turn.account.as_str(), context: &context };
    // What the account gives its own people is not asked.
    let all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let own = Policy::parse(all, Kind::Identity)
        .map_err(|error| Fault::new(500, "KMSInternalException", error.to_string()))?;
    let policies = Policies {
        identity: &[Attached { name: "own", policy: &own }],
        boundary: None,
        session: None,
        resource: Some(Attached { name: "key policy", policy: &policy.policy }),
        resource_rule: ResourceRule::MustAllow,
        service_control: &[],
        resource_control: &[],
    };
    if decide(&request, &policies).is_allowed() {
        return Ok(());
    }
    let message = "The new key policy will not allow you to update the key policy in the future.";
    Err(Fault::new(400, "MalformedPolicyDocumentException", message))
}
