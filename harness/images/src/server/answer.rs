//! Answers and errors as KServe's server words them.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use proofmark_json::{Value, json};

/// Why a request has no good answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failure {
    status: StatusCode,
    body: Value,
}

impl Failure {
    fn error(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, body: json!({"error": words.into()}) }
    }

    /// What the client sent cannot be used.
    pub(super) fn invalid(words: impl Into<String>) -> Self {
        Self::error(StatusCode::BAD_REQUEST, words)
    }

    /// There is no such model; in the words of the server.
    pub(super) fn unknown_model(words: String) -> Self {
        Self::error(StatusCode::NOT_FOUND, words)
    }

    /// A model that cannot serve.
    pub(super) fn not_ready(name: &str, detail: &str) -> Self {
        let detail = if detail.is_empty() { String::new() } else { format!(" {detail}") };
        Self::error(StatusCode::SERVICE_UNAVAILABLE, format!("Model with name {name} is not ready.{detail}"))
    }

    /// The model failed.
    pub(super) fn inference(words: impl Into<String>) -> Self {
        Self::error(StatusCode::INTERNAL_SERVER_ERROR, words)
    }

    /// What no server of this kind does.
    pub(super) fn not_implemented(words: impl Into<String>) -> Self {
        Self::error(StatusCode::NOT_IMPLEMENTED, words)
    }

    /// A body without a field that it must have, in FastAPI's words.
    pub(super) fn field_required(field: &str) -> Self {
        let detail = json!([{"type": "missing", "loc": ["body", field], "msg": "Field required"}]);
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, body: json!({"detail": detail}) }
    }

    /// Nothing is there.
    pub(super) fn no_route() -> Self {
        Self { status: StatusCode::NOT_FOUND, body: json!({"detail": "Not Found"}) }
    }

    /// Something is there for other methods.
    pub(super) fn no_method() -> Self {
        Self { status: StatusCode::METHOD_NOT_ALLOWED, body: json!({"detail": "Method Not Allowed"}) }
    }
}

/// Reads a body of JSON.
pub(super) fn json(body: &[u8]) -> Result<Value, Failure> {
    proofmark_json::from_slice(body).map_err(|error| {
        let what = if body.is_empty() { "input data is empty" } else { "unexpected content" };
        let at = error.column().saturating_sub(1);
        Failure::invalid(format!(
            "Unrecognized request format: {what}: line {} column {} (char {at})",
            error.line().max(1),
            at + 1
        ))
    })
}

pub(super) fn of(answered: Result<Value, Failure>) -> Response<Bytes> {
    let (status, body) = match answered {
        Ok(body) => (StatusCode::OK, body),
        Err(Failure { status, body }) => (status, body),
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
