//! DaemonSets (`pkg/controller/daemon`): a pod on every node that suits.
//!
//! * [`nodes`]: which nodes suit.
//! * [`pods`]: a pod for a node.
//! * [`rollout`]: how a new template spreads.
//! * [`status`]: the counts.

mod nodes;
mod pods;
mod rollout;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;

use proofmark_json::Value;

use super::pod_control::PodControl;
use super::pods::is_finished;
use super::{CONTROLLER_REVISIONS, DAEMON_SETS, Key, SyncError, children, claim, hash, history};
use crate::context::{Context, kinds};
use crate::controllers::Clock;
use crate::kit::{Error, Informer, Next, Objects, Reason as _, Reconcile, Selection, object, queue};
use nodes::Suits;
use rollout::Rollout;

const NAME: &str = "daemon-set-controller";
/// The label that says which revision a pod is of.
const HASH: &str = "controller-revision-hash";
/// No more pods than this are made or deleted at once.
const BURST: usize = 250;

pub(crate) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let sets = context.objects(&api, Selection::whole(DAEMON_SETS));
    let pods = context.objects(&api, super::pods::selection());
    let revisions = context.objects(&api, Selection::whole(CONTROLLER_REVISIONS).indexed(children::by_controller));
    let nodes = context.informer(Selection::whole(kinds::NODES));
    let (queue, worker) = queue::new();
    children::follow_own(&sets, &queue);
    children::follow(&pods, &sets, &queue);
    let all = Informer::clone(&sets);
    nodes.on_change(move |change| {
        // What a node says of its health comes often and changes nothing.
        let told = |node: &Option<Arc<Value>>| node.as_ref().map(|node| nodes::relevant(node));
        if told(&change.old) != told(&change.new) {
            for set in all.all() {
                queue.add(children::key(&set));
            }
        }
    });
    let caches = vec![Informer::clone(&sets), Informer::clone(&pods), Informer::clone(&revisions), nodes.clone()];
    let control = PodControl { pods, recorder: context.recorder(&api, "daemonset-controller") };
    let clock = context.options().clock.clone();
    context.run(worker, caches, DaemonSets { sets, control, revisions, nodes, clock });
}

struct DaemonSets {
    sets: Objects,
    control: PodControl,
    revisions: Objects,
    nodes: Informer,
    clock: Clock,
}

/// The pods of a set by the node that each is on, or is meant for.
type ByNode = BTreeMap<String, Vec<Arc<Value>>>;

impl Reconcile for DaemonSets {
    type Key = Key;
    type Error = SyncError;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, SyncError> {
        for objects in [&self.sets, &self.control.pods, &self.revisions] {
            objects.settled().await;
        }
        let Some(set) = self.sets.get(namespace, name) else { return Ok(Next::Done) };
        if object::same(&set["spec"]["selector"], &proofmark_json::json!({})) {
            let why = "This daemon set is selecting all pods. A non-empty selector is required.";
            self.control.recorder.warning(&set, "SelectingAll", why);
            return Ok(Next::Done);
        }
        if object::is_being_deleted(&set) {
            return Ok(Next::Done);
        }
        let mut candidates = children::controlled(&self.control.pods, &set);
        candidates.extend(children::orphans(&self.control.pods, namespace));
        let pods = claim::claim(&set, &self.sets, candidates, &self.control.pods, |_| true, None).await?;
        let (revision, all) = self.revision(&set).await?;
        let by_node = by_node(&pods);
        let hash = hash_of(&revision);
        let rollout = Rollout { set: &set, hash: &hash, now: (self.clock)() };
        let failure = self.manage(&set, &by_node, &rollout).await;
        if failure.is_none() && object::text(&set, "/spec/updateStrategy/type") == "RollingUpdate" {
            self.update(&set, &by_node, &rollout).await?;
        }
        let limit = object::number(&set, "/spec/revisionHistoryLimit").unwrap_or(10);
        let used = |name: &str| {
            name == object::name(&revision)
                || all.iter().any(|old| {
                    object::name(old) == name && history::in_use(&pods, HASH).any(|hash| hash == hash_of(old))
                })
        };
        history::truncate(&self.revisions, &all, limit, used).await?;
        let status = status::of(&set, &self.nodes, &by_node, &hash, rollout.now);
        if !object::same(&set["status"], &status) {
            let mut changed = Value::clone(&set);
            changed["status"] = status;
            self.sets.update_status(&changed).await?;
        }
        failure.map_or(Ok(Next::Done), |error| Err(error.into()))
    }
}

