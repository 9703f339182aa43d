//! One look at a Job: what its pods say, whether it is decided, and what is to be written of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use proofmark_json::{Value, json};

use super::back_off::BackOff;
use super::failure_policy::{Verdict, judge};
use super::indexes::{Indexes, index, indexes};
use super::{Jobs, conditions, is_failed, is_indexed, is_suspended, is_tracked, success_policy};
use crate::kit::{Error, Next, object};
use crate::workloads::{Key, SyncError, pods};

/// A Job and its pods, as far as they are known.
pub(super) struct Look<'a> {
    pub(super) jobs: &'a Jobs,
    pub(super) key: &'a Key,
    /// As it is, or was last written.
    pub(super) job: Value,
    pub(super) pods: Vec<Arc<Value>>,
    pub(super) now: Timestamp,
    pub(super) active: Vec<Arc<Value>>,
    /// What the status will say of pods that run, are ready, and are going.
    pub(super) counts: Counts,
    /// Pods that the status counts but that may still have their finalizer, by uid.
    pub(super) uncounted: (BTreeSet<String>, BTreeSet<String>),
    /// How many pods, or indexes, succeeded and how many pods failed, those among them that the status does not count yet.
    pub(super) succeeded: usize,
    pub(super) failed: usize,
    pub(super) back_off: BackOff,
    /// The decision that ends the Job.
    pub(super) decision: Option<Value>,
    pub(super) done: Done,
    /// The last failed pod of each index that is to be made again.
    pub(super) replaced: BTreeMap<usize, Arc<Value>>,
    /// When to look again.
    pub(super) again: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) active: usize,
    pub(super) ready: usize,
    pub(super) terminating: usize,
}

/// The indexes of an indexed Job.
#[derive(Default)]
pub(super) struct Done {
    /// Those that the status says have succeeded.
    pub(super) before: Indexes,
    pub(super) succeeded: Indexes,
    /// Where the Job counts failures by index.
    pub(super) failed: Option<Indexes>,
}

impl<'a> Look<'a> {
    pub(super) fn new(
        jobs: &'a Jobs,
        key: &'a Key,
        mut job: Value,
        pods: Vec<Arc<Value>>,
        back_off: BackOff,
        now: Timestamp,
    ) -> Self {
        if !job["status"]["uncountedTerminatedPods"].is_object() {
            job["status"]["uncountedTerminatedPods"] = json!({});
        }
        let uids = |of: &str| object::strings(&job, of).map(str::to_owned).collect();
        let uncounted =
            (uids("/status/uncountedTerminatedPods/succeeded"), uids("/status/uncountedTerminatedPods/failed"));
        let active: Vec<_> = pods.iter().filter(|pod| pods::is_active(pod)).cloned().collect();
        let counts = Counts {
            active: active.len(),
            ready: active.iter().filter(|pod| pods::is_ready(pod)).count(),
            terminating: pods.iter().filter(|pod| pods::is_terminating(pod)).count(),
        };
        let (decision, done, replaced, again) = (None, Done::default(), BTreeMap::new(), None);
        Self {
            jobs,
            key,
            job,
            pods,
            now,
            active,
            counts,
            uncounted,
            succeeded: 0,
            failed: 0,
            back_off,
            decision,
            done,
            replaced,
            again,
        }
    }

