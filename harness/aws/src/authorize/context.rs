//! The global context keys of a call. Source: IAM User Guide, "AWS global condition context keys".

use super::{Ask, Call};
use crate::Cloud;
use crate::world::{AccountId, World};
use proofmark_aws_policy::{Context, Keys as _, Principal};

pub(super) fn of(cloud: &Cloud, world: &World, call: &Call, ask: &Ask<'_>) -> Context {
    let mut context = ask.keys.clone();
    let now = cloud.now();
    call.caller.principal.keys(&mut context);
    context.set("aws:CurrentTime", now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    context.set("aws:EpochTime", now.as_second().to_string());
    context.set("aws:SecureTransport", call.secure.to_string());
    context.set("aws:RequestedRegion", &call.region);
    // A service that asks on behalf of its caller has said so.
    if context.get("aws:viaawsservice").is_none() {
        context.set("aws:ViaAWSService", "false");
    }
    // What a service asks for comes from the service's address, not from its caller's.
    let by_service = context.get("aws:viaawsservice").is_some_and(|values| values == ["true"]);
    if let Some(ip) = call.source_ip.filter(|_| !by_service) {
        context.set("aws:SourceIp", ip.to_string());
    }
    if let Some(agent) = &call.user_agent {
        context.set("aws:UserAgent", agent);
    }
    if let Some(referer) = &call.referer {
        context.set("aws:Referer", referer);
    }
    for (key, value) in &call.caller.tags {
        context.set(&format!("aws:PrincipalTag/{key}"), value);
    }
    if let Some(session) = &call.caller.session {
        context.set("aws:TokenIssueTime", session.issued.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        if let Some(identity) = &session.source_identity {
            context.set("aws:SourceIdentity", identity);
        }
        if let Some(provider) = &session.federated_provider {
            context.set("aws:FederatedProvider", provider);
        } else {
            context.set("aws:MultiFactorAuthPresent", "false");
        }
        for (key, value) in &session.federated_keys {
            context.set(key, value);
        }
    }
    if !ask.owner.is_empty() {
        context.set("aws:ResourceAccount", ask.owner);
        organization(world, ask.owner, "Resource", &mut context);
    }
    if let Some(account) = call.caller.principal.account() {
        organization(world, account, "Principal", &mut context);
    }
    if matches!(call.caller.principal, Principal::Service { .. }) {
        context.set("aws:PrincipalIsAWSService", "true");
    } else {
        context.set("aws:PrincipalIsAWSService", "false");
    }
    context
}

fn organization(world: &World, account: &str, side: &str, context: &mut Context) {
    let (Some(organization), Some(account)) = (&world.organization, AccountId::parse(account)) else { return };
    if let Some(path) = organization.path_text(&account) {
        context.set(&format!("aws:{side}OrgID"), &organization.id);
        context.set_many(&format!("aws:{side}OrgPaths"), [path]);
    }
}
