//! `AssumeRole`: the trust policy must allow, and in most cases the caller's own policies, too.

use super::session::{Origin, ROLE_ARN, RoleRef, Wanted, open};
use crate::authorize::{Ask, Call};
use crate::protocol::{Checks, Form, Text, Xml};
use crate::world::World;
use crate::{Cloud, Fault};
use proofmark_aws_policy::{Attached, Context, Denial, Layer, Principal, ResourceRule};

pub(super) fn assume(cloud: &Cloud, call: &Call, form: &Form) -> Result<Option<Xml>, Fault> {
    let mut checks = Checks::of(form);
    let arn = checks.need("RoleArn", ROLE_ARN);
    let mut wanted = Wanted::read(form, &mut checks);
    let letters: fn(char) -> bool = |c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    let external_id =
        checks.text("ExternalId", Text { min: 2, max: 1224, pattern: Some((r"[\w+=,.@:\/-]*", letters)) });
    checks.done()?;
    wanted.finish(form)?;
    let role = RoleRef::parse(arn)?;
    if matches!(call.caller.principal, Principal::Root { .. }) {
        return Err(Fault::new(403, "AccessDenied", "Roles may not be assumed by root accounts."));
    }
    let chained = inherit(call, &mut wanted)?;

    let mut keys = Context::default();
    wanted.keys(&mut keys);
    if let Some(id) = external_id {
        keys.set("sts:ExternalId", id);
    }
    let mut world = cloud.world().write();
    for action in ["sts:AssumeRole"].into_iter().chain(wanted.further_actions()) {
        allow(cloud, &world, call, &role, action, &keys)?;
    }
    open(cloud, &mut world, &role, wanted, Origin { chained, ..Origin::default() }).map(Some)
}

/// What goes on from the session of a role that calls: transitive tags and the source identity, neither of which can change on the way.
fn inherit(call: &Call, wanted: &mut Wanted) -> Result<bool, Fault> {
    let Some(session) = &call.caller.session else { return Ok(false) };
    for key in &session.transitive {
        if wanted.tags.contains_key(key) {
            return Err(Fault::new(
                400,
                "InvalidParameterValue",
                format!(
                    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session: {key}."
                ),
            ));
        }
    }
    match (&session.source_identity, &wanted.source_identity) {
        (Some(old), Some(new)) if old != new => {
            return Err(Fault::new(403, "AccessDenied", "The source identity of a session cannot be changed."));
        }
        (Some(old), _) => wanted.source_identity = Some(old.clone()),
        (None, _) => {}
    }
    for key in &session.transitive {
        if let Some(value) = session.tags.get(key) {
            wanted.tags.insert(key.clone(), value.clone());
            wanted.transitive.insert(key.clone());
        }
    }
    Ok(matches!(session.principal, Principal::Session { .. }))
}

/// Whether a caller may do this with a role.
pub(super) fn allow(
    cloud: &Cloud,
    world: &World,
    call: &Call,
    role: &RoleRef,
    action: &str,
    keys: &Context,
) -> Result<(), Fault> {
    let bare = || {
        let (principal, arn) = (call.caller.principal.arn(), &role.arn);
        format!("User: {principal} is not authorized to perform: {action} on resource: {arn}")
    };
    // A role that is not there is refused like one that does not trust the caller.
    let Some(found) = role.find(world) else { return Err(Fault::new(403, "AccessDenied", bare())) };
    let mut keys = keys.clone();
    for (key, value) in &found.tags {
        keys.set(&format!("aws:ResourceTag/{key}"), value);
        keys.set(&format!("iam:ResourceTag/{key}"), value);
    }
    let name = format!("trust policy of {}", role.arn);
    let ask = Ask {
        action,
        resource: &role.arn,
        owner: role.account.as_str(),
        resource_policy: Some(Attached { name: &name, policy: &found.trust.policy }),
        resource_rule: ResourceRule::MustAllow,
        keys,
    };
    cloud.authorize(world, call, &ask).map_err(|refusal| {
        // What the trust policy leaves out is not told; strangers are told nothing at all.
        let told = refusal.detailed && refusal.denial != Denial::Implicit(Layer::Resource);
        Fault::new(403, "AccessDenied", if told { refusal.message() } else { bare() })
    })
}
