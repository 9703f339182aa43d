//! Which pods of a StatefulSet are made, deleted and replaced. In order (`OrderedReady`) each pod waits for the ones before it, and one that is
//! too many for those after it; otherwise (`Parallel`) none waits.

use std::sync::Arc;

use jiff::Timestamp;
use proofmark_json::Value;

use super::status::Counts;
use super::{StatefulSets, SyncError, claims, pods};
use crate::kit::{Error, Next, Reason as _, object};
use crate::workloads::pods::{is_available, is_finished, is_ready, phase, wait_for};

/// One look at a StatefulSet.
pub(super) struct Sync<'a> {
    controller: &'a StatefulSets,
    set: &'a Value,
    now: Timestamp,
    current: &'a Value,
    update: &'a Value,
    /// The pods that it should have, from the first number on; drafts stand for those that it has not.
    replicas: Vec<Arc<Value>>,
    /// Those that are too many, the highest number first.
    condemned: Vec<Arc<Value>>,
}

/// Whether the pods after this one are to be looked at too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Next,
    Wait,
}

impl<'a> Sync<'a> {
    pub(super) fn new(
        controller: &'a StatefulSets,
        set: &'a Value,
        pods: &[Arc<Value>],
        current: &'a Value,
        update: &'a Value,
        now: Timestamp,
    ) -> Self {
        let start = pods::first(set);
        let numbers = start..start + object::count(set, "/spec/replicas");
        let present = |number: i64| pods.iter().find(|pod| pods::ordinal(pod) == Some(number)).cloned();
        // Below the partition, and before its first status without one, pods are of the current revision.
        let partition = object::number(set, "/spec/updateStrategy/rollingUpdate/partition");
        let kept = start + partition.unwrap_or_else(|| object::count(set, "/status/currentReplicas"));
        let rolling = object::text(set, "/spec/updateStrategy/type") == "RollingUpdate";
        let draft = |number: i64| {
            let revision = if rolling && number < kept { current } else { update };
            Arc::new(pods::draft(set, revision, number))
        };
        let replicas = numbers.map(|number| present(number).unwrap_or_else(|| draft(number))).collect();
        let surplus = |pod: &&Arc<Value>| pods::ordinal(pod).is_some_and(|number| !pods::in_range(set, number));
        let mut condemned: Vec<Arc<Value>> = pods.iter().filter(surplus).cloned().collect();
        condemned.sort_by_key(|pod| std::cmp::Reverse(pods::ordinal(pod)));
        Self { controller, set, now, current, update, replicas, condemned }
    }

