//! The Key Management Service, as far as S3 needs it.

use crate::authorize::Call;
use crate::{Cloud, Fault};
use serde_json::Value;

/// Keys and aliases of an account.
#[derive(Debug, Default)]
pub struct Keys {}

/// Answers an action.
pub(crate) fn answer(_cloud: &Cloud, _call: &Call, action: &str, _body: &[u8]) -> Result<Value, Fault> {
    Err(Fault::new(400, "UnknownOperationException", format!("The operation {action} is not known")))
}
