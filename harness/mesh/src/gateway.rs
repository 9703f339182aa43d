//! Requests on their way into the cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use kube::Client;
use proofmark_controllers::kit::{Api, Informer, Resource, Selection, object};
use proofmark_json::Value;
use proofmark_nodes::{Nodes, WeakNodes};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::external::Provider;
use crate::route::{self, Backend, Target, Unroutable};
use crate::sidecar::{self, Caller, Mesh};

const INGRESSES: Resource = Resource::namespaced("networking.k8s.io", "v1", "ingresses", "Ingress");
const SERVICES: Resource = Resource::namespaced("", "v1", "services", "Service");
const SLICES: Resource = Resource::namespaced("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice");
const SERVICE_LABEL: &str = "kubernetes.io/service-name";
/// A Service may stand for another name, which stands for another; no further.
const MOST_NAMES: usize = 4;
/// A host without a port means this one.
const USUAL_PORT: u16 = 80;

/// The way into a cluster with simulated nodes. Clones are the same gateway; dropping the last one ends it.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    nodes: WeakNodes,
    ingresses: Informer,
    services: Informer,
    slices: Informer,
    mesh: Option<Mesh>,
    turn: AtomicUsize,
    _stop: DropGuard,
}

impl Gateway {
    /// Starts on the current tokio runtime. `client` must be allowed to watch Ingresses, Services and EndpointSlices. In a mesh the pods' sidecars decide about
    /// requests by the AuthorizationPolicies there are; then it must be allowed to watch these, definitions of kinds, and pods.
    pub fn start(client: Client, nodes: &Nodes, in_mesh: bool) -> Self {
        let api = Api::new(client, "pilot-discovery/proofmark (linux/amd64)");
        let [ingresses, services, slices] =
            [INGRESSES, SERVICES, SLICES].map(|kind| Informer::new(api.clone(), Selection::whole(kind)));
        let stop = CancellationToken::new();
        for informer in [&ingresses, &services, &slices] {
            let (informer, stop) = (informer.clone(), stop.clone());
            tokio::spawn(async move { stop.run_until_cancelled_owned(informer.run()).await });
        }
        let mesh = in_mesh.then(|| Mesh::start(&api, &stop));
        let (nodes, turn) = (nodes.downgrade(), AtomicUsize::new(0));
        Self(Arc::new(Inner { nodes, ingresses, services, slices, mesh, turn, _stop: stop.drop_guard() }))
    }

    /// Waits until it knows what there was when it started.
    pub async fn ready(&self) {
        for informer in [&self.0.ingresses, &self.0.services, &self.0.slices] {
            informer.synced().await;
        }
    }

    /// Answers a request by its host: the name of an Ingress rule, or of a Service. A request with a [`Caller`](crate::Caller) comes from inside of the mesh, any
    /// other from outside. A refusal of the mesh has the [`Verdict`](crate::policy::Verdict) among its extensions.
    pub async fn answer(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        if let Some(mesh) = self.0.mesh.as_ref().filter(|_| request.extensions().get::<Caller>().is_none()) {
            if let Some((provider, verdict)) = mesh.asks(&request)
                && let Some(mut refusal) = self.ask(provider, &mut request).await
            {
                refusal.extensions_mut().insert(verdict);
                return served(refusal);
            }
            let verdict = mesh.at_gateway(&request);
            if !verdict.allowed {
                return sidecar::refusal(verdict);
            }
        }
        let target = match self.target(&host(&request), request.uri().path()) {
            Err(Unroutable::NoRoute) => return plain(StatusCode::NOT_FOUND, ""),
            Err(Unroutable::NoUpstream) => return plain(StatusCode::SERVICE_UNAVAILABLE, "no healthy upstream"),
            Ok(target) => target,
        };
        if let Some(mesh) = &self.0.mesh {
            let verdict = mesh.at_pod(&target, &request);
            if !verdict.allowed {
                return sidecar::refusal(verdict);
            }
        }
        let nodes = self.0.nodes.upgrade();
        match nodes.and_then(|nodes| nodes.http(&target.namespace, &target.pod, target.port).ok()) {
            Some(handler) => handler(request).await,
            None => plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused",
            ),
        }
    }

    /// Asks a provider about a request, which may come back changed; the client's answer if it refuses.
    async fn ask(&self, provider: Option<Provider>, request: &mut Request<Bytes>) -> Option<Response<Bytes>> {
        let Some(provider) = provider else {
            let mut refusal = Response::new(Bytes::new());
            *refusal.status_mut() = StatusCode::FORBIDDEN;
            return Some(refusal);
        };
        let target = self.target(&format!("{}:{}", provider.service, provider.port), "/").ok();
        let handler =
            target.and_then(|target| self.0.nodes.upgrade()?.http(&target.namespace, &target.pod, target.port).ok());
        let answer = match handler {
            Some(handler) => Some(handler(provider.check(request)).await),
            None => None,
        };
        provider.judge(answer, request)
    }

    /// The process that a request for a host and path leads to; ready ones take turns.
    ///
    /// # Errors
    /// When there is none.
    pub fn target(&self, host: &str, path: &str) -> Result<Target, Unroutable> {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().unwrap_or(USUAL_PORT)),
            None => (host, USUAL_PORT),
        };
        let ingresses = self.0.ingresses.all();
        let backend = route::by_ingress(ingresses.iter().map(|one| &**one), name, path);
        let mut backend = backend.or_else(|| self.service(name, port)).ok_or(Unroutable::NoRoute)?;
        for _ in 0..MOST_NAMES {
            let service = self.0.services.get(&backend.namespace, &backend.service).ok_or(Unroutable::NoUpstream)?;
            let other = object::text(&service, "/spec/externalName");
            if !other.is_empty() {
                backend = self.service(other, port).ok_or(Unroutable::NoUpstream)?;
                continue;
            }
            let targets = self.targets(&service, &backend)?;
            let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
            return targets.get(turn % targets.len().max(1)).cloned().ok_or(Unroutable::NoUpstream);
        }
        Err(Unroutable::NoUpstream)
    }

    /// A Service by its name inside of the cluster, if it exists. Whatever port the gateway itself was asked at, a Service without that port is meant at its usual one.
    fn service(&self, name: &str, port: u16) -> Option<Backend> {
        let backend = route::by_name(name, port)?;
        let service = self.0.services.get(&backend.namespace, &backend.service)?;
        let ports = object::list(&service, "/spec/ports");
        let has = ports.iter().any(|one| object::number(one, "/port") == Some(i64::from(port)));
        Some(if has { backend } else { Backend { port: route::Port::Number(USUAL_PORT), ..backend } })
    }

    fn targets(&self, service: &Value, backend: &Backend) -> Result<Vec<Target>, Unroutable> {
        let mut slices = self.0.slices.within(&backend.namespace);
        slices.retain(|slice| {
            object::labels(slice).and_then(|labels| labels.get(SERVICE_LABEL)?.as_str()) == Some(&*backend.service)
        });
        route::targets(service, slices.iter().map(|slice| &**slice), &backend.port)
    }
}

/// The host that a request names, in small letters.
pub(crate) fn host(request: &Request<Bytes>) -> String {
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    header.or(authority).unwrap_or_default().to_ascii_lowercase()
}

/// An answer of the gateway itself.
pub(crate) fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    if !text.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain"));
    }
    served(response)
}

/// An answer that says whose it is.
fn served(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(header::SERVER, header::HeaderValue::from_static("istio-envoy"));
    response
}
