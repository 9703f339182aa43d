//! A Deployment's counts, its conditions, and the deadline for progress.

use jiff::Timestamp;
use proofmark_json::{Value, json};

use super::{Sync, SyncError, replicas, seconds};
use crate::kit::{Error, Next, object};

impl Sync<'_> {
    /// Sets a condition of the status that is to be written (see [`set`]).
    pub(super) fn set_condition(&mut self, of_type: &str, status: &str, reason: &str, message: &str) {
        let condition = self.condition(of_type, status, reason, message);
        set(&mut self.deployment["status"], condition);
    }

    fn condition(&self, of_type: &str, status: &str, reason: &str, message: &str) -> Value {
        let now = object::stamp(self.now);
        json!({
            "type": of_type, "status": status, "lastUpdateTime": now, "lastTransitionTime": now,
            "reason": reason, "message": message,
        })
    }

    /// Says of a rollout that it was paused or resumed, so that its deadline does not run meanwhile.
    pub(super) async fn note_pause(&mut self) -> Result<(), Error> {
        let reason = object::condition(&self.deployment, "Progressing").map(|c| object::text(c, "/reason").to_owned());
        if self.progress_deadline().is_none() || reason.as_deref() == Some("ProgressDeadlineExceeded") {
            return Ok(());
        }
        let was_paused = reason.as_deref() == Some("DeploymentPaused");
        match (object::flag(&self.deployment, "/spec/paused"), was_paused) {
            (true, false) => {
                self.set_condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
            }
            (false, true) => {
                self.set_condition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
            }
            _ => return Ok(()),
        }
        self.write_status().await
    }

    /// Whether a status says that every replica is new and available.
    pub(super) fn is_complete(&self, status: &Value) -> bool {
        let all = ["/updatedReplicas", "/replicas", "/availableReplicas"];
        let generation = object::count(&self.deployment, "/metadata/generation");
        all.iter().all(|at| object::count(status, at) == self.replicas())
            && object::count(status, "/observedGeneration") >= generation
    }

    /// The counts, and whether enough is available.
    fn counted(&self) -> Value {
        let sum = |at: &str| self.all().map(|set| object::count(set, at)).sum::<i64>();
        let available = sum("/status/availableReplicas");
        let wanted: i64 = self.all().map(replicas).sum();
        let mut status = json!({
            "observedGeneration": self.deployment["metadata"]["generation"],
            "replicas": sum("/status/replicas"),
            "updatedReplicas": self.new.as_ref().map_or(0, |new| object::count(new, "/status/replicas")),
            "readyReplicas": sum("/status/readyReplicas"),
            "availableReplicas": available,
            "unavailableReplicas": (wanted - available).max(0),
            "terminatingReplicas": self.terminating(),
            "conditions": self.deployment["status"]["conditions"],
            "collisionCount": self.deployment["status"]["collisionCount"],
        });
        let condition = if available >= self.replicas() - self.max_unavailable() {
            self.condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            let message = "Deployment does not have minimum availability.";
            self.condition("Available", "False", "MinimumReplicasUnavailable", message)
        };
        set(&mut status, condition);
        status
    }

    /// How many pods are going; not known while a ReplicaSet that was looked at does not say.
    fn terminating(&self) -> Option<i64> {
        let mut sum = 0;
        for set in self.all() {
            match object::number(set, "/status/terminatingReplicas") {
                Some(count) => sum += count,
                None if object::count(set, "/status/observedGeneration") == 0 => {}
                None => return None,
            }
        }
        Some(sum)
    }

    /// Writes the counts, if they changed.
    pub(super) async fn write_counts(mut self) -> Result<Next, SyncError> {
        let status = self.counted();
        if !self.has(&status) {
            self.deployment["status"] = status;
            self.write_status().await?;
        }
        Ok(Next::Done)
    }

    /// Writes the counts and how the rollout goes, if they changed; says when to look again whether it came to a halt.
    pub(super) async fn write_progress(mut self) -> Result<Next, SyncError> {
        let mut status = self.counted();
        if self.progress_deadline().is_none() {
            remove(&mut status, "Progressing");
        } else if let Some(condition) = self.progress(&status) {
            if object::text(&condition, "/reason") == "ReplicaSetUpdated" {
                remove(&mut status, "Progressing");
            }
            set(&mut status, condition);
        }
        match self.failure() {
            Some(failure) => set(&mut status, failure),
            None => remove(&mut status, "ReplicaFailure"),
        }
        if !self.has(&status) {
            self.deployment["status"] = status;
            self.write_status().await?;
            return Ok(Next::Done);
        }
        Ok(self.deadline(&status))
    }

    fn has(&self, status: &Value) -> bool {
        let told = |status: &Value| object::number(status, "/terminatingReplicas").is_some();
        let now = &self.deployment["status"];
        object::same(now, status) && told(now) == told(status)
    }

    /// The condition that says how the rollout goes; none while what it says holds.
    fn progress(&self, status: &Value) -> Option<Value> {
        let present = object::condition(&self.deployment, "Progressing");
        let reason = present.map_or("", |condition| object::text(condition, "/reason"));
        let count = |of: &Value, at: &str| object::count(of, at);
        let is_done = count(status, "/replicas") == count(status, "/updatedReplicas");
        if is_done && reason == "NewReplicaSetAvailable" {
            return None;
        }
        let subject = match &self.new {
            Some(new) => format!("ReplicaSet \"{}\"", object::name(new)),
            None => format!("Deployment \"{}\"", object::name(&self.deployment)),
        };
        let condition = |status: &str, reason: &str, how: &str| {
            Some(self.condition("Progressing", status, reason, &format!("{subject} {how}.")))
        };
        if self.is_complete(status) {
            return condition("True", "NewReplicaSetAvailable", "has successfully progressed");
        }
        let before = &self.deployment["status"];
        let old = |of: &Value| count(of, "/replicas") - count(of, "/updatedReplicas");
        let more = |at: &str| count(status, at) > count(before, at);
        if more("/updatedReplicas") || old(status) < old(before) || more("/readyReplicas") || more("/availableReplicas")
        {
            let mut condition = condition("True", "ReplicaSetUpdated", "is progressing")?;
            if let Some(present) = present.filter(|present| object::text(present, "/status") == "True") {
                condition["lastTransitionTime"] = present["lastTransitionTime"].clone();
            }
            return Some(condition);
        }
        let timed_out = match reason {
            "" | "NewReplicaSetAvailable" => false,
            "ProgressDeadlineExceeded" => true,
            _ => present.and_then(|present| self.until_deadline(present)).is_some_and(|left| left < 0),
        };
        timed_out.then(|| condition("False", "ProgressDeadlineExceeded", "has timed out progressing")).flatten()
    }

    /// Milliseconds until a rollout that last moved as the condition says has taken too long.
    fn until_deadline(&self, progressing: &Value) -> Option<i64> {
        let since: Timestamp = object::time(progressing, "/lastUpdateTime")?;
        Some((since.as_second() + self.progress_deadline()?) * 1000 - self.now.as_millisecond())
    }

    /// When to look whether the rollout came to a halt, of which no event tells.
    fn deadline(&self, status: &Value) -> Next {
        let progressing = object::condition(&self.deployment, "Progressing");
        let Some(progressing) = progressing.filter(|_| !self.is_complete(status)) else { return Next::Done };
        if object::text(progressing, "/reason") == "ProgressDeadlineExceeded" {
            return Next::Done;
        }
        self.until_deadline(progressing).map_or(Next::Done, |left| Next::After(seconds(left.max(0) / 1000 + 1)))
    }

    /// What keeps pods from being made, in the new ReplicaSet or else in any.
    fn failure(&self) -> Option<Value> {
        let of = |set: &Value| {
            object::list(set, "/status/conditions").iter().find(|c| c["type"] == "ReplicaFailure").cloned()
        };
        let mut failure = self.new.as_ref().and_then(of).or_else(|| self.all().find_map(of))?;
        failure["lastUpdateTime"] = failure["lastTransitionTime"].clone();
        Some(failure)
    }
}

/// Puts a condition into a status. One with the same status and reason stays as it is; one with the same status keeps its time of transition.
fn set(status: &mut Value, mut condition: Value) {
    let of_type = condition["type"].clone();
    let present = object::list(status, "/conditions").iter().find(|present| present["type"] == of_type);
    if let Some(present) = present.filter(|present| present["status"] == condition["status"]) {
        if present["reason"] == condition["reason"] {
            return;
        }
        condition["lastTransitionTime"] = present["lastTransitionTime"].clone();
    }
    let mut conditions: Vec<Value> =
        object::list(status, "/conditions").iter().filter(|present| present["type"] != of_type).cloned().collect();
    conditions.push(condition);
    status["conditions"] = json!(conditions);
}

fn remove(status: &mut Value, of_type: &str) {
    if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        conditions.retain(|condition| object::text(condition, "/type") != of_type);
    }
}
