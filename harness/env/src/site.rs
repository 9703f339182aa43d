//! What a control plane stands on: an API server, and how that reaches back.

use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use proofmark_apiserver::{ApiServer, Endpoint, Webhooks};
use proofmark_clock::Clock;
use proofmark_controllers::{Options, SecretTokens};
use proofmark_identity::{Authority, Claims, ObjectRef, TokenSigner};
use proofmark_images::{Clients, Outside};
use proofmark_kserve::control_plane::WebhookAddress;
use proofmark_kubeflow::profile::Aws;
use proofmark_model_loader::net::{ConnectError, Connecting, Network};
use proofmark_nodes::Nodes;
use tower::ServiceExt;

use crate::aws::RoleEditor;
use crate::kubelet::Answers;
use crate::transport::{Transport, erase};
use crate::webhook_server::WebhookServer;
use crate::{Cluster, EnvError, Identity, Plan};

/// Answers reviews; or does not, and ends the exchange.
pub(crate) type Answer =
    Arc<dyn Fn(Request<Bytes>) -> Pin<Box<dyn Future<Output = Option<Response<Bytes>>> + Send>> + Send + Sync>;

/// A network without anybody.
struct Nobody;

impl Network for Nobody {
    fn connect<'a>(&'a self, _: &'a str, _: u16) -> Connecting<'a> {
        Box::pin(async { Err(ConnectError::UnknownName) })
    }
}

/// An API server as those see it who run a control plane on it.
pub struct Site {
    client: kube::Client,
    clock: proofmark_controllers::Clock,
    keys: Option<Keys>,
    way_back: WayBack,
    maker: Option<kube::Client>,
    aws: Option<Aws>,
    outside: Outside,
    pods: Option<Cluster>,
}

/// What Kubernetes' own controllers must know.
struct Keys {
    root_ca: String,
    secret_tokens: SecretTokens,
}

/// How the API server reaches webhooks and kubelets.
enum WayBack {
    /// By a call, as it is in this process.
    Call(ApiServer),
    /// Webhooks through ports of their own at this name or address of ours, with certificates of this authority. Kubelets not at all: it would ask them at
    /// an address of a node.
    Ports { host: String, authority: Arc<Authority>, clock: Clock },
    /// Not at all.
    None,
}

impl Site {
    /// The embedded API server.
    pub fn embedded(server: &ApiServer) -> Self {
        let (clock, signer) = (server.clone(), server.clone());
        let keys = Keys {
            root_ca: server.authority().certificate_pem(),
            secret_tokens: signing(move |claims| signer.signer().sign(claims)),
        };
        let client = kube::Client::new(server.service(), "default");
        let bare = Self::bare(client, Arc::new(move || clock.now()));
        Self { keys: Some(keys), way_back: WayBack::Call(server.clone()), ..bare }
    }

    /// Lets pods reach this; without it nobody is there.
    #[must_use]
    pub fn reaching(mut self, outside: Outside) -> Self {
        self.outside = outside;
        self
    }

    /// Lets programs in pods ask the API server, as their service accounts and through this; without it none can.
    #[must_use]
    pub fn asked_through(mut self, cluster: Cluster) -> Self {
        self.pods = Some(cluster);
        self
    }

    /// Clients for programs in pods.
    pub(crate) fn clients(&self) -> Option<Clients> {
        let cluster = self.pods.clone()?;
        Some(Arc::new(move |pod| cluster.client(&Identity::service_account(&pod.namespace, &pod.service_account))))
    }

    /// What pods reach.
    pub(crate) fn outside(&self) -> &Outside {
        &self.outside
    }

    /// An API server in another process of this machine, whose keys are ours.
    pub(crate) fn beside(client: kube::Client, authority: Arc<Authority>, signer: TokenSigner) -> Self {
        let keys =
            Keys { root_ca: authority.certificate_pem(), secret_tokens: signing(move |claims| signer.sign(claims)) };
        let way_back = WayBack::Ports { host: Ipv4Addr::LOCALHOST.to_string(), authority, clock: Clock::real() };
        Self { keys: Some(keys), way_back, ..Self::elsewhere(client) }
    }

    /// A cluster somewhere, which has controllers of its own and cannot reach us unless [told where](Site::reached_at).
    pub(crate) fn elsewhere(client: kube::Client) -> Self {
        let clock = Clock::real();
        Self::bare(client, Arc::new(move || clock.now()))
    }

    /// Without keys, without a way back, with pods that reach nobody.
    fn bare(client: kube::Client, clock: proofmark_controllers::Clock) -> Self {
        let outside = Outside { network: Arc::new(Nobody), authorities: Arc::new([]), release: None };
        Self { client, clock, keys: None, way_back: WayBack::None, maker: None, aws: None, outside, pods: None }
    }

