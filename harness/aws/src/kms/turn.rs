//! One call's turn: what every action of KMS works with.

use super::access::{EncryptionContext, decide, refuse};
use super::{faults, name};
use crate::authorize::{Ask, Call};
use crate::kms::key::Key;
use crate::world::{AccountId, World};
use crate::{Cloud, Fault};
use proofmark_aws_policy::{Context, Denial};
use proofmark_json::Value;
use std::collections::BTreeMap;

pub(super) type Answer = Result<Value, Fault>;

pub(super) struct Turn<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) world: &'a mut World,
    pub(super) call: &'a Call,
    pub(super) body: &'a Value,
    pub(super) action: String,
    pub(super) account: AccountId,
}

impl Turn<'_> {
    /// A member that must be there.
    pub(super) fn need(&self, member: &str) -> Result<&str, Fault> {
        self.text(member).ok_or_else(|| {
            let mut letters = member.chars();
            let at: String = letters.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(letters).collect();
            faults::validation(format!(
                "1 validation error detected: Value null at '{at}' failed to satisfy constraint: Member must not be null"
            ))
        })
    }

    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.body[member].as_str()
    }

    /// Pairs of texts: an encryption context.
    pub(super) fn map(&self, member: &str) -> EncryptionContext {
        let entries = self.body[member].as_object().into_iter().flatten();
        entries.filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned()))).collect()
    }

    /// Tags, given as `TagKey` and `TagValue`.
    pub(super) fn tags(&self) -> BTreeMap<String, String> {
        let tags = self.body["Tags"].as_array().into_iter().flatten();
        tags.filter_map(|tag| Some((tag["TagKey"].as_str()?.to_owned(), tag["TagValue"].as_str()?.to_owned())))
            .collect()
    }

    /// The ARN of the key that a member names.
    pub(super) fn named(&self, member: &str) -> Result<String, Fault> {
        name::resolve(self.world, self.call, self.need(member)?)
    }

    /// The key with this ARN, if the caller may do `action` with it.
    pub(super) fn allowed(&self, arn: &str, action: &str, keys: Context) -> Result<&Key, Fault> {
        let owner = proofmark_aws_policy::Arn::parse(arn).map(|arn| arn.account).unwrap_or_default();
        let own = owner == self.account.as_str();
        let Some(key) = self.world.key(arn) else {
            // Strangers do not learn whether a key is there.
            return Err(if own {
                faults::no_key(arn)
            } else {
                faults::denied(super::access::stranger(&self.call.caller.principal.arn(), action, "this resource"))
            });
        };
        decide(self.cloud, self.world, self.call, key, action, keys)
            .map_err(|refusal| refuse(self.call, &refusal, owner))?;
        Ok(key)
    }

    /// Refuses only what is explicitly denied: something else entitles the caller.
    pub(super) fn not_denied(&self, arn: &str, action: &str) -> Result<(), Fault> {
        let Some(key) = self.world.key(arn) else { return Ok(()) };
        match decide(self.cloud, self.world, self.call, key, action, Context::default()) {
            Err(refusal) if matches!(refusal.denial, Denial::Explicit(_)) => {
                Err(refuse(self.call, &refusal, &key.account))
            }
            _ => Ok(()),
        }
    }

    /// The key that `KeyId` names, if the caller may do this action with it.
    pub(super) fn key(&self) -> Result<&Key, Fault> {
        let arn = self.named("KeyId")?;
        self.allowed(&arn, &self.action, self.alias_keys("KeyId"))
    }

    /// The alias by which a member names a key, for conditions.
    pub(super) fn alias_keys(&self, member: &str) -> Context {
        let mut keys = Context::default();
        let alias = self.text(member).and_then(|name| name.find("alias/").and_then(|at| name.get(at..)));
        if let Some(alias) = alias {
            keys.set("kms:RequestAlias", alias);
        }
        keys
    }

    /// The same, to change it: only its own account can.
    pub(super) fn key_mut(&mut self) -> Result<&mut Key, Fault> {
        let arn = self.key()?.arn.clone();
        self.world.key_mut(&arn).ok_or_else(|| faults::no_key(&arn))
    }

    /// Whether the caller may do this action, which has no key.
    pub(super) fn allow(&self, resource: &str, keys: Context) -> Result<(), Fault> {
        let ask = Ask { action: &self.action, resource, owner: self.account.as_str(), keys, ..Ask::default() };
        self.cloud.authorize(self.world, self.call, &ask).map_err(|refusal| faults::denied(refusal.message()))
    }
}
