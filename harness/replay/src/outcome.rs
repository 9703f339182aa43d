//! What an action came to.

use std::time::Duration;

use proofmark_env::{Body, Exchange};
use proofmark_json::Value;

use crate::aws::to_json;

/// What an action came to, whatever client made it: the thing that expectations look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// When, on the universe's clock.
    pub at: Duration,
    /// The HTTP status code of the last answer; none when the action failed without one (a client that could not read the answer).
    pub status: Option<u16>,
    /// The last answer's headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The last answer's JSON body, or null.
    pub body: Value,
    /// What a command would have printed.
    pub text: Option<String>,
    /// The exit code of what was run, if it was a process.
    pub exit: Option<i32>,
    /// Why the last request was let through or refused, where the environment can tell.
    pub decision: Option<String>,
    /// What it came to in a few words, where the last answer does not say it.
    pub(crate) summary: Option<String>,
}

impl Outcome {
    /// The outcome of one exchange.
    pub fn of(exchange: &Exchange) -> Self {
        let text = match &exchange.response.body {
            Body::Text(text) => Some(text.clone()),
            _ => None,
        };
        Self {
            at: exchange.at,
            status: Some(exchange.response.status),
            headers: exchange.response.headers.clone(),
            body: exchange.response.body.json().clone(),
            text,
            exit: None,
            decision: exchange.decision.as_ref().map(|decision| decision.explanation.clone()),
            summary: None,
        }
    }

    /// The outcome of an exchange with AWS: answers in XML become JSON.
    pub(crate) fn of_aws(exchange: &Exchange) -> Self {
        let mut outcome = Self::of(exchange);
        if let Some(body) = outcome.text.as_deref().and_then(to_json) {
            (outcome.body, outcome.text) = (body, None);
        }
        outcome
    }

    /// The same, with what a command would have printed.
    #[must_use]
    pub fn printing(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Whether the last answer was a success, or the process ended well.
    pub fn succeeded(&self) -> bool {
        self.exit == Some(0) || self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// The value of a header; several of one name are joined.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> =
            self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The reason and the message of a refusal, by whichever API: a `Status` of Kubernetes, an error of S3, of STS and IAM, or of KMS.
    pub(crate) fn refusal(&self) -> Option<(&str, &str)> {
        let body = &self.body;
        let (of, reason, message) = if body["kind"] == "Status" {
            (body, "reason", "message")
        } else if body["Error"].is_object() {
            (&body["Error"], "Code", "Message")
        } else if body["ErrorResponse"].is_object() {
            (&body["ErrorResponse"]["Error"], "Code", "Message")
        } else if body["__type"].is_string() {
            (body, "__type", "message")
        } else {
            return None;
        };
        let text = |name: &str| of[name].as_str().unwrap_or_default();
        Some((text(reason), text(message)))
    }

    /// One line: `403 Forbidden: message`, `200 List of 3`, `201 TrainedModel simple-string`, `exit code 1: message`, `gained 3 permissions, lost none`.
    pub fn in_words(&self) -> String {
        if let Some(summary) = &self.summary {
            return summary.clone();
        }
        if let Some(exit) = self.exit {
            let words = self.body["words"].as_str().map(|words| format!(": {words}"));
            return format!("exit code {exit}{}", words.unwrap_or_default());
        }
        let Some(status) = self.status else {
            return self.text.clone().unwrap_or_else(|| "no answer".to_owned());
        };
        if let Some((reason, message)) = self.refusal().filter(|_| !self.succeeded()) {
            let reason = if reason.is_empty() { "failure" } else { reason };
            return format!("{status} {reason}: {message}");
        }
        match self.body["kind"].as_str() {
            Some(kind) => match (self.body["items"].as_array(), self.body["metadata"]["name"].as_str()) {
                (Some(items), _) => format!("{status} {kind} of {}", items.len()),
                (None, Some(name)) => format!("{status} {kind} {name}"),
                (None, None) => format!("{status} {kind}"),
            },
            None => match self.text.as_deref().and_then(|text| text.lines().next()).filter(|_| !self.succeeded()) {
                Some(line) => format!("{status}: {line}"),
                None => status.to_string(),
            },
        }
    }
}
