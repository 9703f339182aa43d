//! The status of a service, as it grows during a piece of work.

use jiff::Timestamp;
use proofmark_controllers::kit::{Reason as _, object};
use proofmark_json::{Value, json};

use super::component::Component;
use super::reconcile::Work;
use crate::behaviour::Behaviour;
use crate::conditions::{self, Conditions, Is, READY};
use crate::config::Mode;
use crate::controllers::children;
use crate::names::kinds;

pub(super) const PREDICTOR_READY: &str = "PredictorReady";
pub(super) const INGRESS_READY: &str = "IngressReady";
/// What decides whether a service is ready.
pub(super) const DECIDING: &[&str] = &[PREDICTOR_READY, INGRESS_READY];

/// A status.
#[derive(Clone)]
pub(super) struct Status(pub(super) Value);

impl Status {
    /// The status of a service so far.
    pub(super) fn of(service: &Value) -> Self {
        let mut status = service.get("status").cloned().filter(Value::is_object).unwrap_or_else(|| json!({}));
        if object::text(&status, "/modelStatus/transitionStatus").is_empty() {
            status["modelStatus"]["transitionStatus"] = json!("");
        }
        Self(status)
    }

    pub(super) fn set(&mut self, of_type: &str, is: &Is, now: Timestamp, behaviour: Behaviour) {
        let reasons_of_true = behaviour.reasons_of_true;
        Conditions { status: &mut self.0, deciding: DECIDING, now, reasons_of_true }.set(of_type, is);
    }

    pub(super) fn is_true(&self, of_type: &str) -> bool {
        conditions::is_true(&self.0, of_type)
    }

    pub(super) fn is_false(&self, of_type: &str) -> bool {
        conditions::is_false(&self.0, of_type)
    }

    /// What the status says of a component.
    pub(super) fn component(&self, component: Component) -> Value {
        self.0["components"].get(component.field()).cloned().unwrap_or_else(|| json!({}))
    }

    pub(super) fn set_component(&mut self, component: Component, of: Value) {
        self.0["components"][component.field()] = of;
    }

    /// Names the runtime that serves: one of the namespace or one of the cluster.
    pub(super) fn served_by(&mut self, runtime: &str, own: bool) {
        let (named, other) = match own {
            true => ("servingRuntimeName", "clusterServingRuntimeName"),
            false => ("clusterServingRuntimeName", "servingRuntimeName"),
        };
        self.0[named] = json!(runtime);
        self.0.as_object_mut().map(|status| status.shift_remove(other));
    }

    /// Sets a field, or takes it away when it would be zero.
    pub(super) fn observed(&mut self, generation: i64) {
        if generation == 0 {
            self.0.as_object_mut().map(|status| status.shift_remove("observedGeneration"));
        } else {
            self.0["observedGeneration"] = json!(generation);
        }
    }
}

/// Stores the status, with the mode that is kept from now on, if it changed, and tells when readiness came or went.
pub(super) async fn write(work: &mut Work<'_>) -> Result<(), String> {
    let behaviour = work.services.behaviour;
    let had = Mode::read(object::text(&work.status.0, "/deploymentMode"), behaviour);
    // A name that an older release gave the mode stays.
    if behaviour.sticky_mode && (had != Some(work.mode) || behaviour.modes_by_meaning) {
        work.status.0["deploymentMode"] = json!(work.mode.name(behaviour));
    }
    store(work).await
}

/// Stores the status if it changed, and tells when readiness came or went.
pub(super) async fn store(work: &mut Work<'_>) -> Result<(), String> {
    let services = work.services;
    let (namespace, name) = (work.namespace().to_owned(), work.name().to_owned());
    let found =
        children::read(&services.api, &kinds::SERVICES, &namespace, &name).await.map_err(|error| error.words())?;
    let Some(existing) = found else { return Ok(()) };
    let before = Status::of(&existing).0;
    if object::same(&before, &work.status.0) {
        return Ok(());
    }
    let mut updated = work.service.clone();
    updated["status"] = work.status.0.clone();
    if let Err(error) = services.api.update_subresource(&kinds::SERVICES, &updated, "status").await {
        let words = error.words();
        services.recorder.warning(
            &work.service,
            "UpdateFailed",
            format!("Failed to update status for InferenceService {name:?}: {words}"),
        );
        return Err(format!("fails to update InferenceService status: {words}"));
    }
    match (conditions::is_true(&before, READY), work.status.is_true(READY)) {
        (false, true) => {
            services.recorder.normal(
                &work.service,
                "InferenceServiceReady",
                format!("InferenceService [{name}] is Ready"),
            );
        }
        // Later releases tell nothing while it is unknown.
        (true, false) if !services.behaviour.names_lost_conditions || work.status.is_false(READY) => {
            let mut told = format!("InferenceService [{name}] is no longer Ready");
            if services.behaviour.names_lost_conditions {
                let lost = object::list(&work.status.0, "/conditions").iter();
                let lost = lost.filter(|condition| object::text(condition, "/status") == "False");
                let lost: Vec<&str> = lost.map(|condition| object::text(condition, "/type")).collect();
                told += &format!(" because of: {}", lost.join(", "));
            }
            services.recorder.warning(&work.service, "InferenceServiceNotReady", told);
        }
        _ => {}
    }
    Ok(())
}
