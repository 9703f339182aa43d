//! Users, groups and roles alike: they hold inline and attached policies, and two of them tags and a boundary.

use super::faults;
use super::params;
use super::turn::{Turn, arn, resource_tags};
use crate::Fault;
use crate::world::{Account, Document};
use proofmark_aws_policy::Context;
use std::collections::{BTreeMap, BTreeSet};

/// What holds policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    User,
    Group,
    Role,
}

/// What it holds, to change it.
pub(super) struct Held<'a> {
    pub(super) inline: &'a mut BTreeMap<String, Document>,
    pub(super) attached: &'a mut BTreeSet<String>,
    /// Groups have none.
    pub(super) boundary: Option<&'a mut Option<String>>,
    /// Groups have none.
    pub(super) tags: Option<&'a mut BTreeMap<String, String>>,
}

impl Holder {
    /// `user`: in ARNs and in messages.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    /// `User`: in the names of quotas.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
        }
    }

    /// The parameter that names it.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::User => "UserName",
            Self::Group => "GroupName",
            Self::Role => "RoleName",
        }
    }

    /// As many characters as its inline policies may have together. Source: IAM User Guide, "IAM and AWS STS quotas".
    pub(super) fn inline_size(self) -> usize {
        match self {
            Self::User => 2048,
            Self::Group => 5120,
            Self::Role => 10_240,
        }
    }

    /// The name that a request gives.
    pub(super) fn named<'a>(self, turn: &'a Turn<'_>) -> Result<&'a str, Fault> {
        params::name(turn.form, self.parameter(), 128)
    }

    /// What an account's user, group or role of a name holds.
    pub(super) fn held<'a>(self, account: &'a mut Account, name: &str) -> Result<Held<'a>, Fault> {
        let missing = || faults::not_found(self.word(), name);
        Ok(match self {
            Self::User => {
                let user = account.users.get_mut(name).ok_or_else(missing)?;
                Held {
                    inline: &mut user.inline,
                    attached: &mut user.attached,
                    boundary: Some(&mut user.boundary),
                    tags: Some(&mut user.tags),
                }
            }
            Self::Group => {
                let group = account.groups.get_mut(name).ok_or_else(missing)?;
                Held { inline: &mut group.inline, attached: &mut group.attached, boundary: None, tags: None }
            }
            Self::Role => {
                let role = account.roles.get_mut(name).ok_or_else(missing)?;
                Held {
                    inline: &mut role.inline,
                    attached: &mut role.attached,
                    boundary: Some(&mut role.boundary),
                    tags: Some(&mut role.tags),
                }
            }
        })
    }

    /// Its inline policies and the ARNs of its managed ones.
    pub(super) fn policies<'a>(
        self,
        account: &'a Account,
        name: &str,
    ) -> Result<(&'a BTreeMap<String, Document>, &'a BTreeSet<String>), Fault> {
        let found = match self {
            Self::User => account.users.get(name).map(|user| (&user.inline, &user.attached)),
            Self::Group => account.groups.get(name).map(|group| (&group.inline, &group.attached)),
            Self::Role => account.roles.get(name).map(|role| (&role.inline, &role.attached)),
        };
        found.ok_or_else(|| faults::not_found(self.word(), name))
    }

    /// Its ARN and its tags as context keys. What is not there has a name all the same: who may not ask does not learn that it is missing.
    pub(super) fn resource(self, account: &Account, name: &str) -> (String, Context) {
        let none = BTreeMap::new();
        let (path, tags, boundary) = match self {
            Self::User => account.users.get(name).map(|user| (user.path.as_str(), &user.tags, user.boundary.as_ref())),
            Self::Group => account.groups.get(name).map(|group| (group.path.as_str(), &none, None)),
            Self::Role => account.roles.get(name).map(|role| (role.path.as_str(), &role.tags, role.boundary.as_ref())),
        }
        .unwrap_or(("/", &none, None));
        let mut keys = resource_tags(tags);
        if let Some(boundary) = boundary {
            keys.set("iam:PermissionsBoundary", boundary);
        }
        (arn(&account.id, self.word(), path, name), keys)
    }

    /// Whether the caller may do this action on it.
    pub(super) fn allow(self, turn: &Turn<'_>, name: &str, more: Context) -> Result<(), Fault> {
        let (arn, mut keys) = self.resource(turn.account()?, name);
        for (key, values) in more.iter() {
            keys.set_many(key, values.iter().cloned());
        }
        turn.allow(&arn, keys)
    }
}
