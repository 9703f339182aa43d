//! The Security Token Service: temporary credentials, by a role's trust policy or for oneself.
//!
//! - `assume_role` and `web_identity` are the two ways into a role; `session` is what both ask for and get.
//! - [`issuer`] is how an issuer's keys are fetched, `token` is what they verify.
//!
//! - `pods` is how the agent of EKS Pod Identity gets the credentials of pods.
//! - `own` is what users ask for themselves, `federation` what they ask for others.
//!
//! What it refuses: SAML, multi-factor devices. Sources: STS API Reference; IAM User Guide, "Temporary security
//! credentials in IAM".

mod assume_role;
mod federation;
mod identity;
pub mod issuer;
mod own;
mod pods;
mod session;
mod token;
mod web_identity;

pub(crate) use pods::{answer as answer_pod, is_meant as is_for_pod};

use crate::authorize::Call;
use crate::protocol::{Form, Xml};
use crate::{Cloud, Fault};
use proofmark_aws_policy::Principal;

pub(crate) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Answers an action.
pub(crate) async fn answer(cloud: &Cloud, call: &Call, action: &str, form: &Form) -> Result<Option<Xml>, Fault> {
    // The only action that nobody signs.
    if action == "AssumeRoleWithWebIdentity" {
        return web_identity::assume(cloud, call, form).await;
    }
    if call.caller.principal == Principal::Anonymous {
        return Err(Fault::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"));
    }
    // Sessions that users made for themselves become roles; those that they made for others know only who they are.
    let made = call.caller.session.is_some();
    let federated = matches!(call.caller.principal, Principal::FederatedUser { .. });
    if made && federated && action != "GetCallerIdentity" {
        return Err(Fault::new(403, "AccessDenied", format!("Cannot call {action} with session credentials")));
    }
    match action {
        "AssumeRole" => assume_role::assume(cloud, call, form),
        "GetCallerIdentity" => identity::get_caller_identity(call),
        "GetSessionToken" => own::get_session_token(cloud, call, form),
        "GetFederationToken" => federation::get(cloud, call, form),
        "GetAccessKeyInfo" => own::get_access_key_info(cloud, form),
        "DecodeAuthorizationMessage" => own::decode_authorization_message(cloud, call, form),
        _ => Err(Fault::new(400, "InvalidAction", format!("Could not find operation {action} for version 2011-06-15"))),
    }
}
