//! Validating webhooks: all of them together, and the first refusal counts.

use futures_util::future::join_all;
use proofmark_json::Value;

use super::hook;
use super::is_exempt;
use super::mutating::refused;
use super::review::{Failure, ask};
use crate::admit::Request;
use crate::refusal::Refusal;

/// Asks the webhooks about a state that would be stored; a deletion has none.
pub(in crate::admit) async fn validate(request: &Request<'_>, object: Option<&Value>) -> Result<(), Refusal> {
    if is_exempt(request) {
        return Ok(());
    }
    let mut relevant = Vec::new();
    for hook in hook::all(request.call, "validatingwebhookconfigurations") {
        if let Some(view) = hook.matches(request, object).await? {
            relevant.push((hook, view));
        }
    }
    let asked = relevant.iter().map(|(hook, view)| async move {
        match ask(hook, request, view, object, false).await {
            Err(Failure::Calling(why)) if hook.ignores_failures() => {
                tracing::warn!(webhook = hook.name(), why, "failed calling webhook, failing open");
                Ok(())
            }
            Err(failure) => Err(refused(hook, failure)),
            Ok(_) => Ok(()),
        }
    });
    join_all(asked).await.into_iter().collect()
}
