//! `metav1.Status`: the body of every refusal, and of a deletion that returns no object.

use proofmark_json::{Map, Value, json};
use serde::{Deserialize, Serialize};

use crate::{FieldError, aggregate, quote};

/// Why a request was refused, for machines (`metav1.StatusReason`). A refusal may also carry none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 409, the name is taken
    AlreadyExists,
    /// 409, the object has changed
    Conflict,
    /// 410, a watch or list from a revision that is no longer kept
    Expired,
    /// 410, the old form of [`Reason::Expired`]
    Gone,
    /// 422
    Invalid,
    /// 400
    BadRequest,
    /// 405
    MethodNotAllowed,
    /// 406
    NotAcceptable,
    /// 415
    UnsupportedMediaType,
    /// 413
    RequestEntityTooLarge,
    /// 429
    TooManyRequests,
    /// 500
    InternalError,
    /// 503
    ServiceUnavailable,
    /// 504
    Timeout,
}

impl Reason {
    /// The reason as it stands in the body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::Conflict => "Conflict",
            Self::Expired => "Expired",
            Self::Gone => "Gone",
            Self::Invalid => "Invalid",
            Self::BadRequest => "BadRequest",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::NotAcceptable => "NotAcceptable",
            Self::UnsupportedMediaType => "UnsupportedMediaType",
            Self::RequestEntityTooLarge => "RequestEntityTooLarge",
            Self::TooManyRequests => "TooManyRequests",
            Self::InternalError => "InternalError",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::Timeout => "Timeout",
        }
    }
}

/// One entry of `details.causes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Machine-readable; absent when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// For people; absent when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The field's path; absent when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
}

/// What a refusal was about. Empty members are left out; an empty `Details` still prints as `{}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The object's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The API group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The resource (plural) in most errors, the kind in some.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The object's uid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The complaints behind a 422 or a conflict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// Seconds after which a retry makes sense; also sent as `Retry-After`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retry_after_seconds: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if hands over a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// A `Status` object: failure by default; [`Status::success`] is what a deletion returns.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// HTTP status code; also the body's `code` unless it is 0.
    pub code: u16,
    /// Absent in some refusals.
    pub reason: Option<Reason>,
    /// For people, and for search engines.
    pub message: String,
    /// Absent in some refusals; `{}` in others.
    pub details: Option<Details>,
    /// Whether this is `Success`.
    pub success: bool,
    /// Where a list can go on all the same (`metadata.continue`); empty in every other refusal.
    pub next: String,
}

impl Status {
    /// A failure without details.
    pub fn new(code: u16, reason: Reason, message: impl Into<String>) -> Self {
        Self { code, reason: Some(reason), message: message.into(), details: None, success: false, next: String::new() }
    }

    /// The same, with details.
    #[must_use]
    pub fn with_details(mut self, details: Details) -> Self {
        self.details = Some(details);
        self
    }

    /// What a deletion returns when it does not return the object.
    pub fn success(details: Option<Details>) -> Self {
        Self { code: 200, reason: None, message: String::new(), details, success: true, next: String::new() }
    }

    /// 400
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, Reason::BadRequest, message)
    }

    /// 401: `Unauthorized`
    pub fn unauthorized() -> Self {
        Self::new(401, Reason::Unauthorized, "Unauthorized")
    }

    /// 403 by an admission plugin or a controller: `resource "name" is forbidden: why`.
    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let what = qualified(resource, group);
        let named = if name.is_empty() { what } else { format!("{what} {}", quote(name)) };
        Self::new(403, Reason::Forbidden, format!("{named} is forbidden: {why}"))
            .with_details(about(group, resource, name))
    }

    /// 404: `resource "name" not found`.
    pub fn not_found(group: &str, resource: &str, name: &str) -> Self {
        Self::new(404, Reason::NotFound, format!("{} {} not found", qualified(resource, group), quote(name)))
            .with_details(about(group, resource, name))
    }

    /// 409: `resource "name" already exists`.
    pub fn already_exists(group: &str, resource: &str, name: &str) -> Self {
        Self::new(409, Reason::AlreadyExists, format!("{} {} already exists", qualified(resource, group), quote(name)))
            .with_details(about(group, resource, name))
    }

    /// 409: `Operation cannot be fulfilled on resource "name": why`.
    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let what = qualified(resource, group);
        Self::new(409, Reason::Conflict, format!("Operation cannot be fulfilled on {what} {}: {why}", quote(name)))
            .with_details(about(group, resource, name))
    }

    /// 422: `Kind.group "name" is invalid: ...`, with one cause for each complaint.
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let mut message = format!("{} {} is invalid", qualified(kind, group), quote(name));
        if !errors.is_empty() {
            message.push_str(": ");
            message.push_str(&aggregate(errors));
        }
        let causes = errors
            .iter()
            .map(|e| Cause { reason: e.kind.reason().to_owned(), message: e.body(), field: e.field.clone() })
            .collect();
        let details = Details { causes, ..about(group, kind, name) };
        Self::new(422, Reason::Invalid, message).with_details(details)
    }

    /// 405: `the server does not allow this method on the requested resource`.
    pub fn method_not_allowed(group: &str, resource: &str) -> Self {
        Self::new(405, Reason::MethodNotAllowed, "the server does not allow this method on the requested resource")
            .with_details(about(group, resource, ""))
    }

    /// 500: `Internal error occurred: why`.
    pub fn internal(why: &str) -> Self {
        Self::new(500, Reason::InternalError, format!("Internal error occurred: {why}")).with_details(Details {
            causes: vec![Cause { message: why.to_owned(), reason: String::new(), field: String::new() }],
            ..Details::default()
        })
    }

    /// The JSON body.
    pub fn to_value(&self) -> Value {
        let mut body = Map::new();
        body.insert("kind", json!("Status"));
        body.insert("apiVersion", json!("v1"));
        let metadata = if self.next.is_empty() { json!({}) } else { json!({"continue": self.next}) };
        body.insert("metadata", metadata);
        body.insert("status", json!(if self.success { "Success" } else { "Failure" }));
        if !self.message.is_empty() {
            body.insert("message", json!(self.message));
        }
        if let Some(reason) = self.reason {
            body.insert("reason", json!(reason.as_str()));
        }
        if let Some(details) = &self.details {
            body.insert("details", json!(details));
        }
        if self.code != 0 && (!self.success || self.code != 200) {
            body.insert("code", json!(self.code));
        }
        Value::Object(body)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Status {}

fn about(group: &str, kind: &str, name: &str) -> Details {
    Details { name: name.to_owned(), group: group.to_owned(), kind: kind.to_owned(), ..Details::default() }
}

/// `resource.group`, or `resource` alone in the core group. Kinds are qualified the same way.
pub fn qualified(resource: &str, group: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_found_has_the_words_and_the_details() {
        let status = Status::not_found("apps", "deployments", "web");
        assert_eq!(
            status.to_value(),
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": "deployments.apps \"web\" not found", "reason": "NotFound",
                "details": {"name": "web", "group": "apps", "kind": "deployments"}, "code": 404})
        );
    }

    #[test]
    fn invalid_lists_a_cause_for_each_complaint() {
        let errors = [FieldError::required("a", ""), FieldError::invalid("b", 1, "bad")];
        let body = Status::invalid("", "Pod", "p", &errors).to_value();
        assert_eq!(body["message"], "Pod \"p\" is invalid: [a: Required value, b: Invalid value: 1: bad]");
        assert_eq!(
            body["details"]["causes"][1],
            json!({"reason": "FieldValueInvalid", "message": "Invalid value: 1: bad", "field": "b"})
        );
    }
}
