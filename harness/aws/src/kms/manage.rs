//! Keys and aliases: made, described, changed, scheduled to go.

use super::key::{Alias, Key, KeyState};
use super::turn::{Answer, Turn};
use super::{faults, lockout};
use crate::Fault;
use jiff::{SignedDuration, Timestamp};
use proofmark_aws_policy::{Context, Kind};
use proofmark_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let usual = |member: &str, only: &str| turn.text(member).is_none_or(|given| given == only);
    let symmetric = usual("KeySpec", "SYMMETRIC_DEFAULT") && usual("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT");
    if !symmetric
        || !usual("KeyUsage", "ENCRYPT_DECRYPT")
        || !usual("Origin", "AWS_KMS")
        || turn.body["MultiRegion"] == true
    {
        return Err(Fault::new(
            400,
            "UnsupportedOperationException",
            "Only symmetric encryption keys of one region, made by KMS, are simulated.",
        ));
    }
    let tags = turn.tags();
    let mut keys = Context::default();
    for (key, value) in &tags {
        keys.set(&format!("aws:RequestTag/{key}"), value);
    }
    turn.allow("*", keys)?;
    let id = turn.cloud.random().uuid();
    let arn = format!("arn:aws:kms:{}:{}:key/{id}", turn.call.region, turn.account);
    let usual = json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{
        "Sid": "Enable IAM User Permissions", "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", turn.account)}, "Action": "kms:*", "Resource": "*",
    }]});
    let policy = turn.text("Policy").map_or_else(|| usual.to_string(), str::to_owned);
    let policy = document(turn, &policy)?;
    lockout::check(turn, &arn, &policy)?;
    let key = Key {
        id,
        arn: arn.clone(),
        account: turn.account.to_string(),
        created: turn.cloud.now(),
        description: turn.text("Description").unwrap_or_default().to_owned(),
        policy,
        state: KeyState::Enabled,
        tags,
        grants: BTreeMap::new(),
        managed_by_aws: false,
        rotates: false,
        material: turn.cloud.random().bytes(),
    };
    let shown = json!({"KeyMetadata": metadata(&key)});
    if let Some(account) = turn.world.accounts.get_mut(&turn.account) {
        account.keys.keys.insert(arn, key);
    }
    Ok(shown)
}

fn document(turn: &Turn<'_>, text: &str) -> Result<crate::world::Document, Fault> {
    let malformed = |message: String| Fault::new(400, "MalformedPolicyDocumentException", message);
    turn.world.pin(text, Kind::Resource).map_err(|error| malformed(error.to_string()))
}

/// `KeyMetadata`; times are seconds.
fn metadata(key: &Key) -> Value {
    let mut out = json!({
        "AWSAccountId": key.account, "KeyId": key.id, "Arn": key.arn, "CreationDate": key.created.as_second(),
        "Enabled": key.state == KeyState::Enabled, "Description": key.description, "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state.name(), "Origin": "AWS_KMS", "KeyManager": if key.managed_by_aws { "AWS" } else { "CUSTOMER" },
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "MultiRegion": false,
    });
    if let KeyState::PendingDeletion(at) = key.state {
        out["DeletionDate"] = json!(at.as_second());
    }
    out
}

pub(super) fn describe(turn: &mut Turn<'_>) -> Answer {
    Ok(json!({"KeyMetadata": metadata(turn.key()?)}))
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    let here = format!("arn:aws:kms:{}:", turn.call.region);
    let keys = turn.world.accounts.get(&turn.account).map(|account| &account.keys.keys);
    let keys: Vec<_> = keys
        .into_iter()
        .flat_map(BTreeMap::values)
        .filter(|key| key.arn.starts_with(&here))
        .map(|key| (key.arn.clone(), json!({"KeyId": key.id, "KeyArn": key.arn})))
        .collect();
    page(turn, "Keys", keys)
}

