//! What a scenario talks to.

use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderName, HeaderValue, Request};

use crate::error::told;
use crate::recorder::{Recorded, Recorder};
use crate::transport::{Transport, full};
use crate::{ApiRequest, Body, EnvError, Exchange, Identity, Rest};

/// A running Kubernetes API, reached by identity. Every exchange is kept until [`Cluster::take_exchanges`].
#[derive(Clone)]
pub struct Cluster {
    transport: Transport,
    recorder: Recorder,
    rest: Rest,
}

impl Cluster {
    /// A cluster behind a transport; `rest` is how [`Cluster::settle`] waits. Must be called inside a tokio runtime.
    pub fn new(transport: Transport, rest: impl Into<Rest>) -> Self {
        Self { transport, recorder: Recorder::starting_now(), rest: rest.into() }
    }

    /// Sends a request as `who`. A refusal is an answer, not an error.
    ///
    /// # Errors
    /// [`EnvError::Request`] when the request cannot be put on the wire, [`EnvError::Transport`] when nothing came back.
    pub async fn send(&self, who: &Identity, request: ApiRequest) -> Result<Exchange, EnvError> {
        let mut request = wire(request)?.map(full);
        request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        let (_, exchange) = self.recorded(who).exchange(request).await.map_err(|error| {
            error.downcast::<EnvError>().map_or_else(|error| EnvError::Transport(told(&*error)), |error| *error)
        })?;
        self.recorder.keep(exchange.clone());
        Ok(exchange)
    }

    /// A typed client that asks as `who` and whose exchanges are kept like any other.
    pub fn client(&self, who: &Identity) -> kube::Client {
        let namespace = match who {
            Identity::ServiceAccount { namespace, .. } => namespace.as_str(),
            _ => "default",
        };
        kube::Client::new(self.recorded(who), namespace)
    }

    /// Returns when no controller has work left.
    ///
    /// On the embedded environment that is exact. A universe lives on one thread with a paused clock, which moves only when every task of it
    /// waits for something; a moment of simulated time has therefore passed only after all work that was possible now has been done. Work
    /// that waits for a later time (a long back-off, a resync) is not waited for: see [`Cluster::advance`]. On a real clock it is a guess: see
    /// [`Rest::WhenStill`].
    pub async fn settle(&self) {
        self.rest.wait(&self.transport).await;
    }

    /// How much longer controllers may have work than [`Cluster::settle`] waited for: nothing where that is exact.
    pub fn doubt(&self) -> Duration {
        self.rest.doubt()
    }

    /// Lets time pass: free of cost on a simulated clock.
    pub async fn advance(&self, by: Duration) {
        tokio::time::sleep(by).await;
    }

    /// How long the universe has existed, on its own clock.
    pub fn elapsed(&self) -> Duration {
        self.recorder.elapsed()
    }

    /// The exchanges since the last call, oldest first.
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        self.recorder.take()
    }

    /// Where its exchanges are kept, for what runs beside it.
    pub(crate) fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// The way to the API server, past the recorder.
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    fn recorded(&self, who: &Identity) -> Recorded {
        Recorded { inner: self.transport.clone(), who: who.clone(), recorder: self.recorder.clone() }
    }
}

/// A request as it goes over the wire.
///
/// # Errors
/// [`EnvError::Request`] when HTTP has no place for something in it.
pub(crate) fn wire(request: ApiRequest) -> Result<Request<Bytes>, EnvError> {
    let unfit = |what: &str| EnvError::Request(format!("{what} is not valid in HTTP"));
    let bytes = match &request.body {
        Body::Json(value) => value.to_string().into_bytes(),
        Body::Text(text) => text.clone().into_bytes(),
        Body::Empty | Body::Omitted(_) | Body::Stream => Vec::new(),
    };
    let mut wire = Request::new(bytes.into());
    *wire.method_mut() = request.method;
    *wire.uri_mut() = request.path.parse().map_err(|_| unfit(&format!("path {:?}", request.path)))?;
    for (name, value) in &request.headers {
        let header = HeaderName::try_from(name).map_err(|_| unfit(&format!("header name {name:?}")))?;
        wire.headers_mut().append(header, HeaderValue::try_from(value).map_err(|_| unfit(&format!("header {name}")))?);
    }
    Ok(wire)
}
