//! PodDisruptionBudgets (`pkg/controller/disruption`): how many of the selected pods may go.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proofmark_json::{Map, Value, json};

use crate::context::Context;
use crate::controllers::Clock;
use crate::kit::{
    Api, Error, Informer, Next, Objects, Reason as _, Reconcile, Recorder, Resource, Selection, object, queue,
};
use crate::monitors::Monitors;
use crate::workloads::int_or_percent::scaled;
use crate::workloads::pods::{self, is_ready};
use crate::workloads::{DEPLOYMENTS, Key, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS, children};

const BUDGETS: Resource = Resource::namespaced("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget");
const CONDITION: &str = "DisruptionAllowed";
/// So long an evicted pod is expected to go.
const DELETION: SignedDuration = SignedDuration::from_mins(2);

#[derive(Debug, thiserror::Error)]
enum BudgetError {
    #[error("request failed: {0}")]
    Request(#[from] Error),
    #[error("{0}")]
    Expectation(String),
}

pub(crate) fn start(context: &mut Context) {
    let api = context.account("disruption-controller");
    let budgets = context.objects(&api, Selection::whole(BUDGETS));
    let pods = context.informer(pods::selection());
    let owners = [
        Selection::whole(REPLICATION_CONTROLLERS).indexed(children::by_controller),
        Selection::whole(DEPLOYMENTS),
        Selection::whole(REPLICA_SETS).indexed(children::by_controller),
        Selection::whole(STATEFUL_SETS),
    ]
    .map(|selection| context.informer(selection));
    let (queue, worker) = queue::new();
    children::follow_own(&budgets, &queue);
    let all = Informer::clone(&budgets);
    pods.on_change(move |change| {
        for budget in all.within(object::namespace(change.latest())) {
            if [&change.old, &change.new].into_iter().flatten().any(|pod| is_selected(&budget, pod)) {
                queue.add(children::key(&budget));
            }
        }
    });
    let mut caches = vec![Informer::clone(&budgets), pods.clone()];
    caches.extend(owners.iter().cloned());
    let recorder = context.recorder(&api, "controllermanager");
    let (monitors, clock) = (context.monitors(), context.options().clock.clone());
    context.run(worker, caches, Budgets { api, budgets, pods, owners, monitors, recorder, clock });
}

/// An empty selector picks every pod, none picks none.
fn is_selected(budget: &Value, pod: &Value) -> bool {
    let selector = &budget["spec"]["selector"];
    selector.is_object() && proofmark_registry::matches(selector, object::labels(pod))
}

struct Budgets {
    api: Api,
    budgets: Objects,
    pods: Informer,
    /// ReplicationControllers, Deployments, ReplicaSets and StatefulSets.
    owners: [Informer; 4],
    monitors: Monitors,
    recorder: Recorder,
    clock: Clock,
}

/// How many pods there should be, and how many of them healthy.
struct Expected {
    pods: i64,
    healthy: i64,
    /// Pods that nobody controls.
    unmanaged: bool,
}

impl Reconcile for Budgets {
    type Key = Key;
    type Error = BudgetError;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, BudgetError> {
        self.budgets.settled().await;
        let Some(budget) = self.budgets.get(namespace, name) else { return Ok(Next::Done) };
        match self.sync(&budget).await {
            Err(BudgetError::Expectation(why)) => {
                let message = format!("Failed to calculate the number of expected pods: {why}");
                self.recorder.warning(&budget, "CalculateExpectedPodCountFailed", message);
                self.fail(&budget, &why).await?;
                Err(BudgetError::Expectation(why))
            }
            done => done,
        }
    }
}

impl Budgets {
    async fn sync(&self, budget: &Value) -> Result<Next, BudgetError> {
        let mut pods = self.pods.within(object::namespace(budget));
        pods.retain(|pod| is_selected(budget, pod));
        if pods.is_empty() {
            self.recorder.normal(budget, "NoPods", "No matching pods found");
        }
        let expected = self.expected(budget, &pods).await?;
        if expected.unmanaged {
            let message = format!(
                "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of the PDB cannot be \
                 calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of \
                 the PDB to an integer value.",
                children::told(&budget["spec"]["selector"])
            );
            self.recorder.warning(budget, "UnmanagedPods", message);
        }
        let now = (self.clock)();
        let (disrupted, again) = disrupted(budget, &pods, now);
        let healthy = pods.iter().filter(|pod| {
            is_ready(pod) && !object::is_being_deleted(pod) && !disrupted.contains_key(object::name(pod))
        });
        let healthy = i64::try_from(healthy.count()).unwrap_or(i64::MAX);
        let allowed = if expected.pods > 0 { (healthy - expected.healthy).max(0) } else { 0 };
        let generation = &budget["metadata"]["generation"];
        let mut status = json!({
            "observedGeneration": generation,
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": expected.healthy,
            "expectedPods": expected.pods,
            "conditions": budget["status"]["conditions"],
        });
        if !disrupted.is_empty() {
            status["disruptedPods"] = json!(disrupted);
        }
        let reason = if allowed > 0 { "SufficientPods" } else { "InsufficientPods" };
        set_condition(&mut status, allowed > 0, reason, "", generation, now);
        self.write(budget, status).await?;
        Ok(again.map_or(Next::Done, Next::After))
    }

    async fn write(&self, budget: &Value, status: Value) -> Result<(), Error> {
        if object::same(&budget["status"], &status) {
            return Ok(());
        }
        let mut changed = budget.clone();
        changed["status"] = status;
        self.budgets.update_status(&changed).await.map(|_| ())
    }

