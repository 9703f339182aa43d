//! Roles and their trust policies.

use super::holder::Holder;
use super::page::page;
use super::policies::boundary_of;
use super::turn::{Answer, Turn};
use super::write;
use super::{faults, params};
use crate::Fault;
use crate::protocol::{Checks, Text, Xml};
use crate::world::{Document, Role};
use proofmark_aws_policy::{Context, Kind, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// As many characters as a trust policy may have. Source: IAM User Guide, "IAM and AWS STS quotas".
const MOST_TRUST: usize = 2048;

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let name = params::name(turn.form, "RoleName", 64)?.to_owned();
    let path = params::path(turn.form)?;
    let (description, seconds) = settings(turn)?;
    let tags = params::tags(turn.form)?;
    let mut keys = Context::default();
    params::request_tags(&tags, &mut keys);
    let boundary = boundary_of(turn, &mut keys)?;
    turn.allow(&turn.arn("role", &path, &name), keys)?;
    if turn.account()?.roles.keys().any(|other| other.eq_ignore_ascii_case(&name)) {
        return Err(faults::exists("Role", &name));
    }
    let role = Role {
        name: name.clone(),
        path,
        id: turn.fresh_id("AROA"),
        created: turn.now(),
        trust: trust(turn, "AssumeRolePolicyDocument")?,
        description: description.unwrap_or_default(),
        max_session_seconds: seconds.unwrap_or(3600),
        tags,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        boundary,
    };
    let mut xml = Xml::default();
    xml.element("Role", |xml| write::role(xml, turn.world, &turn.id, &role, true));
    turn.account_mut()?.roles.insert(name, role);
    Ok(Some(xml))
}

fn settings(turn: &Turn<'_>) -> Result<(Option<String>, Option<i64>), Fault> {
    let mut checks = Checks::of(turn.form);
    let description = checks.text("Description", Text { min: 0, max: 1000, pattern: None }).map(str::to_owned);
    let seconds = checks.number("MaxSessionDuration", 3600, 43_200);
    checks.done()?;
    Ok((description, seconds))
}

/// What a trust policy can be about.
const TRUST_ACTIONS: [&str; 6] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetContext",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

fn trust(turn: &Turn<'_>, parameter: &str) -> Result<Document, Fault> {
    let text = turn.form.need(parameter)?;
    let document = turn.world.pin(text, Kind::Trust).map_err(|error| faults::malformed(&error))?;
    let assumes = |statement: &Statement| {
        let names = |pattern| TRUST_ACTIONS.iter().any(|action| statement.names_in(pattern, action));
        statement.is_not_action() || (0..statement.actions()).all(names)
    };
    if !document.policy.statements.iter().all(assumes) {
        let message = "AssumeRole policy may only specify STS AssumeRole actions.";
        return Err(Fault::new(400, "MalformedPolicyDocument", message));
    }
    if params::size(text) > MOST_TRUST {
        return Err(faults::quota("ACLSizePerRole", MOST_TRUST));
    }
    Ok(document)
}

pub(super) fn get(turn: &mut Turn<'_>) -> Answer {
    let name = Holder::Role.named(turn)?;
    Holder::Role.allow(turn, name, Context::default())?;
    let role = turn.account()?.roles.get(name).ok_or_else(|| faults::not_found("role", name))?;
    let mut xml = Xml::default();
    xml.element("Role", |xml| write::role(xml, turn.world, &turn.id, role, true));
    Ok(Some(xml))
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    let prefix = turn.form.get("PathPrefix").unwrap_or("/");
    turn.allow(&turn.arn("role", prefix, ""), Context::default())?;
    let roles = turn.account()?.roles.values().filter(|role| role.path.starts_with(prefix));
    let page = page(turn.form, roles.map(|role| (role.name.clone(), role)))?;
    Ok(Some(page.write("Roles", |xml, role| write::role(xml, turn.world, &turn.id, role, false))))
}

fn change(turn: &mut Turn<'_>, change: impl FnOnce(&mut Role)) -> Result<String, Fault> {
    let name = Holder::Role.named(turn)?.to_owned();
    Holder::Role.allow(turn, &name, Context::default())?;
    let roles = &mut turn.account_mut()?.roles;
    change(roles.get_mut(&name).ok_or_else(|| faults::not_found("role", &name))?);
    Ok(name)
}

pub(super) fn update(turn: &mut Turn<'_>) -> Answer {
    let (description, seconds) = settings(turn)?;
    change(turn, |role| {
        role.max_session_seconds = seconds.unwrap_or(role.max_session_seconds);
        role.description = description.unwrap_or_else(|| std::mem::take(&mut role.description));
    })?;
    Ok(Some(Xml::default()))
}

pub(super) fn update_description(turn: &mut Turn<'_>) -> Answer {
    let description = turn.form.need("Description")?.to_owned();
    let name = change(turn, |role| role.description = description)?;
    let mut xml = Xml::default();
    if let Some(role) = turn.account()?.roles.get(&name) {
        xml.element("Role", |xml| write::role(xml, turn.world, &turn.id, role, true));
    }
    Ok(Some(xml))
}

pub(super) fn update_trust(turn: &mut Turn<'_>) -> Answer {
    let name = Holder::Role.named(turn)?.to_owned();
    Holder::Role.allow(turn, &name, Context::default())?;
    if !turn.account()?.roles.contains_key(&name) {
        return Err(faults::not_found("role", &name));
    }
    let trust = trust(turn, "PolicyDocument")?;
    if let Some(role) = turn.account_mut()?.roles.get_mut(&name) {
        role.trust = trust;
    }
    Ok(None)
}

pub(super) fn delete(turn: &mut Turn<'_>) -> Answer {
    let name = Holder::Role.named(turn)?.to_owned();
    Holder::Role.allow(turn, &name, Context::default())?;
    let account = turn.account_mut()?;
    let role = account.roles.get(&name).ok_or_else(|| faults::not_found("role", &name))?;
    let carried = account.instance_profiles.values().any(|profile| profile.role.as_ref() == Some(&name));
    let left = [
        (carried, "must remove roles from instance profile first."),
        (!role.attached.is_empty(), "must detach all policies first."),
        (!role.inline.is_empty(), "must delete policies first."),
    ];
    if let Some((_, what)) = left.iter().find(|(there, _)| *there) {
        return Err(faults::conflict(format!("Cannot delete entity, {what}")));
    }
    account.roles.remove(&name);
    Ok(None)
}
