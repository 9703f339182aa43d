//! The Key Management Service: symmetric keys with their policies, aliases and grants.
//!
//! - `manage`, `grants` and `use_key` are its actions; each is a function of a `Turn`, which has the world to itself.
//! - `access` decides: a key's policy must allow. [`authorize_use`] is the same for S3's sake.
//!
//! What it refuses: asymmetric and HMAC keys, keys of several regions, imported material, custom key stores.
//! Sources: AWS KMS API Reference; AWS KMS Developer Guide, "Key policies in AWS KMS".

mod access;
mod crypto;
mod faults;
mod for_s3;
mod grants;
mod key;
mod lockout;
mod manage;
mod name;
mod turn;
mod use_key;

pub use access::EncryptionContext;
pub use for_s3::{authorize_use, aws_managed, encryption_context, resolve};
pub use key::{Alias, Grant, Key, KeyState, Keys};

use crate::authorize::Call;
use crate::world::AccountId;
use crate::{Cloud, Fault};
use proofmark_json::{Value, json};
use turn::{Answer, Turn};

/// Does an action.
type Act = fn(&mut Turn<'_>) -> Answer;

fn find(action: &str) -> Option<Act> {
    let act: Act = match action {
        "CreateKey" => manage::create,
        "DescribeKey" => manage::describe,
        "ListKeys" => manage::list,
        "GetKeyPolicy" => manage::get_policy,
        "PutKeyPolicy" => manage::put_policy,
        "ListKeyPolicies" => manage::list_policies,
        "EnableKey" => manage::enable,
        "DisableKey" => manage::disable,
        "ScheduleKeyDeletion" => manage::schedule_deletion,
        "CancelKeyDeletion" => manage::cancel_deletion,
        "UpdateKeyDescription" => manage::update_description,
        "EnableKeyRotation" => manage::enable_rotation,
        "DisableKeyRotation" => manage::disable_rotation,
        "GetKeyRotationStatus" => manage::rotation,
        "TagResource" => manage::tag,
        "UntagResource" => manage::untag,
        "ListResourceTags" => manage::list_tags,
        "CreateAlias" => manage::create_alias,
        "UpdateAlias" => manage::update_alias,
        "DeleteAlias" => manage::delete_alias,
        "ListAliases" => manage::list_aliases,
        "CreateGrant" => grants::create,
        "ListGrants" => grants::list,
        "ListRetirableGrants" => grants::list_retirable,
        "RetireGrant" => grants::retire,
        "RevokeGrant" => grants::revoke,
        "Encrypt" => use_key::encrypt,
        "Decrypt" => use_key::decrypt,
        "ReEncrypt" => use_key::re_encrypt,
        "GenerateDataKey" => use_key::generate_data_key,
        "GenerateDataKeyWithoutPlaintext" => use_key::generate_data_key_without_plaintext,
        "GenerateRandom" => use_key::generate_random,
        _ => return None,
    };
    Some(act)
}

/// Answers an action.
pub(crate) fn answer(cloud: &Cloud, call: &Call, action: &str, body: &[u8]) -> Result<Value, Fault> {
    let act = find(action)
        .ok_or_else(|| Fault::new(400, "UnknownOperationException", format!("The operation {action} is not known")))?;
    let account = call.caller.principal.account().and_then(AccountId::parse).ok_or_else(|| {
        Fault::new(400, "MissingAuthenticationTokenException", "Request is missing Authentication Token")
    })?;
    let body: Value =
        if body.is_empty() { json!({}) } else { proofmark_json::from_slice(body).map_err(|_| not_json())? };
    let mut world = cloud.world().write();
    act(&mut Turn { cloud, world: &mut world, call, body: &body, action: format!("kms:{action}"), account })
}

fn not_json() -> Fault {
    Fault::new(400, "SerializationException", "The request body is no JSON.")
}
