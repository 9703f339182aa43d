//! The environment in this process: an API server in memory, on a simulated clock, without a socket.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use http::{Request, Response};
use proofmark_apiserver::{ApiServer, Audit};
use proofmark_clock::Clock;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::ground;
use crate::{
    Aws, Cluster, ControlPlane, Decision, EnvError, Environment, Grounds, ISSUER, Plan, Published, Site, Universe,
    WireBody, simulated_runtime, transport,
};

/// No simulated time passes before all work that is possible now is done, so any moment would do, but for work that failed and is tried again
/// shortly after (a write that met a conflict). A second is longer than the first back-offs of every controller, and costs nothing.
pub(crate) const QUIET: Duration = Duration::from_secs(1);

/// Builds universes in this process. They share nothing with each other; each ends with its runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct Embedded;

impl Environment for Embedded {
    fn runtime(&self) -> io::Result<Runtime> {
        simulated_runtime()
    }

    fn prepare(&self, plan: Plan) -> LocalBoxFuture<'_, Result<Universe, EnvError>> {
        build(plan).boxed_local()
    }
}

async fn build(plan: Plan) -> Result<Universe, EnvError> {
    let (world, ground) = ground::laid(&plan).await?;
    let builder = ApiServer::builder().seed(plan.seed).world(world.forked(plan.seed));
    let server = if plan.cloud.is_some() { builder.issuer(ISSUER) } else { builder }
        .build()
        .map_err(|error| EnvError::Prepare { what: "the API server".to_owned(), why: error.to_string() })?;
    let transport = transport(ServiceExt::<Request<WireBody>>::map_response(server.service(), explained));
    let played = Cluster::new(transport, QUIET);
    // Both clocks are tokio's and begin at the same moment, so they agree.
    let clock = Clock::starting_at(server.now());
    let cloud =
        plan.cloud.as_ref().map(|cloud| Aws::beside(&played, cloud, Published::from(&server), plan.seed, clock));
    let cloud = cloud.transpose()?;
    let site = Site::embedded(&server).asked_through(played.clone()).with_cloud(&plan, cloud.as_ref());
    let control_plane = ControlPlane::on(&site, &plan, ground).await?;
    let (left_out, gateway) = (control_plane.left_out.clone(), control_plane.gateway.clone());
    let mut universe = Universe::new(played, control_plane);
    universe.left_out = left_out;
    universe.cloud = cloud;
    universe.gateway = gateway;
    Ok(universe)
}

/// Puts the decision behind an answer into words.
fn explained<B>(mut response: Response<B>) -> Response<B> {
    if let Some(decision) = response.extensions().get::<Arc<Audit>>().and_then(|audit| in_words(audit)) {
        response.extensions_mut().insert(decision);
    }
    response
}

/// None if the request was answered before anything was decided (an unknown caller, a malformed request).
fn in_words(audit: &Audit) -> Option<Decision> {
    let decision = audit.decision.as_ref()?;
    let user = audit.impersonated.as_ref().unwrap_or(&audit.user).name.clone();
    Some(match audit.explain() {
        Some(why) => Decision {
            grounds: Grounds::rbac(&why),
            ..Decision::in_words(decision.allowed, user, why.to_string().trim_end())
        },
        None if decision.reason.is_empty() => {
            Decision::in_words(decision.allowed, user, "allowed before RBAC was asked")
        }
        None => Decision::in_words(decision.allowed, user, decision.reason.clone()),
    })
}
