//! What runs beside an API server: Kubernetes' controllers, nodes, and the controllers of what is installed.

use std::future::{self, Future};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark_apiserver::Webhooks;
use proofmark_controllers::Controllers;
use proofmark_eks::{NAMESPACE, PodIdentity, SERVICE};
use proofmark_images::{Outside, known, models_web_app};
use proofmark_json::Value;
use proofmark_kserve::control_plane as kserve;
use proofmark_kserve::extras::Project;
use proofmark_kubeflow::profile::{self, Config, ProfileController};
use proofmark_mesh::Gateway;
use proofmark_nodes::{NodePool, Nodes};

use crate::ground::Ground;
use crate::{CloudPlan, Cluster, EnvError, LeftOut, Limit, Plan, Site};

/// How long controllers may take to read what is there, on a machine that has much else to do.
const READY: Duration = Duration::from_secs(120);

/// The controllers around an API server. Dropping it stops them.
pub struct ControlPlane {
    /// What was not installed, and why.
    pub left_out: Vec<LeftOut>,
    /// Whether Kubeflow's Profiles have their controller.
    pub profiles: bool,
    /// Whether there are InferenceServices.
    pub services: bool,
    /// The way into pods, if there are nodes for them.
    pub gateway: Option<Gateway>,
    _controllers: Option<Controllers>,
    _profiles: Option<ProfileController>,
    _kserve: Option<kserve::ControlPlane>,
    _nodes: Option<Nodes>,
    _webhooks: Option<Unregistered>,
}

/// Lets nobody answer the API server any more: webhooks in this process hold a client of the server that holds them.
struct Unregistered(Webhooks);

impl Drop for Unregistered {
    fn drop(&mut self) {
        self.0.clear();
    }
}

impl ControlPlane {
    /// Starts Kubernetes' controllers and the plan's nodes, installs the plan's objects through `cluster` and starts the controllers that
    /// these objects bring: Kubeflow's Profiles have one. Nodes say every `heartbeat` that they are there; on a simulated clock, which would never come
    /// to rest, that is none.
    ///
    /// # Errors
    /// When an object cannot be installed, or a node not be registered.
    pub async fn start(
        site: &Site,
        cluster: &Cluster,
        plan: &Plan,
        heartbeat: Option<Duration>,
    ) -> Result<Self, EnvError> {
        Self::around(site, plan, heartbeat, Ground::lay(cluster, plan)).await
    }

    /// The same where the plan's objects are installed already, on a simulated clock.
    pub(crate) async fn on(site: &Site, plan: &Plan, ground: Ground) -> Result<Self, EnvError> {
        Self::around(site, plan, None, future::ready(Ok(ground))).await
    }

    async fn around(
        site: &Site,
        plan: &Plan,
        heartbeat: Option<Duration>,
        ground: impl Future<Output = Result<Ground, EnvError>>,
    ) -> Result<Self, EnvError> {
        let controllers = site.controllers().map(|options| proofmark_controllers::start(site.client(), options));
        if let Some(controllers) = &controllers {
            Limit::of(READY).wait("Kubernetes' controllers to be ready", controllers.ready()).await?;
        }
        let nodes = start_nodes(site, plan, heartbeat).await?;
        let gateway =
            nodes.as_ref().map(|nodes| Gateway::start(site.client(), nodes, plan.extras.contains(&Project::Istio)));
        let mut ground = ground.await?;
        let wanted = ground.defines(PROFILES);
        if wanted && !ground.defines(POLICIES) {
            let object = "Kubeflow's Profile controller".to_owned();
            ground.left_out.push(LeftOut { object, why: format!("it makes {POLICIES}, which nothing here defines") });
        }
        let runs = wanted && ground.defines(POLICIES);
        let profiles = runs.then(|| profile::start(site.client(), Config { aws: site.aws(), ..Config::default() }));
        if let Some(profiles) = &profiles {
            Limit::of(READY).wait("Kubeflow's Profile controller to be ready", profiles.ready()).await?;
        }
        let kserve = start_kserve(site, plan).await?;
        if plan.extras.contains(&Project::Irsa) {
            start_irsa(site, plan).await?;
        }
        if let Some(gateway) = &gateway {
            Limit::of(READY).wait("the gateway to be ready", gateway.ready()).await?;
        }
        Ok(Self {
            profiles: runs,
            services: ground.defines(SERVICES),
            left_out: ground.left_out,
            gateway,
            _controllers: controllers,
            _profiles: profiles,
            _kserve: kserve,
            _nodes: nodes,
            _webhooks: site.webhooks().map(Unregistered),
        })
    }
}

