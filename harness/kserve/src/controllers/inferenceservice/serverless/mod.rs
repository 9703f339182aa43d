//! Serverless mode: Knative runs the components, Istio leads into them.
//!
//! `knative` makes Knative Services and reads their status, `defaults` fills in what Knative would, `mesh` makes the VirtualService and the Service
//! with an external name.

mod defaults;
mod knative;
mod mesh;

use super::component::Component;
use super::reconcile::Work;
use crate::conditions::Is;
use crate::controllers::children;
use crate::names::kinds;
use proofmark_controllers::kit::{Api, Error};

pub(in crate::controllers) use defaults::fill_in;
pub(super) use knative::deploy;
pub(in crate::controllers) use knative::{UNKNOWN_KIND, first_scale, starts_at_zero};
pub(super) use mesh::ingress;

/// Whether Knative is there.
pub(in crate::controllers) async fn is_available(api: &Api) -> Result<bool, Error> {
    Ok(children::read(api, &kinds::CRDS, "", "services.serving.knative.dev").await?.is_some())
}

/// Whether Istio leads into services.
async fn has_mesh(api: &Api) -> Result<bool, Error> {
    Ok(children::read(api, &kinds::CRDS, "", "virtualservices.networking.istio.io").await?.is_some())
}

/// Warns where Istio would be told about the service, were it there.
pub(super) async fn miss_mesh(work: &Work<'_>) -> Result<(), Error> {
    if !has_mesh(&work.services.api).await? {
        let told = "Istio VirtualService CRD not present; VirtualService reconciliation skipped. If you do not use Istio, set ingress.disableIstioVirtualHost=true.";
        work.services.recorder.warning(&work.service, "VirtualServiceCRDNotFound", told);
    }
    Ok(())
}

/// Whether all routes and all revisions are ready.
pub(super) fn sum_up(work: &mut Work<'_>) {
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
