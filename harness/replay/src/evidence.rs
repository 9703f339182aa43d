//! What a report may show of an exchange. Evidence is made by masking, or read from a report in which it was masked, so no output can leak what it
//! never sees.

use proofmark_env::{Body, Decision, Exchange};
use serde::{Deserialize, Serialize};

use crate::mask;

/// The headers of an answer that say something about it; the rest (dates, ids, lengths) would only be noise.
const TOLD: [&str; 6] =
    ["content-type", "location", "retry-after", "warning", "www-authenticate", "x-amz-bucket-region"];

/// The headers of a request to AWS that say nothing about it: parts of its signature, and of the connection.
const UNTOLD: [&str; 8] = [
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "connection",
    "content-length",
    "host",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
];

/// One exchange, masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// When the answer was complete, in milliseconds since the universe's start, on its own clock.
    pub at_ms: u64,
    /// Who asked.
    pub identity: String,
    /// What was asked.
    pub request: Sent,
    /// What came back.
    pub response: Got,
    /// Why it was let through or refused, where the environment can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// `name: value`
    pub headers: Vec<String>,
    /// The body.
    pub body: Body,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Got {
    /// The HTTP status code.
    pub status: u16,
    /// `name: value`
    pub headers: Vec<String>,
    /// The body.
    pub body: Body,
}

impl Evidence {
    /// Masks an exchange.
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let Exchange { at, who, request, response, decision } = exchange;
        let header = |(name, value): &(String, String)| format!("{name}: {}", mask::header(name, value));
        Self {
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            identity: who.clone(),
            request: Sent {
                method: request.method.to_string(),
                path: mask::path(&request.path),
                headers: request
                    .headers
                    .iter()
                    .filter(|(name, _)| !UNTOLD.contains(&name.as_str()))
                    .map(header)
                    .collect(),
                body: body(&request.body),
            },
            response: Got {
                status: response.status,
                headers: response
                    .headers
                    .iter()
                    .filter(|(name, _)| TOLD.contains(&name.as_str()))
                    .map(header)
                    .collect(),
                body: body(&response.body),
            },
            decision: decision.clone(),
        }
    }
}

fn body(body: &Body) -> Body {
    match body {
        Body::Json(value) => Body::Json(mask::json(value)),
        Body::Text(text) => Body::Text(mask::text(text)),
        other => other.clone(),
    }
}