    /// Has what we bring into the cluster besides (nodes, webhooks) be made through `way`.
    #[must_use]
    pub(crate) fn making_through(mut self, way: &Transport) -> Self {
        self.maker =
            Some(kube::Client::new(way.clone().map_request(|request: Request<_>| request.map(erase)), "default"));
        self
    }

    /// Lets the API server reach us at a name or an address of ours.
    ///
    /// # Errors
    /// [`EnvError::Prepare`] when no keys can be made.
    pub(crate) fn reached_at(mut self, host: &str) -> Result<Self, EnvError> {
        let clock = Clock::real();
        let authority = Authority::generate("proofmark", clock.now())
            .map_err(|error| EnvError::Prepare { what: "keys for webhooks".to_owned(), why: error.to_string() })?;
        self.way_back = WayBack::Ports { host: host.to_owned(), authority: Arc::new(authority), clock };
        Ok(self)
    }

    /// A client by which nodes and webhooks are brought into the cluster.
    pub(crate) fn maker(&self) -> kube::Client {
        self.maker.clone().unwrap_or_else(|| self.client())
    }

    /// Lets pods reach a cloud, if there is one, and gives Kubeflow's profile controller the credentials for it that the plan says.
    #[must_use]
    pub(crate) fn with_cloud(self, plan: &Plan, cloud: Option<&crate::Aws>) -> Self {
        let Some(cloud) = cloud else { return self };
        let network = cloud.network();
        let authorities = network.authorities().into();
        let mut site = self.reaching(Outside { network, authorities, release: None });
        if let Some(account) = plan.cloud.as_ref().and_then(|plan| plan.profile_controller.clone()) {
            site.aws = Some(Aws::new(RoleEditor { cloud: cloud.cloud().clone(), account }));
        }
        site
    }

    /// Credentials for an IAM, if there is one.
    pub(crate) fn aws(&self) -> Option<Aws> {
        self.aws.clone()
    }

    /// A client with the rights of an administrator.
    pub(crate) fn client(&self) -> kube::Client {
        self.client.clone()
    }

    /// Tells the present moment.
    pub(crate) fn clock(&self) -> proofmark_controllers::Clock {
        self.clock.clone()
    }

    /// What Kubernetes' own controllers are started with; none where they run already.
    pub(crate) fn controllers(&self) -> Option<Options> {
        let Keys { root_ca, secret_tokens } = self.keys.as_ref()?;
        let (root_ca, secret_tokens) = (root_ca.clone(), Some(secret_tokens.clone()));
        Some(Options { clock: self.clock.clone(), root_ca, secret_tokens })
    }

    /// Has webhooks answer for a service; where they are to be registered, if not behind that service.
    pub(crate) async fn answer_webhooks<F, R>(
        &self,
        namespace: &str,
        service: &str,
        answer: F,
    ) -> Result<Option<WebhookAddress>, EnvError>
    where
        F: Fn(Request<Bytes>) -> R + Send + Sync + 'static,
        R: Future<Output: Into<Option<Response<Bytes>>>> + Send + 'static,
    {
        match &self.way_back {
            WayBack::Call(server) => {
                server.webhooks().register(Endpoint::service(namespace, service), answer);
                Ok(None)
            }
            WayBack::Ports { host, authority, clock } => {
                let answer: Answer = Arc::new(move |request| {
                    let answered = answer(request);
                    Box::pin(async move { answered.await.into() })
                });
                let port = WebhookServer::bind(host).await?.serve(authority, clock.now(), answer)?;
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                let url = format!("https://{host}:{port}");
                Ok(Some(WebhookAddress { url, ca_bundle: authority.certificate_pem() }))
            }
            WayBack::None => Err(EnvError::Unsupported("way for the cluster to ask our webhooks")),
        }
    }

    /// The webhooks in this process that the API server calls.
    pub(crate) fn webhooks(&self) -> Option<Webhooks> {
        match &self.way_back {
            WayBack::Call(server) => Some(server.webhooks().clone()),
            WayBack::Ports { .. } | WayBack::None => None,
        }
    }

    /// Has nodes answer what the API server asks kubelets.
    pub(crate) fn answer_kubelets(&self, nodes: &Nodes) {
        if let WayBack::Call(server) = &self.way_back {
            server.serve_nodes(Arc::new(Answers(nodes.downgrade())));
        }
    }
}

/// Signs tokens of Secrets by what signs all tokens.
fn signing(sign: impl Fn(&Claims) -> String + Send + Sync + 'static) -> SecretTokens {
    SecretTokens::new(move |token| {
        let account = ObjectRef { name: token.service_account.to_owned(), uid: token.service_account_uid.to_owned() };
        sign(&Claims::legacy(token.namespace, &account, token.secret))
    })
}
