//! Users and their access keys.

use super::holder::Holder;
use super::page::page;
use super::policies::boundary_of;
use super::turn::{Answer, Turn, date};
use super::write;
use super::{faults, params};
use crate::Fault;
use crate::protocol::Xml;
use crate::world::User;
use proofmark_aws_policy::{Context, Principal};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let name = params::name(turn.form, "UserName", 64)?.to_owned();
    let path = params::path(turn.form)?;
    let tags = params::tags(turn.form)?;
    let mut keys = Context::default();
    params::request_tags(&tags, &mut keys);
    let boundary = boundary_of(turn, &mut keys)?;
    turn.allow(&turn.arn("user", &path, &name), keys)?;
    let user = User {
        name: name.clone(),
        path,
        id: turn.fresh_id("AIDA"),
        created: turn.now(),
        tags,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        boundary,
        groups: BTreeSet::new(),
        access_keys: BTreeMap::new(),
    };
    let id = turn.id.clone();
    let users = &mut turn.account_mut()?.users;
    if users.keys().any(|other| other.eq_ignore_ascii_case(&name)) {
        return Err(faults::exists("User", &name));
    }
    let mut xml = Xml::default();
    xml.element("User", |xml| write::user(xml, &id, &user, true));
    users.insert(name, user);
    Ok(Some(xml))
}

/// The user that a request names, or the one that calls. The root user is none.
pub(super) fn named_or_caller(turn: &Turn<'_>) -> Result<String, Fault> {
    match (turn.form.get("UserName"), &turn.call.caller.principal) {
        (Some(_), _) => params::name(turn.form, "UserName", 128).map(str::to_owned),
        (None, Principal::User { name, .. }) => Ok(name.clone()),
        (None, _) => Err(crate::protocol::invalid("Must specify userName when calling with non-User credentials")),
    }
}

pub(super) fn get(turn: &mut Turn<'_>) -> Answer {
    let mut xml = Xml::default();
    if let (None, Principal::Root { account }) = (turn.form.get("UserName"), &turn.call.caller.principal) {
        let arn = turn.call.caller.principal.arn();
        xml.element("User", |xml| {
            xml.text("Path", "/").text("UserId", account).text("Arn", arn).text("CreateDate", date(turn.now()));
        });
        return Ok(Some(xml));
    }
    let name = named_or_caller(turn)?;
    Holder::User.allow(turn, &name, Context::default())?;
    let user = turn.account()?.users.get(&name).ok_or_else(|| faults::not_found("user", &name))?;
    xml.element("User", |xml| write::user(xml, &turn.id, user, true));
    Ok(Some(xml))
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    let prefix = turn.form.get("PathPrefix").unwrap_or("/");
    turn.allow(&turn.arn("user", prefix, ""), Context::default())?;
    let users = turn.account()?.users.values().filter(|user| user.path.starts_with(prefix));
    let page = page(turn.form, users.map(|user| (user.name.clone(), user)))?;
    Ok(Some(page.write("Users", |xml, user| write::user(xml, &turn.id, user, false))))
}

/// Gives a user another name or path. Whoever pinned it keeps it: the id stays.
pub(super) fn update(turn: &mut Turn<'_>) -> Answer {
    let name = params::name(turn.form, "UserName", 128)?.to_owned();
    let new = turn.form.get("NewUserName").map(|_| params::name(turn.form, "NewUserName", 64)).transpose()?;
    let new = new.unwrap_or(&name).to_owned();
    let path = turn.form.get("NewPath").map(str::to_owned);
    Holder::User.allow(turn, &name, Context::default())?;
    let users = &mut turn.account_mut()?.users;
    if new != name && users.contains_key(&new) {
        return Err(faults::exists("User", &new));
    }
    let mut user = users.remove(&name).ok_or_else(|| faults::not_found("user", &name))?;
    user.name.clone_from(&new);
    if let Some(path) = path {
        user.path = path;
    }
    let ids: Vec<String> = user.access_keys.keys().cloned().collect();
    users.insert(new.clone(), user);
    for id in ids {
        turn.world.access_keys.insert(id, (turn.id.clone(), new.clone()));
    }
    Ok(None)
}

pub(super) fn delete(turn: &mut Turn<'_>) -> Answer {
    let name = params::name(turn.form, "UserName", 128)?.to_owned();
    Holder::User.allow(turn, &name, Context::default())?;
    let users = &mut turn.account_mut()?.users;
    let user = users.get(&name).ok_or_else(|| faults::not_found("user", &name))?;
    let left = [
        (!user.groups.is_empty(), "must remove users from group first."),
        (!user.attached.is_empty(), "must detach all policies first."),
        (!user.inline.is_empty(), "must delete policies first."),
        (!user.access_keys.is_empty(), "must delete access keys first."),
    ];
    if let Some((_, what)) = left.iter().find(|(there, _)| *there) {
        return Err(faults::conflict(format!("Cannot delete entity, {what}")));
    }
    users.remove(&name);
    Ok(None)
}
