//! Identity and Access Management: users, groups, roles, policies, OpenID Connect providers.
//!
//! `actions` names every action; each is a function of a [`turn::Turn`], which has the world to itself, asks whether the caller may, and then
//! does it. An action checks its parameters first, then permission, then what is there, as IAM does.
//!
//! Sources: IAM API Reference; IAM User Guide, "IAM and AWS STS quotas"; Service Authorization Reference, "AWS Identity and Access Management".

mod access_keys;
mod account;
mod actions;
mod aws_managed;
mod details;
mod faults;
mod groups;
mod holder;
mod inline;
mod instance_profiles;
mod page;
mod params;
mod password_policy;
mod policies;
mod providers;
mod roles;
mod simulate;
mod tags;
mod turn;
mod users;
mod write;

pub(crate) use providers::arn_of as provider_arn;

use crate::authorize::Call;
use crate::protocol::{Form, Xml};
use crate::world::{Account, AccountId, Document};
use crate::{Cloud, Fault};
use proofmark_aws_policy::Principal;

pub(crate) const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// Answers an action.
pub(crate) fn answer(cloud: &Cloud, call: &Call, action: &str, form: &Form) -> Result<Option<Xml>, Fault> {
    let Some(act) = actions::find(action) else {
        return Err(Fault::new(
            400,
            "InvalidAction",
            format!("Could not find operation {action} for version 2010-05-08"),
        ));
    };
    let id = call
        .caller
        .principal
        .account()
        .and_then(AccountId::parse)
        .ok_or_else(|| Fault::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"))?;
    // Sessions that a user or the root user made for itself cannot call IAM without multi-factor authentication.
    if call.caller.session.is_some() && !matches!(call.caller.principal, Principal::Session { .. }) {
        return Err(Fault::new(403, "InvalidClientTokenId", "The security token included in the request is invalid"));
    }
    let mut world = cloud.world().write();
    act(&mut turn::Turn { cloud, world: &mut world, call, form, action, id })
}

/// Gives a user an access key that is known beforehand; the caller is to be trusted.
pub(crate) fn add_access_key(cloud: &Cloud, call: &Call, user: &str, key: &str, secret: &str) -> Result<(), Fault> {
    let id = call.caller.principal.account().and_then(AccountId::parse);
    let id =
        id.ok_or_else(|| Fault::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"))?;
    let mut world = cloud.world().write();
    let taken = world.access_keys.contains_key(key);
    if taken || key.len() < 16 || !key.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(faults::invalid_input(format!("{key} cannot be an access key's id, or is one already.")));
    }
    let form = Form::default();
    let mut turn = turn::Turn { cloud, world: &mut world, call, form: &form, action: "CreateAccessKey", id };
    access_keys::insert(&mut turn, user, key.to_owned(), secret.to_owned()).map(|_| ())
}

/// The document of a managed policy that an account can use.
pub(crate) fn managed<'a>(account: &'a Account, arn: &str) -> Option<&'a Document> {
    policies::find(account, arn)?.document()
}
