//! What came of validating one value against one schema.

use proofmark_json::Value;
use proofmark_status::{FieldError, FieldErrorKind};

/// One complaint. Equal texts count once.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    /// The whole text, which names the path.
    pub(super) text: String,
    /// The path as validators write it; none for complaints that Kubernetes attributes to no field.
    pub(super) path: Option<String>,
    pub(super) kind: FieldErrorKind,
    pub(super) value: Value,
    /// What stands behind the value; the text, unless the kind has words of its own.
    pub(super) detail: Option<String>,
}

impl Problem {
    /// A malformed value.
    pub(super) fn invalid(path: &str, value: impl Into<Value>, text: String) -> Self {
        Self { text, path: Some(path.to_owned()), kind: FieldErrorKind::Invalid, value: value.into(), detail: None }
    }

    /// A junctor that was not satisfied.
    pub(super) fn junctor(path: &str, what: &str) -> Self {
        let text = format!("{} {what}", proofmark_status::quote(path));
        Self { text, path: None, kind: FieldErrorKind::Invalid, value: "".into(), detail: None }
    }

    /// The error as the API server reports it, below the path of the object.
    pub(super) fn into_error(self, at: &str) -> FieldError {
        let below = self.path.as_deref().map(|p| p.strip_prefix('.').unwrap_or(p)).unwrap_or_default();
        let field = if below.is_empty() { crate::path::printed(at) } else { crate::path::child(at, below) };
        FieldError::new(self.kind, field, self.value, self.detail.unwrap_or(self.text))
    }
}

/// Complaints, and how many checks passed (which decides whose complaints are shown when no alternative fits).
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) problems: Vec<Problem>,
    pub(super) passed: usize,
}

impl Outcome {
    pub(super) fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn add(&mut self, problem: Problem) {
        if !self.problems.iter().any(|p| p.text == problem.text) {
            self.problems.push(problem);
        }
    }

    pub(super) fn merge(&mut self, other: Outcome) {
        other.problems.into_iter().for_each(|p| self.add(p));
        self.passed += other.passed;
    }
}

impl From<Option<Problem>> for Outcome {
    fn from(problem: Option<Problem>) -> Self {
        Self { problems: problem.into_iter().collect(), passed: 0 }
    }
}
