//! Which ReplicaSet is that of the present template, and the history that `kubectl rollout` shows.

use std::cmp::Ordering;

use proofmark_json::{Value, json};

use super::{Sync, replicas};
use crate::kit::{Error, Reason as _, object};
use crate::workloads::template::{set_annotation, set_label};
use crate::workloads::{REPLICA_SETS, children, hash};

const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
pub(super) const MAXIMUM: &str = "deployment.kubernetes.io/max-replicas";
const HASH: &str = "pod-template-hash";
/// No history is longer than this.
const HISTORY_LENGTH: usize = 2000;
/// The longest name of an object.
const NAME_LENGTH: usize = 253;
/// Annotations of a Deployment that are not those of its ReplicaSets.
const OWN: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MAXIMUM,
    "deprecated.deployment.rollback.to",
];

impl Sync<'_> {
    /// Tells the new ReplicaSet from the old ones, and numbers it; makes it if there is none and `create` says so.
    pub(super) async fn find_revisions(&mut self, create: bool) -> Result<(), Error> {
        let mut sets: Vec<Value> = self.sets.iter().map(|set| Value::clone(set)).collect();
        sets.sort_by(by_age);
        let template = &self.deployment["spec"]["template"];
        let new = sets.iter().position(|set| is_revision_of(&set["spec"]["template"], template));
        self.new = new.map(|at| sets.remove(at));
        self.old = sets;
        let revision = self.old.iter().map(revision).max().unwrap_or(0) + 1;
        match self.new.take() {
            Some(new) => self.renumber(new, revision).await,
            None if create => self.create_new(revision).await,
            None => Ok(()),
        }
    }

    /// Gives the new ReplicaSet its number and what else the Deployment says of it.
    async fn renumber(&mut self, mut new: Value, revision: i64) -> Result<(), Error> {
        let annotated = self.annotate(&mut new, revision, true);
        let ready = &self.deployment["spec"]["minReadySeconds"];
        if annotated || !object::same(&new["spec"]["minReadySeconds"], ready) {
            new["spec"]["minReadySeconds"] = ready.clone();
            self.new = Some(self.controller.sets.update(&new).await?);
            return Ok(());
        }
        let number = object::annotation(&new, REVISION).unwrap_or_default().to_owned();
        let mut changed = self.set_revision(&number);
        if self.progress_deadline().is_some() && object::condition(&self.deployment, "Progressing").is_none() {
            let message = format!("Found new replica set \"{}\"", object::name(&new));
            self.set_condition("Progressing", "True", "FoundNewReplicaSet", &message);
            changed = true;
        }
        self.new = Some(new);
        if changed { self.write_status().await } else { Ok(()) }
    }

    async fn create_new(&mut self, revision: i64) -> Result<(), Error> {
        let mut new = self.draft();
        let count = self.room_for(&new);
        new["spec"]["replicas"] = json!(count);
        self.annotate(&mut new, revision, false);
        let name = object::name(&new).to_owned();
        let made = match self.controller.sets.create(&new).await {
            Ok(made) => made,
            Err(error) if error.is_already_exists() => return self.collide(&name, error).await,
            Err(error) if error.is_namespace_terminating() => return Err(error),
            Err(error) => {
                let message = format!("Failed to create new replica set \"{name}\": {}", error.words());
                if self.progress_deadline().is_some() {
                    self.set_condition("Progressing", "False", "ReplicaSetCreateError", &message);
                    // The failure to make the ReplicaSet is the one to be told.
                    let _ = self.write_status().await;
                }
                self.controller.recorder.warning(&self.deployment, "ReplicaSetCreateError", message);
                return Err(error);
            }
        };
        if count > 0 {
            let message = format!("Scaled up replica set {name} from 0 to {count}");
            self.controller.recorder.normal(&self.deployment, "ScalingReplicaSet", message);
        }
        self.new = Some(made);
        let mut changed = self.set_revision(&revision.to_string());
        if self.progress_deadline().is_some() {
            let message = format!("Created new replica set \"{name}\"");
            self.set_condition("Progressing", "True", "NewReplicaSetCreated", &message);
            changed = true;
        }
        if changed { self.write_status().await } else { Ok(()) }
    }

    /// The name is taken: by this very revision, which a cache had not shown, or by another, and then the hash has to change.
    async fn collide(&mut self, name: &str, error: Error) -> Result<(), Error> {
        let namespace = object::namespace(&self.deployment);
        let Some(found) = self.controller.sets.read(namespace, name).await? else { return Err(error) };
        let own = object::controller(&found).is_some_and(|c| object::text(c, "/uid") == object::uid(&self.deployment));
        if own && is_revision_of(&found["spec"]["template"], &self.deployment["spec"]["template"]) {
            self.new = Some(found);
            return Ok(());
        }
        let collisions = object::count(&self.deployment, "/status/collisionCount");
        self.deployment["status"]["collisionCount"] = json!(collisions + 1);
        self.write_status().await?;
        Err(error)
    }

    /// The ReplicaSet of the present template, without its number.
    fn draft(&self) -> Value {
        let deployment = &self.deployment;
        let mut template = deployment["spec"]["template"].clone();
        let hash = hash::of_template(&template, object::number(deployment, "/status/collisionCount"));
        set_label(&mut template, HASH, &hash);
        let mut selector = deployment["spec"]["selector"].clone();
        if !selector["matchLabels"].is_object() {
            selector["matchLabels"] = json!({});
        }
        selector["matchLabels"][HASH] = json!(hash);
        let kind = self.controller.deployments.resource();
        let room = NAME_LENGTH.saturating_sub(1 + hash.len());
        let name: String = object::name(deployment).chars().take(room).collect();
        json!({
            "apiVersion": REPLICA_SETS.api_version(), "kind": REPLICA_SETS.kind,
            "metadata": {
                "name": format!("{name}-{hash}"),
                "namespace": object::namespace(deployment),
                "labels": template["metadata"]["labels"],
                "ownerReferences": [children::reference(deployment, kind)],
            },
            "spec": {
                "replicas": 0,
                "minReadySeconds": deployment["spec"]["minReadySeconds"],
                "selector": selector,
                "template": template,
            },
        })
    }

    /// Sets a ReplicaSet's annotations as those of the newest revision. Whether anything changed.
    fn annotate(&self, set: &mut Value, revision: i64, exists: bool) -> bool {
        let mut changed = false;
        let own = self.deployment.pointer("/metadata/annotations").and_then(Value::as_object);
        for (key, value) in own.into_iter().flatten().filter(|(key, _)| !OWN.contains(&key.as_str())) {
            let value = value.as_str().unwrap_or_default();
            if object::annotation(set, key) != Some(value) {
                set_annotation(set, key, value);
                changed = true;
            }
        }
        let before = object::annotation(set, REVISION).map(str::to_owned);
        let number = match before.as_deref().unwrap_or_default() {
            "" => 0,
            text => match text.parse::<i64>() {
                Ok(number) => number,
                Err(_) => return false,
            },
        };
        if number < revision {
            set_annotation(set, REVISION, &revision.to_string());
            changed = true;
            if let Some(before) = before {
                let history = object::annotation(set, HISTORY).unwrap_or_default();
                if let Some(history) = appended(history, &before) {
                    set_annotation(set, HISTORY, &history);
                }
            }
        }
        if !exists {
            changed |= self.annotate_counts(set);
        }
        changed
    }

    /// Notes on a ReplicaSet how many replicas the Deployment wanted when it was scaled. Whether anything changed.
    pub(super) fn annotate_counts(&self, set: &mut Value) -> bool {
        let most = (self.replicas() + self.max_surge()).to_string();
        let mut changed = false;
        for (key, value) in [(DESIRED, self.replicas().to_string()), (MAXIMUM, most)] {
            if object::annotation(set, key) != Some(&value) {
                set_annotation(set, key, &value);
                changed = true;
            }
        }
        changed
    }

    fn set_revision(&mut self, revision: &str) -> bool {
        let changed = object::annotation(&self.deployment, REVISION) != Some(revision);
        if changed {
            set_annotation(&mut self.deployment, REVISION, revision);
        }
        changed
    }

    /// Deletes the oldest ReplicaSets beyond the history that is kept.
    pub(super) async fn clean_up(&mut self) -> Result<(), Error> {
        let Some(limit) = object::number(&self.deployment, "/spec/revisionHistoryLimit") else { return Ok(()) };
        if limit == i64::from(i32::MAX) {
            return Ok(());
        }
        let mut alive: Vec<&Value> = self.old.iter().filter(|set| !object::is_being_deleted(set)).collect();
        let surplus = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        alive.sort_by(|a, b| revision(a).cmp(&revision(b)).then_with(|| by_age(a, b)));
        for set in alive.into_iter().take(surplus) {
            let observed = object::count(set, "/status/observedGeneration");
            let used = object::count(set, "/status/replicas") != 0 || replicas(set) != 0;
            if used || object::count(set, "/metadata/generation") > observed {
                continue;
            }
            match self.controller.sets.delete(set, &json!({})).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Older ones first, and by name.
pub(super) fn by_age(a: &Value, b: &Value) -> Ordering {
    let created = |set| object::time(set, "/metadata/creationTimestamp");
    created(a).cmp(&created(b)).then_with(|| object::name(a).cmp(object::name(b)))
}

/// The number of a ReplicaSet's revision.
fn revision(set: &Value) -> i64 {
    object::annotation(set, REVISION).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Whether a ReplicaSet's template is a Deployment's, but for the hash.
fn is_revision_of(of_set: &Value, of_deployment: &Value) -> bool {
    let without_hash = |template: &Value| {
        let mut template = template.clone();
        if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            labels.shift_remove(HASH);
        }
        template
    };
    object::same(&of_set["spec"], &of_deployment["spec"])
        && object::same(&without_hash(of_set), &without_hash(of_deployment))
}

/// A history with one more number; what is oldest goes when it gets too long.
fn appended(history: &str, number: &str) -> Option<String> {
    if history.is_empty() {
        return Some(number.to_owned());
    }
    let mut rest = history;
    while rest.len() + 1 + number.len() > HISTORY_LENGTH {
        match rest.split_once(',') {
            Some((_, newer)) => rest = newer,
            None => return (number.len() <= HISTORY_LENGTH).then(|| number.to_owned()),
        }
    }
    Some(format!("{rest},{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_forget_what_is_oldest() {
        assert_eq!(appended("", "1").as_deref(), Some("1"));
        assert_eq!(appended("1,3", "5").as_deref(), Some("1,3,5"));
        let long = vec!["1234"; 400].join(",");
        let longer = appended(&long, "9999").expect("fits");
        assert!(longer.len() <= HISTORY_LENGTH && longer.ends_with(",1234,9999"));
    }
}
