//! The mesh as requests meet it: at the ingress gateway, and at the sidecars of pods.
//!
//! Decisions are [`policy`]'s; here is where policies, pods and the mesh's configuration come from, and what the refusals look like.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use proofmark_controllers::kit::{Api, Informer, Resource, Selection, object};
use proofmark_json::{Map, json};
use tokio_util::sync::CancellationToken;

use crate::external::{self, Provider};
use crate::gateway::{host, plain};
use crate::policy::{self, Access, ROOT_NAMESPACE, Verdict, Workload};
use crate::route::Target;

const PODS: Resource = Resource::namespaced("", "v1", "pods", "Pod");
const CONFIG_MAPS: Resource = Resource::namespaced("", "v1", "configmaps", "ConfigMap");
const POLICIES: Resource =
    Resource::namespaced("security.istio.io", "v1beta1", "authorizationpolicies", "AuthorizationPolicy");
const CRDS: Resource =
    Resource::cluster("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition");
/// What the ingress gateway shows to sidecars.
const GATEWAY: &str = "cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account";
/// The port of the ingress gateway's pods.
const GATEWAY_PORT: u16 = 8080;

/// Who asks from inside of the mesh, among a request's extensions: what his sidecar shows, `cluster.local/ns/NAMESPACE/sa/ACCOUNT`. Requests without it come
/// in through the ingress gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(pub String);

impl Caller {
    /// A pod of this service account.
    pub fn account(namespace: &str, name: &str) -> Self {
        Self(format!("cluster.local/ns/{namespace}/sa/{name}"))
    }
}

/// What the gateway and the sidecars know.
pub(crate) struct Mesh {
    policies: Informer,
    pods: Informer,
    config: Informer,
}

impl Mesh {
    pub(crate) fn start(api: &Api, stop: &CancellationToken) -> Self {
        let policies = Informer::new(api.clone(), Selection::whole(POLICIES));
        let config = Informer::new(api.clone(), Selection::whole(CONFIG_MAPS));
        let [pods, definitions] = [PODS, CRDS].map(|kind| Informer::new(api.clone(), Selection::metadata(kind)));
        for informer in [pods.clone(), definitions.clone(), config.clone()] {
            let stop = stop.clone();
            tokio::spawn(async move { stop.run_until_cancelled_owned(informer.run()).await });
        }
        // The kind may come later.
        let (waiting, stop) = (policies.clone(), stop.clone());
        let run = async move {
            let name = format!("{}.{}", POLICIES.plural, POLICIES.group);
            definitions.wait_until(|_| definitions.get("", &name).is_some()).await;
            waiting.run().await;
        };
        tokio::spawn(async move { stop.run_until_cancelled_owned(run).await });
        Self { policies, pods, config }
    }

    /// What the sidecar of a pod decides about a request.
    pub(crate) fn at_pod(&self, target: &Target, request: &Request<Bytes>) -> Verdict {
        let pod = self.pods.get(&target.namespace, &target.pod);
        let labels = pod.as_deref().and_then(object::labels);
        let principal = request.extensions().get::<Caller>().map_or(GATEWAY, |caller| caller.0.as_str());
        self.decide(Workload { namespace: &target.namespace, labels }, principal, target.port, request)
    }

    /// What the ingress gateway decides by itself about a request from outside.
    pub(crate) fn at_gateway(&self, request: &Request<Bytes>) -> Verdict {
        let labels = gateway_labels();
        self.decide(gateway(&labels), "", GATEWAY_PORT, request)
    }

    /// The provider that is to be asked about a request from outside, and the verdict if it refuses. A provider that the mesh's configuration does not have
    /// refuses everything.
    pub(crate) fn asks(&self, request: &Request<Bytes>) -> Option<(Option<Provider>, Verdict)> {
        let labels = gateway_labels();
        let host = host(request);
        let access = access(request, "", GATEWAY_PORT, &host);
        let policies = self.policies.all();
        let (name, verdict) = policy::custom(policies.iter().map(|one| &**one), gateway(&labels), &access)?;
        let config = self.config.get(ROOT_NAMESPACE, "istio");
        let config = config.as_deref().map(|map| object::text(map, "/data/mesh")).unwrap_or_default();
        Some((external::provider(config, &name), verdict))
    }

    fn decide(&self, workload: Workload<'_>, principal: &str, port: u16, request: &Request<Bytes>) -> Verdict {
        let host = host(request);
        let policies = self.policies.all();
        policy::decide(policies.iter().map(|one| &**one), workload, &access(request, principal, port, &host))
    }
}

/// The answer to whom the mesh refuses.
pub(crate) fn refusal(verdict: Verdict) -> Response<Bytes> {
    let mut refusal = plain(StatusCode::FORBIDDEN, "RBAC: access denied");
    refusal.extensions_mut().insert(verdict);
    refusal
}

fn access<'a>(request: &'a Request<Bytes>, principal: &'a str, port: u16, host: &'a str) -> Access<'a> {
    Access {
        principal,
        request_principal: "",
        method: request.method().as_str(),
        path: request.uri().path(),
        host,
        port,
        headers: request.headers(),
    }
}

/// The labels of the ingress gateway's pods.
fn gateway_labels() -> Map {
    let labels = [("app", "istio-ingressgateway"), ("istio", "ingressgateway")];
    labels.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect()
}

fn gateway(labels: &Map) -> Workload<'_> {
    Workload { namespace: ROOT_NAMESPACE, labels: Some(labels) }
}
