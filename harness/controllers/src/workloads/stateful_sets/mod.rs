//! StatefulSets (`pkg/controller/statefulset`): pods with names, numbers and claims that outlive them.
//!
//! * [`sync`]: which pods are made, deleted and replaced, in which order.
//! * [`pods`]: a pod by its number.
//! * [`claims`]: the claims of a pod, and what becomes of them.
//! * [`status`]: the counts.

mod claims;
mod pods;
mod status;
mod sync;

use proofmark_json::{Value, json};
use proofmark_text::go_json;

use super::{CONTROLLER_REVISIONS, Key, STATEFUL_SETS, SyncError, children, claim, hash, history};
use crate::context::Context;
use crate::controllers::Clock;
use crate::kit::{
    Error, Informer, Next, Objects, Reason as _, Reconcile, Recorder, Resource, Selection, object, queue,
};
use sync::Sync;

const NAME: &str = "statefulset-controller";
const CLAIMS: Resource = Resource::namespaced("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");
const HASH: &str = "controller.kubernetes.io/hash";
/// The label that says which revision a pod is of.
const REVISION: &str = "controller-revision-hash";

pub(crate) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let sets = context.objects(&api, Selection::whole(STATEFUL_SETS));
    let pods = context.objects(&api, super::pods::selection());
    let claims = context.objects(&api, Selection::whole(CLAIMS));
    let revisions = context.objects(&api, Selection::whole(CONTROLLER_REVISIONS).indexed(children::by_controller));
    let (queue, worker) = queue::new();
    children::follow_own(&sets, &queue);
    children::follow(&pods, &sets, &queue);
    let caches = [&sets, &pods, &claims, &revisions].map(|objects| Informer::clone(objects)).to_vec();
    let (recorder, clock) = (context.recorder(&api, NAME), context.options().clock.clone());
    context.run(worker, caches, StatefulSets { sets, pods, claims, revisions, recorder, clock });
}

struct StatefulSets {
    sets: Objects,
    pods: Objects,
    claims: Objects,
    revisions: Objects,
    recorder: Recorder,
    clock: Clock,
}

impl Reconcile for StatefulSets {
    type Key = Key;
    type Error = SyncError;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, SyncError> {
        for objects in [&self.sets, &self.pods, &self.claims, &self.revisions] {
            objects.settled().await;
        }
        let Some(set) = self.sets.get(namespace, name) else { return Ok(Next::Done) };
        let mut candidates = children::controlled(&self.pods, &set);
        candidates.extend(children::orphans(&self.pods, namespace));
        let is_member = |pod: &Value| pods::parent(pod) == Some(name);
        let pods = claim::claim(&set, &self.sets, candidates, &self.pods, is_member, None).await?;
        let mut revisions = history::list(&set, &self.sets, &self.revisions).await?;
        let mut collisions = object::count(&set, "/status/collisionCount");
        let update = self.update_revision(&set, &mut revisions, &mut collisions).await?;
        let current = object::text(&set, "/status/currentRevision");
        let current = revisions.iter().find(|revision| object::name(revision) == current);
        let current = current.unwrap_or(&update).clone();
        let used = |revision: &str| {
            revision == object::name(&current)
                || revision == object::name(&update)
                || history::in_use(&pods, REVISION).any(|used| used == revision)
        };
        let now = (self.clock)();
        let next = Sync::new(self, &set, &pods, &current, &update, now).run(collisions).await?;
        let limit = object::number(&set, "/spec/revisionHistoryLimit").unwrap_or(10);
        history::truncate(&self.revisions, &revisions, limit, used).await?;
        Ok(next)
    }
}

impl StatefulSets {
    /// The revision of the present template: the newest one, an old one with a new number, or one that is made.
    async fn update_revision(
        &self,
        set: &Value,
        revisions: &mut Vec<Value>,
        collisions: &mut i64,
    ) -> Result<Value, Error> {
        let patch = history::patch(set);
        let number = revisions.last().map_or(1, |newest| history::number(newest) + 1);
        if let Some(newest) = revisions.last().filter(|newest| history::keeps(newest, &patch)) {
            return Ok(newest.clone());
        }
        if let Some(old) = revisions.iter_mut().rev().find(|old| history::keeps(old, &patch)) {
            *old = history::renumber(&self.revisions, old, number).await?;
            return Ok(old.clone());
        }
        let text = go_json::write(&patch);
        loop {
            let hash = hash::of_revision(&text, *collisions);
            let draft = history::draft(set, self.sets.resource(), patch.clone(), number, &hash, HASH);
            match self.revisions.create(&draft).await {
                Err(error) if error.is_already_exists() => {
                    let (namespace, name) = (object::namespace(set), object::name(&draft));
                    let Some(found) = self.revisions.read(namespace, name).await? else { return Err(error) };
                    if history::keeps(&found, &patch) {
                        return Ok(found);
                    }
                    *collisions += 1;
                }
                made => {
                    let made = made?;
                    revisions.push(made.clone());
                    return Ok(made);
                }
            }
        }
    }

    /// Tells of a pod on its set.
    fn tell(&self, set: &Value, pod: &Value, verb: &str, done: &Result<(), Error>) {
        let (pod, name) = (object::name(pod), object::name(set));
        match done {
            Ok(()) => {
                let message = format!("{verb} Pod {pod} in StatefulSet {name} successful");
                self.recorder.normal(set, &format!("Successful{verb}"), message);
            }
            Err(error) => {
                let message = format!("{verb} Pod {pod} in StatefulSet {name} failed error: {}", error.words());
                self.recorder.warning(set, &format!("Failed{verb}"), message);
            }
        }
    }

    async fn delete(&self, set: &Value, pod: &Value) -> Result<(), Error> {
        let done = self.pods.delete(pod, &json!({})).await;
        self.tell(set, pod, "Delete", &done);
        done
    }
}
