//! What pods, events and statuses of InferenceServices say.

use proofmark_json::{Value, json};
use proofmark_replay::{Place, Step, step};

use crate::kinds::{DEPLOYMENTS, SERVICES};

/// The Deployment of a service's predictor.
pub fn deployment(namespace: &str, service: &str) -> Place {
    DEPLOYMENTS.in_namespace(namespace).named(format!("{service}-predictor"))
}

/// The controller has deployed the predictor.
pub fn deployed(title: &str, namespace: &str, service: &str) -> Step {
    step(title).get(deployment(namespace, service)).succeeds()
}

/// The controller has not deployed the predictor, and does not.
pub fn not_deployed(title: &str, namespace: &str, service: &str) -> Step {
    step(title).get(deployment(namespace, service)).code(404).stays()
}

/// Why the model of a service cannot be served: reason and message of its last failure.
pub fn invalid(title: &str, namespace: &str, service: &str, reason: &str, message: &str) -> Step {
    step(title).get(SERVICES.in_namespace(namespace).named(service)).shows(json!({"status": {"modelStatus": {
        "transitionStatus": "InvalidSpec",
        "states": {"targetModelState": "FailedToLoad"},
        "lastFailureInfo": {"reason": reason, "message": message},
    }}}))
}

/// The messages of all events of a reason in a namespace, see [`Step::events`].
pub fn events(title: &str, namespace: &str, reason: &str) -> Step {
    step(title).events(namespace, reason)
}

/// The newest pod of a service, see [`Step::newest_pod`].
pub fn pod(title: &str, namespace: &str, service: &str) -> Step {
    step(title).newest_pod(namespace, service)
}

/// How the storage initializer of a service's newest pod ended, see [`Step::initialized`].
pub fn initialized(title: &str, namespace: &str, service: &str) -> Step {
    step(title).initialized(namespace, service)
}

/// What the newest pod's storage initializer gets.
pub fn initializer(title: &str, namespace: &str, service: &str, shows: Value) -> Step {
    pod(title, namespace, service).shows(json!({"initContainers": {"storage-initializer": shows}}))
}
