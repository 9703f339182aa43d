//! What browsers send to the app behind Kubeflow's gateway, which says in a header who asks.

use proofmark_env::{ApiRequest, Identity};
use proofmark_json::{Value, json};
use proofmark_replay::{Step, step};

use crate::app::URL;

const USER: &str = "kubeflow-userid";
const COOKIE: &str = "cookie";
const TOKEN: &str = "x-xsrf-token";

/// Somebody looks at something.
pub(crate) fn asks(title: &str, who: &str, request: ApiRequest) -> Step {
    step(title).by(&Identity::user(who)).http(request.with_header(USER, who))
}

/// Somebody changes something, with the token against forged requests that the page has given him.
pub(crate) fn changes(title: &str, who: &str, request: ApiRequest) -> Step {
    asks(title, who, with_token(request))
}

/// The token in both places.
pub(crate) fn with_token(request: ApiRequest) -> ApiRequest {
    with_header_token(with_cookie(request))
}

/// The token as browsers keep it, and send it by themselves.
pub(crate) fn with_cookie(request: ApiRequest) -> ApiRequest {
    request.with_header(COOKIE, "XSRF-TOKEN=of-the-page")
}

/// The token as only the page itself can send it.
pub(crate) fn with_header_token(request: ApiRequest) -> ApiRequest {
    request.with_header(TOKEN, "of-the-page")
}

/// The services of a namespace.
pub(crate) fn services(namespace: &str) -> String {
    format!("{URL}/api/namespaces/{namespace}/inferenceservices")
}

/// One of them.
pub(crate) fn service(namespace: &str, name: &str) -> String {
    format!("{}/{name}", services(namespace))
}

/// The answer lists exactly these services, in this order.
pub(crate) fn listing(names: &[&str]) -> Value {
    let service = |name: &&str| json!({"metadata": {"name": name}});
    json!({"success": true, "inferenceServices": names.iter().map(service).collect::<Vec<_>>()})
}

/// The app refuses, in these words.
pub(crate) fn refused(step: Step, code: u16, words: &str) -> Step {
    step.code(code).shows(json!({"success": false, "log": words}))
}

/// The app refuses what the user has no right to.
pub(crate) fn forbidden(step: Step, user: &str, verb: &str, namespace: &str) -> Step {
    let what = "serving.kserve.io/v1beta1/inferenceservices";
    refused(step, 403, &format!("User '{user}' is not authorized to {verb} {what} in namespace '{namespace}'"))
}
