//! What passwords of an account's users must be like. Nobody signs in with a password here; the policy is kept and told.
//!
//! Source: IAM API Reference, "UpdateAccountPasswordPolicy", "PasswordPolicy".

use super::faults;
use super::turn::{Answer, Turn};
use crate::Fault;
use crate::protocol::{Checks, Xml};
use crate::world::PasswordPolicy;
use proofmark_aws_policy::Context;

/// Replaces the policy: what is not said gets its default.
pub(super) fn update(turn: &mut Turn<'_>) -> Answer {
    let mut checks = Checks::of(turn.form);
    let mut is_on = |name| checks.one_of(name, &["false", "true"]) == Some("true");
    let [symbols, numbers, uppercase, lowercase, own, hard] = [
        "RequireSymbols",
        "RequireNumbers",
        "RequireUppercaseCharacters",
        "RequireLowercaseCharacters",
        "AllowUsersToChangePassword",
        "HardExpiry",
    ]
    .map(&mut is_on);
    let policy = PasswordPolicy {
        shortest: checks.number("MinimumPasswordLength", 6, 128).unwrap_or(6),
        symbols,
        numbers,
        uppercase,
        lowercase,
        users_change_their_own: own,
        days: checks.number("MaxPasswordAge", 1, 1095),
        remembered: checks.number("PasswordReusePrevention", 1, 24),
        hard_expiry: hard,
    };
    checks.done()?;
    turn.allow("*", Context::default())?;
    turn.account_mut()?.password_policy = Some(policy);
    Ok(None)
}

pub(super) fn get(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    let account = turn.account()?;
    let policy = account.password_policy.as_ref().ok_or_else(|| {
        faults::no_such_entity(format!("The Password Policy with domain name {} cannot be found.", account.id))
    })?;
    let mut xml = Xml::default();
    xml.element("PasswordPolicy", |xml| write(xml, policy));
    Ok(Some(xml))
}

fn write(xml: &mut Xml, policy: &PasswordPolicy) {
    xml.text("MinimumPasswordLength", policy.shortest.to_string());
    for (name, is_on) in [
        ("RequireSymbols", policy.symbols),
        ("RequireNumbers", policy.numbers),
        ("RequireUppercaseCharacters", policy.uppercase),
        ("RequireLowercaseCharacters", policy.lowercase),
        ("AllowUsersToChangePassword", policy.users_change_their_own),
        ("ExpirePasswords", policy.days.is_some()),
    ] {
        xml.text(name, is_on.to_string());
    }
    xml.some("MaxPasswordAge", policy.days.map(|days| days.to_string()));
    xml.some("PasswordReusePrevention", policy.remembered.map(|passwords| passwords.to_string()));
    xml.some("HardExpiry", policy.hard_expiry.then_some("true"));
}

pub(super) fn delete(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    let none = || faults::no_such_entity("The account policy with name PasswordPolicy cannot be found.");
    let gone: Result<PasswordPolicy, Fault> = turn.account_mut()?.password_policy.take().ok_or_else(none);
    gone.map(|_| None)
}
