//! POST to `pods/{name}/eviction`: a deletion that asks the pod's disruption budget first.
//!
//! Source: `EvictionREST` in `pkg/registry/core/pod/storage/eviction.go`, release 1.35.

use std::sync::Arc;

use proofmark_json::{Value, json};
use proofmark_registry::{matches, meta};
use proofmark_status::{Cause, Details, Reason, Status};

use super::delete::delete_live;
use super::delete_options::DeleteOptions;
use super::options::WriteOptions;
use super::reply::Content;
use super::write::write;
use super::{Reply, Target, bad_request, body, managed};
use crate::admit;
use crate::refusal::Refusal;
use crate::server::Call;
use crate::store::{Object, Precondition};

/// How many pods a budget may wait for at the same time.
const DISRUPTED_MAX: usize = 2000;
/// After so many seconds the disruption controller should have looked at a new budget.
const SOON: u32 = 10;

/// Evicts a pod.
pub(super) async fn evict(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let options = WriteOptions::read(call, "CreateOptions")?;
    let of_eviction = call.server.catalog.find_virtual("policy", asked_version(call), "Eviction");
    let of_eviction = of_eviction.ok_or_else(Refusal::no_such_resource)?;
    let mut eviction = body::read(call, &of_eviction, &options)?;
    body::settle_namespace(&mut eviction, &Target { resource: &of_eviction, ..*target })?;
    let request = admit::Request::create(call, target, &options).through("eviction", &of_eviction);
    admit::mutate(&request, &mut eviction).await?;
    if meta::text(&eviction, "name") != target.name {
        return Err(bad_request("name in URL does not match name in Eviction object"));
    }
    let deletion = deletion(&eviction, call)?;
    admit::validate(&request, &eviction).await?;
    loop {
        let live = target.stored(call).ok_or_else(|| target.not_found())?;
        if !is_over(&live.value) {
            spend(call, target, &live.value, deletion.dry_run())?;
        }
        deletion.check(target, &live)?;
        if remove(call, target, &live, &deletion).await {
            break;
        }
    }
    let done = Status { code: 201, ..Status::success(None) };
    Ok(Reply::new(201, Content::Status(done)))
}

