//! Starting and stopping all controllers.

use std::sync::Arc;

use jiff::Timestamp;
use kube::Client;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::context::{Context, Tasks};
use crate::kit::Informer;
use crate::monitors::Monitors;
use crate::token_secrets::SecretTokens;
use crate::{
    aggregation, autoscaling, disruption, garbage, namespaces, quota, root_ca, service_accounts, services,
    token_secrets, volumes, workloads,
};

/// Tells the present moment, for the times in conditions.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the controllers cannot learn from the API server.
#[derive(Clone)]
pub struct Options {
    /// Tells the present moment.
    pub clock: Clock,
    /// The certificates that clients inside the cluster check the API server by (PEM).
    pub root_ca: String,
    /// Signs the tokens of service account token Secrets; without it those Secrets stay as they are.
    pub secret_tokens: Option<SecretTokens>,
}

/// Every controller: registers its interest in kinds and spawns its workers.
const TABLE: &[fn(&mut Context)] = &[
    aggregation::start,
    service_accounts::start,
    root_ca::start,
    token_secrets::start,
    namespaces::start,
    garbage::start,
    workloads::replicas::start,
    workloads::deployments::start,
    workloads::stateful_sets::start,
    workloads::daemon_sets::start,
    workloads::jobs::start,
    workloads::cron_jobs::start,
    services::start,
    quota::start,
    disruption::start,
    autoscaling::start,
    volumes::start,
];

/// Running controllers. Dropping them stops them.
pub struct Controllers {
    informers: Vec<Informer>,
    monitors: Option<Monitors>,
    _stop: DropGuard,
}

/// Starts the controllers on the current tokio runtime. `client` needs the rights of an administrator.
pub fn start(client: Client, options: Options) -> Controllers {
    let stop = CancellationToken::new();
    let mut context = Context::new(client, options, Tasks::new(stop.clone()));
    for start in TABLE {
        start(&mut context);
    }
    let (informers, monitors) = context.start();
    Controllers { informers, monitors, _stop: stop.drop_guard() }
}

impl Controllers {
    /// Waits until every controller knows what there was when it started. What follows from that may still be under way.
    pub async fn ready(&self) {
        for informer in &self.informers {
            informer.synced().await;
        }
        if let Some(monitors) = &self.monitors {
            monitors.ready().await;
        }
    }
}
