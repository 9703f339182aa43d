//! SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview (`authorization.k8s.io/v1`).
//!
//! [`answer`] does it all: validates the review, asks the given authorizer, and returns the review with its status. RBAC ignores
//! selectors, but a selector that cannot be parsed is still reported in `evaluationError`.
//! Upstream: `pkg/apis/authorization/validation` and `pkg/registry/authorization`, release 1.35.

pub(crate) mod selectors;
mod spec;
mod validate;

pub use spec::{AccessSpec, NonResourceAttributes, ResourceAttributes, SelectorAttributes};
pub use validate::validate;

use proofmark_json::{Map, Value, json};
use proofmark_status::Status;
use serde::Deserialize;

use crate::{Attributes, Decision, SelectorRequirement, UserInfo};

/// Which of the three reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewKind {
    /// Anybody's rights, anywhere.
    Subject,
    /// Anybody's rights in one namespace.
    LocalSubject,
    /// The asking user's own rights.
    SelfSubject,
}

impl ReviewKind {
    /// The kind as it stands in objects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "SubjectAccessReview",
            Self::LocalSubject => "LocalSubjectAccessReview",
            Self::SelfSubject => "SelfSubjectAccessReview",
        }
    }
}

/// What a server's authorizers say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Some authorizer allows.
    pub allowed: bool,
    /// Some authorizer denies outright, which RBAC never does.
    pub denied: bool,
    /// Empty for `system:masters`.
    pub reason: String,
    /// An authorizer's failure; RBAC puts its own into the reason instead.
    pub error: Option<String>,
}

impl From<Decision> for Verdict {
    fn from(decision: Decision) -> Self {
        Self { allowed: decision.allowed, reason: decision.reason, ..Self::default() }
    }
}

/// Answers a review: the object with `kind`, `apiVersion`, the given `metadata`, its `spec` in Go's field order, and `status`.
///
/// `requester` is who sends it (the subject of a [`ReviewKind::SelfSubject`]). A [`ReviewKind::LocalSubject`] carries its path's
/// namespace in `metadata.namespace` already.
///
/// # Errors
/// 422 in Kubernetes' words (which name neither kind nor name), or 400 for fields of the wrong type.
pub fn answer(
    kind: ReviewKind,
    review: &Value,
    requester: &UserInfo,
    decide: impl FnOnce(&Attributes<'_>) -> Verdict,
) -> Result<Value, Box<Status>> {
    let spec = read_spec(kind, review).map_err(|e| Box::new(Status::bad_request(e.to_string())))?;
    let metadata = review.get("metadata").unwrap_or(&Value::Null);
    let errors = validate::complaints(kind, metadata, &spec);
    if !errors.is_empty() {
        return Err(Box::new(Status::invalid("authorization.k8s.io", "", "", &errors)));
    }
    let subject = spec.subject();
    let user = if kind == ReviewKind::SelfSubject { requester } else { &subject };
    let selectors = Selectors::of(&spec);
    let status = status(decide(&selectors.attributes(&spec, user)), selectors.errors);
    Ok(json!({
        "kind": kind.as_str(),
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": if metadata.is_object() { without_nulls(metadata) } else { json!({}) },
        "spec": spec,
        "status": status,
    }))
}

/// The spec of a review. A SelfSubjectAccessReview has no subject of its own: one that is set is dropped as an unknown field.
fn read_spec(kind: ReviewKind, review: &Value) -> Result<AccessSpec, proofmark_json::Error> {
    let mut spec = match review.get("spec") {
        None | Some(Value::Null) => AccessSpec::default(),
        Some(spec) => AccessSpec::deserialize(spec)?,
    };
    if kind == ReviewKind::SelfSubject {
        let AccessSpec { resource_attributes, non_resource_attributes, .. } = spec;
        spec = AccessSpec { resource_attributes, non_resource_attributes, ..AccessSpec::default() };
    }
    Ok(spec)
}

/// The selectors of a review, parsed, and what is reported of those that could not be.
#[derive(Default)]
struct Selectors {
    fields: Vec<SelectorRequirement>,
    labels: Vec<SelectorRequirement>,
    errors: Vec<String>,
}

impl Selectors {
    fn of(spec: &AccessSpec) -> Self {
        let Some(resource) = &spec.resource_attributes else {
            return Self::default();
        };
        let mut errors = Vec::new();
        let mut keep = |name: &str, parsed: selectors::Parsed| {
            if parsed.failed {
                let partially = if parsed.requirements.is_empty() { "" } else { "partially " };
                errors.push(format!("spec.resourceAttributes.{name} {partially}ignored due to parse error"));
            }
            parsed.requirements
        };
        let fields = keep("fieldSelector", selectors::fields(resource.field_selector.as_ref()));
        let labels = keep("labelSelector", selectors::labels(resource.label_selector.as_ref()));
        Self { fields, labels, errors }
    }

    fn attributes<'a>(&'a self, spec: &'a AccessSpec, user: &'a UserInfo) -> Attributes<'a> {
        match (&spec.resource_attributes, &spec.non_resource_attributes) {
            (Some(resource), _) => resource.attributes(user, &self.fields, &self.labels),
            (None, Some(url)) => Attributes::path(user, &url.verb, &url.path),
            (None, None) => Attributes::path(user, "", ""),
        }
    }
}

fn status(verdict: Verdict, selector_errors: Vec<String>) -> Value {
    let mut status = Map::new();
    status.insert("allowed", json!(verdict.allowed));
    if verdict.denied {
        status.insert("denied", json!(true));
    }
    if !verdict.reason.is_empty() {
        status.insert("reason", json!(verdict.reason));
    }
    let errors: Vec<String> = verdict.error.into_iter().chain(selector_errors).collect();
    if !errors.is_empty() {
        status.insert("evaluationError", json!(errors.join("; ")));
    }
    Value::Object(status)
}

/// An object without members that are `null`, which Go does not print.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect()
        }
        other => other.clone(),
    }
}
