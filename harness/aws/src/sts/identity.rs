//! `GetCallerIdentity`: needs no permission. Source: STS API Reference.

use crate::Fault;
use crate::authorize::Call;
use crate::protocol::Xml;
use proofmark_aws_policy::Principal;

pub(super) fn get_caller_identity(call: &Call) -> Result<Option<Xml>, Fault> {
    let principal = &call.caller.principal;
    let (Some(account), user_id) = (principal.account(), user_id(principal)) else {
        return Err(Fault::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"));
    };
    let mut xml = Xml::default();
    xml.text("Arn", principal.arn()).text("UserId", user_id).text("Account", account);
    Ok(Some(xml))
}

fn user_id(principal: &Principal) -> String {
    match principal {
        Principal::Root { account } => account.clone(),
        Principal::Session { id, session, .. } => format!("{id}:{session}"),
        Principal::FederatedUser { account, name, .. } => format!("{account}:{name}"),
        principal => principal.unique_id().unwrap_or_default().to_owned(),
    }
}
