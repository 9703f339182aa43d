//! The environment of envtest: a real kube-apiserver on a real etcd, from binaries on this machine, and our controllers around it.
//!
//! Every universe has a server of its own, in a folder of its own, with keys and ports of its own: two to four seconds each. One server for all
//! would have to be emptied between cases, and what is left behind (caches, aggregated roles, kinds that are half gone) would decide about the
//! next case. Everything ends with its universe; see [`process`] for what happens when Proofmark itself is killed.
//!
//! kube-apiserver is the real one; Kubernetes' controllers, nodes, KServe and Kubeflow are ours, as in the embedded environment. It asks our
//! webhooks over TLS on the loopback device. It does not ask our kubelets, so logs of pods cannot be read. A cloud is ours, too, and verifies the tokens that the real server signs.

mod assets;
mod process;
mod server;

use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use proofmark_clock::Clock;
use tokio::runtime::Runtime;

use crate::limit::HEARTBEAT;
use crate::{Aws, Cluster, ControlPlane, EnvError, Environment, ISSUER, Plan, Published, Rest, Universe, real_runtime};

pub use assets::{Assets, MissingAssets};
pub(crate) use server::{KUBERNETES, Server};

/// A controller's watch has told it of a write long before this is over, unless the machine has much else to do.
const REST: Rest = Rest::WhenStill {
    still: Duration::from_millis(250),
    limit: Duration::from_secs(20),
    doubt: Duration::from_secs(20),
};

/// How long a case may take; few take longer than a quarter of a minute.
const CASE: Duration = Duration::from_secs(300);

/// Builds universes around real API servers.
#[derive(Debug, Clone)]
pub struct Envtest {
    assets: Assets,
    at_once: NonZeroUsize,
    case: Duration,
}

impl Envtest {
    /// Universes with these binaries. A server starts on one processor and keeps some of it, so as many are under way as there are processors.
    pub fn new(assets: Assets) -> Self {
        Self { assets, at_once: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN), case: CASE }
    }

    /// Sets how long a case may take; five minutes unless told.
    #[must_use]
    pub fn case_limit(mut self, limit: Duration) -> Self {
        self.case = limit;
        self
    }
}

impl Environment for Envtest {
    fn runtime(&self) -> io::Result<Runtime> {
        real_runtime()
    }

    fn prepare(&self, plan: Plan) -> LocalBoxFuture<'_, Result<Universe, EnvError>> {
        self.build(plan).boxed_local()
    }

    fn at_once(&self) -> Option<NonZeroUsize> {
        Some(self.at_once)
    }

    fn case_limit(&self) -> Option<Duration> {
        Some(self.case)
    }
}

impl Envtest {
    async fn build(&self, plan: Plan) -> Result<Universe, EnvError> {
        // A cloud trusts a cluster by the address that issues its tokens.
        let issuer = if plan.cloud.is_some() { ISSUER } else { KUBERNETES };
        let server = Server::start(&self.assets, issuer).await?;
        let transport = server.transport().await?;
        let cluster = Cluster::new(transport.clone(), REST);
        let published = Published::new(transport.clone());
        let played = Cluster::new(transport, REST);
        let cloud = plan.cloud.as_ref().map(|cloud| Aws::beside(&played, cloud, published, plan.seed, Clock::real()));
        let cloud = cloud.transpose()?;
        let site = server.site().await?.asked_through(played.clone()).with_cloud(&plan, cloud.as_ref());
        let control_plane = ControlPlane::start(&site, &cluster, &plan, Some(HEARTBEAT)).await?;
        let (left_out, gateway) = (control_plane.left_out.clone(), control_plane.gateway.clone());
        // What is kept ends in this order: first the clients, then the server.
        let mut universe = Universe::new(played, (control_plane, server));
        universe.left_out = left_out;
        universe.cloud = cloud;
        universe.gateway = gateway;
        Ok(universe)
    }
}
