//! What an action came to.

use std::time::Duration;

use proofmark_env::{Body, Exchange};
use serde_json::Value;

/// What an action came to, whatever client made it: the thing that expectations look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// When, on the universe's clock.
    pub at: Duration,
    /// The HTTP status code of the last answer; none when the action failed without one (a client that could not read the answer).
    pub status: Option<u16>,
    /// The last answer's JSON body, or null.
    pub body: Value,
    /// What a command would have printed.
    pub text: Option<String>,
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
            body: exchange.response.body.json().clone(),
            text,
        }
    }

    /// The same, with what a command would have printed.
    #[must_use]
    pub fn printing(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Whether the last answer was a success.
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// One line: `403 Forbidden: message`, `200 List of 3`, `201 TrainedModel simple-string`.
    pub fn in_words(&self) -> String {
        let Some(status) = self.status else {
            return self.text.clone().unwrap_or_else(|| "no answer".to_owned());
        };
        let member = |name: &str| self.body[name].as_str();
        match (member("kind"), member("message")) {
            (Some("Status"), Some(message)) => format!("{status} {}: {message}", member("reason").unwrap_or("failure")),
            (Some(kind), _) => match (self.body["items"].as_array(), self.body["metadata"]["name"].as_str()) {
                (Some(items), _) => format!("{status} {kind} of {}", items.len()),
                (None, Some(name)) => format!("{status} {kind} {name}"),
                (None, None) => format!("{status} {kind}"),
            },
            (None, _) => status.to_string(),
        }
    }
}
