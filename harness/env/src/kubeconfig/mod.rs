//! The environment of a kubeconfig: a cluster that others may use, too.
//!
//! A run leaves it as it found it. Three things see to that:
//!
//! - [`fence`] stands between every client of the run and the cluster: what is made gets the run's label, and what the run did not make can be read and
//!   not changed, whoever asks;
//! - [`removal`] deletes at the end of each case what it made, newest first, and waits until it is gone ([`standing`]: but for kinds that the next case wants
//!   as well, which go at the end of the run); [`clean`] does the same for what a run
//!   left behind that was killed, which [`leftovers`] finds by the label;
//! - [`preflight`] asks before anything is made whether everything that is needed is allowed, and whether what is to be installed is there already.
//!
//! Cases are played one at a time, since they use the same names. Where the cluster already has the distribution ([`Plan::installed`]), nothing is
//! installed. Otherwise what the plan asks for is, with our Profile controller beside it; Kubernetes' own controllers are the cluster's. KServe's control
//! plane of ours runs beside it too if the cluster can call webhooks in this process, for which it must be [told](Kubeconfig::reached_at) where that is.
//! Nodes of ours only a cluster gets that has none, as a control plane for tests has none: any other would put other people's pods on them. A cloud of ours
//! beside it verifies the tokens that the cluster signs, by the keys that it publishes, and takes its issuer for [`ISSUER`](crate::ISSUER).
//!
//! What is indirect is not seen by the fence: a ClusterRole that joins an aggregated one changes that one for as long as it is there.

mod distribution;
mod fence;
mod leftovers;
mod path;
mod preflight;
mod removal;
mod standing;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig as File};
use proofmark_clock::Clock;
use proofmark_json::Value;
use proofmark_kserve::extras::Project;
use tokio::runtime::Runtime;

use crate::limit::{ANSWER, HEARTBEAT};
use crate::transport::Transport;
use crate::{
    ApiRequest, Aws, Cluster, ControlPlane, EnvError, Environment, Identity, Limit, Plan, Published, Rest, Site,
    Universe, real_runtime, remote,
};

pub use distribution::{Distribution, read};
use fence::Fence;
pub use leftovers::{Leftover, Leftovers, clean, find};
pub use preflight::{Missing, Needs, missing, taken};
use removal::Made;
use standing::Standing;

/// The label that everything gets which a run makes; its value is the run's name.
pub const LABEL: &str = "proofmark.dev/run";

/// Others write to the store as well, so that it may never be still.
const REST: Rest = Rest::WhenStill {
    still: Duration::from_millis(500),
    limit: Duration::from_secs(3),
    doubt: Duration::from_secs(10),
};

/// How long a connection may say nothing that is waited for. A server that hangs must not keep a run from cleaning up.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a case may take: images are pulled, and controllers try again after many minutes.
const CASE: Duration = Duration::from_secs(1800);

/// A cluster, by the kubeconfig that leads to it.
#[derive(Clone)]
pub struct Kubeconfig {
    config: Config,
    run: String,
    read_only: bool,
    reached_at: Option<String>,
    answer: Duration,
    case: Duration,
    standing: Arc<Standing>,
}

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configuration holds credentials.
        f.debug_struct("Kubeconfig")
            .field("cluster", &self.config.cluster_url)
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

impl Kubeconfig {
    /// The cluster of a context, or of the current one. `run` is the name by which what is made will be known; it must be fit for a label.
    ///
    /// # Errors
    /// [`EnvError::Kubeconfig`] when the file cannot be read, or names no cluster.
    pub fn open(file: &Path, context: Option<&str>, run: impl Into<String>) -> Result<Self, EnvError> {
        let failed = |why: &dyn fmt::Display| EnvError::Kubeconfig(format!("{}: {why}", file.display()));
        let read = File::read_from(file).map_err(|error| failed(&error))?;
        let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
        let runtime = real_runtime().map_err(|error| failed(&error))?;
        let mut config =
            runtime.block_on(Config::from_custom_kubeconfig(read, &options)).map_err(|error| failed(&error))?;
        (config.read_timeout, config.write_timeout) = (Some(PATIENCE), Some(PATIENCE));
        // Else the time that a connection had nothing to do counts.
        config.reset_reader_on_write = true;
        let standing = Arc::default();
        Ok(Self { config, run: run.into(), read_only: false, reached_at: None, answer: ANSWER, case: CASE, standing })
    }

    /// Sets how long the API server may take for an answer.
    #[must_use]
    pub fn answer_limit(mut self, limit: Duration) -> Self {
        self.answer = limit;
        self
    }

    /// Sets how long a case may take; half an hour unless told.
    #[must_use]
    pub fn case_limit(mut self, limit: Duration) -> Self {
        self.case = limit;
        self
    }

    /// Refuses every write: what needs one cannot be played.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Has the cluster call webhooks in this process, which it reaches at this name or address of the machine.
    #[must_use]
    pub fn reached_at(mut self, host: impl Into<String>) -> Self {
        self.reached_at = Some(host.into());
        self
    }

    /// Where the cluster is.
    pub fn url(&self) -> String {
        self.config.cluster_url.to_string()
    }

    /// The cluster itself, without a fence. Must be called inside [`Environment::runtime`].
    ///
    /// # Errors
    /// [`EnvError::Kubeconfig`] when the credentials cannot be had.
    pub fn cluster(&self) -> Result<Cluster, EnvError> {
        Ok(Cluster::new(self.transport()?, REST))
    }

