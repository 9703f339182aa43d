//! Outgoing calls: how the server asks the webhooks of others, for admission and for conversion.
//!
//! A call is a POST of a review and an answer that is the same kind of review. [`ClientConfig`] says where to; [`call`] finds out
//! who answers there:
//!
//! ```text
//! ClientConfig -> resolve (a service: its port, its endpoints) -> in process, if somebody registered -> HTTPS otherwise
//! ```
//!
//! Handlers in this process are registered with [`Webhooks`]; they need no socket, so that they also work where time is simulated.
//! On simulated time nothing is ever sent over the network: what nobody registered refuses the connection.
//!
//! Every failure is worded as client-go words it, because kube-apiserver shows these words to its own clients.
//! Source: `k8s.io/apiserver/pkg/util/webhook`, `k8s.io/client-go/rest`, release 1.35.

mod answer;
mod certificate;
mod https;
mod registry;
mod resolve;
mod target;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use proofmark_json::Value;

pub use registry::{Endpoint, Webhook, Webhooks};
pub(crate) use target::ClientConfig;

use crate::server::Inner;
use resolve::Place;

/// Why a call has no usable answer, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CallError(String);

impl CallError {
    fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// Posts a review (with `apiVersion` and `kind`) and reads the answer as the same kind of review.
///
/// The time that a call may take is told to the webhook as `?timeout=`; without one there is no limit.
pub(crate) async fn call(
    server: &Arc<Inner>,
    config: &ClientConfig,
    timeout: Option<Duration>,
    review: &Value,
) -> Result<Value, CallError> {
    let uri = config.uri(timeout)?;
    let body = proofmark_json::to_vec(review).map_err(|e| CallError::new(e.to_string()))?;
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() =
        uri.parse().map_err(|e: http::uri::InvalidUri| CallError::new(format!("parse {uri:?}: {e}")))?;
    request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("application/json, */*"));
    let sent = send(server, config, request);
    let outcome = match timeout {
        Some(limit) => {
            tokio::time::timeout(limit, sent).await.unwrap_or_else(|_| Err("context deadline exceeded".to_owned()))
        }
        None => sent.await,
    };
    let response = outcome.map_err(|why| CallError::new(format!("Post {}: {why}", proofmark_status::quote(&uri))))?;
    answer::read(&response, review)
}

/// Hands a request to whoever answers at its place.
async fn send(server: &Arc<Inner>, config: &ClientConfig, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
    let place = resolve::place(server, config)?;
    if let Some(webhook) = server.webhooks.find(config) {
        return webhook.call(config, request).await;
    }
    match place {
        Place::Address(address) if server.clock.is_real() => https::post(config, &address, request).await,
        Place::Address(address) | Place::Nowhere(address) => {
            Err(format!("dial tcp {address}: connect: connection refused"))
        }
    }
}
