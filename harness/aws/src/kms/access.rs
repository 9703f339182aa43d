//! Who may use a key: its policy must allow, by itself or by letting its account decide; grants add to it.

use super::faults;
use super::key::{Key, KeyState};
use crate::authorize::{Ask, Call, Refusal};
use crate::world::World;
use crate::{Cloud, Fault};
use proofmark_aws_policy::{Attached, Context, Policy, ResourceRule};
use std::collections::BTreeMap;

/// What is said along with a ciphertext, and must be said again to open it.
pub type EncryptionContext = BTreeMap<String, String>;

/// The keys of an encryption context: `kms:EncryptionContext:aws:s3:arn`.
pub(super) fn context_keys(context: &EncryptionContext, keys: &mut Context) {
    for (name, value) in context {
        keys.set(&format!("kms:EncryptionContext:{name}"), value);
    }
    if !context.is_empty() {
        keys.set_many("kms:EncryptionContextKeys", context.keys().cloned());
    }
}

/// Decides about one action on a key.
pub(super) fn decide(
    cloud: &Cloud,
    world: &World,
    call: &Call,
    key: &Key,
    action: &str,
    mut keys: Context,
) -> Result<(), Refusal> {
    if let Some(account) = call.caller.principal.account() {
        keys.set("kms:CallerAccount", account);
    }
    keys.set("kms:KeySpec", "SYMMETRIC_DEFAULT");
    keys.set("kms:KeyUsage", "ENCRYPT_DECRYPT");
    keys.set("kms:KeyOrigin", "AWS_KMS");
    for (name, value) in &key.tags {
        keys.set(&format!("aws:ResourceTag/{name}"), value);
    }
    let aliases = world.account(&key.account).into_iter().flat_map(|account| account.keys.aliases.values());
    let aliases: Vec<&str> = aliases.filter(|alias| alias.key == key.arn).map(|alias| alias.name.as_str()).collect();
    if !aliases.is_empty() {
        keys.set_many("kms:ResourceAliases", aliases);
    }
    let with_grants = (!key.grants.is_empty()).then(|| {
        let granted = key.grants.values().flat_map(|grant| &grant.statement.policy.statements);
        Policy {
            id: key.policy.policy.id.clone(),
            statements: key.policy.policy.statements.iter().chain(granted).cloned().collect(),
        }
    });
    let name = format!("key policy and grants of {}", key.arn);
    let ask = Ask {
        action,
        resource: &key.arn,
        owner: &key.account,
        resource_policy: Some(Attached { name: &name, policy: with_grants.as_ref().unwrap_or(&key.policy.policy) }),
        resource_rule: ResourceRule::MustAllow,
        keys,
    };
    cloud.authorize(world, call, &ask)
}

/// Whether a key can be used at all.
pub(super) fn usable(key: &Key) -> Result<(), Fault> {
    match key.state {
        KeyState::Enabled => Ok(()),
        KeyState::Disabled => Err(faults::disabled(&key.arn)),
        KeyState::PendingDeletion(_) => Err(faults::pending_deletion(&key.arn)),
    }
}

/// KMS' own words for a refusal. Callers of another account do not learn whether the key is there.
pub(super) fn refuse(call: &Call, refusal: &Refusal, owner: &str) -> Fault {
    if call.caller.principal.account() == Some(owner) {
        return faults::denied(refusal.message());
    }
    let Refusal { principal, action, .. } = refusal;
    faults::denied(stranger(principal, action, "this resource"))
}

/// What callers of another account are told. Source: AWS KMS Developer Guide, "Troubleshooting key access".
pub(super) fn stranger(principal: &str, action: &str, what: &str) -> String {
    format!(
        "User: {principal} is not authorized to perform: {action} on {what} because the resource does not exist in this Region, \
         no resource-based policies allow access, or a resource-based policy explicitly denies access"
    )
}