/// A page of a list: `Limit` and `Marker` in, `Truncated` and `NextMarker` out. Entries come in the order of their keys.
pub(super) fn page(turn: &Turn<'_>, name: &str, entries: Vec<(String, Value)>) -> Answer {
    let most = match turn.body["Limit"].as_u64() {
        None => 100,
        Some(most @ 1..=1000) => usize::try_from(most).unwrap_or(100),
        Some(most) => {
            let constraint = if most == 0 { "greater than or equal to 1" } else { "less than or equal to 1000" };
            return Err(faults::constraint(&format!(" '{most}'"), "limit", &format!("have value {constraint}")));
        }
    };
    let after = turn.text("Marker");
    if after.is_some_and(|after| entries.iter().all(|(key, _)| key != after)) {
        return Err(Fault::new(400, "InvalidMarkerException", "Could not deserialize marker"));
    }
    let mut left = entries.into_iter().filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
    let page: Vec<_> = left.by_ref().take(most).collect();
    let mut out = Map::new();
    let more = left.next().is_some();
    let last = page.last().map(|(key, _)| json!(key));
    out.insert(name.to_owned(), page.into_iter().map(|(_, entry)| entry).collect());
    out.insert("Truncated", json!(more));
    if let (true, Some(last)) = (more, last) {
        out.insert("NextMarker".to_owned(), last);
    }
    Ok(Value::Object(out))
}

pub(super) fn get_policy(turn: &mut Turn<'_>) -> Answer {
    let key = turn.key()?;
    only_default(turn)?;
    Ok(json!({"Policy": turn.world.shown(&key.policy), "PolicyName": "default"}))
}

pub(super) fn list_policies(turn: &mut Turn<'_>) -> Answer {
    turn.key()?;
    Ok(json!({"PolicyNames": ["default"], "Truncated": false}))
}

pub(super) fn put_policy(turn: &mut Turn<'_>) -> Answer {
    only_default(turn)?;
    let arn = turn.key()?.arn.clone();
    let policy = document(turn, turn.need("Policy")?)?;
    lockout::check(turn, &arn, &policy)?;
    turn.key_mut()?.policy = policy;
    Ok(json!({}))
}

fn only_default(turn: &Turn<'_>) -> Result<(), Fault> {
    match turn.text("PolicyName") {
        None | Some("default") => Ok(()),
        Some(_) => Err(faults::not_found("No such policy exists")),
    }
}

pub(super) fn enable(turn: &mut Turn<'_>) -> Answer {
    set_state(turn, KeyState::Enabled)
}

pub(super) fn disable(turn: &mut Turn<'_>) -> Answer {
    set_state(turn, KeyState::Disabled)
}

fn set_state(turn: &mut Turn<'_>, state: KeyState) -> Answer {
    let key = turn.key_mut()?;
    if let KeyState::PendingDeletion(_) = key.state {
        return Err(faults::pending_deletion(&key.arn));
    }
    key.state = state;
    Ok(json!({}))
}

pub(super) fn schedule_deletion(turn: &mut Turn<'_>) -> Answer {
    let days = turn.body["PendingWindowInDays"].as_i64().unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(faults::validation("PendingWindowInDays must be between 7 and 30."));
    }
    let now: Timestamp = turn.cloud.now();
    let key = turn.key_mut()?;
    if let KeyState::PendingDeletion(_) = key.state {
        return Err(faults::pending_deletion(&key.arn));
    }
    let at = now.checked_add(SignedDuration::from_hours(days * 24)).unwrap_or(now);
    key.state = KeyState::PendingDeletion(at);
    Ok(
        json!({"KeyId": key.arn, "DeletionDate": at.as_second(), "KeyState": "PendingDeletion", "PendingWindowInDays": days}),
    )
}

pub(super) fn cancel_deletion(turn: &mut Turn<'_>) -> Answer {
    let key = turn.key_mut()?;
    if !matches!(key.state, KeyState::PendingDeletion(_)) {
        return Err(Fault::new(400, "KMSInvalidStateException", format!("{} is not pending deletion.", key.arn)));
    }
    key.state = KeyState::Disabled;
    Ok(json!({"KeyId": key.arn}))
}

pub(super) fn update_description(turn: &mut Turn<'_>) -> Answer {
    let description = turn.need("Description")?.to_owned();
    turn.key_mut()?.description = description;
    Ok(json!({}))
}

pub(super) fn enable_rotation(turn: &mut Turn<'_>) -> Answer {
    turn.key_mut()?.rotates = true;
    Ok(json!({}))
}

pub(super) fn disable_rotation(turn: &mut Turn<'_>) -> Answer {
    turn.key_mut()?.rotates = false;
    Ok(json!({}))
}

pub(super) fn rotation(turn: &mut Turn<'_>) -> Answer {
    let key = turn.key()?;
    Ok(json!({"KeyRotationEnabled": key.rotates, "KeyId": key.id}))
}

