//! Whether the model is loaded, told from the newest pod.

use proofmark_controllers::kit::{Error, object};
use proofmark_json::{Value, json};

use super::component::{self, Component, Deployable};
use super::reconcile::Work;
use super::status::Status;
use crate::conditions::READY;
use crate::config::Mode;
use crate::names::{INITIALIZER_CONTAINER, SERVER_CONTAINER};

/// The predictor cannot be deployed as it is specified.
pub(super) fn invalid(status: &mut Status, reason: &str, message: &str) {
    let model = &mut status.0["modelStatus"];
    model["transitionStatus"] = json!("InvalidSpec");
    target(model, "FailedToLoad");
    model["lastFailureInfo"] = json!({"message": message, "reason": reason});
}

fn target(model: &mut Value, state: &str) {
    if !model["states"].is_object() {
        model["states"] = json!({"activeModelState": ""});
    }
    model["states"]["targetModelState"] = json!(state);
}

/// How far the deployment of a component is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Deployed {
    /// Made just now: there are no pods of it yet.
    JustNow,
    /// There may be pods.
    Before,
    /// It has a condition that says no.
    Refused,
}

/// What the pods of a predictor say.
pub(super) async fn propagate(work: &mut Work<'_>, predictor: &Deployable, deployed: Deployed) -> Result<(), Error> {
    let raw = work.mode != Mode::Serverless;
    let of = work.status.component(Component::Predictor);
    let revision = object::text(&of, "/latestCreatedRevision").to_owned();
    let name = object::text(&predictor.metadata, "/name");
    let pods = match raw {
        _ if deployed == Deployed::JustNow => Vec::new(),
        true => component::pods(work, "app", &format!("isvc.{name}")).await?,
        false => component::pods(work, "serving.knative.dev/revision", &revision).await?,
    };
    let settled = raw || revision == object::text(&of, "/latestReadyRevision");
    let ready = work.status.is_true(READY) && settled;
    let before = work.services.behaviour.init_before_ready;
    let counts = work.services.behaviour.counts_copies;
    if counts {
        count(&mut work.status.0["modelStatus"], pods.iter().filter(|pod| is_ready(pod)).count());
    }
    let Some(newest) = pods.first() else {
        let model = &mut work.status.0["modelStatus"];
        match before && deployed == Deployed::Refused {
            true => failed(model),
            false => pending(model, "Pending"),
        }
        return Ok(());
    };
    let model = &mut work.status.0["modelStatus"];
    if before && let Some(seen) = of_container(newest, "/status/initContainerStatuses", INITIALIZER_CONTAINER) {
        apply(model, &seen);
        return Ok(());
    }
    if ready {
        model["transitionStatus"] = json!("UpToDate");
        model["states"] = json!({"activeModelState": "Loaded", "targetModelState": "Loaded"});
        if !counts {
            count(model, pods.len());
        }
        return Ok(());
    }
    let seen = of_container(newest, "/status/initContainerStatuses", INITIALIZER_CONTAINER).or_else(|| {
        of_container(newest, "/status/containerStatuses", SERVER_CONTAINER).filter(|seen| *seen != Seen::Loading)
    });
    match seen {
        Some(seen) => apply(model, &seen),
        // Before a kubelet has said anything of the server, what was said last stays.
        None if has_container(newest, SERVER_CONTAINER) => pending(model, "Pending"),
        None => {}
    }
    Ok(())
}

/// Tells how many copies there are.
fn count(model: &mut Value, copies: usize) {
    model["copies"] = json!({"failedCopies": 0});
    if copies > 0 {
        model["copies"]["totalCopies"] = json!(copies);
    }
}

fn is_ready(pod: &Value) -> bool {
    let ready = object::condition(pod, "Ready").is_some_and(|ready| object::text(ready, "/status") == "True");
    ready && object::text(pod, "/status/phase") == "Running"
}

/// What a container says of the model.
#[derive(PartialEq)]
enum Seen {
    Loading,
    /// The message and the code that it ended with.
    Failed(String, i64),
}

fn has_container(pod: &Value, name: &str) -> bool {
    object::list(pod, "/status/containerStatuses").iter().any(|status| object::text(status, "/name") == name)
}

fn of_container(pod: &Value, at: &str, name: &str) -> Option<Seen> {
    let status = object::list(pod, at).iter().find(|status| object::text(status, "/name") == name)?;
    let ended = |at: &str| {
        let message = object::text(status, &format!("{at}/message")).to_owned();
        Seen::Failed(message, object::count(status, &format!("{at}/exitCode")))
    };
    if status.pointer("/state/running").is_some_and(Value::is_object) {
        return Some(Seen::Loading);
    }
    if object::text(status, "/state/terminated/reason") == "Error" {
        return Some(ended("/state/terminated"));
    }
    (object::text(status, "/state/waiting/reason") == "CrashLoopBackOff").then(|| ended("/lastState/terminated"))
}

fn pending(model: &mut Value, state: &str) {
    target(model, state);
    model["transitionStatus"] = json!("InProgress");
}

fn failed(model: &mut Value) {
    target(model, "FailedToLoad");
    model["transitionStatus"] = json!("BlockedByFailedLoad");
}

fn apply(model: &mut Value, seen: &Seen) {
    match seen {
        Seen::Loading => pending(model, "Loading"),
        Seen::Failed(message, code) => {
            failed(model);
            let mut failure = json!({"reason": "ModelLoadFailed"});
            if !message.is_empty() {
                failure["message"] = json!(message);
            }
            if *code != 0 {
                failure["exitCode"] = json!(code);
            }
            model["lastFailureInfo"] = failure;
        }
    }
}
