//! What callers ask for themselves.

use super::session::{begin, keep};
use crate::authorize::{Ask, Call};
use crate::protocol::{Checks, Form, Text, Xml, invalid};
use crate::world::AccountId;
use crate::{Cloud, Fault};
use proofmark_aws_policy::Principal;

/// Credentials for a user or the root user; they need no permission and give none.
pub(super) fn get_session_token(cloud: &Cloud, call: &Call, form: &Form) -> Result<Option<Xml>, Fault> {
    let mut checks = Checks::of(form);
    let seconds = checks.number("DurationSeconds", 900, 129_600);
    checks.done()?;
    if form.get("SerialNumber").is_some() || form.get("TokenCode").is_some() {
        return Err(Fault::new(403, "AccessDenied", "MultiFactorAuthentication failed, no device is simulated."));
    }
    let principal = &call.caller.principal;
    let account = principal.account().and_then(AccountId::parse);
    let (Some(account), None) = (account, &call.caller.session) else {
        return Err(Fault::new(403, "AccessDenied", "Cannot call GetSessionToken with session credentials"));
    };
    let (usual, most) = if matches!(principal, Principal::Root { .. }) { (3600, 3600) } else { (43_200, 129_600) };
    let seconds = seconds.unwrap_or(usual).min(most);
    let mut xml = Xml::default();
    let session = begin(cloud, principal.clone(), account, seconds);
    keep(cloud, &mut cloud.world().write(), session, &mut xml);
    Ok(Some(xml))
}

/// The account that an access key belongs to.
pub(super) fn get_access_key_info(cloud: &Cloud, form: &Form) -> Result<Option<Xml>, Fault> {
    let mut checks = Checks::of(form);
    let key = checks.need(
        "AccessKeyId",
        Text { min: 12, max: 128, pattern: Some((r"[\w]*", |c| c.is_ascii_alphanumeric() || c == '_')) },
    );
    checks.done()?;
    let world = cloud.world().read();
    let account = AccountId::parse(key)
        .or_else(|| world.access_keys.get(key).map(|(account, _)| account.clone()))
        .or_else(|| world.sessions.get(key).map(|session| session.account.clone()));
    let account = account.ok_or_else(|| invalid("Invalid Access Key"))?;
    let mut xml = Xml::default();
    xml.text("Account", account.as_str());
    Ok(Some(xml))
}

/// No refusal of this cloud carries an encoded message, so none can be decoded.
pub(super) fn decode_authorization_message(cloud: &Cloud, call: &Call, form: &Form) -> Result<Option<Xml>, Fault> {
    form.need("EncodedMessage")?;
    let owner = call.caller.principal.account().unwrap_or_default();
    let ask = Ask { action: "sts:DecodeAuthorizationMessage", resource: "*", owner, ..Ask::default() };
    cloud
        .authorize(&cloud.world().read(), call, &ask)
        .map_err(|refusal| Fault::new(403, "AccessDenied", refusal.message()))?;
    Err(Fault::new(400, "InvalidAuthorizationMessageException", "Message is not valid"))
}
