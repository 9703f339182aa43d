//! What a running cloud tells about itself, beside the services: `/_proofmark/health` and `/_proofmark/decisions`.
//!
//! No bucket can have this name, so no request to S3 is hidden by it. Nobody needs credentials: whoever reaches the port may look.

use crate::{Body, Cloud, full};
use http::{HeaderValue, Method, Response, StatusCode, header, request::Parts};
use proofmark_json::{Value, json};

const PREFIX: &str = "/_proofmark/";

impl Cloud {
    /// The answer to a question about the cloud itself; none if the request means a service.
    pub(crate) fn inspect(&self, parts: &Parts) -> Option<Response<Body>> {
        let what = parts.uri.path().strip_prefix(PREFIX)?;
        let answer = match (&parts.method, what) {
            (&Method::GET, "health") => Ok(json!({"status": "ok"})),
            (&Method::GET, "decisions") => Ok(self.decisions_json(parts.uri.query().unwrap_or_default())),
            (_, "health" | "decisions") => Err(StatusCode::METHOD_NOT_ALLOWED),
            _ => Err(StatusCode::NOT_FOUND),
        };
        let (status, body) = match answer {
            Ok(body) => (StatusCode::OK, body),
            Err(status) => (status, json!({"error": status.canonical_reason()})),
        };
        let mut response = Response::new(full(body.to_string()));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Some(response)
    }

    /// Every decision that is kept, or those of `?request=ID`.
    fn decisions_json(&self, query: &str) -> Value {
        let request = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "request");
        let decided = match request {
            Some((_, id)) => self.decisions().of_request(&id),
            None => self.decisions().all(),
        };
        json!({"decisions": decided})
    }
}
