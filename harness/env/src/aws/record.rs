//! What is kept of a request to the cloud.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, request};
use http_body_util::BodyExt as _;
use proofmark_aws::{Cloud, full};

use crate::recorder::{Recorder, listed};
use crate::{ApiRequest, ApiResponse, Body, Decision, Exchange};

/// A cloud whose exchanges are kept.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) cloud: Cloud,
    pub(crate) recorder: Recorder,
}

impl Kept {
    /// Has the cloud answer a request. `who` names the sender where he is known; else the cloud's decisions do.
    pub(crate) async fn answer(
        &self,
        who: Option<String>,
        parts: request::Parts,
        body: Bytes,
    ) -> (Response<Bytes>, Exchange) {
        let request = described(&parts, &body);
        let answer = self.cloud.answer(Request::from_parts(parts, full(body))).await;
        let (parts, body) = answer.into_parts();
        // The cloud's bodies are in memory: what ends early is an answer that ends early.
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let decision = self.decision(&parts.headers);
        let exchange = Exchange {
            at: self.recorder.elapsed(),
            who: who.or_else(|| Some(decision.as_ref()?.user.clone())).unwrap_or_else(|| "a program".to_owned()),
            request,
            response: ApiResponse {
                status: parts.status.as_u16(),
                headers: listed(&parts.headers),
                body: Body::from_bytes(&body),
            },
            decision,
        };
        self.recorder.keep(exchange.clone());
        (Response::from_parts(parts, body), exchange)
    }

    /// The decisions behind an answer, one line each; none if it was given before anything was decided.
    fn decision(&self, headers: &HeaderMap) -> Option<Decision> {
        let id = ["x-amz-request-id", "x-amzn-requestid"].iter().find_map(|name| headers.get(*name))?.to_str().ok()?;
        let decided = self.cloud.decisions().of_request(id);
        let lines: Vec<_> = decided.iter().map(|decided| decided.explanation.as_str()).collect();
        Some(Decision {
            allowed: decided.iter().all(|decided| decided.allowed),
            user: decided.first()?.principal.clone(),
            explanation: lines.join("\n"),
        })
    }
}

fn described(parts: &request::Parts, body: &Bytes) -> ApiRequest {
    let host = parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    ApiRequest {
        method: parts.method.clone(),
        path: match (parts.uri.scheme(), host) {
            (None, Some(host)) => format!("https://{host}{path}"),
            _ => parts.uri.to_string(),
        },
        headers: listed(&parts.headers),
        body: Body::from_bytes(body),
    }
}