    fn transport(&self) -> Result<Transport, EnvError> {
        remote::connect(self.config.clone(), self.answer)
    }
}

impl Environment for Kubeconfig {
    fn runtime(&self) -> io::Result<Runtime> {
        real_runtime()
    }

    fn prepare(&self, plan: Plan) -> LocalBoxFuture<'_, Result<Universe, EnvError>> {
        self.build(plan).boxed_local()
    }

    fn at_once(&self) -> Option<NonZeroUsize> {
        Some(NonZeroUsize::MIN)
    }

    fn case_limit(&self) -> Option<Duration> {
        Some(self.case)
    }

    fn finish(&self) -> LocalBoxFuture<'_, Result<(), EnvError>> {
        async { self.standing.clear(&self.transport()?).await }.boxed_local()
    }
}

impl Kubeconfig {
    async fn build(&self, plan: Plan) -> Result<Universe, EnvError> {
        let open = self.transport()?;
        let issuer = self.fit(&plan, &open).await?;
        let fence = Arc::new(Fence::new(open.clone(), &self.run, self.read_only));
        let fenced = fence.clone().transport();
        let played = Cluster::new(fenced.clone(), REST);
        let cloud = match (&plan.cloud, issuer) {
            (Some(cloud), Some(issuer)) => Some(Aws::beside(&played, cloud, issuer, plan.seed, Clock::real())?),
            _ => None,
        };
        let wanted = plan.definitions();
        fence.adopt(self.standing.hand_over(&open, &wanted).await?);
        let mut control_plane = None;
        if !plan.installed {
            // Whoever gives the case up would leave behind what is there by then.
            let installer = Cluster::new(fenced.clone(), REST);
            let mut site = Site::elsewhere(remote::client(self.config.clone(), self.answer)?)
                .making_through(&fenced)
                .asked_through(played.clone())
                .with_cloud(&plan, cloud.as_ref());
            if let Some(host) = &self.reached_at {
                site = site.reached_at(host)?;
            }
            let start = ControlPlane::start(&site, &installer, &plan, Some(HEARTBEAT));
            let started = Limit::of(self.case / 2).wait("what the plan installs", start).await;
            match started.and_then(|started| started) {
                Ok(started) => control_plane = Some(started),
                Err(error) => {
                    removal::remove(&open, fence.made()).await?;
                    return Err(error);
                }
            }
        }
        let left_out = control_plane.as_ref().map(|plane| plane.left_out.clone()).unwrap_or_default();
        let gateway = control_plane.as_ref().and_then(|plane| plane.gateway.clone());
        let (standing, run) = (self.standing.clone(), self.run.clone());
        let kinds = standing::served(&open, &run, wanted).await;
        let mut universe = Universe::new(played, ()).ending(move || {
            async move {
                // What takes a Profile away is its controller, and what lets a pod go is its node.
                let (nodes, others): (Vec<_>, Vec<_>) = fence.made().into_iter().partition(Made::is_of_nodes);
                let may_stay = |made: &Made| kinds.iter().any(|kind| kind.is(made));
                let removed = removal::remove(&open, others.into_iter().filter(|made| !may_stay(made)).collect()).await;
                drop(control_plane);
                let removed = removed.and(removal::remove(&open, nodes).await);
                removed.and(standing.take_back(&open, &run, kinds).await)
            }
            .boxed_local()
        });
        universe.left_out = left_out;
        universe.gateway = gateway;
        universe.cloud = cloud;
        Ok(universe)
    }

    /// Whether the cluster has what a plan takes for granted, and who issues its tokens if a cloud must trust them.
    async fn fit(&self, plan: &Plan, open: &Transport) -> Result<Option<Published>, EnvError> {
        let asks = plan.control_plane.is_some() || plan.extras.contains(&Project::Irsa);
        let lacks = [
            (plan.cloud.is_some() && plan.installed, "cloud"),
            (
                asks && !plan.installed && self.reached_at.is_none(),
                "control plane of KServe that the cluster could ask",
            ),
            (plan.nodes > 0 && plan.installed, "simulated nodes"),
            (self.read_only && !plan.installed, "leave to write"),
        ];
        if let Some((_, what)) = lacks.into_iter().find(|(lacking, _)| *lacking) {
            return Err(EnvError::Unsupported(what));
        }
        if plan.nodes > 0 {
            let nodes = get(&Cluster::new(open.clone(), REST), "/api/v1/nodes?limit=1").await?;
            if nodes["items"].as_array().is_some_and(|nodes| !nodes.is_empty()) {
                return Err(EnvError::Unsupported("simulated nodes"));
            }
        }
        if plan.cloud.is_none() {
            return Ok(None);
        }
        let issuer = Published::of(open.clone()).await;
        issuer
            .map(Some)
            .map_err(|why| EnvError::Prepare { what: "the cloud's way to the cluster's keys".to_owned(), why })
    }
}

/// What is at a path.
async fn get(cluster: &Cluster, path: &str) -> Result<Value, EnvError> {
    let answer = cluster.send(&Identity::Admin, ApiRequest::get(path)).await?.response;
    match answer.status {
        200 => Ok(answer.body.json().clone()),
        _ => Err(EnvError::refused(path, &answer)),
    }
}
