//! HTTP to what runs in pods: through the gateway, as browsers and programs outside of the cluster ask.

use std::time::Duration;

use http::header::HOST;
use http::{HeaderValue, Uri};
use proofmark_mesh::policy::Verdict;
use proofmark_mesh::{Caller, Gateway};

use crate::cluster::wire;
use crate::recorder::{Recorder, listed};
use crate::{ApiRequest, ApiResponse, Body, Cluster, Decision, EnvError, Exchange, Identity, Limit};

/// How long a program may take for an answer: longer than any that is of use.
const ANSWER: Duration = Duration::from_secs(600);

/// The way into a universe's pods. Every exchange is kept, among those with the API server.
#[derive(Clone)]
pub struct Web {
    gateway: Gateway,
    recorder: Recorder,
}

impl Web {
    pub(crate) fn new(gateway: Gateway, cluster: &Cluster) -> Self {
        Self { gateway, recorder: cluster.recorder() }
    }

    /// Sends a request, whose path is a whole URL; its host is that of an Ingress or the name of a Service. What a pod refuses, or the gateway, is an
    /// answer. A service account asks from a pod of its own, inside of the mesh. Everybody else comes in from outside, and to HTTP is who the headers say.
    ///
    /// # Errors
    /// [`EnvError::Request`] when the request cannot be put on the wire, [`EnvError::TimedOut`] when nobody answers.
    pub async fn send(&self, who: &Identity, request: ApiRequest) -> Result<Exchange, EnvError> {
        let mut wire = wire(request.clone())?;
        let (Some(host), Some(path)) = (wire.uri().authority().cloned(), wire.uri().path_and_query().cloned()) else {
            return Err(EnvError::Request(format!("{} is no whole URL", request.path)));
        };
        *wire.uri_mut() = Uri::from(path);
        let host = HeaderValue::try_from(host.as_str()).map_err(|error| EnvError::Request(error.to_string()))?;
        wire.headers_mut().entry(HOST).or_insert(host);
        if let Identity::ServiceAccount { namespace, name } = who {
            wire.extensions_mut().insert(Caller::account(namespace, name));
        }
        let what = format!("the answer to {} {}", request.method, request.path);
        let (parts, body) = Limit::of(ANSWER).wait(what, self.gateway.answer(wire)).await?.into_parts();
        let exchange = Exchange {
            at: self.recorder.elapsed(),
            who: who.to_string(),
            request,
            response: ApiResponse {
                status: parts.status.as_u16(),
                headers: listed(&parts.headers),
                body: Body::from_bytes(&body),
            },
            decision: parts.extensions.get::<Verdict>().map(|verdict| decided(who, verdict)),
        };
        self.recorder.keep(exchange.clone());
        Ok(exchange)
    }
}

/// What the mesh decided, in words.
fn decided(who: &Identity, verdict: &Verdict) -> Decision {
    Decision::in_words(verdict.allowed, who.to_string(), verdict.to_string())
}
