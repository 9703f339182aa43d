//! Webhooks that live in this process.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use parking_lot::RwLock;

use super::certificate;
use super::target::{ClientConfig, Location, host_port};

/// Somebody in this process who answers the server's calls: a POST with a review as JSON, answered with a review.
///
/// Closures from a request to a future of a response are webhooks; so are those to one of `Option<Response>`.
pub trait Webhook: Send + Sync + 'static {
    /// Answers one call. Its path and query are in the request's URI. `None` is given where the call ends without an answer, as it does when a
    /// handler of Go's server panics: over HTTP/2 that resets the stream.
    fn call(&self, request: Request<Bytes>) -> Pin<Box<dyn Future<Output = Option<Response<Bytes>>> + Send>>;
}

impl<F, A> Webhook for F
where
    F: Fn(Request<Bytes>) -> A + Send + Sync + 'static,
    A: Future<Output: Into<Option<Response<Bytes>>>> + Send + 'static,
{
    fn call(&self, request: Request<Bytes>) -> Pin<Box<dyn Future<Output = Option<Response<Bytes>>> + Send>> {
        let answered = self(request);
        Box::pin(async move { answered.await.into() })
    }
}

/// Where a webhook can be found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// Behind a service, whatever its port. The service itself must exist in the server, as for any webhook.
    Service {
        /// The service's namespace.
        namespace: String,
        /// The service's name.
        name: String,
    },
    /// Behind every URL with this host and port.
    Host {
        /// A DNS name or an IP address.
        host: String,
        /// 443 for URLs that name none.
        port: u16,
    },
}

impl Endpoint {
    /// What is behind a service.
    pub fn service(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Service { namespace: namespace.into(), name: name.into() }
    }

    /// What is behind URLs with the host and port of this one.
    pub fn url(url: &str) -> Self {
        let (host, port) = host_port(url);
        Self::Host { host, port }
    }
}

/// The webhooks in this process, by the endpoints under which a server finds them. Cloning gives another handle to the same ones.
#[derive(Clone, Default)]
pub struct Webhooks(Arc<RwLock<BTreeMap<Endpoint, Registered>>>);

/// A webhook, and the authority that callers must trust.
#[derive(Clone)]
pub(super) struct Registered {
    webhook: Arc<dyn Webhook>,
    authority: Option<Arc<str>>,
    /// How often it was called, as if over one connection that lasts.
    calls: Arc<AtomicU64>,
}

impl Registered {
    fn new(webhook: impl Webhook, authority: Option<Arc<str>>) -> Self {
        Self { webhook: Arc::new(webhook), authority, calls: Arc::default() }
    }

    /// Calls it. The error is Go's text.
    pub(super) async fn call(self, config: &ClientConfig, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let bundle = String::from_utf8_lossy(&config.ca_bundle);
        if self.authority.is_some_and(|authority| !bundle.contains(&*authority)) {
            return Err(certificate::UNKNOWN_AUTHORITY.to_owned());
        }
        // The streams of clients have odd numbers.
        let stream = 2 * self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let reset = || format!("stream error: stream ID {stream}; INTERNAL_ERROR; received from peer");
        self.webhook.call(request).await.ok_or_else(reset)
    }
}

impl Webhooks {
    /// Lets a webhook answer at an endpoint, instead of the one that did.
    pub fn register(&self, endpoint: Endpoint, webhook: impl Webhook) {
        self.0.write().insert(endpoint, Registered::new(webhook, None));
    }

    /// The same for a webhook whose certificate, if it had one, would be signed by this authority (a certificate as PEM): calls
    /// fail, as over the network, unless the configuration's `caBundle` holds it.
    pub fn register_signed_by(&self, endpoint: Endpoint, authority: &str, webhook: impl Webhook) {
        let authority = Some(authority.trim().into());
        self.0.write().insert(endpoint, Registered::new(webhook, authority));
    }

    /// Lets nobody answer at an endpoint any more.
    pub fn remove(&self, endpoint: &Endpoint) {
        self.0.write().remove(endpoint);
    }

    /// Lets nobody answer anywhere any more.
    pub fn clear(&self) {
        self.0.write().clear();
    }

    /// The webhook that a configuration names, if it is one of these.
    pub(super) fn find(&self, config: &ClientConfig) -> Option<Registered> {
        let endpoint = match &config.location {
            Location::Service { namespace, name, .. } => Endpoint::service(namespace, name),
            Location::Url(url) => Endpoint::url(url),
        };
        self.0.read().get(&endpoint).cloned()
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.read().keys()).finish()
    }
}
