//! AdmissionReview: the question, and what may be wrong with the answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark_json::{Map, Value, json};

use super::denial;
use super::hook::Hook;
use crate::admit::Request;
use crate::admit::expressions::describe;
use crate::admit::matching::{View, convert_both};
use crate::refusal::Refusal;

/// What became of a question.
#[derive(Debug)]
pub(super) enum Failure {
    /// It could not be asked, or the answer is none. Who ignores failures ignores this.
    Calling(String),
    /// The request is refused.
    Refused(Refusal),
}

/// A valid answer that allows the request.
#[derive(Debug, Default)]
pub(super) struct Allowed {
    /// The patch, where there is one; its type is JSON patch.
    pub(super) patch: Option<Vec<u8>>,
}

/// Asks a webhook about an object in the terms of `view`; `mutating` says which of the two kinds it is.
pub(super) async fn ask(
    hook: &Hook,
    request: &Request<'_>,
    view: &View,
    object: Option<&Value>,
    mutating: bool,
) -> Result<Allowed, Failure> {
    if request.dry_run && !hook.takes_dry_runs() {
        let name = proofmark_status::quote(hook.name());
        let words = format!("admission webhook {name} does not support dry run");
        return Err(Failure::Refused(crate::handlers::bad_request(words)));
    }
    let version = hook.review_version().ok_or_else(|| {
        let why = "webhook does not accept known AdmissionReview versions (v1, v1beta1)";
        Failure::Calling(format!("could not create admission objects: {why}"))
    })?;
    let uid = request.call.server.random.uid();
    let asked = json!({
        "kind": "AdmissionReview",
        "apiVersion": format!("admission.k8s.io/{version}"),
        "request": question(&uid, request, view, object).await.map_err(Failure::Refused)?,
    });
    let answered = crate::webhook::call(request.call.server, &hook.client(), hook.timeout(), &asked)
        .await
        .map_err(|error| Failure::Calling(format!("failed to call webhook: {error}")))?;
    let invalid = |why: String| Failure::Calling(format!("received invalid webhook response: {why}"));
    let (response, patch) = verify(&answered, &uid, version, mutating).map_err(invalid)?;
    let warnings = response.get("warnings").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let told = warnings.filter(|w| !w.is_empty() && !w.contains(char::is_control)).map(str::to_owned);
    request.call.warn(told.collect());
    for (key, value) in response.get("auditAnnotations").and_then(Value::as_object).into_iter().flatten() {
        request.call.annotate(format!("{}/{key}", hook.name()), value.as_str().unwrap_or_default().to_owned());
    }
    if response.get("allowed") != Some(&Value::Bool(true)) {
        return Err(Failure::Refused(denial::refusal(hook.name(), response.get("status"))));
    }
    Ok(Allowed { patch })
}

/// The `request` of a review.
async fn question(uid: &str, request: &Request<'_>, view: &View, object: Option<&Value>) -> Result<Value, Refusal> {
    let (object, old) = match std::sync::Arc::ptr_eq(&view.body, request.body) {
        true => (object.cloned(), request.old.cloned()),
        false => convert_both(request, object, &view.body).await?,
    };
    let mut asked = Map::from_iter([("uid".to_owned(), json!(uid))]);
    asked.extend(describe(request, view));
    asked.insert("object", object.unwrap_or_default());
    asked.insert("oldObject", old.unwrap_or_default());
    Ok(Value::Object(asked))
}

/// The response of a review that answers the question, and its patch.
fn verify<'a>(
    answered: &'a Value,
    uid: &str,
    version: &str,
    mutating: bool,
) -> Result<(&'a Value, Option<Vec<u8>>), String> {
    let response = answered.get("response").filter(|r| r.is_object()).ok_or("webhook response was absent")?;
    let text = |field: &str| response.get(field).and_then(Value::as_str);
    let patch = text("patch").map(|p| STANDARD.decode(p).unwrap_or_default()).filter(|p| !p.is_empty());
    // Reviews of v1beta1 were never checked, and clients rely on it.
    if version == "v1beta1" {
        return Ok((response, patch.filter(|_| mutating)));
    }
    let given = text("uid").unwrap_or_default();
    if given != uid {
        let (want, got) = (proofmark_status::quote(uid), proofmark_status::quote(given));
        return Err(format!("expected response.uid={want}, got {got}"));
    }
    let of = |field: &str| answered.get(field).and_then(Value::as_str).unwrap_or_default();
    if (of("apiVersion"), of("kind")) != ("admission.k8s.io/v1", "AdmissionReview") {
        let (group, short) = of("apiVersion").split_once('/').unwrap_or(("", of("apiVersion")));
        let got = format!("{group}/{short}, Kind={}", of("kind"));
        return Err(format!("expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got {got}"));
    }
    let patch_type = text("patchType");
    match (mutating, &patch, patch_type) {
        (false, Some(_), _) => return Err("validating webhook may not return response.patch".to_owned()),
        (false, None, Some(_)) => return Err("validating webhook may not return response.patchType".to_owned()),
        (true, Some(_), None) => return Err("webhook returned response.patch but not response.patchType".to_owned()),
        (true, None, Some(_)) => return Err("webhook returned response.patchType but not response.patch".to_owned()),
        (true, Some(_), Some("")) => return Err("webhook returned invalid response.patchType of \"\"".to_owned()),
        _ => {}
    }
    Ok((response, patch))
}
