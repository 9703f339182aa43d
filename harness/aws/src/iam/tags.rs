//! Tags of users, roles, managed policies, providers and instance profiles.

use super::holder::Holder;
use super::page::page;
use super::turn::{Answer, Turn, resource_tags};
use super::{faults, params};
use crate::Fault;
use proofmark_aws_policy::Context;
use std::collections::BTreeMap;

/// What can be tagged.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tagged {
    User,
    Role,
    Policy,
    Provider,
    InstanceProfile,
}

impl Tagged {
    fn name<'a>(self, turn: &'a Turn<'_>) -> Result<&'a str, Fault> {
        match self {
            Self::User => Holder::User.named(turn),
            Self::Role => Holder::Role.named(turn),
            Self::Policy => turn.form.need("PolicyArn"),
            Self::Provider => turn.form.need("OpenIDConnectProviderArn"),
            Self::InstanceProfile => params::name(turn.form, "InstanceProfileName", 128),
        }
    }

    /// The tags of what a request names, to change them.
    fn tags<'a>(self, turn: &'a mut Turn<'_>, name: &str) -> Result<&'a mut BTreeMap<String, String>, Fault> {
        let account = turn.account_mut()?;
        let found = match self {
            Self::User => Holder::User.held(account, name)?.tags,
            Self::Role => Holder::Role.held(account, name)?.tags,
            Self::Policy => account.policies.get_mut(name).map(|policy| &mut policy.tags),
            Self::Provider => account.providers.get_mut(name).map(|provider| &mut provider.tags),
            Self::InstanceProfile => account.instance_profiles.get_mut(name).map(|profile| &mut profile.tags),
        };
        found.ok_or_else(|| match self {
            Self::Policy => faults::policy_not_found(name),
            Self::Provider => faults::no_such_entity(format!("OpenIDConnect Provider not found for arn {name}")),
            _ => faults::no_such_entity(format!("Instance Profile {name} cannot be found.")),
        })
    }

    fn allow(self, turn: &Turn<'_>, name: &str, keys: Context) -> Result<(), Fault> {
        let account = turn.account()?;
        let (arn, mut all) = match self {
            Self::User => Holder::User.resource(account, name),
            Self::Role => Holder::Role.resource(account, name),
            Self::Policy => (
                name.to_owned(),
                account.policies.get(name).map(|policy| resource_tags(&policy.tags)).unwrap_or_default(),
            ),
            Self::Provider => (
                name.to_owned(),
                account.providers.get(name).map(|provider| resource_tags(&provider.tags)).unwrap_or_default(),
            ),
            Self::InstanceProfile => {
                let profile = account.instance_profiles.get(name);
                let path = profile.map_or("/", |profile| &profile.path);
                let keys = profile.map(|profile| resource_tags(&profile.tags)).unwrap_or_default();
                (turn.arn("instance-profile", path, name), keys)
            }
        };
        for (key, values) in keys.iter() {
            all.set_many(key, values.iter().cloned());
        }
        turn.allow(&arn, all)
    }
}

pub(super) fn add(turn: &mut Turn<'_>, tagged: Tagged) -> Answer {
    let name = tagged.name(turn)?.to_owned();
    let tags = params::tags(turn.form)?;
    let mut keys = Context::default();
    params::request_tags(&tags, &mut keys);
    tagged.allow(turn, &name, keys)?;
    tagged.tags(turn, &name)?.extend(tags);
    Ok(None)
}

pub(super) fn remove(turn: &mut Turn<'_>, tagged: Tagged) -> Answer {
    let name = tagged.name(turn)?.to_owned();
    let gone: Vec<String> = turn.form.list("TagKeys").into_iter().map(str::to_owned).collect();
    let mut keys = Context::default();
    keys.set_many("aws:TagKeys", gone.clone());
    tagged.allow(turn, &name, keys)?;
    let tags = tagged.tags(turn, &name)?;
    tags.retain(|key, _| !gone.contains(key));
    Ok(None)
}

pub(super) fn list(turn: &mut Turn<'_>, tagged: Tagged) -> Answer {
    let name = tagged.name(turn)?.to_owned();
    tagged.allow(turn, &name, Context::default())?;
    let tags = tagged.tags(turn, &name)?.clone();
    let page = page(turn.form, tags.into_iter().map(|(key, value)| (key.clone(), (key, value))))?;
    Ok(Some(page.write("Tags", |xml, (key, value)| {
        xml.text("Key", key).text("Value", value);
    })))
}
