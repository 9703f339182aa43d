//! What is kept of a request to the cloud.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, request, response};
use http_body_util::BodyExt as _;
use proofmark_aws::{Cloud, Peer, Service, full};

use super::pause::Pauses;
use crate::recorder::{Recorder, listed};
use crate::{ApiRequest, ApiResponse, Body, Decision, Exchange, Grounds};

/// Whose requests tell nothing of themselves.
const PROGRAM: &str = "a program";

/// A cloud whose exchanges are kept.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) cloud: Cloud,
    pub(crate) recorder: Recorder,
    /// What programs wait for.
    pub(super) pauses: Pauses,
}

impl Kept {
    /// Has the cloud answer a request. `who` names the sender where he is known; else the cloud's decisions do. `only` is the service that answers,
    /// if the request itself does not say.
    pub(crate) async fn answer(
        &self,
        who: Option<String>,
        only: Option<Service>,
        parts: request::Parts,
        body: Bytes,
    ) -> (Response<Bytes>, Exchange) {
        let request = described(&parts, &body);
        let asked = Request::from_parts(parts, full(body));
        let answer = match only {
            Some(service) => self.cloud.answer_as(service, asked).await,
            None => self.cloud.answer(asked).await,
        };
        let (parts, body) = answer.into_parts();
        // The cloud's bodies are in memory: what ends early is an answer that ends early.
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let decision = self.decision(&parts.headers);
        let who = who.or_else(|| Some(decision.as_ref()?.user.clone())).unwrap_or_else(|| PROGRAM.to_owned());
        let exchange = self.keep(who, request, &parts, &body, decision);
        (Response::from_parts(parts, body), exchange)
    }

    /// Answers as a gateway does that wants TLS.
    pub(crate) fn redirect(&self, parts: request::Parts, body: Bytes) -> Response<Bytes> {
        let request = described(&parts, &body);
        let (parts, body) = redirect(&parts).into_parts();
        self.keep(PROGRAM.to_owned(), request, &parts, &body, None);
        Response::from_parts(parts, body)
    }

    fn keep(
        &self,
        who: String,
        request: ApiRequest,
        answer: &response::Parts,
        body: &Bytes,
        decision: Option<Decision>,
    ) -> Exchange {
        let (status, headers) = (answer.status.as_u16(), listed(&answer.headers));
        let response = ApiResponse { status, headers, body: Body::from_bytes(body) };
        let exchange = Exchange { at: self.recorder.elapsed(), who, request, response, decision };
        self.recorder.keep(exchange.clone());
        exchange
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
            grounds: Some(Grounds::iam(&decided)),
        })
    }
}

fn described(parts: &request::Parts, body: &Bytes) -> ApiRequest {
    let headers = listed(&parts.headers);
    ApiRequest { method: parts.method.clone(), path: url(parts), headers, body: Body::from_bytes(body) }
}

fn url(parts: &request::Parts) -> String {
    let host = parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    match (parts.uri.scheme(), host) {
        (None, Some(host)) if parts.extensions.get::<Peer>().is_some_and(|peer| !peer.secure) => {
            format!("http://{host}{path}")
        }
        (None, Some(host)) => format!("https://{host}{path}"),
        _ => parts.uri.to_string(),
    }
}

/// What a gateway answers that wants TLS.
pub(crate) fn redirect(parts: &request::Parts) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::MOVED_PERMANENTLY;
    if let Ok(location) = HeaderValue::from_str(&url(parts).replacen("http://", "https://", 1)) {
        answer.headers_mut().insert(http::header::LOCATION, location);
    }
    answer
}