pub(super) fn tag(turn: &mut Turn<'_>) -> Answer {
    let tags = turn.tags();
    turn.key_mut()?.tags.extend(tags);
    Ok(json!({}))
}

pub(super) fn untag(turn: &mut Turn<'_>) -> Answer {
    let gone: Vec<String> = turn.body["TagKeys"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|key| Some(key.as_str()?.to_owned()))
        .collect();
    turn.key_mut()?.tags.retain(|key, _| !gone.contains(key));
    Ok(json!({}))
}

pub(super) fn list_tags(turn: &mut Turn<'_>) -> Answer {
    let tags = turn.key()?.tags.iter();
    page(turn, "Tags", tags.map(|(key, value)| (key.clone(), json!({"TagKey": key, "TagValue": value}))).collect())
}

/// The ARN of the alias that a request names.
fn alias_arn(turn: &Turn<'_>) -> Result<(String, String), Fault> {
    let name = turn.need("AliasName")?;
    let good = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
    let plain = name.strip_prefix("alias/").is_some_and(|rest| !rest.is_empty() && rest.chars().all(good));
    if !plain || name.len() > 256 {
        return Err(faults::validation(format!("{name} is not a valid alias name.")));
    }
    Ok((name.to_owned(), format!("arn:aws:kms:{}:{}:{name}", turn.call.region, turn.account)))
}

pub(super) fn create_alias(turn: &mut Turn<'_>) -> Answer {
    let (name, arn) = alias_arn(turn)?;
    if name.starts_with("alias/aws/") {
        return Err(Fault::new(400, "NotAuthorizedException", ""));
    }
    turn.allow(&arn, Context::default())?;
    let key = turn.named("TargetKeyId")?;
    turn.allowed(&key, "kms:CreateAlias", Context::default())?;
    let now = turn.cloud.now();
    let Some(account) = turn.world.accounts.get_mut(&turn.account) else { return Err(faults::no_key(&key)) };
    if account.keys.aliases.contains_key(&arn) {
        return Err(Fault::new(400, "AlreadyExistsException", format!("An alias with the name {arn} already exists")));
    }
    account.keys.aliases.insert(arn, Alias { name, key, created: now, updated: now });
    Ok(json!({}))
}

pub(super) fn update_alias(turn: &mut Turn<'_>) -> Answer {
    let (_, arn) = alias_arn(turn)?;
    turn.allow(&arn, Context::default())?;
    let key = turn.named("TargetKeyId")?;
    turn.allowed(&key, "kms:UpdateAlias", Context::default())?;
    let now = turn.cloud.now();
    let aliases = turn.world.accounts.get_mut(&turn.account).map(|account| &mut account.keys.aliases);
    let alias = aliases.and_then(|aliases| aliases.get_mut(&arn)).ok_or_else(|| faults::no_alias(&arn))?;
    (alias.key, alias.updated) = (key, now);
    Ok(json!({}))
}

pub(super) fn delete_alias(turn: &mut Turn<'_>) -> Answer {
    let (_, arn) = alias_arn(turn)?;
    turn.allow(&arn, Context::default())?;
    let aliases = turn.world.accounts.get_mut(&turn.account).map(|account| &mut account.keys.aliases);
    let gone = aliases.and_then(|aliases| aliases.remove(&arn));
    gone.map(|_| json!({})).ok_or_else(|| faults::no_alias(&arn))
}

pub(super) fn list_aliases(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    let key = turn.text("KeyId").map(|_| turn.named("KeyId")).transpose()?;
    let here = format!("arn:aws:kms:{}:", turn.call.region);
    let aliases = turn.world.accounts.get(&turn.account).map(|account| &account.keys.aliases);
    let wanted = |alias: &Alias| key.as_ref().is_none_or(|key| alias.key == *key);
    let entries = aliases.into_iter().flatten().filter(|(arn, alias)| arn.starts_with(&here) && wanted(alias));
    let entries = entries.map(|(arn, alias)| {
        let target = alias.key.rsplit('/').next().unwrap_or_default();
        let entry = json!({
            "AliasName": alias.name, "AliasArn": arn, "TargetKeyId": target,
            "CreationDate": alias.created.as_second(), "LastUpdatedDate": alias.updated.as_second(),
        });
        (arn.clone(), entry)
    });
    page(turn, "Aliases", entries.collect())
}
