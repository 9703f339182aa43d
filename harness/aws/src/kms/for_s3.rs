//! What S3 asks of KMS on behalf of its callers (SSE-KMS).
//!
//! The caller itself needs the permission: S3 forwards who called, and adds `kms:ViaService` and the object's encryption context. Codes carry
//! the prefix `KMS.`, and refusals are S3's `AccessDenied`. Source: S3 User Guide, "Using server-side encryption with AWS KMS keys".

use super::access::{EncryptionContext, context_keys, decide, stranger, usable};
use super::key::{Alias, Key, KeyState};
use super::name;
use crate::authorize::Call;
use crate::world::{AccountId, World};
use crate::{Cloud, Fault};
use proofmark_aws_policy::{Context, Kind};
use proofmark_json::json;
use std::collections::BTreeMap;

/// The ARN of the key that a request names for a bucket of an account in a region: an id or alias is of the caller's account.
///
/// # Errors
/// `KMS.NotFoundException` with KMS' words.
pub fn resolve(world: &World, call: &Call, region: &str, key: &str) -> Result<String, Fault> {
    let account = call.caller.principal.account().unwrap_or_default();
    let arn = name::resolve_in(world, account, region, key).map_err(for_s3)?;
    let there = world.key(&arn).is_some();
    let own = proofmark_aws_policy::Arn::parse(&arn).is_some_and(|arn| arn.account == account);
    if there || !own { Ok(arn) } else { Err(for_s3(super::faults::no_key(&arn))) }
}

/// The key `aws/s3` of an account in a region, which is made when it is first needed. Only its own account can use it, and only by S3.
pub fn aws_managed(cloud: &Cloud, world: &mut World, account: &AccountId, region: &str) -> Option<String> {
    let alias_arn = format!("arn:aws:kms:{region}:{account}:alias/aws/s3");
    let keys = &mut world.accounts.get_mut(account)?.keys;
    if let Some(alias) = keys.aliases.get(&alias_arn) {
        return Some(alias.key.clone());
    }
    let policy = json!({"Version": "2012-10-17", "Id": "auto-s3-2", "Statement": [
        {
            "Sid": "Allow access through S3 for all principals in the account that are authorized to use S3",
            "Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*",
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
            "Condition": {"StringEquals": {"kms:CallerAccount": account.as_str(), "kms:ViaService": format!("s3.{region}.amazonaws.com")}},
        },
        {
            "Sid": "Allow direct access to key metadata to the account",
            "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Resource": "*",
            "Action": ["kms:Describe*", "kms:Get*", "kms:List*"],
        },
    ]});
    let now = cloud.now();
    let id = cloud.random().uuid();
    let arn = format!("arn:aws:kms:{region}:{account}:key/{id}");
    let key = Key {
        id,
        arn: arn.clone(),
        account: account.to_string(),
        created: now,
        description: "Default key that protects my S3 objects when no other key is defined".to_owned(),
        policy: crate::world::Document::parse(&policy.to_string(), Kind::Resource).ok()?,
        state: KeyState::Enabled,
        tags: BTreeMap::new(),
        grants: BTreeMap::new(),
        managed_by_aws: true,
        rotates: true,
        material: cloud.random().bytes(),
    };
    keys.keys.insert(arn.clone(), key);
    keys.aliases
        .insert(alias_arn, Alias { name: "alias/aws/s3".to_owned(), key: arn.clone(), created: now, updated: now });
    Some(arn)
}

/// Whether a caller may do `action` (`kms:Decrypt`, `kms:GenerateDataKey`) with the key of an object. `key` is a key's ARN.
///
/// # Errors
/// `AccessDenied` (403), or `KMS.DisabledException` and the like (400).
pub fn authorize_use(
    cloud: &Cloud,
    world: &World,
    call: &Call,
    key: &str,
    action: &str,
    encryption_context: &EncryptionContext,
) -> Result<(), Fault> {
    let principal = call.caller.principal.arn();
    let named = proofmark_aws_policy::Arn::parse(key);
    let owner = named.map(|arn| arn.account).unwrap_or_default();
    let own = call.caller.principal.account() == Some(owner);
    // Reading names the ciphertext, writing the key.
    let what = if action == "kms:Decrypt" { "the resource associated with this ciphertext" } else { "this resource" };
    let strange = || Fault::new(403, "AccessDenied", stranger(&principal, action, what));
    let Some(found) = world.key(key) else {
        return Err(if own { for_s3(super::faults::no_key(key)) } else { strange() });
    };
    let mut keys = Context::default();
    keys.set("kms:ViaService", format!("s3.{}.amazonaws.com", named.map(|arn| arn.region).unwrap_or_default()));
    keys.set("aws:ViaAWSService", "true");
    keys.set_many("aws:CalledVia", ["s3.amazonaws.com"]);
    context_keys(encryption_context, &mut keys);
    decide(cloud, world, call, found, action, keys).map_err(|refusal| {
        if own {
            let reason = refusal.denial.reason(action);
            let what = if action == "kms:Decrypt" { what.to_owned() } else { format!("resource: {key}") };
            Fault::new(
                403,
                "AccessDenied",
                format!("User: {principal} is not authorized to perform: {action} on {what} {reason}"),
            )
        } else {
            strange()
        }
    })?;
    usable(found).map_err(for_s3)
}

/// The names of the context keys that S3 sends: `aws:s3:arn` is the object, or the bucket if it has a bucket key.
pub fn encryption_context(arn: &str) -> EncryptionContext {
    BTreeMap::from([("aws:s3:arn".to_owned(), arn.to_owned())])
}

fn for_s3(fault: Fault) -> Fault {
    Fault::new(fault.status.as_u16(), format!("KMS.{}", fault.code), fault.message)
}
