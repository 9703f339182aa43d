//! A request and its answer, as plain data.

use std::time::Duration;

use http::Method;
use proofmark_json::Value;
use serde::{Deserialize, Serialize};

use crate::Decision;

/// A request to the Kubernetes API, to AWS, or to a pod.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRequest {
    /// The HTTP method.
    pub method: Method,
    /// Path and query, for instance `/api/v1/namespaces/a/configmaps?limit=5`; to others the whole URL.
    pub path: String,
    /// Headers beside those that name the identity.
    pub headers: Vec<(String, String)>,
    /// The body; sent as JSON.
    pub body: Body,
}

/// The formats of a PATCH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchFormat {
    /// RFC 6902
    Json,
    /// RFC 7386
    Merge,
    /// Kubernetes' own, for built-in kinds
    Strategic,
    /// Server-side apply
    Apply,
}

impl PatchFormat {
    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Apply => "application/apply-patch+yaml",
        }
    }
}

impl ApiRequest {
    fn new(method: Method, path: impl Into<String>, body: Body) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body }
    }

    /// Reads an object, a list or any other path.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, Body::Empty)
    }

    /// POSTs to a collection.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path, Body::Json(body)).with_header("content-type", "application/json")
    }

    /// Replaces an object.
    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PUT, path, Body::Json(body)).with_header("content-type", "application/json")
    }

    /// Changes an object.
    pub fn patch(path: impl Into<String>, format: PatchFormat, body: Value) -> Self {
        Self::new(Method::PATCH, path, Body::Json(body)).with_header("content-type", format.content_type())
    }

    /// Deletes an object or a collection.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, Body::Empty)
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What a message carried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Body {
    /// Nothing.
    Empty,
    /// A JSON document.
    Json(Value),
    /// Anything else that is text.
    Text(String),
    /// Something that is not kept, by its length in bytes: what is no text, or what is told elsewhere.
    Omitted(usize),
    /// An answer without an end (a watch), handed on without being kept.
    Stream,
}

impl Body {
    /// Reads a complete body.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        match (proofmark_json::from_slice(bytes), std::str::from_utf8(bytes)) {
            (Ok(value), _) => Self::Json(value),
            (Err(_), Ok(text)) => Self::Text(text.to_owned()),
            (Err(_), Err(_)) => Self::Omitted(bytes.len()),
        }
    }

    /// The JSON document, or null.
    pub fn json(&self) -> &Value {
        match self {
            Self::Json(value) => value,
            _ => &Value::Null,
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiResponse {
    /// The HTTP status code.
    pub status: u16,
    /// The headers, names in lower case, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// A request, who made it, the answer, and the decision behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// When the answer was complete, counted from the universe's start on its own clock.
    pub at: Duration,
    /// Who asked, in words.
    pub who: String,
    /// What was asked.
    pub request: ApiRequest,
    /// What came back.
    pub response: ApiResponse,
    /// Why, where the environment knows.
    pub decision: Option<Decision>,
}
