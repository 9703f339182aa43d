//! Jobs (`pkg/controller/job`): pods that run to completion, counted one by one.
//!
//! Every pod carries a finalizer until the Job's status counts it, so that no completion is lost and none is counted twice.
//!
//! * [`look`]: one look at a Job: what its pods say, and what to do about it.
//! * [`manage`]: making and deleting pods.
//! * [`tracking`]: counting pods and letting them go.
//! * [`conditions`]: how a Job ends.
//! * [`indexes`], [`failure_policy`], [`success_policy`], [`back_off`]: parts that decide alone.
//! * [`orphans`]: finalizers of pods whose Job is gone.
//! * [`expiry`]: deleting finished Jobs (`ttlSecondsAfterFinished`).

mod back_off;
mod conditions;
mod expiry;
mod failure_policy;
mod indexes;
mod look;
mod manage;
mod orphans;
mod success_policy;
mod tracking;

use std::collections::BTreeMap;

use parking_lot::Mutex;
use proofmark_json::Value;

use super::pod_control::PodControl;
use super::{JOBS, Key, SyncError, children, claim, pods};
use crate::context::Context;
use crate::controllers::Clock;
use crate::kit::{Informer, Next, Objects, Reconcile, Selection, object, queue};
use back_off::BackOff;
use look::Look;

const NAME: &str = "job-controller";
/// Keeps a pod until it is counted.
const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// Who a Job without `managedBy` is left to.
const MANAGER: &str = "kubernetes.io/job-controller";

pub(crate) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let jobs = context.objects(&api, Selection::whole(JOBS));
    let pods = context.objects(&api, pods::selection());
    let (queue, worker) = queue::new();
    children::follow_own(&jobs, &queue);
    children::follow(&pods, &jobs, &queue);
    let caches: Vec<Informer> = vec![Informer::clone(&jobs), Informer::clone(&pods)];
    let control = PodControl { pods, recorder: context.recorder(&api, NAME) };
    let clock = context.options().clock.clone();
    context.run(worker, caches, Jobs { jobs, control, clock, back_offs: Mutex::default() });
    orphans::start(context);
    expiry::start(context);
}

struct Jobs {
    jobs: Objects,
    control: PodControl,
    clock: Clock,
    /// How Jobs failed of late.
    back_offs: Mutex<BTreeMap<Key, BackOff>>,
}

impl Reconcile for Jobs {
    type Key = Key;
    type Error = SyncError;

    async fn reconcile(&self, key: &Key) -> Result<Next, SyncError> {
        self.jobs.settled().await;
        self.control.pods.settled().await;
        let job = self.jobs.get(&key.0, &key.1).filter(|job| !conditions::is_finished(job));
        let Some(job) = job else {
            self.back_offs.lock().remove(key);
            return Ok(Next::Done);
        };
        if is_managed_elsewhere(&job) {
            return Ok(Next::Done);
        }
        let mode = object::text(&job, "/spec/completionMode");
        if !matches!(mode, "" | "NonIndexed" | "Indexed") {
            let why = "Skipped Job sync because completion mode is unknown";
            self.control.recorder.warning(&job, "UnknownCompletionMode", why);
            return Ok(Next::Done);
        }
        let mut candidates = children::controlled(&self.control.pods, &job);
        candidates.extend(children::orphans(&self.control.pods, &key.0));
        let pods = claim::claim(&job, &self.jobs, candidates, &self.control.pods, |_| true, Some(FINALIZER)).await?;
        let back_off = self.back_offs.lock().get(key).cloned().unwrap_or_default();
        Look::new(self, key, Value::clone(&job), pods, back_off, (self.clock)()).sync().await
    }
}

/// Whether somebody else answers for a Job.
fn is_managed_elsewhere(job: &Value) -> bool {
    !matches!(object::text(job, "/spec/managedBy"), "" | MANAGER)
}

fn is_indexed(job: &Value) -> bool {
    object::text(job, "/spec/completionMode") == "Indexed"
}

fn is_suspended(job: &Value) -> bool {
    object::flag(job, "/spec/suspend")
}

/// Whether a pod that is going is waited for before another takes its place.
fn replaces_only_failed(job: &Value) -> bool {
    object::text(job, "/spec/podReplacementPolicy") == "Failed" || !job["spec"]["podFailurePolicy"].is_null()
}

/// Whether a pod counts as failed: it failed, or is going without having succeeded.
fn is_failed(pod: &Value, job: &Value) -> bool {
    match pods::phase(pod) {
        "Failed" => true,
        "Succeeded" => false,
        _ => !replaces_only_failed(job) && object::is_being_deleted(pod),
    }
}

fn is_tracked(pod: &Value) -> bool {
    object::has_finalizer(pod, FINALIZER)
}
