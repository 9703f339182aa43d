//! One call's turn: what every action of IAM works with.

use crate::authorize::{Ask, Call};
use crate::protocol::{Form, Xml};
use crate::world::{Account, AccountId, World};
use crate::{Cloud, Fault};
use jiff::Timestamp;
use proofmark_aws_policy::Context;
use std::collections::BTreeMap;

/// What an action answers: a result, or nothing but the request's id.
pub(super) type Answer = Result<Option<Xml>, Fault>;

/// A call that has the world to itself.
pub(super) struct Turn<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) world: &'a mut World,
    pub(super) call: &'a Call,
    pub(super) form: &'a Form,
    pub(super) action: &'a str,
    /// The caller's account, which is all that IAM can reach.
    pub(super) id: AccountId,
}

impl Turn<'_> {
    /// The caller's account.
    pub(super) fn account(&self) -> Result<&Account, Fault> {
        self.world.accounts.get(&self.id).ok_or_else(|| no_account(&self.id))
    }

    /// The caller's account, to change it.
    pub(super) fn account_mut(&mut self) -> Result<&mut Account, Fault> {
        self.world.accounts.get_mut(&self.id).ok_or_else(|| no_account(&self.id))
    }

    /// An ARN of the account: `user/path/name`.
    pub(super) fn arn(&self, kind: &str, path: &str, name: &str) -> String {
        arn(&self.id, kind, path, name)
    }

    /// Whether the caller may do this action on a resource.
    pub(super) fn allow(&self, resource: &str, keys: Context) -> Result<(), Fault> {
        let action = format!("iam:{}", self.action);
        let ask = Ask { action: &action, resource, owner: self.id.as_str(), keys, ..Ask::default() };
        self.cloud
            .authorize(self.world, self.call, &ask)
            .map_err(|refusal| Fault::new(403, "AccessDenied", refusal.message()))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.cloud.now()
    }

    pub(super) fn fresh_id(&self, prefix: &str) -> String {
        self.cloud.random().unique_id(prefix)
    }
}

/// An ARN of IAM. Paths begin and end with a slash.
pub(super) fn arn(account: &AccountId, kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{kind}{path}{name}")
}

/// The keys of tags that a resource has: `aws:ResourceTag/team`, and IAM's older `iam:ResourceTag/team`.
pub(super) fn resource_tags(tags: &BTreeMap<String, String>) -> Context {
    let mut keys = Context::default();
    for (key, value) in tags {
        keys.set(&format!("aws:ResourceTag/{key}"), value);
        keys.set(&format!("iam:ResourceTag/{key}"), value);
    }
    keys
}

/// A time as the Query protocol writes it.
pub(super) fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn no_account(id: &AccountId) -> Fault {
    Fault::new(403, "InvalidClientTokenId", format!("The account {id} does not exist."))
}
