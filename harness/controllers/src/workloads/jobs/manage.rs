//! Making and deleting the pods of a Job, so that as many run as should.

use std::sync::Arc;

use proofmark_json::{Value, json};

use super::failure_policy::{Verdict, judge};
use super::indexes::{INDEX, index, indexes};
use super::look::Look;
use super::{FINALIZER, is_indexed, is_suspended, is_tracked, replaces_only_failed};
use crate::kit::{Error, Reason as _, object};
use crate::workloads::template::{self, set_annotation, set_label};
use crate::workloads::{JOBS, pods};

/// No more pods than this are made or deleted in one look.
const BURST: usize = 500;
/// How often the index of a pod had failed before, and how often that did not count.
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
pub(super) const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";
const ENVIRONMENT: &str = "JOB_COMPLETION_INDEX";
/// The longest beginning of a name that the server completes.
const PREFIX: usize = 58;

impl Look<'_> {
    /// Brings the number of running pods to where it should be; what went wrong.
    pub(super) async fn manage(&mut self) -> Option<Error> {
        if is_suspended(&self.job) {
            let all = self.surplus(self.active.len());
            return self.delete(&all, true).await;
        }
        let wanted = self.wanted();
        let surplus = self.surplus(self.counts.active.saturating_sub(wanted));
        if !surplus.is_empty() {
            let surplus: Vec<_> = surplus.into_iter().take(BURST).collect();
            return self.delete(&surplus, true).await;
        }
        let going = if replaces_only_failed(&self.job) { self.counts.terminating } else { 0 };
        let lacking = wanted.saturating_sub(going + self.counts.active);
        if lacking == 0 { None } else { self.create(lacking.min(BURST)).await }
    }

    fn wanted(&self) -> usize {
        let parallelism = usize::try_from(object::count(&self.job, "/spec/parallelism")).unwrap_or(0);
        match self.completions() {
            None if self.succeeded > 0 => self.counts.active,
            None => parallelism,
            Some(completions) => parallelism.min(completions.saturating_sub(self.succeeded)),
        }
    }

    /// Pods that go first: those whose index another has too, then at least so many of the others.
    fn surplus(&self, at_least: usize) -> Vec<Arc<Value>> {
        let mut pods: Vec<&Arc<Value>> = self.active.iter().collect();
        pods.sort_by(|a, b| pods::before_in_deletion((a, 0), (b, 0), self.now));
        let (mut surplus, mut rest) = (Vec::new(), Vec::new());
        let indexed = is_indexed(&self.job);
        for (at, pod) in pods.iter().enumerate() {
            // Of equal indexes the pod stays that would go last.
            let repeated = || pods.iter().skip(at + 1).any(|other| index(other) == index(pod));
            if indexed && (!self.has_valid_index(pod) || repeated()) {
                surplus.push(Arc::clone(pod));
            } else {
                rest.push(Arc::clone(pod));
            }
        }
        let more = at_least.saturating_sub(surplus.len());
        surplus.extend(rest.into_iter().take(more));
        surplus
    }

    /// Deletes pods, at once free of their finalizer or later when they are counted.
    pub(super) async fn delete(&mut self, pods: &[Arc<Value>], release: bool) -> Option<Error> {
        let mut failure = None;
        let mut deleted = Vec::new();
        for pod in pods {
            if release && is_tracked(pod) {
                match self.release(pod).await {
                    Err(error) if !error.is_not_found() => {
                        failure = failure.or(Some(error));
                        continue;
                    }
                    _ => {}
                }
            }
            deleted.push(pod);
        }
        let plain = deleted.iter().map(|pod| &***pod);
        let failed = self.jobs.control.delete_all(&self.job, plain).await;
        let lost = usize::from(failed.is_some());
        let count = deleted.len().saturating_sub(lost);
        self.counts.active = self.counts.active.saturating_sub(count);
        self.counts.terminating += count;
        let ready = deleted.iter().filter(|pod| pods::is_ready(pod)).count();
        self.counts.ready = self.counts.ready.saturating_sub(ready);
        failure.or(failed)
    }

    /// Takes the finalizer off a pod.
    pub(super) async fn release(&self, pod: &Value) -> Result<(), Error> {
        let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": [FINALIZER]}});
        self.jobs.control.pods.patch(pod, &patch).await.map(|_| ())
    }

    async fn create(&mut self, lacking: usize) -> Option<Error> {
        let by_index = !self.job["spec"]["backoffLimitPerIndex"].is_null();
        if !by_index && let Some(wait) = self.back_off.left(self.now) {
            self.look_in(wait);
            self.counts.active = 0;
            return None;
        }
        let drafts = if is_indexed(&self.job) {
            let pending = self.pending(lacking);
            let waits = |index: &usize| {
                let before = self.replaced.get(index)?;
                let (counted, ignored) = self.failures_of(before);
                super::back_off::left_after(counted.saturating_add(ignored).saturating_add(1), before, self.now)
            };
            let (later, now): (Vec<usize>, Vec<usize>) = pending.into_iter().partition(|index| waits(index).is_some());
            if now.is_empty()
                && let Some(wait) = later.iter().filter_map(waits).min()
            {
                self.look_in(wait);
                self.counts.active = 0;
                return None;
            }
            now.into_iter().map(|index| self.draft(Some(index))).collect()
        } else {
            vec![self.draft(None); lacking]
        };
        let (made, failure) = self.jobs.control.create_all(&self.job, &drafts).await;
        self.counts.active += made;
        failure.filter(|error| !error.is_namespace_terminating())
    }

    /// The first indexes that no pod has and that are neither done nor failed.
    fn pending(&self, count: usize) -> Vec<usize> {
        let mut taken = self.done.succeeded.with(indexes(self.active.iter().map(|pod| &**pod)));
        if replaces_only_failed(&self.job) {
            taken = taken.with(indexes(self.pods.iter().map(|pod| &**pod).filter(|pod| pods::is_terminating(pod))));
        }
        if let Some(failed) = &self.done.failed {
            taken = taken.merge(failed);
        }
        taken.missing(count, self.completions().unwrap_or(0))
    }

    /// A pod to be made.
    fn draft(&self, index: Option<usize>) -> Value {
        let job = &self.job;
        let mut pod = template::pod(&job["spec"]["template"], job, &JOBS);
        let mut finalizers: Vec<Value> = object::list(&pod, "/metadata/finalizers").to_vec();
        if !finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            finalizers.push(json!(FINALIZER));
        }
        pod["metadata"]["finalizers"] = json!(finalizers);
        let Some(index) = index else { return pod };
        set_annotation(&mut pod, INDEX, &index.to_string());
        set_label(&mut pod, INDEX, &index.to_string());
        let name = object::name(job);
        let suffix = format!("-{index}-");
        let start: String = name.chars().take(PREFIX.saturating_sub(suffix.len())).collect();
        pod["metadata"]["generateName"] = json!(format!("{start}{suffix}"));
        pod["spec"]["hostname"] = json!(format!("{name}-{index}"));
        for list in ["initContainers", "containers"] {
            let containers = pod["spec"].get_mut(list).and_then(Value::as_array_mut);
            containers.into_iter().flatten().for_each(tell_index);
        }
        if !job["spec"]["backoffLimitPerIndex"].is_null() {
            let (mut counted, mut ignored) = (0, 0);
            if let Some(before) = self.replaced.get(&index) {
                (counted, ignored) = self.failures_of(before);
                match judge(job, before) {
                    Verdict::Ignore => ignored += 1,
                    _ => counted += 1,
                }
            }
            set_annotation(&mut pod, FAILURES, &counted.to_string());
            if ignored > 0 {
                set_annotation(&mut pod, IGNORED, &ignored.to_string());
            }
        }
        pod
    }
}

/// Tells a container its index, unless its environment has that name.
fn tell_index(container: &mut Value) {
    let mut environment = object::list(container, "/env").to_vec();
    if environment.iter().any(|variable| variable["name"] == ENVIRONMENT) {
        return;
    }
    let path = format!("metadata.labels['{INDEX}']");
    environment.push(json!({"name": ENVIRONMENT, "valueFrom": {"fieldRef": {"fieldPath": path}}}));
    container["env"] = json!(environment);
}
