//! Groups and their members.

use super::holder::Holder;
use super::page::page;
use super::turn::{Answer, Turn};
use super::write;
use super::{faults, params};
use crate::protocol::Xml;
use crate::world::Group;
use proofmark_aws_policy::Context;
use std::collections::{BTreeMap, BTreeSet};

/// As many groups as a user may be in.
const MOST_GROUPS: usize = 10;

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let name = params::name(turn.form, "GroupName", 128)?.to_owned();
    let path = params::path(turn.form)?;
    turn.allow(&turn.arn("group", &path, &name), Context::default())?;
    let group = Group {
        name: name.clone(),
        path,
        id: turn.fresh_id("AGPA"),
        created: turn.now(),
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
    };
    let id = turn.id.clone();
    let groups = &mut turn.account_mut()?.groups;
    if groups.keys().any(|other| other.eq_ignore_ascii_case(&name)) {
        return Err(faults::exists("Group", &name));
    }
    let mut xml = Xml::default();
    xml.element("Group", |xml| write::group(xml, &id, &group));
    groups.insert(name, group);
    Ok(Some(xml))
}

pub(super) fn get(turn: &mut Turn<'_>) -> Answer {
    let name = Holder::Group.named(turn)?;
    Holder::Group.allow(turn, name, Context::default())?;
    let account = turn.account()?;
    let group = account.groups.get(name).ok_or_else(|| faults::not_found("group", name))?;
    let members = account.users.values().filter(|user| user.groups.contains(name));
    let page = page(turn.form, members.map(|user| (user.name.clone(), user)))?;
    let mut xml = page.write("Users", |xml, user| write::user(xml, &turn.id, user, false));
    xml.element("Group", |xml| write::group(xml, &turn.id, group));
    Ok(Some(xml))
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    let prefix = turn.form.get("PathPrefix").unwrap_or("/");
    turn.allow(&turn.arn("group", prefix, ""), Context::default())?;
    let groups = turn.account()?.groups.values().filter(|group| group.path.starts_with(prefix));
    let page = page(turn.form, groups.map(|group| (group.name.clone(), group)))?;
    Ok(Some(page.write("Groups", |xml, group| write::group(xml, &turn.id, group))))
}

pub(super) fn list_of_user(turn: &mut Turn<'_>) -> Answer {
    let name = Holder::User.named(turn)?;
    Holder::User.allow(turn, name, Context::default())?;
    let account = turn.account()?;
    let user = account.users.get(name).ok_or_else(|| faults::not_found("user", name))?;
    let groups = user.groups.iter().filter_map(|group| account.groups.get(group));
    let page = page(turn.form, groups.map(|group| (group.name.clone(), group)))?;
    Ok(Some(page.write("Groups", |xml, group| write::group(xml, &turn.id, group))))
}

pub(super) fn delete(turn: &mut Turn<'_>) -> Answer {
    let name = Holder::Group.named(turn)?.to_owned();
    Holder::Group.allow(turn, &name, Context::default())?;
    let account = turn.account_mut()?;
    let group = account.groups.get(&name).ok_or_else(|| faults::not_found("group", &name))?;
    let left = [
        (account.users.values().any(|user| user.groups.contains(&name)), "must remove users from group first."),
        (!group.attached.is_empty(), "must detach all policies first."),
        (!group.inline.is_empty(), "must delete policies first."),
    ];
    if let Some((_, what)) = left.iter().find(|(there, _)| *there) {
        return Err(faults::conflict(format!("Cannot delete entity, {what}")));
    }
    account.groups.remove(&name);
    Ok(None)
}

pub(super) fn add_user(turn: &mut Turn<'_>) -> Answer {
    change(turn, true)
}

pub(super) fn remove_user(turn: &mut Turn<'_>) -> Answer {
    change(turn, false)
}

fn change(turn: &mut Turn<'_>, add: bool) -> Answer {
    let group = Holder::Group.named(turn)?.to_owned();
    let name = Holder::User.named(turn)?.to_owned();
    Holder::Group.allow(turn, &group, Context::default())?;
    let account = turn.account_mut()?;
    if !account.groups.contains_key(&group) {
        return Err(faults::not_found("group", &group));
    }
    let user = account.users.get_mut(&name).ok_or_else(|| faults::not_found("user", &name))?;
    if !add {
        user.groups.remove(&group);
    } else if user.groups.len() >= MOST_GROUPS && !user.groups.contains(&group) {
        return Err(faults::quota("GroupsPerUser", MOST_GROUPS));
    } else {
        user.groups.insert(group);
    }
    Ok(None)
}
