//! Identity and Access Management: users, groups, roles, policies, OpenID Connect providers.

use crate::authorize::Call;
use crate::protocol::{Form, Xml};
use crate::world::{Account, Document};
use crate::{Cloud, Fault};

pub(crate) const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// Answers an action.
pub(crate) fn answer(_cloud: &Cloud, _call: &Call, action: &str, _form: &Form) -> Result<Option<Xml>, Fault> {
    Err(Fault::new(400, "InvalidAction", format!("Could not find operation {action} for version 2010-05-08")))
}

/// The document of a managed policy that an account can use.
pub(crate) fn managed<'a>(account: &'a Account, arn: &str) -> Option<&'a Document> {
    account.policies.get(arn)?.document()
}
