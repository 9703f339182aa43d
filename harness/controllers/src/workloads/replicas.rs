//! ReplicaSets and ReplicationControllers (`pkg/controller/replicaset`, `pkg/controller/replication`): so many equal pods as their spec says.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use proofmark_json::{Value, json};

use super::pod_control::PodControl;
use super::tally::Tally;
use super::{Key, REPLICA_SETS, REPLICATION_CONTROLLERS, SyncError, children, claim, pods, template};
use crate::context::Context;
use crate::controllers::Clock;
use crate::kit::{Error, Informer, Next, Objects, Reason as _, Reconcile, Resource, Selection, object, queue};

/// No more pods than this are made or deleted at once.
const BURST: usize = 500;
const FAILURE: &str = "ReplicaFailure";

pub(crate) fn start(context: &mut Context) {
    start_kind(context, REPLICA_SETS, "replicaset-controller");
    start_kind(context, REPLICATION_CONTROLLERS, "replication-controller");
}

fn start_kind(context: &mut Context, kind: Resource, name: &'static str) {
    let api = context.account(name);
    let owners = context.objects(&api, Selection::whole(kind).indexed(children::by_controller));
    let pods = context.objects(&api, pods::selection());
    let (queue, worker) = queue::new();
    children::follow_own(&owners, &queue);
    children::follow(&pods, &owners, &queue);
    let caches: Vec<Informer> = vec![Informer::clone(&owners), Informer::clone(&pods)];
    let control = PodControl { pods, recorder: context.recorder(&api, name) };
    context.run(
        worker,
        caches,
        Replicas { owners, control, tally: Tally::default(), clock: context.options().clock.clone() },
    );
}

struct Replicas {
    owners: Objects,
    control: PodControl,
    tally: Tally,
    clock: Clock,
}

impl Reconcile for Replicas {
    type Key = Key;
    type Error = SyncError;

    async fn reconcile(&self, key: &Key) -> Result<Next, SyncError> {
        let (namespace, name) = key;
        self.owners.settled().await;
        self.control.pods.settled().await;
        let Some(owner) = self.owners.get(namespace, name) else {
            self.tally.forget(key);
            return Ok(Next::Done);
        };
        let mut candidates = children::controlled(&self.control.pods, &owner);
        let controlled = candidates.len();
        candidates.extend(children::orphans(&self.control.pods, namespace));
        let facts = self.tally.facts(key, &owner, &candidates);
        let terminating = facts.iter().take(controlled).filter(|facts| facts.is_terminating()).count();
        let candidates = candidates.into_iter().zip(facts).filter(|(_, facts)| facts.is_active());
        let candidates = candidates.map(|(pod, facts)| (pod, facts.own)).collect();
        let active = claim::claim_others(&owner, &self.owners, candidates, &self.control.pods, |_| true, None).await?;
        let failure = if object::is_being_deleted(&owner) { None } else { self.manage(&owner, &active).await };
        let now = (self.clock)();
        let status = self.status(key, &owner, &active, terminating, failure.as_ref(), now);
        if !object::same(&owner["status"], &status) {
            let mut changed = Value::clone(&owner);
            changed["status"] = status;
            self.owners.update_status(&changed).await?;
        }
        match failure {
            Some(failure) => Err(failure.into()),
            None => Ok(next_look(&active, object::count(&owner, "/spec/minReadySeconds"), now)),
        }
    }
}

impl Replicas {
    /// Makes what lacks or deletes what is too much; what went wrong.
    async fn manage(&self, owner: &Value, active: &[Arc<Value>]) -> Option<Error> {
        let wanted = usize::try_from(object::count(owner, "/spec/replicas")).unwrap_or(0);
        let failure = if active.len() < wanted {
            let pod = template::pod(&owner["spec"]["template"], owner, self.owners.resource());
            self.control.create_all(owner, &vec![pod; (wanted - active.len()).min(BURST)]).await.1
        } else if active.len() > wanted {
            let surplus = self.surplus(owner, active, (active.len() - wanted).min(BURST));
            self.control.delete_all(owner, surplus.into_iter()).await
        } else {
            None
        };
        failure.filter(|error| !error.is_namespace_terminating())
    }