    /// Allows nothing, because nobody knows what may be allowed.
    async fn fail(&self, budget: &Value, why: &str) -> Result<(), Error> {
        let mut status = budget["status"].clone();
        status["disruptionsAllowed"] = json!(0);
        let observed = status["observedGeneration"].clone();
        set_condition(&mut status, false, "SyncFailed", why, &observed, (self.clock)());
        self.write(budget, status).await
    }

    async fn expected(&self, budget: &Value, pods: &[Arc<Value>]) -> Result<Expected, BudgetError> {
        let spec = &budget["spec"];
        let rule = |name: &str| spec.get(name).filter(|value| !value.is_null());
        match (rule("maxUnavailable"), rule("minAvailable")) {
            (Some(most), _) => {
                let (total, unmanaged) = self.wanted(pods).await?;
                let unavailable = scaled(Some(most), total, true).unwrap_or(0);
                Ok(Expected { pods: total, healthy: (total - unavailable).max(0), unmanaged })
            }
            (None, Some(Value::Number(least))) => {
                let total = i64::try_from(pods.len()).unwrap_or(i64::MAX);
                Ok(Expected { pods: total, healthy: least.as_i64().unwrap_or(0), unmanaged: false })
            }
            (None, least) => {
                let (total, unmanaged) = self.wanted(pods).await?;
                Ok(Expected { pods: total, healthy: scaled(least, total, true).unwrap_or(0), unmanaged })
            }
        }
    }

    /// How many pods the controllers of these pods want together, and whether there are pods without one.
    async fn wanted(&self, pods: &[Arc<Value>]) -> Result<(i64, bool), BudgetError> {
        let mut scales: BTreeMap<String, i64> = BTreeMap::new();
        let mut seen: BTreeMap<String, ()> = BTreeMap::new();
        let mut unmanaged = false;
        for pod in pods {
            let Some(controller) = object::controller(pod) else {
                unmanaged = true;
                continue;
            };
            if seen.insert(object::text(controller, "/uid").to_owned(), ()).is_some() {
                continue;
            }
            match self.scale(controller, object::namespace(pod)).await? {
                Some((uid, scale)) => scales.insert(uid, scale),
                None => {
                    let name = object::name(pod);
                    return Err(BudgetError::Expectation(format!("found no controllers for pod \"{name}\"")));
                }
            };
        }
        Ok((scales.into_values().sum(), unmanaged))
    }

    /// The uid and the replicas of what a reference leads to: a ReplicaSet leads on to its Deployment.
    async fn scale(&self, reference: &Value, namespace: &str) -> Result<Option<(String, i64)>, BudgetError> {
        let (kind, name) = (object::text(reference, "/kind"), object::text(reference, "/name"));
        let api_version = object::text(reference, "/apiVersion");
        for owners in &self.owners {
            let of = owners.resource();
            if of.kind != kind || of.api_version() != api_version {
                continue;
            }
            let owner = owners.get(namespace, name).filter(|o| object::uid(o) == object::text(reference, "/uid"));
            let Some(owner) = owner else { return Ok(None) };
            return match object::controller(&owner) {
                Some(above) if *of == REPLICA_SETS => Box::pin(self.scale(above, namespace)).await,
                _ => Ok(Some((object::uid(&owner).to_owned(), object::count(&owner, "/spec/replicas")))),
            };
        }
        let Some(of) = self.monitors.find(api_version, kind) else { return Ok(None) };
        match self.api.get_subresource(&of, namespace, name, "scale").await {
            Ok(scale) => Ok(Some((object::uid(&scale).to_owned(), object::count(&scale, "/spec/replicas")))),
            Err(error) if error.is_not_found() => {
                if matches!(self.api.get_metadata(&of, namespace, name).await, Err(error) if error.is_not_found()) {
                    return Ok(None);
                }
                let what =
                    if of.group.is_empty() { of.plural.to_string() } else { format!("{}.{}", of.plural, of.group) };
                Err(BudgetError::Expectation(format!("{what} does not implement the scale subresource")))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Evicted pods that have not gone yet, and when they should have.
fn disrupted(budget: &Value, pods: &[Arc<Value>], now: Timestamp) -> (Map, Option<Duration>) {
    let mut still = Map::new();
    let mut again: Option<Duration> = None;
    let told = budget.pointer("/status/disruptedPods").and_then(Value::as_object);
    for (name, at) in told.into_iter().flatten() {
        let Some(pod) = pods.iter().find(|pod| object::name(pod) == name) else { continue };
        let evicted = at.as_str().and_then(|at| at.parse::<Timestamp>().ok());
        let Some(left) = evicted.and_then(|at| at.checked_add(DELETION).ok()).map(|end| end.duration_since(now)) else {
            continue;
        };
        if let Some(left) = Duration::try_from(left).ok().filter(|_| !object::is_being_deleted(pod)) {
            again = Some(again.map_or(left, |again| again.min(left)));
            still.insert(name.clone(), at.clone());
        }
    }
    (still, again)
}

fn set_condition(status: &mut Value, allowed: bool, reason: &str, message: &str, generation: &Value, now: Timestamp) {
    let value = if allowed { "True" } else { "False" };
    let mut conditions = object::list(status, "/conditions").to_vec();
    let present = conditions.iter_mut().find(|condition| condition["type"] == CONDITION);
    let since = match &present {
        Some(present) if present["status"] == value => present["lastTransitionTime"].clone(),
        _ => json!(object::stamp(now)),
    };
    let mut condition = json!({
        "type": CONDITION, "status": value, "lastTransitionTime": since, "reason": reason, "message": message,
    });
    if !generation.is_null() {
        condition["observedGeneration"] = generation.clone();
    }
    match present {
        Some(present) => *present = condition,
        None => conditions.push(condition),
    }
    status["conditions"] = json!(conditions);
}