/// Starts KServe's control plane, if the plan asks for it, and has the API server ask its webhooks.
async fn start_kserve(site: &Site, plan: &Plan) -> Result<Option<kserve::ControlPlane>, EnvError> {
    let (Some(flavor), Some(release)) = (plan.control_plane, plan.kserve) else { return Ok(None) };
    let namespace = flavor.namespace().to_owned();
    let plane = kserve::start(site.client(), kserve::Options { release, namespace, clock: site.clock() });
    let webhooks = plane.webhooks();
    let answer = move |request| {
        let webhooks = webhooks.clone();
        async move { webhooks.answer(request).await }
    };
    let address = site.answer_webhooks(flavor.namespace(), kserve::SERVICE, answer).await?;
    Limit::of(READY).wait("KServe's controllers to be ready", plane.ready()).await?;
    let registered = plane.register(site.maker(), address.as_ref()).await;
    registered.map_err(|error| EnvError::Prepare { what: "KServe's webhooks".to_owned(), why: error.to_string() })?;
    Ok(Some(plane))
}

/// Starts the webhook of IAM roles for service accounts. Containers are told a region where there is a cloud.
async fn start_irsa(site: &Site, plan: &Plan) -> Result<(), EnvError> {
    let region = plan.cloud.as_ref().map(|_| REGION).unwrap_or_default();
    let webhook = PodIdentity::new(site.client(), region).associated(plan.cloud.iter().flat_map(CloudPlan::associated));
    let answering = webhook.clone();
    let answer = move |request| {
        let webhook = answering.clone();
        async move { webhook.answer(request).await }
    };
    let address = site.answer_webhooks(NAMESPACE, SERVICE, answer).await?;
    let address = address.map(|address| (address.url, STANDARD.encode(address.ca_bundle)));
    let address = address.as_ref().map(|(url, ca)| (url.as_str(), ca.as_str()));
    let registered = webhook.register(site.maker(), address).await;
    registered
        .map_err(|error| EnvError::Prepare { what: "the pod identity webhook".to_owned(), why: error.to_string() })
}

/// Starts the plan's nodes, if it asks for any, and has the API server ask them for logs where it can.
async fn start_nodes(site: &Site, plan: &Plan, heartbeat: Option<Duration>) -> Result<Option<Nodes>, EnvError> {
    if plan.nodes == 0 {
        return Ok(None);
    }
    // Images without a version of their own are of the release that is installed.
    let release = plan.kserve.and_then(|release| release.to_string().parse().ok());
    let outside = Outside { release, ..site.outside().clone() };
    let mut images = plan.images.clone().or(known(&outside));
    if let Some(clients) = site.clients() {
        images = images.or(models_web_app(clients));
    }
    let options = proofmark_nodes::Options {
        pools: vec![NodePool::of(plan.nodes)],
        images,
        heartbeat,
        ..proofmark_nodes::Options::new(site.clock())
    };
    let nodes = proofmark_nodes::start(site.maker(), options)
        .await
        .map_err(|error| EnvError::Prepare { what: "the nodes".to_owned(), why: error.to_string() })?;
    Limit::of(READY).wait("the nodes to be ready", nodes.ready()).await?;
    site.answer_kubelets(&nodes);
    Ok(Some(nodes))
}

/// The region of clouds and of the clusters beside them.
const REGION: &str = "us-east-1";

/// The kind that Kubeflow's Profile controller serves.
pub(crate) const PROFILES: &str = "profiles.kubeflow.org";
/// What KServe is about.
const SERVICES: &str = "inferenceservices.serving.kserve.io";
/// A kind that it makes.
pub(crate) const POLICIES: &str = "authorizationpolicies.security.istio.io";

/// Whether an object defines a kind.
pub(crate) fn defines(object: &Value, name: &str) -> bool {
    object["kind"] == "CustomResourceDefinition" && object["metadata"]["name"] == name
}
