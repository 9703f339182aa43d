//! From an HTTP response to a review, or to Go's words for why it is none.
//!
//! Source: `Request.transformResponse` and `Result.Into` in `k8s.io/client-go/rest`, `NewGenericServerResponse` in
//! `k8s.io/apimachinery/pkg/api/errors`, release 1.35.

use bytes::Bytes;
use http::{Response, header};
use proofmark_json::Value;
use proofmark_status::quote;

use super::CallError;

/// How much of a text is shown in an error, in bytes.
const SHOWN: usize = 2048;

/// The review in a response to `sent`.
pub(super) fn read(response: &Response<Bytes>, sent: &Value) -> Result<Value, CallError> {
    let (code, body) = (response.status().as_u16(), response.body());
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !(200..=206).contains(&code) {
        return Err(CallError::new(told(body).unwrap_or_else(|| unexpected(code, content_type, body))));
    }
    if body.is_empty() {
        let content_type = if content_type.is_empty() { "application/json" } else { content_type };
        let words = format!("0-length response with status code: {code} and content type: {content_type}");
        return Err(CallError::new(words));
    }
    decode(body, sent).map_err(CallError::new)
}

/// A body as the review that was sent, whatever version of it says nothing of its kind.
fn decode(body: &[u8], sent: &Value) -> Result<Value, String> {
    let parsed = parse(body)?;
    let own = |field: &str| sent.get(field).and_then(Value::as_str).unwrap_or_default();
    let given = |field: &str| parsed.get(field).and_then(Value::as_str).filter(|v| !v.is_empty());
    let version = given("apiVersion").unwrap_or(own("apiVersion"));
    let kind = given("kind").unwrap_or(own("kind"));
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    let own_group = own("apiVersion").split('/').next().unwrap_or_default();
    let status = (version, kind) == ("v1", "Status");
    let review = group == own_group && kind == own("kind");
    let Some(ty) = proofmark_builtin::type_of(group, short, kind).filter(|_| status || review) else {
        let (kind, version) = (quote(kind), quote(version));
        return Err(format!(
            "no kind {kind} is registered for version {version} in scheme \"pkg/runtime/scheme.go:111\""
        ));
    };
    let decoded = proofmark_builtin::decode::decode(&parsed, ty, false).map_err(|e| e.to_string())?.value;
    if status && decoded.get("status").and_then(Value::as_str) != Some("Success") {
        return Err(message(&decoded));
    }
    let sent_version = own("apiVersion");
    if review && version != sent_version {
        let sent_short = sent_version.rsplit('/').next().unwrap_or_default();
        return Err(format!("converting ({short}.{kind}) to ({sent_short}.{kind}): unknown conversion"));
    }
    Ok(if status { Value::Null } else { decoded })
}

/// JSON, or YAML: both are recognised by their content.
fn parse(body: &[u8]) -> Result<Value, String> {
    let trimmed = body.trim_ascii_start();
    let value = if trimmed.starts_with(b"{") { crate::decode::json(body) } else { crate::decode::yaml(body) };
    let complain = |why: String| format!("couldn't get version/kind; json parse error: {why}");
    let value = value.map_err(complain)?;
    if value.is_object() || value.is_null() {
        return Ok(value);
    }
    let of = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
    let given = crate::value::type_name(&value);
    Err(complain(format!("json: cannot unmarshal {given} into Go value of type {of}")))
}

/// What a `Status` in the body of an error says.
fn told(body: &[u8]) -> Option<String> {
    let status = parse(body).ok()?;
    let text = |field: &str| status.get(field).and_then(Value::as_str).unwrap_or_default();
    let is_status = matches!(text("apiVersion"), "" | "v1") && text("kind") == "Status";
    (is_status && text("status") == "Failure").then(|| message(&status))
}

fn message(status: &Value) -> String {
    status.get("message").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// An error that nothing but its code explains.
fn unexpected(code: u16, content_type: &str, body: &[u8]) -> String {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = essence.is_empty() || essence.starts_with("text/");
    let shown = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
    let said = if is_text { shown.trim() } else { "unknown" };
    match code {
        409 => "the server reported a conflict".to_owned(),
        404 => "the server could not find the requested resource".to_owned(),
        400 => "the server rejected our request for an unknown reason".to_owned(),
        401 => "the server has asked for the client to provide credentials".to_owned(),
        403 | 415 => said.to_owned(),
        406 if matches!(said, "" | "unknown") => {
            "the server was unable to respond with a content type that the client supports".to_owned()
        }
        406 => said.to_owned(),
        405 => "the server does not allow this method on the requested resource".to_owned(),
        422 => "the server rejected our request due to an error in our request".to_owned(),
        503 => "the server is currently unable to handle the request".to_owned(),
        504 => {
            "the server was unable to return a response in the time allotted, but may still be processing the request"
                .to_owned()
        }
        429 => "the server has received too many requests and has asked us to try again later".to_owned(),
        500.. => format!("an error on the server ({}) has prevented the request from succeeding", quote(said)),
        _ => format!("the server responded with the status code {code} but did not return more information"),
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    fn answered(code: u16, content_type: &str, body: &str) -> Result<Value, String> {
        let mut response = Response::new(Bytes::from(body.to_owned()));
        *response.status_mut() = http::StatusCode::from_u16(code).unwrap();
        response.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        let sent = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"});
        read(&response, &sent).map_err(|e| e.to_string())
    }

    #[rstest]
    #[case(500, "text/plain", "boom\n", "an error on the server (\"boom\") has prevented the request from succeeding")]
    #[case(
        500,
        "application/json",
        "boom",
        "an error on the server (\"unknown\") has prevented the request from succeeding"
    )]
    #[case(
        500,
        "application/json",
        r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"told so"}"#,
        "told so"
    )]
    #[case(403, "text/plain", "no entry", "no entry")]
    #[case(404, "text/plain", "404 page not found\n", "the server could not find the requested resource")]
    #[case(
        302,
        "text/html",
        "there",
        "the server responded with the status code 302 but did not return more information"
    )]
    #[case(200, "application/json", "", "0-length response with status code: 200 and content type: application/json")]
    #[case(
        200,
        "application/json",
        r#"{"apiVersion":"v1","kind":"Pod"}"#,
        "no kind \"Pod\" is registered for version \"v1\" in scheme \"pkg/runtime/scheme.go:111\""
    )]
    #[case(
        200,
        "application/json",
        r#"{"response":{"allowed":"yes"}}"#,
        "json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool"
    )]
    fn what_goes_wrong(#[case] code: u16, #[case] content_type: &str, #[case] body: &str, #[case] words: &str) {
        assert_eq!(answered(code, content_type, body).unwrap_err(), words);
    }

    #[test]
    fn yaml_is_an_answer_too() {
        let review = answered(200, "application/yaml", "response:\n  allowed: true\n  uid: x\n").unwrap();
        assert_eq!(review["response"]["allowed"], true);
    }
}
