//! Users' long-term access keys.

use super::faults;
use super::holder::Holder;
use super::page::page;
use super::turn::{Answer, Turn, date};
use super::users::named_or_caller;
use crate::Fault;
use crate::protocol::{Checks, Text, Xml};
use crate::world::AccessKey;
use proofmark_aws_policy::Context;

/// As many access keys as a user may have.
const MOST_KEYS: usize = 2;

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let name = named_or_caller(turn)?;
    Holder::User.allow(turn, &name, Context::default())?;
    let (id, secret) = (turn.fresh_id("AKIA"), turn.cloud.random().secret());
    let xml = insert(turn, &name, id, secret)?;
    Ok(Some(xml))
}

/// Gives a user a key.
pub(super) fn insert(turn: &mut Turn<'_>, name: &str, id: String, secret: String) -> Result<Xml, Fault> {
    let created = turn.now();
    let owner = turn.id.clone();
    let user = turn.account_mut()?.users.get_mut(name).ok_or_else(|| faults::not_found("user", name))?;
    if user.access_keys.len() >= MOST_KEYS {
        return Err(faults::quota("AccessKeysPerUser", MOST_KEYS));
    }
    let mut xml = Xml::default();
    xml.element("AccessKey", |xml| {
        xml.text("UserName", name).text("AccessKeyId", &id).text("Status", "Active");
        xml.text("SecretAccessKey", &secret).text("CreateDate", date(created));
    });
    user.access_keys.insert(id.clone(), AccessKey { secret, active: true, created });
    turn.world.access_keys.insert(id, (owner, name.to_owned()));
    Ok(xml)
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    let name = named_or_caller(turn)?;
    Holder::User.allow(turn, &name, Context::default())?;
    let user = turn.account()?.users.get(&name).ok_or_else(|| faults::not_found("user", &name))?;
    let page = page(turn.form, user.access_keys.iter().map(|(id, key)| (id.clone(), (id, key))))?;
    let mut xml = page.write("AccessKeyMetadata", |xml, (id, key)| {
        xml.text("UserName", &name).text("AccessKeyId", id);
        xml.text("Status", if key.active { "Active" } else { "Inactive" }).text("CreateDate", date(key.created));
    });
    xml.text("UserName", &name);
    Ok(Some(xml))
}

const KEY_ID: Text = Text { min: 16, max: 128, pattern: Some((r"[\w]+", |c| c.is_ascii_alphanumeric() || c == '_')) };

pub(super) fn update(turn: &mut Turn<'_>) -> Answer {
    let name = named_or_caller(turn)?;
    let mut checks = Checks::of(turn.form);
    let id = checks.need("AccessKeyId", KEY_ID);
    let status = checks.one_of("Status", &["Active", "Inactive"]);
    checks.done()?;
    Holder::User.allow(turn, &name, Context::default())?;
    let active = status == Some("Active");
    let user = turn.account_mut()?.users.get_mut(&name).ok_or_else(|| faults::not_found("user", &name))?;
    let key = user.access_keys.get_mut(id).ok_or_else(|| no_key(id))?;
    key.active = active;
    Ok(None)
}

pub(super) fn delete(turn: &mut Turn<'_>) -> Answer {
    let name = named_or_caller(turn)?;
    let mut checks = Checks::of(turn.form);
    let id = checks.need("AccessKeyId", KEY_ID);
    checks.done()?;
    Holder::User.allow(turn, &name, Context::default())?;
    let user = turn.account_mut()?.users.get_mut(&name).ok_or_else(|| faults::not_found("user", &name))?;
    user.access_keys.remove(id).ok_or_else(|| no_key(id))?;
    turn.world.access_keys.remove(id);
    turn.cloud.key_uses().forget(id);
    Ok(None)
}

/// Whose key it is, and when, where and for what it was used last.
pub(super) fn last_used(turn: &mut Turn<'_>) -> Answer {
    let mut checks = Checks::of(turn.form);
    let id = checks.need("AccessKeyId", KEY_ID);
    checks.done()?;
    let owner = turn.world.access_keys.get(id).filter(|(account, _)| *account == turn.id);
    let (_, name) = owner.cloned().ok_or_else(|| no_key(id))?;
    Holder::User.allow(turn, &name, Context::default())?;
    let used = turn.cloud.key_uses().last(id);
    let mut xml = Xml::default();
    xml.text("UserName", name).element("AccessKeyLastUsed", |xml| {
        xml.some("LastUsedDate", used.as_ref().map(|used| date(used.at)));
        xml.text("ServiceName", used.as_ref().map_or("N/A", |used| used.service));
        xml.text("Region", used.as_ref().map_or("N/A", |used| &used.region));
    });
    Ok(Some(xml))
}

fn no_key(id: &str) -> Fault {
    faults::no_such_entity(format!("The Access Key with id {id} cannot be found."))
}
