//! Pods that keep their finalizer although no Job will count them any more: their Job is gone or over, or they lost it.

use proofmark_json::{Value, json};

use super::{FINALIZER, NAME, conditions, is_managed_elsewhere, is_tracked};
use crate::context::Context;
use crate::kit::{Error, Informer, Next, Objects, Reason as _, Reconcile, Selection, object, queue};
use crate::workloads::{JOBS, Key, children, pods};

pub(super) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let jobs = context.objects(&api, Selection::whole(JOBS));
    let pods = context.objects(&api, pods::selection());
    let (queue, worker) = queue::new();
    let changed = queue.clone();
    let owners = Informer::clone(&jobs);
    pods.on_change(move |change| {
        let tracked = change.new.as_deref().filter(|pod| is_tracked(pod));
        if let Some(pod) = tracked.filter(|pod| !is_awaited(&owners, pod)) {
            changed.add(children::key(pod));
        }
    });
    let cache = Informer::clone(&pods);
    jobs.on_change(move |change| {
        let job = change.latest();
        if change.new.is_none() || conditions::is_finished(job) {
            for pod in children::controlled(&cache, job).iter().filter(|pod| is_tracked(pod)) {
                queue.add(children::key(pod));
            }
        }
    });
    let caches = vec![Informer::clone(&jobs), Informer::clone(&pods)];
    context.run(worker, caches, Orphans { jobs, pods });
}

/// Whether a Job that is not over will count a pod, as far as a cache knows.
fn is_awaited(jobs: &Informer, pod: &Value) -> bool {
    let job = children::owner(jobs, pod).and_then(|(namespace, name)| jobs.get(&namespace, &name));
    job.is_some_and(|job| !conditions::is_finished(&job))
}

struct Orphans {
    jobs: Objects,
    pods: Objects,
}

impl Reconcile for Orphans {
    type Key = Key;
    type Error = Error;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, Error> {
        self.pods.settled().await;
        let Some(pod) = self.pods.get(namespace, name).filter(|pod| is_tracked(pod)) else { return Ok(Next::Done) };
        if let Some(owner) = object::controller(&pod) {
            if object::text(owner, "/kind") != JOBS.kind || object::text(owner, "/apiVersion") != JOBS.api_version() {
                return Ok(Next::Done);
            }
            // A cache may not know a new Job yet.
            let job = self.jobs.read(namespace, object::text(owner, "/name")).await?;
            let job = job.filter(|job| object::uid(job) == object::text(owner, "/uid"));
            if job.is_some_and(|job| is_managed_elsewhere(&job) || !conditions::is_finished(&job)) {
                return Ok(Next::Done);
            }
        }
        let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": [FINALIZER]}});
        match self.pods.patch(&pod, &patch).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(Next::Done),
        }
    }
}
