//! Counting pods that ended, in three steps that each may be the last: their uids go into the status, their finalizers come off, the numbers
//! in the status take the place of the uids.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use proofmark_json::{Value, json};

use super::failure_policy::{Verdict, judge};
use super::indexes::index;
use super::look::Look;
use super::{conditions, is_failed, is_indexed, is_tracked};
use crate::kit::{Error, Reason as _, object};
use crate::workloads::{SyncError, pods};

/// No more uids than this are in a status at once.
const UNCOUNTED: usize = 500;

impl Look<'_> {
    /// Counts what ended and writes the status; `changed` says that it differs already.
    pub(super) async fn track(mut self, mut changed: bool) -> Result<(), SyncError> {
        let mut kept: BTreeSet<String> =
            self.pods.iter().filter(|pod| is_tracked(pod)).map(|pod| object::uid(pod).to_owned()).collect();
        changed |= self.settle(&kept);
        let (ended, full) = self.collect(&mut changed);
        changed |= self.write_indexes();
        changed |= self.write_decision();
        if changed {
            self.write_status().await?;
            self.jobs.back_offs.lock().insert(self.key.clone(), self.back_off.clone());
        }
        let answers = join_all(ended.iter().map(|pod| self.release(pod))).await;
        let mut failure: Option<Error> = None;
        for (pod, answer) in ended.iter().zip(answers) {
            match answer {
                Err(error) if !error.is_not_found() => failure = failure.or(Some(error)),
                _ => {
                    kept.remove(object::uid(pod));
                }
            }
        }
        let mut changed = self.settle(&kept);
        let finished = failure.is_none() && !full && self.finish();
        changed |= finished;
        if changed {
            self.write_status().await?;
        }
        if finished {
            self.tell_end();
        }
        failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// Turns uids of pods that have lost their finalizer into numbers. Whether there were any.
    fn settle(&mut self, kept: &BTreeSet<String>) -> bool {
        let mut changed = false;
        for (uids, number) in [("succeeded", "succeeded"), ("failed", "failed")] {
            let status = &mut self.job["status"];
            let listed = status["uncountedTerminatedPods"][uids].as_array().cloned().unwrap_or_default();
            let (left, settled): (Vec<Value>, Vec<Value>) =
                listed.into_iter().partition(|uid| uid.as_str().is_some_and(|uid| kept.contains(uid)));
            if settled.is_empty() {
                continue;
            }
            changed = true;
            let counted = status[number].as_u64().unwrap_or(0);
            status[number] = json!(counted + u64::try_from(settled.len()).unwrap_or(0));
            status["uncountedTerminatedPods"][uids] = json!(left);
        }
        changed
    }

    /// Puts the uids of pods that ended into the status; those pods, and whether there are more than fit.
    fn collect(&mut self, changed: &mut bool) -> (Vec<Arc<Value>>, bool) {
        let indexed = is_indexed(&self.job);
        let mut ended = Vec::new();
        let mut indexes = Vec::new();
        let list = |job: &Value, of: &str| -> Vec<Value> {
            job["status"]["uncountedTerminatedPods"][of].as_array().cloned().unwrap_or_default()
        };
        let (mut succeeded, mut failed) = (list(&self.job, "succeeded"), list(&self.job, "failed"));
        let fails = self.decision.as_ref().is_some_and(|decision| decision["type"] != "SuccessCriteriaMet");
        let mut full = false;
        let mut pods: Vec<&Arc<Value>> = self.pods.iter().filter(|pod| is_tracked(pod)).collect();
        if indexed {
            pods.sort_by_key(|pod| index(pod));
        }
        for pod in pods {
            let uid = object::uid(pod);
            let is_failed = is_failed(pod, &self.job);
            if !self.may_go(pod, is_failed) {
                continue;
            }
            ended.push(Arc::clone(pod));
            let valid = !indexed || self.has_valid_index(pod);
            if pods::phase(pod) == "Succeeded" && !self.uncounted.1.contains(uid) {
                if indexed {
                    if let Some(index) = index(pod).filter(|index| valid && !self.done.before.has(*index)) {
                        indexes.push(index);
                        *changed = true;
                    }
                } else if !self.uncounted.0.contains(uid) {
                    succeeded.push(json!(uid));
                    *changed = true;
                }
            } else if (is_failed || fails)
                && valid
                && !self.uncounted.1.contains(uid)
                && judge(&self.job, pod) != Verdict::Ignore
            {
                failed.push(json!(uid));
                *changed = true;
            }
            if indexes.len() + succeeded.len() + failed.len() >= UNCOUNTED {
                full = true;
                break;
            }
        }
        let uncounted = &mut self.job["status"]["uncountedTerminatedPods"];
        *uncounted = json!({"succeeded": succeeded, "failed": failed});
        (ended, full)
    }

    /// Whether nothing more is to be learnt from a pod.
    fn may_go(&self, pod: &Value, is_failed: bool) -> bool {
        if object::is_being_deleted(&self.job) || self.decision.is_some() || pods::phase(pod) == "Succeeded" {
            return true;
        }
        // The pod that takes its place has to know how often its index failed.
        let waits = index(pod)
            .and_then(|index| self.replaced.get(&index))
            .is_some_and(|last| object::uid(last) == object::uid(pod));
        is_failed && !waits
    }

    fn write_indexes(&mut self) -> bool {
        if !is_indexed(&self.job) {
            return false;
        }
        let status = &mut self.job["status"];
        let succeeded = self.done.succeeded.to_string();
        let mut changed = object::text(status, "/completedIndexes") != succeeded;
        status["succeeded"] = json!(self.done.succeeded.len());
        status["completedIndexes"] = json!(succeeded);
        let failed = self.done.failed.as_ref().map(ToString::to_string);
        if status.get("failedIndexes").and_then(Value::as_str) != failed.as_deref() {
            status["failedIndexes"] = json!(failed);
            changed = true;
        }
        changed
    }

    /// Writes down that the Job is decided, which is before it is over.
    fn write_decision(&mut self) -> bool {
        let Some(decision) = self.decision.take() else { return false };
        let decided = matches!(object::text(&decision, "/type"), "FailureTarget" | "SuccessCriteriaMet");
        let end = if decided { conditions::end_of(&decision, self.now) } else { decision.clone() };
        self.decision = Some(end);
        decided && conditions::ensure(&mut self.job, decision)
    }

    /// Ends the Job, if it is decided and no pod is left to wait for.
    fn finish(&mut self) -> bool {
        let uncounted = &self.job["status"]["uncountedTerminatedPods"];
        let open = !object::list(uncounted, "/succeeded").is_empty() || !object::list(uncounted, "/failed").is_empty();
        let Some(end) = self.decision.clone().filter(|_| !open && self.counts.terminating == 0) else { return false };
        if end["type"] == "Complete" {
            self.job["status"]["completionTime"] = end["lastTransitionTime"].clone();
        }
        conditions::ensure(&mut self.job, end)
    }

    fn tell_end(&self) {
        let Some(end) = &self.decision else { return };
        let recorder = &self.jobs.control.recorder;
        if end["type"] == "Complete" {
            let completions = object::number(&self.job, "/spec/completions");
            if completions.is_some_and(|completions| object::count(&self.job, "/status/succeeded") > completions) {
                let message = "Too many succeeded pods running after completion count reached";
                recorder.warning(&self.job, "TooManySucceededPods", message);
            }
            recorder.normal(&self.job, "Completed", "Job completed");
        } else {
            recorder.warning(&self.job, object::text(end, "/reason"), object::text(end, "/message"));
        }
    }
}
