//! What Deployments say of the component that they are of: one, or those of a head and its workers.
//!
//! Source: `PropagateRawStatus` and `getDeploymentCondition` of `pkg/apis/serving/v1beta1/inference_service_status.go`, v0.15.2 to v0.20.0.

use proofmark_controllers::kit::object;
use proofmark_json::Value;

use crate::behaviour::Behaviour;
use crate::conditions::Is;

/// The reason of a Deployment whose rollout is complete.
const COMPLETE: &str = "NewReplicaSetAvailable";

/// Deployments, and what each is called in messages about several.
pub(super) type Found = [(&'static str, Value)];

/// Whether a component is ready, if its Deployments say so yet.
pub(super) fn readiness(found: &Found, behaviour: Behaviour) -> Option<Is> {
    let available = condition(found, "Available", behaviour);
    if !behaviour.progress_decides {
        return available;
    }
    let is = |condition: &Option<Is>, status: &str| condition.as_ref().is_some_and(|is| is.status == status);
    let mut ready = Is::new("False", "", "");
    if is(&available, "True") {
        ready = available.clone()?;
    }
    match condition(found, "Progressing", behaviour) {
        Some(progress) if progress.status == "False" && !progress.message.is_empty() => ready = progress,
        // It stays so when the rollout is complete.
        Some(progress) if progress.status == "True" && progress.reason == COMPLETE => ready = progress,
        Some(progress)
            if progress.status == "True" && !(behaviour.availability_over_progress && is(&available, "True")) =>
        {
            ready = Is { status: "Unknown".to_owned(), ..progress };
        }
        _ => {}
    }
    if is(&available, "False") {
        ready = available?;
    }
    match condition(found, "ReplicaFailure", behaviour) {
        Some(failure) if failure.status == "True" => Some(Is { status: "False".to_owned(), ..failure }),
        _ => Some(ready),
    }
}

/// A condition of the Deployments. Of several it is true when it is of both; the reasons are those of the conditions before it.
fn condition(found: &Found, of_type: &str, behaviour: Behaviour) -> Option<Is> {
    if let [(_, only)] = found {
        return object::condition(only, of_type).map(Is::read);
    }
    let (mut all, mut reasons, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for (title, deployment) in found {
        for condition in object::list(deployment, "/status/conditions") {
            let is = Is::read(condition);
            let this = object::text(condition, "/type") == of_type;
            if this == behaviour.availability_over_progress {
                reasons.push(format!("{title}: {}", is.reason));
            }
            if this {
                plain.extend(behaviour.availability_over_progress.then(|| is.reason.clone()));
                all.push((*title, is));
                break;
            }
        }
    }
    if all.len() != found.len() {
        return None;
    }
    let status = if all.iter().all(|(_, is)| is.status == "True") { "True" } else { "False" };
    let messages: Vec<String> = all.iter().map(|(title, is)| format!("{title}: {}", is.message)).collect();
    plain.dedup();
    let reason = match plain.as_slice() {
        [same] => same.clone(),
        _ => reasons.join(", "),
    };
    Some(Is::new(status, &reason, &messages.join(", ")))
}
