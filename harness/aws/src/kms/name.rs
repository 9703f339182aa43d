//! How requests name keys: by id, key ARN, alias name or alias ARN.

use super::faults;
use crate::Fault;
use crate::authorize::Call;
use crate::world::World;
use proofmark_aws_policy::Arn;

/// The ARN of the key that a request names. Ids and alias names are of the caller's account and region.
pub(super) fn resolve(world: &World, call: &Call, name: &str) -> Result<String, Fault> {
    let account = call.caller.principal.account().unwrap_or_default();
    resolve_in(world, account, &call.region, name)
}

pub(super) fn resolve_in(world: &World, account: &str, region: &str, name: &str) -> Result<String, Fault> {
    if name.is_empty() || name.len() > 2048 {
        return Err(faults::validation("KeyId must have length between 1 and 2048."));
    }
    let arn = if name.starts_with("arn:") {
        let parsed = Arn::parse(name).filter(|arn| arn.service == "kms");
        let parsed = parsed.ok_or_else(|| faults::not_found(&format!("Invalid arn {name}")))?;
        if parsed.region != region {
            return Err(faults::not_found(&format!("Invalid arn {}", parsed.region)));
        }
        name.to_owned()
    } else if name.starts_with("alias/") {
        format!("arn:aws:kms:{region}:{account}:{name}")
    } else if is_id(name) {
        format!("arn:aws:kms:{region}:{account}:key/{name}")
    } else {
        return Err(faults::not_found(&format!("Invalid keyId '{name}'")));
    };
    let parsed = Arn::parse(&arn).ok_or_else(|| faults::not_found(&format!("Invalid keyId '{name}'")))?;
    if !parsed.resource.starts_with("alias/") {
        return Ok(arn);
    }
    let alias = world.account(parsed.account).and_then(|account| account.keys.aliases.get(&arn));
    alias.map(|alias| alias.key.clone()).ok_or_else(|| faults::no_alias(&arn))
}

/// Whether a text could be a key's id: a UUID, or what keys of several regions have in its place.
fn is_id(text: &str) -> bool {
    let hexadecimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(rest) = text.strip_prefix("mrk-") {
        return rest.len() == 32 && hexadecimal(rest);
    }
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.into_iter().all(hexadecimal)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[rstest]
    #[case("12345678-1234-abcd-1234-123456789012", true)]
    #[case("mrk-1234abcd12ab34cd56ef1234567890ab", true)]
    #[case("12345678-1234-1234-1234", false)]
    #[case("models", false)]
    fn ids(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(super::is_id(text), expected);
    }
}