    /// The pods to go first when there are so many too many.
    fn surplus<'a>(&self, owner: &Value, active: &'a [Arc<Value>], count: usize) -> Vec<&'a Value> {
        let mut ranked: Vec<(&Value, usize)> = active.iter().map(|pod| (&**pod, 0)).collect();
        if count < active.len() {
            let nodes = self.crowds(owner, active);
            for (pod, rank) in &mut ranked {
                *rank = nodes.get(object::text(pod, "/spec/nodeName")).copied().unwrap_or(0);
            }
            let now = (self.clock)();
            ranked.sort_by(|a, b| pods::before_in_deletion(*a, *b, now));
        }
        ranked.into_iter().take(count).map(|(pod, _)| pod).collect()
    }

    /// How many pods of this owner, and of its siblings under the same controller, each node has.
    fn crowds(&self, owner: &Value, active: &[Arc<Value>]) -> BTreeMap<String, usize> {
        let mut nodes = BTreeMap::new();
        let mut add = |pod: &Value| *nodes.entry(object::text(pod, "/spec/nodeName").to_owned()).or_insert(0) += 1;
        match object::controller(owner).map(|controller| object::text(controller, "/uid")) {
            None => active.iter().for_each(|pod| add(pod)),
            Some(uid) => {
                let siblings = self.owners.indexed(uid).into_iter();
                let related = siblings.flat_map(|sibling| children::controlled(&self.control.pods, &sibling));
                related.filter(|pod| pods::is_active(pod)).for_each(|pod| add(&pod));
            }
        }
        nodes
    }

    fn status(
        &self,
        key: &Key,
        owner: &Value,
        active: &[Arc<Value>],
        terminating: usize,
        failure: Option<&Error>,
        now: Timestamp,
    ) -> Value {
        let min_ready = object::count(owner, "/spec/minReadySeconds");
        let facts = self.tally.facts(key, owner, active);
        let labelled = facts.iter().filter(|facts| facts.labelled).count();
        let ready: Vec<_> = active.iter().zip(&facts).filter(|(_, facts)| facts.ready).map(|(pod, _)| pod).collect();
        let mut status = json!({
            "replicas": active.len(),
            "fullyLabeledReplicas": labelled,
            "readyReplicas": ready.len(),
            "availableReplicas": ready.iter().filter(|pod| pods::has_waited(pod, min_ready, now)).count(),
            "observedGeneration": owner["metadata"]["generation"],
            "conditions": self.conditions(owner, active.len(), failure, now),
        });
        if *self.owners.resource() == REPLICA_SETS {
            status["terminatingReplicas"] = json!(terminating);
        }
        status
    }

    fn conditions(&self, owner: &Value, active: usize, failure: Option<&Error>, now: Timestamp) -> Vec<Value> {
        let mut conditions = object::list(owner, "/status/conditions").to_vec();
        match failure {
            None => conditions.retain(|condition| condition["type"] != FAILURE),
            Some(_) if object::condition(owner, FAILURE).is_some() => {}
            Some(error) => {
                let missing = i64::try_from(active).is_ok_and(|active| active < object::count(owner, "/spec/replicas"));
                conditions.push(json!({
                    "type": FAILURE,
                    "status": "True",
                    "lastTransitionTime": object::stamp(now),
                    "reason": if missing { "FailedCreate" } else { "FailedDelete" },
                    "message": error.words(),
                }));
            }
        }
        conditions
    }
}

/// When the next ready pod becomes available, of which no event tells.
fn next_look(active: &[Arc<Value>], min_ready_seconds: i64, now: Timestamp) -> Next {
    if min_ready_seconds == 0 {
        return Next::Done;
    }
    let waits = active.iter().filter_map(|pod| pods::wait_for(pod, min_ready_seconds, now));
    let wait = waits.filter(|wait| wait.is_positive()).min().and_then(|wait| wait.try_into().ok());
    wait.map_or(Next::Done, Next::After)
}