fn hash_of(revision: &Value) -> String {
    object::labels(revision).and_then(|labels| labels.get(HASH)?.as_str()).unwrap_or_default().to_owned()
}

fn by_node(pods: &[Arc<Value>]) -> ByNode {
    let mut by_node = ByNode::new();
    for pod in pods {
        if let Some(node) = pods::node(pod) {
            by_node.entry(node.to_owned()).or_default().push(Arc::clone(pod));
        }
    }
    by_node
}

impl DaemonSets {
    /// The revision of the present template, and all of them.
    async fn revision(&self, set: &Value) -> Result<(Value, Vec<Value>), SyncError> {
        let mut all = history::list(set, &self.sets, &self.revisions).await?;
        let patch = history::patch(set);
        let number = all.last().map_or(1, |newest| history::number(newest) + 1);
        if let Some(newest) = all.last().filter(|newest| history::keeps(newest, &patch)) {
            return Ok((newest.clone(), all));
        }
        if let Some(old) = all.iter().rev().find(|old| history::keeps(old, &patch)) {
            return Ok((history::renumber(&self.revisions, old, number).await?, all));
        }
        let collisions = object::number(set, "/status/collisionCount");
        let hash = hash::of_template(&set["spec"]["template"], collisions);
        let draft = history::draft(set, self.sets.resource(), patch.clone(), number, &hash, HASH);
        match self.revisions.create(&draft).await {
            Err(error) if error.is_already_exists() => {
                let found = self.revisions.read(object::namespace(set), object::name(&draft)).await?;
                if let Some(found) = found.filter(|found| history::keeps(found, &patch)) {
                    return Ok((found, all));
                }
                let mut collided = set.clone();
                collided["status"]["collisionCount"] = proofmark_json::json!(collisions.unwrap_or(0) + 1);
                self.sets.update_status(&collided).await?;
                Err(error.into())
            }
            made => {
                let made = made?;
                all.push(made.clone());
                Ok((made, all))
            }
        }
    }

    /// Makes the pods that lack and deletes those that are too much; what went wrong.
    async fn manage(&self, set: &Value, by_node: &ByNode, rollout: &Rollout<'_>) -> Option<Error> {
        let (mut drafts, mut surplus): (Vec<Value>, Vec<Arc<Value>>) = (Vec::new(), Vec::new());
        for node in self.nodes.all() {
            let name = object::name(&node);
            let present = by_node.get(name).map(Vec::as_slice).unwrap_or_default();
            let suits = nodes::suits(set, &node);
            match (suits, present) {
                (Suits::Runs, []) => drafts.push(pods::draft(set, name, rollout.hash)),
                (Suits::Runs, present) => {
                    let (ended, mut live): (Vec<_>, Vec<_>) =
                        present.iter().cloned().partition(|pod| is_finished(pod) && !object::is_being_deleted(pod));
                    surplus.extend(ended);
                    live.retain(|pod| !object::is_being_deleted(pod));
                    live.sort_by_key(|pod| object::time(pod, "/metadata/creationTimestamp"));
                    surplus.extend(rollout.surplus(live));
                }
                (Suits::Stays, _) => {}
                (Suits::Never, present) => surplus.extend(present.iter().cloned()),
            }
        }
        // Pods of nodes that are gone.
        let gone = by_node.iter().filter(|(node, _)| self.nodes.get("", node).is_none());
        surplus.extend(gone.flat_map(|(_, pods)| pods.iter().cloned()));
        surplus.truncate(BURST);
        drafts.truncate(BURST);
        let (_, failure) = self.control.create_all(set, &drafts).await;
        let failure = failure.filter(|error| !error.is_namespace_terminating());
        failure.or(self.control.delete_all(set, surplus.iter().map(|pod| &**pod)).await)
    }

    /// Lets a new template spread.
    async fn update(&self, set: &Value, by_node: &ByNode, rollout: &Rollout<'_>) -> Result<(), Error> {
        let nodes = self.nodes.all();
        let suitable: Vec<&str> =
            nodes.iter().filter(|n| nodes::suits(set, n) == Suits::Runs).map(|n| object::name(n)).collect();
        let steps = rollout.steps(suitable.into_iter(), by_node);
        let drafts: Vec<Value> = steps.create.iter().map(|node| pods::draft(set, node, rollout.hash)).collect();
        let (_, failure) = self.control.create_all(set, &drafts).await;
        let failure = failure.filter(|error| !error.is_namespace_terminating());
        let failure = failure.or(self.control.delete_all(set, steps.delete.iter().map(|pod| &**pod)).await);
        failure.map_or(Ok(()), Err)
    }
}
