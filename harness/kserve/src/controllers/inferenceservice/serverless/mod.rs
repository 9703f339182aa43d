//! Serverless mode: Knative runs the components, Istio leads into them.
//!
//! `knative` makes Knative Services and reads their status, `mesh` the VirtualService and the Service with an external name.

mod knative;
mod mesh;

use proofmark_controllers::kit::{Api, Error};
use proofmark_json::json;

use super::component::Component;
use super::reconcile::Work;
use super::status::{INGRESS_READY, PREDICTOR_READY};
use crate::conditions::{Is, READY};
use crate::controllers::children;
use crate::names::kinds;

pub(super) use knative::deploy;
pub(in crate::controllers) use knative::{first_scale, starts_at_zero};
pub(super) use mesh::ingress;

/// What a stopped service is, beside its deployment.
const STOPPED: &str = "Stopped";

/// Whether Knative is there.
pub(in crate::controllers) async fn is_available(api: &Api) -> Result<bool, Error> {
    Ok(children::read(api, &kinds::CRDS, "", "services.serving.knative.dev").await?.is_some())
}

/// Takes a component of a service that shall rest away.
pub(super) async fn stop(work: &mut Work<'_>, component: Component) -> Result<(), Error> {
    let name = component.child_name(work.name());
    children::remove(&work.services.api, &kinds::KNATIVE_SERVICES, &work.service, &name).await?;
    if component == Component::Predictor {
        let name = work.name().to_owned();
        for of in [kinds::VIRTUAL_SERVICES, kinds::CORE_SERVICES] {
            children::remove(&work.services.api, &of, &work.service, &name).await?;
        }
        work.status.0 = json!({"modelStatus": {"transitionStatus": ""}, "conditions": []});
        for of_type in [PREDICTOR_READY, INGRESS_READY, READY] {
            work.set(of_type, &Is::new("False", "", ""));
        }
    } else {
        work.set(&component.ready(), &Is::new("False", "", ""));
    }
    Ok(())
}

/// Whether all routes and all revisions are ready.
pub(super) fn sum_up(work: &mut Work<'_>) {
    if work.services.behaviour.stop {
        let stopped = if work.is_stopped() { "True" } else { "False" };
        work.set(STOPPED, &Is::new(stopped, "", ""));
    }
    if work.is_stopped() {
        return;
    }
    for (of_type, routes) in [("RoutesReady", true), ("LatestDeploymentReady", false)] {
        let mut is = Is::new("True", "", "");
        for component in Component::ALL {
            if !work.service["spec"][component.field()].is_object() {
                continue;
            }
            let of_component = if routes { component.routed() } else { component.configured() };
            if !work.status.is_true(&of_component) {
                let status = if work.status.is_false(&of_component) { "False" } else { "Unknown" };
                is = Is::new(status, &format!("{of_component} not ready"), "");
            }
        }
        work.set(of_type, &is);
    }
}
