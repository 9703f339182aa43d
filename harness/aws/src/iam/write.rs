//! IAM's entities in XML.

use super::turn::{arn, date};
use crate::protocol::Xml;
use crate::world::{Account, AccountId, Group, InstanceProfile, Role, User, World};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How IAM answers documents.
pub(super) fn url_encoded(document: &str) -> String {
    utf8_percent_encode(document, RESERVED).to_string()
}

pub(super) fn tags(xml: &mut Xml, tags: &BTreeMap<String, String>) {
    xml.members("Tags", tags, |xml, (key, value)| {
        xml.text("Key", key).text("Value", value);
    });
}

fn some_tags(xml: &mut Xml, of: &BTreeMap<String, String>) {
    if !of.is_empty() {
        tags(xml, of);
    }
}

fn boundary(xml: &mut Xml, arn: Option<&String>) {
    if let Some(arn) = arn {
        xml.element("PermissionsBoundary", |xml| {
            xml.text("PermissionsBoundaryType", "Policy").text("PermissionsBoundaryArn", arn);
        });
    }
}

/// A user; lists leave out what only single answers have.
pub(super) fn user(xml: &mut Xml, account: &AccountId, user: &User, whole: bool) {
    xml.text("Path", &user.path).text("UserName", &user.name).text("UserId", &user.id);
    xml.text("Arn", arn(account, "user", &user.path, &user.name)).text("CreateDate", date(user.created));
    if whole {
        boundary(xml, user.boundary.as_ref());
        some_tags(xml, &user.tags);
    }
}

pub(super) fn group(xml: &mut Xml, account: &AccountId, group: &Group) {
    xml.text("Path", &group.path).text("GroupName", &group.name).text("GroupId", &group.id);
    xml.text("Arn", arn(account, "group", &group.path, &group.name)).text("CreateDate", date(group.created));
}

/// A role; lists leave out boundary and tags.
pub(super) fn role(xml: &mut Xml, world: &World, account: &AccountId, role: &Role, whole: bool) {
    xml.text("Path", &role.path).text("RoleName", &role.name).text("RoleId", &role.id);
    xml.text("Arn", arn(account, "role", &role.path, &role.name)).text("CreateDate", date(role.created));
    xml.text("AssumeRolePolicyDocument", url_encoded(&world.shown(&role.trust)));
    if !role.description.is_empty() {
        xml.text("Description", &role.description);
    }
    xml.text("MaxSessionDuration", role.max_session_seconds.to_string());
    if whole {
        boundary(xml, role.boundary.as_ref());
        some_tags(xml, &role.tags);
        xml.element("RoleLastUsed", |_| {});
    }
}

pub(super) fn instance_profile(xml: &mut Xml, world: &World, account: &Account, profile: &InstanceProfile) {
    xml.text("Path", &profile.path).text("InstanceProfileName", &profile.name).text("InstanceProfileId", &profile.id);
    xml.text("Arn", arn(&account.id, "instance-profile", &profile.path, &profile.name));
    xml.text("CreateDate", date(profile.created));
    let roles = profile.role.iter().filter_map(|name| account.roles.get(name));
    xml.members("Roles", roles, |xml, one| role(xml, world, &account.id, one, false));
    some_tags(xml, &profile.tags);
}
