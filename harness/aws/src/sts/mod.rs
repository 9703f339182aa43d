//! The Security Token Service.

mod identity;

use crate::authorize::Call;
use crate::protocol::{Form, Xml};
use crate::{Cloud, Fault};

pub(crate) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Answers an action.
pub(crate) async fn answer(_cloud: &Cloud, call: &Call, action: &str, _form: &Form) -> Result<Option<Xml>, Fault> {
    match action {
        "GetCallerIdentity" => identity::get_caller_identity(call),
        _ => Err(Fault::new(400, "InvalidAction", format!("Could not find operation {action} for version 2011-06-15"))),
    }
}
