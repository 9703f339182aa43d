//! Deployments (`pkg/controller/deployment`): a ReplicaSet for each revision of the template, rolled from one to the next.
//!
//! * [`revisions`]: which ReplicaSet is the present revision's, its number and its history.
//! * [`scaling`]: how many replicas each ReplicaSet has.
//! * [`rollout`]: from the old ReplicaSets to the new one: `RollingUpdate`, `Recreate`.
//! * [`status`]: counts, conditions, and the deadline for progress.

mod revisions;
mod rollout;
mod scaling;
mod status;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use proofmark_json::{Value, json};

use super::{DEPLOYMENTS, Key, REPLICA_SETS, SyncError, children, claim, pods};
use crate::context::Context;
use crate::controllers::Clock;
use crate::kit::{Change, Error, Informer, Next, Objects, Reason as _, Reconcile, Recorder, Selection, object, queue};

const NAME: &str = "deployment-controller";

pub(crate) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let deployments = context.objects(&api, Selection::whole(DEPLOYMENTS));
    let sets = context.objects(&api, Selection::whole(REPLICA_SETS).indexed(children::by_controller));
    let pods = context.informer(pods::selection());
    let (queue, worker) = queue::new();
    children::follow_own(&deployments, &queue);
    children::follow(&sets, &deployments, &queue);
    // `Recreate` waits for the last old pod to go.
    let (owners, owned) = (Informer::clone(&deployments), Informer::clone(&sets));
    pods.on_change(move |change| {
        if let Change { old: Some(pod), new: None } = change
            && let Some((namespace, name)) = children::owner(&owned, pod)
            && let Some(set) = owned.get(&namespace, &name)
            && let Some(key) = children::owner(&owners, &set)
        {
            queue.add(key);
        }
    });
    let caches = vec![Informer::clone(&deployments), Informer::clone(&sets), pods.clone()];
    let clock = context.options().clock.clone();
    context.run(worker, caches, Deployments { deployments, sets, pods, recorder: context.recorder(&api, NAME), clock });
}

struct Deployments {
    deployments: Objects,
    sets: Objects,
    pods: Informer,
    recorder: Recorder,
    clock: Clock,
}

impl Reconcile for Deployments {
    type Key = Key;
    type Error = SyncError;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, SyncError> {
        self.deployments.settled().await;
        self.sets.settled().await;
        let Some(deployment) = self.deployments.get(namespace, name) else { return Ok(Next::Done) };
        match self.sync(Value::clone(&deployment)).await {
            // Nothing can be made in a namespace that goes, nor does it help to try again.
            Err(SyncError::Request(error)) if error.is_namespace_terminating() => Ok(Next::Done),
            done => done,
        }
    }
}

impl Deployments {
    async fn sync(&self, deployment: Value) -> Result<Next, SyncError> {
        let selector = &deployment["spec"]["selector"];
        if object::same(selector, &json!({})) {
            let why = "This deployment is selecting all pods. A non-empty selector is required.";
            self.recorder.warning(&deployment, "SelectingAll", why);
            return self.observe_only(deployment).await;
        }
        let mut candidates = children::controlled(&self.sets, &deployment);
        candidates.extend(children::orphans(&self.sets, object::namespace(&deployment)));
        let sets = claim::claim(&deployment, &self.deployments, candidates, &self.sets, |_| true, None).await?;
        let leaving = object::is_being_deleted(&deployment);
        let mut sync = Sync { controller: self, now: (self.clock)(), deployment, sets, new: None, old: Vec::new() };
        if leaving {
            sync.find_revisions(false).await?;
            return sync.write_counts().await;
        }
        sync.note_pause().await?;
        let paused = object::flag(&sync.deployment, "/spec/paused");
        sync.find_revisions(false).await?;
        if paused || sync.was_scaled() {
            sync.scale().await?;
            if paused {
                sync.clean_up().await?;
            }
            return sync.write_counts().await;
        }
        if sync.is_rolling() { sync.roll().await } else { sync.recreate().await }
    }

    async fn observe_only(&self, mut deployment: Value) -> Result<Next, SyncError> {
        let generation = object::count(&deployment, "/metadata/generation");
        if object::count(&deployment, "/status/observedGeneration") < generation {
            deployment["status"]["observedGeneration"] = json!(generation);
            self.deployments.update_status(&deployment).await?;
        }
        Ok(Next::Done)
    }
}

/// One look at a Deployment.
struct Sync<'a> {
    controller: &'a Deployments,
    now: Timestamp,
    /// As it is, or was last written.
    deployment: Value,
    /// Its ReplicaSets when the look began.
    sets: Vec<Arc<Value>>,
    /// The ReplicaSet of the present template.
    new: Option<Value>,
    /// Those of earlier ones.
    old: Vec<Value>,
}

impl Sync<'_> {
    fn replicas(&self) -> i64 {
        replicas(&self.deployment)
    }

    fn is_rolling(&self) -> bool {
        object::text(&self.deployment, "/spec/strategy/type") == "RollingUpdate"
    }

    fn all(&self) -> impl Iterator<Item = &Value> {
        self.old.iter().chain(&self.new)
    }

    /// Seconds that a rollout may take without progress; none where nobody cares.
    fn progress_deadline(&self) -> Option<i64> {
        object::number(&self.deployment, "/spec/progressDeadlineSeconds").filter(|s| *s != i64::from(i32::MAX))
    }

    /// Writes the status, and the revision beside it, and goes on from what was written.
    async fn write_status(&mut self) -> Result<(), Error> {
        self.deployment = self.controller.deployments.update_status(&self.deployment).await?;
        Ok(())
    }
}

/// How many replicas the spec of a Deployment or ReplicaSet wants.
fn replicas(of: &Value) -> i64 {
    object::count(of, "/spec/replicas")
}

fn seconds(of: i64) -> Duration {
    Duration::from_secs(u64::try_from(of).unwrap_or(0))
}
