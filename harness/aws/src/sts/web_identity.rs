//! `AssumeRoleWithWebIdentity`: a token instead of a signature, and only the trust policy decides.
//!
//! The order of checks is AWS': parameters, the token's form, the provider in the role's account, the token's age, its signature, its
//! audience; then the role. So a wrong role is told only to those whose token is good.

use super::session::{Origin, ROLE_ARN, RoleRef, Wanted, open};
use super::token::{Token, Verified};
use crate::authorize::{Ask, Call};
use crate::gate::Caller;
use crate::iam::provider_arn;
use crate::protocol::{Checks, Form, Text, Xml};
use crate::world::{Provider, World};
use crate::{Cloud, Fault};
use proofmark_aws_policy::{Attached, Context, Principal, ResourceRule};
use std::collections::BTreeMap;

const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

pub(super) async fn assume(cloud: &Cloud, call: &Call, form: &Form) -> Result<Option<Xml>, Fault> {
    let mut checks = Checks::of(form);
    let arn = checks.need("RoleArn", ROLE_ARN);
    let mut wanted = Wanted::read(form, &mut checks);
    let text = checks.need("WebIdentityToken", Text { min: 4, max: 20_000, pattern: None });
    checks.done()?;
    // Tags and the source identity of such sessions come with the token.
    (wanted.tags, wanted.transitive, wanted.source_identity) = Default::default();
    let role = RoleRef::parse(arn)?;
    let token = Token::read(text)?;
    let provider = provider(cloud, &role, &token)?;
    let verified = token.verify(&provider, &*cloud.issuer(), cloud.now()).await?;
    wanted.finish(form)?;
    wanted.tags.clone_from(&verified.tags);
    wanted.transitive.clone_from(&verified.transitive);
    wanted.source_identity.clone_from(&verified.source_identity);

    let provider_arn = provider_arn(&role.account, &provider.url);
    let name = provider.url.trim_start_matches("https://");
    let mut keys = Context::default();
    wanted.keys(&mut keys);
    let kept = federated_keys(name, &verified);
    for (key, value) in &kept {
        keys.set(key, value);
    }
    if !verified.methods.is_empty() {
        keys.set_many(&format!("{name}:amr"), verified.methods.iter().cloned());
    }
    let caller = Caller { principal: Principal::Federated { provider: provider_arn.clone() }, ..Caller::anonymous() };
    let call = Call { caller, ..call.clone() };
    let mut world = cloud.world().write();
    for action in [ACTION].into_iter().chain(wanted.further_actions()) {
        allow(cloud, &world, &call, &role, action, &keys)?;
    }
    let origin = Origin { chained: false, provider: Some(provider_arn.clone()), keys: kept };
    let mut xml = open(cloud, &mut world, &role, wanted, origin)?;
    xml.text("SubjectFromWebIdentityToken", &verified.subject).text("Provider", provider_arn);
    xml.text("Audience", &verified.audience);
    Ok(Some(xml))
}

/// The provider of the token's issuer in the role's account, whether or not the role is there.
fn provider(cloud: &Cloud, role: &RoleRef, token: &Token<'_>) -> Result<Provider, Fault> {
    let known = cloud.issuer();
    let issuer = &*known.known_as(token.issuer()?);
    let world = cloud.world().read();
    let account = world.accounts.get(&role.account);
    let found = account.and_then(|account| account.providers.get(&provider_arn(&role.account, issuer)));
    found.filter(|provider| provider.url == issuer.trim_end_matches('/')).cloned().ok_or_else(|| {
        Fault::new(400, "InvalidIdentityToken", format!("No OpenIDConnect provider found in your account for {issuer}"))
    })
}

/// `host/path:aud`, `host/path:sub`; with an authorised party that one is the audience, and the token's own is `oaud`.
fn federated_keys(name: &str, verified: &Verified) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::from([
        (format!("{name}:aud"), verified.audience.clone()),
        (format!("{name}:sub"), verified.subject.clone()),
    ]);
    if let Some(original) = &verified.original_audience {
        keys.insert(format!("{name}:oaud"), original.clone());
    }
    keys
}

fn allow(cloud: &Cloud, world: &World, call: &Call, role: &RoleRef, action: &str, keys: &Context) -> Result<(), Fault> {
    let refused = || Fault::new(403, "AccessDenied", format!("Not authorized to perform {action}"));
    let found = role.find(world).ok_or_else(refused)?;
    let name = format!("trust policy of {}", role.arn);
    let ask = Ask {
        action,
        resource: &role.arn,
        owner: role.account.as_str(),
        resource_policy: Some(Attached { name: &name, policy: &found.trust.policy }),
        resource_rule: ResourceRule::MustAllow,
        keys: keys.clone(),
    };
    cloud.authorize(world, call, &ask).map_err(|_| refused())
}
