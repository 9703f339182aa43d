//! `matchConditions`: expressions that must all hold before a webhook is asked.

use serde_json::Value;

use crate::admit::Request;
use crate::admit::matching::View;
use crate::refusal::Refusal;

/// Whether a request meets all conditions.
pub(super) fn met(
    conditions: &[Value],
    _: &Request<'_>,
    _: &View,
    _: Option<&Value>,
    _: bool,
) -> Result<bool, Refusal> {
    match conditions {
        [] => Ok(true),
        _ => Err(Refusal::untyped(501, "not simulated: matchConditions of webhooks")),
    }
}