    pub(super) async fn run(self, collisions: i64) -> Result<Next, SyncError> {
        let mut failure = None;
        let mut replaced = 0;
        if !object::is_being_deleted(self.set) {
            match self.act().await {
                Ok(count) => replaced = count,
                Err(error) => failure = Some(error),
            }
        }
        let (current, update) = (object::name(self.current), object::name(self.update));
        let all = self.replicas.iter().chain(&self.condemned).map(|pod| &**pod);
        let mut counts = Counts::of(all, self.min_ready(), current, update, self.now);
        counts.current -= replaced;
        let status = counts.status(self.set, current, update, collisions);
        if !object::same(&self.set["status"], &status) {
            let mut changed = self.set.clone();
            changed["status"] = status;
            self.controller.sets.update_status(&changed).await?;
        }
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(self.next_look()),
        }
    }

    /// When the next ready pod becomes available, of which no event tells.
    fn next_look(&self) -> Next {
        let waits = self.replicas.iter().filter_map(|pod| wait_for(pod, self.min_ready(), self.now));
        let wait = waits.filter(|wait| wait.is_positive()).min().and_then(|wait| wait.try_into().ok());
        wait.filter(|_| self.min_ready() > 0).map_or(Next::Done, Next::After)
    }

    fn min_ready(&self) -> i64 {
        object::count(self.set, "/spec/minReadySeconds")
    }

    fn is_ordered(&self) -> bool {
        object::text(self.set, "/spec/podManagementPolicy") != "Parallel"
    }

    fn is_unavailable(&self, pod: &Value) -> bool {
        !is_available(pod, self.min_ready(), self.now) || object::is_being_deleted(pod)
    }

    /// How many pods of the current revision were deleted to be replaced.
    async fn act(&self) -> Result<i64, Error> {
        for pod in &self.replicas {
            if self.keep(pod).await? == Turn::Wait && self.is_ordered() {
                return Ok(0);
            }
        }
        for pod in &self.condemned {
            if let Some(number) = pods::ordinal(pod) {
                self.controller.own_claims(self.set, pod, number).await?;
            }
        }
        // A pod that is unavailable anyway may go although it is not its turn.
        let first = self.replicas.iter().chain(self.condemned.iter().rev()).find(|pod| self.is_unavailable(pod));
        for pod in &self.condemned {
            let is_first = first.is_some_and(|first| object::uid(first) == object::uid(pod));
            if self.remove(pod, is_first).await? == Turn::Wait && self.is_ordered() {
                return Ok(0);
            }
        }
        self.replace().await
    }

    /// Makes a pod, or makes again one that ended, and keeps its labels and claims as they should be.
    async fn keep(&self, pod: &Value) -> Result<Turn, Error> {
        let number = pods::ordinal(pod).unwrap_or_default();
        if is_finished(pod) {
            if !object::is_being_deleted(pod) {
                self.controller.delete(self.set, pod).await?;
            }
            return Ok(Turn::Wait);
        }
        if phase(pod).is_empty() {
            if self.controller.claims_are_going(self.set, number) {
                return Ok(Turn::Wait);
            }
            return self.make(pod, number).await.map(|()| Turn::Wait);
        }
        if phase(pod) == "Pending" {
            self.controller.make_claims(self.set, pod, number).await?;
        }
        let ready = phase(pod) == "Running" && is_ready(pod) && !self.is_unavailable(pod);
        if !ready && self.is_ordered() {
            return Ok(Turn::Wait);
        }
        self.controller.own_claims(self.set, pod, number).await?;
        if !pods::is_identified(pod) || !claims::are_mounted(self.set, pod, number) {
            let mut repaired = pod.clone();
            pods::identify(&mut repaired, number);
            claims::mount(self.set, &mut repaired, number);
            self.controller.make_claims(self.set, pod, number).await?;
            let done = self.controller.pods.update(&repaired).await.map(|_| ());
            self.controller.tell(self.set, pod, "Update", &done);
            done?;
        }
        Ok(Turn::Next)
    }

    async fn make(&self, pod: &Value, number: i64) -> Result<(), Error> {
        if let Err(error) = self.controller.make_claims(self.set, pod, number).await {
            let failed = Err(error);
            self.controller.tell(self.set, pod, "Create", &failed);
            return failed;
        }
        let made = self.controller.pods.create(pod).await;
        if matches!(&made, Err(error) if error.is_already_exists()) {
            return made.map(|_| ());
        }
        if let Ok(made) = &made {
            self.controller.own_claims(self.set, made, number).await?;
        }
        let done = made.map(|_| ());
        self.controller.tell(self.set, pod, "Create", &done);
        done
    }

    async fn remove(&self, pod: &Value, is_first_unavailable: bool) -> Result<Turn, Error> {
        if object::is_being_deleted(pod) {
            return Ok(Turn::Wait);
        }
        let healthy = phase(pod) == "Running" && is_ready(pod) && !self.is_unavailable(pod);
        if !healthy && self.is_ordered() && !is_first_unavailable {
            return Ok(Turn::Wait);
        }
        self.controller.delete(self.set, pod).await.map(|()| Turn::Wait)
    }

    /// Deletes a pod of an old revision, from the highest number down, once those above it are available.
    async fn replace(&self) -> Result<i64, Error> {
        if object::text(self.set, "/spec/updateStrategy/type") == "OnDelete" {
            return Ok(0);
        }
        let partition = object::count(self.set, "/spec/updateStrategy/rollingUpdate/partition");
        let partition = usize::try_from(partition).unwrap_or(0);
        for pod in self.replicas.iter().skip(partition).rev() {
            if pods::revision(pod) != object::name(self.update) && !object::is_being_deleted(pod) {
                return match self.controller.delete(self.set, pod).await {
                    Err(error) if !error.is_not_found() => Err(error),
                    _ => Ok(1),
                };
            }
            if self.is_unavailable(pod) {
                break;
            }
        }
        Ok(0)
    }
}
