//! Instance profiles, which carry a role to EC2 instances.

use super::holder::Holder;
use super::page::page;
use super::turn::{Answer, Turn};
use super::write;
use super::{faults, params};
use crate::Fault;
use crate::protocol::Xml;
use crate::world::InstanceProfile;
use proofmark_aws_policy::Context;

fn named(turn: &Turn<'_>) -> Result<String, Fault> {
    params::name(turn.form, "InstanceProfileName", 128).map(str::to_owned)
}

fn missing(name: &str) -> Fault {
    faults::no_such_entity(format!("Instance Profile {name} cannot be found."))
}

fn allow(turn: &Turn<'_>, name: &str) -> Result<(), Fault> {
    let path = turn.account()?.instance_profiles.get(name).map_or("/", |profile| &profile.path);
    turn.allow(&turn.arn("instance-profile", path, name), Context::default())
}

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let name = named(turn)?;
    let path = params::path(turn.form)?;
    let tags = params::tags(turn.form)?;
    let mut keys = Context::default();
    params::request_tags(&tags, &mut keys);
    turn.allow(&turn.arn("instance-profile", &path, &name), keys)?;
    if turn.account()?.instance_profiles.contains_key(&name) {
        return Err(faults::already_exists(format!("Instance Profile {name} already exists.")));
    }
    let id = turn.fresh_id("AIPA");
    let profile = InstanceProfile { name: name.clone(), path, id, created: turn.now(), role: None, tags };
    let mut xml = Xml::default();
    let account = turn.account()?;
    xml.element("InstanceProfile", |xml| write::instance_profile(xml, turn.world, account, &profile));
    turn.account_mut()?.instance_profiles.insert(name, profile);
    Ok(Some(xml))
}

pub(super) fn get(turn: &mut Turn<'_>) -> Answer {
    let name = named(turn)?;
    allow(turn, &name)?;
    let account = turn.account()?;
    let profile = account.instance_profiles.get(&name).ok_or_else(|| missing(&name))?;
    let mut xml = Xml::default();
    xml.element("InstanceProfile", |xml| write::instance_profile(xml, turn.world, account, profile));
    Ok(Some(xml))
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    let prefix = turn.form.get("PathPrefix").unwrap_or("/");
    turn.allow(&turn.arn("instance-profile", prefix, ""), Context::default())?;
    write_list(turn, |profile| profile.path.starts_with(prefix))
}

pub(super) fn list_for_role(turn: &mut Turn<'_>) -> Answer {
    let name = Holder::Role.named(turn)?;
    Holder::Role.allow(turn, name, Context::default())?;
    if !turn.account()?.roles.contains_key(name) {
        return Err(faults::not_found("role", name));
    }
    write_list(turn, |profile| profile.role.as_deref() == Some(name))
}

fn write_list(turn: &Turn<'_>, wanted: impl Fn(&InstanceProfile) -> bool) -> Answer {
    let account = turn.account()?;
    let found = account.instance_profiles.values().filter(|profile| wanted(profile));
    let page = page(turn.form, found.map(|profile| (profile.name.clone(), profile)))?;
    Ok(Some(page.write("InstanceProfiles", |xml, profile| {
        write::instance_profile(xml, turn.world, account, profile);
    })))
}

pub(super) fn add_role(turn: &mut Turn<'_>) -> Answer {
    let name = named(turn)?;
    let role = Holder::Role.named(turn)?.to_owned();
    allow(turn, &name)?;
    let account = turn.account_mut()?;
    let profile = account.instance_profiles.get_mut(&name).ok_or_else(|| missing(&name))?;
    if !account.roles.contains_key(&role) {
        return Err(faults::not_found("role", &role));
    }
    if profile.role.is_some() {
        return Err(faults::quota("InstanceSessionsPerInstanceProfile", 1));
    }
    profile.role = Some(role);
    Ok(None)
}

pub(super) fn remove_role(turn: &mut Turn<'_>) -> Answer {
    let name = named(turn)?;
    let role = Holder::Role.named(turn)?.to_owned();
    allow(turn, &name)?;
    let profiles = &mut turn.account_mut()?.instance_profiles;
    let profile = profiles.get_mut(&name).ok_or_else(|| missing(&name))?;
    if profile.role.as_ref() != Some(&role) {
        return Err(faults::not_found("role", &role));
    }
    profile.role = None;
    Ok(None)
}

pub(super) fn delete(turn: &mut Turn<'_>) -> Answer {
    let name = named(turn)?;
    allow(turn, &name)?;
    let profiles = &mut turn.account_mut()?.instance_profiles;
    let profile = profiles.get(&name).ok_or_else(|| missing(&name))?;
    if profile.role.is_some() {
        return Err(faults::conflict("Cannot delete entity, must remove roles from instance profile first."));
    }
    profiles.remove(&name);
    Ok(None)
}