    pub(super) async fn sync(mut self) -> Result<Next, SyncError> {
        self.count();
        let started = object::text(&self.job, "/status/startTime").is_empty() && !is_suspended(&self.job);
        if started {
            self.job["status"]["startTime"] = json!(object::stamp(self.now));
        }
        self.decide();
        if is_indexed(&self.job) {
            self.decide_by_index();
        }
        let (mut changed, mut failure) = (false, None);
        if self.decision.is_some() {
            failure = self.delete_active().await;
        } else {
            let managed = !object::is_being_deleted(&self.job);
            if managed {
                failure = self.manage().await;
            }
            if self.is_complete() {
                let message = "Reached expected number of succeeded pods";
                self.decision = Some(self.condition("SuccessCriteriaMet", "CompletionsReached", message));
            } else if managed {
                changed = self.note_suspension();
            }
        }
        let status = &self.job["status"];
        let Counts { active, ready, terminating } = self.counts;
        let is = |name: &str, count: usize| status[name].as_u64() == u64::try_from(count).ok();
        changed |= usize::try_from(object::count(status, "/active")).ok() != Some(active)
            || !is("ready", ready)
            || !is("terminating", terminating);
        self.job["status"]["active"] = json!(active);
        self.job["status"]["ready"] = json!(ready);
        self.job["status"]["terminating"] = json!(terminating);
        let again = self.again;
        self.track(changed).await?;
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(again.map_or(Next::Done, Next::After)),
        }
    }

    pub(super) fn condition(&self, of_type: &str, reason: &str, message: &str) -> Value {
        conditions::new(of_type, "True", reason, message, self.now)
    }

    pub(super) fn completions(&self) -> Option<usize> {
        object::number(&self.job, "/spec/completions").and_then(|count| usize::try_from(count).ok())
    }

    /// Whether the index of a pod is one that the Job has.
    pub(super) fn has_valid_index(&self, pod: &Value) -> bool {
        index(pod).is_some_and(|index| self.completions().is_none_or(|completions| index < completions))
    }

    /// Tracked pods of valid indexes.
    fn valid(&self) -> impl Iterator<Item = &Arc<Value>> {
        let indexed = is_indexed(&self.job);
        self.pods.iter().filter(move |pod| is_tracked(pod) && (!indexed || self.has_valid_index(pod)))
    }

    fn count(&mut self) {
        let news = |counted: &BTreeSet<String>, is: &dyn Fn(&Value) -> bool| -> Vec<Arc<Value>> {
            self.valid().filter(|pod| !counted.contains(object::uid(pod)) && is(pod)).cloned().collect()
        };
        let succeeded = news(&self.uncounted.0, &|pod| pods::phase(pod) == "Succeeded");
        let failed = news(&self.uncounted.1, &|pod| is_failed(pod, &self.job));
        let counting = failed.iter().filter(|pod| judge(&self.job, pod) != Verdict::Ignore).count();
        let status = |at: &str| usize::try_from(object::count(&self.job, at)).unwrap_or(0);
        self.succeeded = status("/status/succeeded") + succeeded.len() + self.uncounted.0.len();
        self.failed = status("/status/failed") + counting + self.uncounted.1.len();
        let (succeeded, failed) = (plain(&succeeded), plain(&failed));
        self.back_off = self.back_off.after(&succeeded, &failed);
    }

    /// Whether the Job has failed, or was decided before.
    fn decide(&mut self) {
        let message =
            self.pods.iter().filter(|pod| is_failed(pod, &self.job)).find_map(|pod| match judge(&self.job, pod) {
                Verdict::FailJob(message) => Some(message),
                _ => None,
            });
        self.decision = if let Some(success) = conditions::holding(&self.job, "SuccessCriteriaMet") {
            Some(success.clone())
        } else if let Some(failure) = conditions::holding(&self.job, "FailureTarget") {
            Some(conditions::end_of(failure, self.now))
        } else {
            message.map(|message| self.condition("FailureTarget", "PodFailurePolicy", &message))
        };
        if self.decision.is_some() {
            return;
        }
        let limit = usize::try_from(object::count(&self.job, "/spec/backoffLimit")).unwrap_or(usize::MAX);
        if self.failed > limit || self.restarts_exceed(limit) {
            let message = "Job has reached the specified backoff limit";
            self.decision = Some(self.condition("FailureTarget", "BackoffLimitExceeded", message));
        } else if let Some(left) = self.until_deadline() {
            match left {
                Some(left) => self.look_in(left),
                None => {
                    let message = "Job was active longer than specified deadline";
                    self.decision = Some(self.condition("FailureTarget", "DeadlineExceeded", message));
                }
            }
        }
    }

    /// Whether containers that are restarted in place did so too often.
    fn restarts_exceed(&self, limit: usize) -> bool {
        if object::text(&self.job, "/spec/template/spec/restartPolicy") != "OnFailure" {
            return false;
        }
        let live = self.pods.iter().filter(|pod| matches!(pods::phase(pod), "Running" | "Pending"));
        let statuses = live.flat_map(|pod| {
            let of = |at| object::list(pod, at).iter();
            of("/status/initContainerStatuses").chain(of("/status/containerStatuses"))
        });
        let restarts: i64 = statuses.map(|status| object::count(status, "/restartCount")).sum();
        restarts > 0 && usize::try_from(restarts).is_ok_and(|restarts| restarts >= limit)
    }

    /// For a Job with a deadline: how long it may run still; nothing where it is past.
    fn until_deadline(&self) -> Option<Option<Duration>> {
        let limit = object::number(&self.job, "/spec/activeDeadlineSeconds")?;
        let since = object::time(&self.job, "/status/startTime").filter(|_| !is_suspended(&self.job))?;
        let end = since.checked_add(jiff::SignedDuration::from_secs(limit)).ok()?;
        Some(Duration::try_from(end.duration_since(self.now)).ok().filter(|left| !left.is_zero()))
    }

    fn decide_by_index(&mut self) {
        let completions = self.completions().unwrap_or(0);
        self.done.before = Indexes::parse(object::text(&self.job, "/status/completedIndexes"), completions);
        let succeeded = self.valid().filter(|pod| pods::phase(pod) == "Succeeded");
        let succeeded = indexes(succeeded.map(|pod| &**pod));
        self.done.succeeded = self.done.before.with(succeeded);
        self.succeeded = self.done.succeeded.len();
        if let Some(limit) = object::number(&self.job, "/spec/backoffLimitPerIndex") {
            self.decide_by_failed_index(limit, completions);
        }
        if self.decision.is_none()
            && let Some(message) = success_policy::met(&self.job, completions, &self.done.succeeded)
        {
            self.decision = Some(self.condition("SuccessCriteriaMet", "SuccessPolicy", &message));
        }
    }

    fn decide_by_failed_index(&mut self, limit: i64, completions: usize) {
        let has_failed = |pod: &Value| {
            is_failed(pod, &self.job)
                && match judge(&self.job, pod) {
                    Verdict::FailIndex => true,
                    Verdict::Ignore => false,
                    Verdict::Count | Verdict::FailJob(_) => i64::from(self.failures_of(pod).0) >= limit,
                }
        };
        let failed = indexes(self.valid().map(|pod| &**pod).filter(|pod| has_failed(pod)));
        let before = Indexes::parse(object::text(&self.job, "/status/failedIndexes"), completions);
        let failed = before.with(failed);
        let most = object::number(&self.job, "/spec/maxFailedIndexes").and_then(|most| usize::try_from(most).ok());
        if self.decision.is_none() {
            let target = |reason: &str, message: &str| Some(self.condition("FailureTarget", reason, message));
            if most.is_some_and(|most| failed.len() > most) {
                let message = "Job has exceeded the specified maximal number of failed indexes";
                self.decision = target("MaxFailedIndexesExceeded", message);
            } else if !failed.is_empty() && failed.len() + self.done.succeeded.len() >= completions {
                self.decision = target("FailedIndexes", "Job has failed indexes");
            }
        }
        self.replaced = self.to_replace(&failed);
        self.done.failed = Some(failed);
    }

    /// The last failed pod of each index that has neither succeeded nor failed nor another pod.
    fn to_replace(&self, failed: &Indexes) -> BTreeMap<usize, Arc<Value>> {
        let active = indexes(self.active.iter().map(|pod| &**pod));
        let mut last: BTreeMap<usize, Arc<Value>> = BTreeMap::new();
        for pod in self.valid().filter(|pod| is_failed(pod, &self.job)) {
            let Some(index) = index(pod) else { continue };
            if self.done.succeeded.has(index) || failed.has(index) || active.contains(&index) {
                continue;
            }
            let total = |pod: &Value| {
                let (counted, ignored) = self.failures_of(pod);
                counted.saturating_add(ignored)
            };
            let newer = last.get(&index).is_none_or(|before| {
                let ended = super::back_off::finished_at;
                total(before) <= total(pod) && ended(before) <= ended(pod)
            });
            if newer {
                last.insert(index, Arc::clone(pod));
            }
        }
        last
    }

    /// How often the index of a pod had failed before it, counted and ignored.
    pub(super) fn failures_of(&self, pod: &Value) -> (u32, u32) {
        let number = |key: &str| object::annotation(pod, key).and_then(|text| text.parse().ok()).unwrap_or(0);
        (number(super::manage::FAILURES), number(super::manage::IGNORED))
    }

    fn is_complete(&self) -> bool {
        self.counts.active == 0
            && match self.completions() {
                None => self.succeeded > 0,
                Some(completions) => self.succeeded >= completions,
            }
    }

    fn note_suspension(&mut self) -> bool {
        let (job, now) = (&mut self.job, self.now);
        let recorder = &self.jobs.control.recorder;
        if is_suspended(job) {
            let changed =
                conditions::ensure(job, conditions::new("Suspended", "True", "JobSuspended", "Job suspended", now));
            if changed {
                recorder.normal(job, "Suspended", "Job suspended");
            }
            return changed;
        }
        let changed = conditions::ensure(job, conditions::new("Suspended", "False", "JobResumed", "Job resumed", now));
        if changed {
            recorder.normal(job, "Resumed", "Job resumed");
            job["status"]["startTime"] = json!(object::stamp(now));
        }
        changed
    }

    /// Looks again after this time, if not before.
    pub(super) fn look_in(&mut self, time: Duration) {
        self.again = Some(self.again.map_or(time, |again| again.min(time)));
    }

    async fn delete_active(&mut self) -> Option<Error> {
        let active = std::mem::take(&mut self.active);
        let failure = self.delete(&active, false).await;
        if failure.is_some() {
            self.decision = None;
        }
        failure
    }

    pub(super) async fn write_status(&mut self) -> Result<(), Error> {
        self.job = self.jobs.jobs.update_status(&self.job).await?;
        Ok(())
    }
}

fn plain(pods: &[Arc<Value>]) -> Vec<&Value> {
    pods.iter().map(|pod| &**pod).collect()
}