/// Evictions are taken in the version before, too.
fn asked_version(call: &Call<'_>) -> &'static str {
    let old = proofmark_json::from_slice::<Value>(&call.exchange.body.text())
        .is_ok_and(|body| body["apiVersion"] == "policy/v1beta1");
    if old { "v1beta1" } else { "v1" }
}

/// How the pod is to be deleted. A dry run may be asked for in the query or in the eviction.
fn deletion(eviction: &Value, call: &Call<'_>) -> Result<DeleteOptions, Refusal> {
    let mut deletion = DeleteOptions::of_value(eviction.get("deleteOptions").unwrap_or(&Value::Null));
    let asked: Vec<String> = call.exchange.query.all("dryRun").map(str::to_owned).collect();
    if !deletion.dry_run.is_empty() && !asked.is_empty() && deletion.dry_run != asked {
        let (query, content) = (asked.join(" "), deletion.dry_run.join(" "));
        return Err(bad_request(format!(
            "Non-matching dry-run options in request and content: [{query}] and [{content}]"
        )));
    }
    if deletion.dry_run.is_empty() {
        deletion.dry_run = asked;
    }
    Ok(deletion)
}

/// A pod that does not run, or is leaving already, disturbs nobody by going.
fn is_over(pod: &Value) -> bool {
    let phase = crate::value::text_at(pod, "/status/phase");
    matches!(phase.as_str(), "Succeeded" | "Failed" | "Pending") || !meta::text(pod, "deletionTimestamp").is_empty()
}

/// Marks a pod as evicted and deletes it; false when somebody else changed it meanwhile.
async fn remove(call: &Call<'_>, target: &Target<'_>, live: &Arc<Object>, deletion: &DeleteOptions) -> bool {
    let mut live = live.clone();
    if !deletion.dry_run() && !is_over(&live.value) {
        let mut pod = Value::clone(&live.value);
        disrupt(call, &mut pod);
        match write(call.server, target.resource, &target.place(), pod, Precondition::Revision(live.revision)) {
            Ok(marked) => live = marked,
            Err(_) => return false,
        }
    }
    matches!(delete_live(call, target, &live, deletion).await, Ok(Ok(_)))
}

/// Says in the pod's status why it goes.
fn disrupt(call: &Call<'_>, pod: &mut Value) {
    let target = json!({
        "type": "DisruptionTarget", "status": "True", "lastProbeTime": null,
        "lastTransitionTime": call.server.clock.stamp(),
        "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting",
    });
    match pod["status"]["conditions"].as_array_mut() {
        Some(conditions) => {
            conditions.retain(|condition| condition["type"] != "DisruptionTarget");
            conditions.push(target);
        }
        None => pod["status"]["conditions"] = json!([target]),
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|c| c["type"] == "Ready" && c["status"] == "True")
}

/// Takes one disruption from the pod's budget, if it has one.
fn spend(call: &Call<'_>, target: &Target<'_>, pod: &Value, dry_run: bool) -> Result<(), Refusal> {
    let budgets = call.server.catalog.find("policy", "v1", "poddisruptionbudgets");
    let budgets = budgets.ok_or_else(Refusal::no_such_resource)?;
    loop {
        let snapshot = call.server.store.snapshot();
        let labels = meta::of(pod).and_then(|m| m.get("labels")).and_then(Value::as_object);
        let under = format!("{}/", target.namespace);
        let mut picking = snapshot
            .list(&budgets.prefix, &under, None)
            .map(|(_, budget)| budget)
            .filter(|budget| budget.value.pointer("/spec/selector").is_some_and(|selector| matches(selector, labels)));
        let Some(budget) = picking.next() else { return Ok(()) };
        if picking.next().is_some() {
            let why =
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            return Err(Refusal::untyped(500, why));
        }
        if !is_ready(pod) && spares_unready(&budget.value) {
            return Ok(());
        }
        let spent = decrement(&budget.value, target.name, &call.server.clock.stamp())?;
        if dry_run {
            return Ok(());
        }
        let of_budget = Target { resource: &budgets, name: meta::text(&budget.value, "name"), ..*target };
        let spent = managed::status_by_server(call.server, of_budget.resource, &budget.value, &spent);
        let precondition = Precondition::Revision(budget.revision);
        if write(call.server, &budgets, &of_budget.place(), spent, precondition).is_ok() {
            return Ok(());
        }
    }
}

/// Whether a pod that is not ready costs the budget nothing.
fn spares_unready(budget: &Value) -> bool {
    let number = |pointer: &str| budget.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let (have, need) = (number("/status/currentHealthy"), number("/status/desiredHealthy"));
    crate::value::text_at(budget, "/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow" || (have >= need && need > 0)
}

/// The budget with one disruption less, or why there is none left.
fn decrement(budget: &Value, pod: &str, now: &str) -> Result<Value, Refusal> {
    let name = meta::text(budget, "name");
    let number = |pointer: &str| budget.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    if number("/status/observedGeneration") < number("/metadata/generation") {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(too_many(SOON, why));
    }
    let forbidden = |why: &str| Err(Status::forbidden("", "poddisruptionbudget", name, why).into());
    let allowed = number("/status/disruptionsAllowed");
    if allowed < 0 {
        return forbidden("pdb disruptions allowed is negative");
    }
    let disrupted = budget.pointer("/status/disruptedPods").and_then(Value::as_object);
    if disrupted.map_or(0, proofmark_json::Map::len) > DISRUPTED_MAX {
        return forbidden("DisruptedPods map too big - too many evictions not confirmed by PDB controller");
    }
    if allowed == 0 {
        let why = match failed_sync(budget) {
            Some(message) => format!(
                "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
            ),
            None => format!(
                "The disruption budget {name} needs {} healthy pods and has {} currently",
                number("/status/desiredHealthy"),
                number("/status/currentHealthy")
            ),
        };
        return Err(too_many(0, why));
    }
    let mut spent = budget.clone();
    let status = &mut spent["status"];
    status["disruptionsAllowed"] = json!(allowed - 1);
    if !status["disruptedPods"].is_object() {
        status["disruptedPods"] = json!({});
    }
    status["disruptedPods"][pod] = json!(now);
    if allowed == 1 {
        let observed = number("/status/observedGeneration");
        set_condition(status, "False", "InsufficientPods", observed, now);
    }
    Ok(spent)
}

/// Why the controller could not compute the budget, if it could not.
fn failed_sync(budget: &Value) -> Option<&str> {
    let conditions = budget.pointer("/status/conditions")?.as_array()?;
    let condition = conditions.iter().find(|c| c["type"] == "DisruptionAllowed")?;
    let now = condition["observedGeneration"] == budget["metadata"]["generation"];
    let failed = condition["status"] == "False" && condition["reason"] == "SyncFailed" && now;
    failed.then(|| condition["message"].as_str().unwrap_or_default())
}

/// Sets `DisruptionAllowed`; the time of its last change stays while its status does.
fn set_condition(status: &mut Value, value: &str, reason: &str, observed: i64, now: &str) {
    let mut condition = json!({
        "type": "DisruptionAllowed", "status": value, "observedGeneration": observed,
        "lastTransitionTime": now, "reason": reason, "message": "",
    });
    let Some(conditions) = status["conditions"].as_array_mut() else {
        status["conditions"] = json!([condition]);
        return;
    };
    match conditions.iter_mut().find(|c| c["type"] == "DisruptionAllowed") {
        Some(have) => {
            if have["status"] == value {
                condition["lastTransitionTime"] = have["lastTransitionTime"].take();
            }
            *have = condition;
        }
        None => conditions.push(condition),
    }
}

/// 429 of a budget.
fn too_many(retry_after_seconds: u32, why: String) -> Refusal {
    let cause = Cause { reason: "DisruptionBudget".to_owned(), message: why, field: String::new() };
    let details = Details { causes: vec![cause], retry_after_seconds, ..Details::default() };
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    Status::new(429, Reason::TooManyRequests, message).with_details(details).into()
}
