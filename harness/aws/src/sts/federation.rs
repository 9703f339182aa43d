//! `GetFederationToken`: a user vouches for somebody, who may do what both the user's policies and those given with the call allow.

use super::session::{Wanted, begin, keep};
use crate::authorize::{Ask, Call};
use crate::protocol::{Checks, Form, Text, Xml, in_name};
use crate::world::{AccountId, Session};
use crate::{Cloud, Fault};
use proofmark_aws_policy::{Context, Principal};

const ACTION: &str = "sts:GetFederationToken";

pub(super) fn get(cloud: &Cloud, call: &Call, form: &Form) -> Result<Option<Xml>, Fault> {
    let mut checks = Checks::of(form);
    let name = checks.need("Name", Text { min: 2, max: 32, pattern: Some((r"[\w+=,.@-]*", in_name)) }).to_owned();
    let mut wanted = Wanted::of_session(form, &mut checks, 129_600);
    checks.done()?;
    wanted.finish(form)?;
    let by = &call.caller.principal;
    let account = by.account().and_then(AccountId::parse);
    let (Some(account), None) = (account, &call.caller.session) else {
        return Err(Fault::new(403, "AccessDenied", "Cannot call GetFederationToken with session credentials"));
    };
    let principal =
        Principal::FederatedUser { account: account.to_string(), name: name.clone(), by: Box::new(by.clone()) };
    let arn = principal.arn();
    let mut keys = Context::default();
    wanted.keys(&mut keys);
    let mut world = cloud.world().write();
    let tagging = (!wanted.tags.is_empty()).then_some("sts:TagSession");
    for action in [ACTION].into_iter().chain(tagging) {
        let ask = Ask { action, resource: &arn, owner: account.as_str(), keys: keys.clone(), ..Ask::default() };
        cloud.authorize(&world, call, &ask).map_err(|refusal| Fault::new(403, "AccessDenied", refusal.message()))?;
    }
    let seconds = if by.is_root() { 3600 } else { wanted.seconds.unwrap_or(43_200) };
    // Without policies of its own it may only what names it.
    let policies = wanted.policies(&world, &account)?.unwrap_or_default();
    let session =
        Session { policies: Some(policies), tags: wanted.tags, ..begin(cloud, principal, account.clone(), seconds) };
    let mut xml = Xml::default();
    keep(cloud, &mut world, session, &mut xml);
    xml.element("FederatedUser", |xml| {
        xml.text("FederatedUserId", format!("{account}:{name}")).text("Arn", &arn);
    });
    Ok(Some(xml))
}
