//! The account itself: its alias, and how much there is in it.
//!
//! Sources: IAM User Guide, "Using an alias for your AWS account ID", "IAM and AWS STS quotas"; IAM API Reference, "GetAccountSummary".

use super::faults;
use super::page::page;
use super::turn::{Answer, Turn};
use crate::Fault;
use crate::protocol::{Checks, Text, Xml, invalid};
use proofmark_aws_policy::Context;

/// The letters of an alias; where hyphens may stand is checked apart.
const ALIAS: &str = "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$";

fn alias(turn: &Turn<'_>) -> Result<String, Fault> {
    let mut checks = Checks::of(turn.form);
    let alias = checks.need("AccountAlias", Text { min: 3, max: 63, pattern: None });
    checks.done()?;
    let letters = alias.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if letters && !alias.starts_with('-') && !alias.ends_with('-') && !alias.contains("--") {
        return Ok(alias.to_owned());
    }
    let fails = format!("Value '{alias}' at 'accountAlias' failed to satisfy constraint");
    Err(invalid(format!(
        "1 validation error detected: {fails}: Member must satisfy regular expression pattern: {ALIAS}"
    )))
}

/// Gives the account this alias in place of the one that it has. No two accounts have the same.
pub(super) fn create_alias(turn: &mut Turn<'_>) -> Answer {
    let alias = alias(turn)?;
    turn.allow("*", Context::default())?;
    if turn.world.accounts.values().any(|account| account.alias.as_ref() == Some(&alias)) {
        return Err(faults::already_exists(format!("The account alias {alias} already exists.")));
    }
    turn.account_mut()?.alias = Some(alias);
    Ok(None)
}

pub(super) fn delete_alias(turn: &mut Turn<'_>) -> Answer {
    let alias = alias(turn)?;
    turn.allow("*", Context::default())?;
    let account = turn.account_mut()?;
    if account.alias.as_ref() != Some(&alias) {
        return Err(faults::not_found("Account Alias", &alias));
    }
    account.alias = None;
    Ok(None)
}

pub(super) fn list_aliases(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    let alias = turn.account()?.alias.iter().map(|alias| (alias.clone(), alias));
    Ok(Some(page(turn.form, alias)?.write_texts("AccountAliases")))
}

/// What there is of everything, and how much there may be.
pub(super) fn summary(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    let account = turn.account()?;
    let entries: [(&str, usize); 29] = [
        ("AccessKeysPerUserQuota", 2),
        // Root users have a secret here without a key that is counted, and no device.
        ("AccountAccessKeysPresent", 0),
        ("AccountMFAEnabled", 0),
        ("AccountSigningCertificatesPresent", 0),
        ("AssumeRolePolicySizeQuota", 2048),
        ("AttachedPoliciesPerGroupQuota", 10),
        ("AttachedPoliciesPerRoleQuota", 10),
        ("AttachedPoliciesPerUserQuota", 10),
        ("GlobalEndpointTokenVersion", 1),
        ("GroupPolicySizeQuota", 5120),
        ("Groups", account.groups.len()),
        ("GroupsPerUserQuota", 10),
        ("GroupsQuota", 300),
        ("InstanceProfiles", account.instance_profiles.len()),
        ("InstanceProfilesQuota", 1000),
        ("MFADevices", 0),
        ("MFADevicesInUse", 0),
        ("Policies", account.policies.len()),
        ("PoliciesQuota", 1500),
        ("PolicySizeQuota", 6144),
        ("PolicyVersionsInUse", account.policies.values().map(|policy| policy.versions.len()).sum()),
        ("PolicyVersionsInUseQuota", 10_000),
        ("Providers", account.providers.len()),
        ("RolePolicySizeQuota", 10_240),
        ("Roles", account.roles.len()),
        ("RolesQuota", 1000),
        ("ServerCertificates", 0),
        ("ServerCertificatesQuota", 20),
        ("SigningCertificatesPerUserQuota", 2),
    ];
    let of_users = [
        ("UserPolicySizeQuota", 2048),
        ("Users", account.users.len()),
        ("UsersQuota", 5000),
        ("VersionsPerPolicyQuota", 5),
    ];
    let mut xml = Xml::default();
    xml.element("SummaryMap", |xml| {
        for (key, value) in entries.into_iter().chain(of_users) {
            xml.element("entry", |xml| {
                xml.text("key", key).text("value", value.to_string());
            });
        }
    });
    Ok(Some(xml))
}
