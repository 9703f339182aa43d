//! Services that shall rest (`serving.kserve.io/stop: "true"`): what was made for them goes, and their status says so.
//!
//! Source: `pkg/controller/v1beta1/inferenceservice` of v0.15.1 (serverless mode) and v0.16.0 (every mode, with a reason).

use proofmark_controllers::kit::{Api, Error, Reason as _, object};
use proofmark_json::{Value, json};

use super::component::{Component, Deployable};
use super::raw;
use super::reconcile::Work;
use super::status::{INGRESS_READY, PREDICTOR_READY};
use crate::behaviour::Behaviour;
use crate::conditions::{self, Is, READY};
use crate::config::{Ingress, Mode};
use crate::controllers::children;
use crate::names::{AUTOSCALER_CLASS, STOP, kinds};

/// The condition of a service that rests, and why others of its are false.
const STOPPED: &str = "Stopped";

/// Takes away what a component was deployed as.
pub(super) async fn component(work: &mut Work<'_>, of: &Deployable) -> Result<(), Error> {
    let api = work.services.api.clone();
    let name = object::text(&of.metadata, "/name");
    if work.mode == Mode::Serverless {
        children::remove(&api, &kinds::KNATIVE_SERVICES, &work.service, name).await?;
    } else {
        for kind in [kinds::DEPLOYMENTS, kinds::CORE_SERVICES] {
            children::remove(&api, &kind, &work.service, name).await?;
        }
        match of.metadata["annotations"][AUTOSCALER_CLASS] == "keda" {
            true => children::remove(&api, &kinds::SCALED_OBJECTS, &work.service, name).await?,
            false => {
                let scaler = raw::autoscaler(&work.service, &of.metadata, &of.block, work.services.behaviour);
                autoscaler(&api, &work.service, &scaler, work.services.behaviour).await?;
            }
        }
    }
    let predictor = of.component == Component::Predictor;
    if !work.services.behaviour.stops_in_every_mode {
        if predictor {
            mesh(work).await?;
            work.status.0 = json!({"modelStatus": {"transitionStatus": ""}, "conditions": []});
            for of_type in [PREDICTOR_READY, INGRESS_READY, READY] {
                work.set(of_type, &Is::new("False", "", ""));
            }
        } else {
            work.set(&of.component.ready(), &Is::new("False", "", ""));
        }
        return Ok(());
    }
    let ready = of.component.ready();
    let told = conditions::find(&work.status.0, &ready).is_some_and(|condition| {
        object::text(condition, "/status") == "False" && object::text(condition, "/reason") == STOPPED
    });
    if told {
        return Ok(());
    }
    if predictor {
        let mode = work.status.0.get("deploymentMode").cloned();
        work.status.0 = json!({"modelStatus": {"transitionStatus": ""}, "conditions": []});
        if let Some(mode) = mode {
            work.status.0["deploymentMode"] = mode;
        }
    }
    work.set(&ready, &Is::new("False", STOPPED, ""));
    Ok(())
}

/// Takes an autoscaler away that was told that its owner rests; one that was not is told first.
pub(in crate::controllers) async fn autoscaler(
    api: &Api,
    owner: &Value,
    wanted: &Value,
    behaviour: Behaviour,
) -> Result<(), Error> {
    let name = object::name(wanted);
    let Some(found) = children::read(api, &kinds::AUTOSCALERS, object::namespace(owner), name).await? else {
        return Ok(());
    };
    match object::annotation(&found, STOP).is_some_and(|stop| stop.eq_ignore_ascii_case("true")) {
        true => children::remove(api, &kinds::AUTOSCALERS, owner, name).await,
        false => raw::ensure_autoscaler(api, wanted, behaviour).await,
    }
}

/// Tells whether the service rests.
pub(super) fn tell(work: &mut Work<'_>) {
    let behaviour = work.services.behaviour;
    if behaviour.stops_in_every_mode || behaviour.stop && work.mode == Mode::Serverless {
        let stopped = if work.is_stopped() { "True" } else { "False" };
        work.set(STOPPED, &Is::new(stopped, "", ""));
    }
}

/// Takes away the way into a service.
pub(super) async fn way_in(work: &mut Work<'_>, settings: &Ingress) -> Result<(), String> {
    let taken = match work.mode {
        Mode::Serverless => mesh(work).await,
        _ if settings.enable_gateway_api => routes(work).await,
        _ => {
            let there = children::read(&work.services.api, &kinds::INGRESSES, work.namespace(), work.name()).await;
            if there.map_err(|error| error.words())?.is_none() {
                return Ok(());
            }
            children::remove(&work.services.api, &kinds::INGRESSES, &work.service, work.name()).await
        }
    };
    taken.map_err(|error| error.words())?;
    work.set(INGRESS_READY, &Is::new("False", STOPPED, ""));
    Ok(())
}

async fn mesh(work: &Work<'_>) -> Result<(), Error> {
    for of in [kinds::VIRTUAL_SERVICES, kinds::CORE_SERVICES] {
        children::remove(&work.services.api, &of, &work.service, work.name()).await?;
    }
    Ok(())
}

async fn routes(work: &Work<'_>) -> Result<(), Error> {
    let components = Component::ALL.iter().map(|component| component.child_name(&work.service));
    for name in components.chain([work.name().to_owned()]) {
        children::remove(&work.services.api, &kinds::HTTP_ROUTES, &work.service, &name).await?;
    }
    Ok(())
}
