//! What kube-scheduler does: decides which node each pod goes to, and says so, or says why not.
//!
//! | file | what it holds |
//! |---|---|
//! | `queue` | the pods that wait |
//! | `cluster`, `pod` | what is known of nodes and pods |
//! | `decide` | one pod, one decision; whose pods would have to go |
//! | `filter`, `spread`, `neighbours`, `selectors` | which nodes fit, and in which words they do not |
//! | `score` | which of them suits best |
//! | `known` | what of both need not be found out again for the next of equal pods |
//! | `message` | all of it in one sentence |
//!
//! One task decides, pod by pod, on a picture of the cluster that informers keep up to date and that already holds the pods it has just placed; bindings are
//! written by tasks of their own. Of equally good nodes the first is taken (upstream takes any), so runs repeat. Not simulated: dynamic resource allocation,
//! volume topology, extenders, several profiles; in big clusters preemption looks at every node.

mod cluster;
mod decide;
mod filter;
mod known;
mod message;
mod neighbours;
mod pod;
mod queue;
mod score;
mod selectors;
mod spread;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use proofmark_controllers::Clock;
use proofmark_controllers::kit::{Api, Change, Informer, Reason as _, object};
use proofmark_json::{Value, json};
use serde::Deserialize as _;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::kinds::{BUDGETS, NODES, PODS};
use crate::recorder::{Kind, Recorder, Source, Subject, seconds};
use cluster::{Cluster, NodeInfo};
use decide::{Decision, Situation, decide};
use known::Known;
use neighbours::Namespaces;
use pod::{Key, Pod, PodInfo};
use queue::{Queue, Waiting};
use selectors::{Labels, selects};

/// The only name under which it is asked for.
const NAME: &str = "default-scheduler";
/// So many bindings are written at once.
const BINDINGS: usize = 32;
/// The longest text of an event (`NoteLengthLimit`).
const NOTE: usize = 1024;

/// What the scheduler works with.
pub(crate) struct Inputs {
    pub(crate) api: Api,
    pub(crate) clock: Clock,
    pub(crate) recorder: Recorder,
    pub(crate) pods: Informer,
    pub(crate) nodes: Informer,
    pub(crate) claims: Informer,
    pub(crate) namespaces: Informer,
}

#[derive(Default)]
struct State {
    cluster: Cluster,
    queue: Queue,
    nominated: BTreeMap<String, Vec<Pod>>,
    start: usize,
    known: Known,
}

struct Scheduler {
    inputs: Inputs,
    state: Mutex<State>,
    more: Notify,
}

/// Listens to what happens, and schedules for ever. To be called before the informers run.
pub(crate) fn start(inputs: Inputs) -> impl Future<Output = ()> + Send {
    let scheduler = Arc::new(Scheduler { inputs, state: Mutex::default(), more: Notify::new() });
    let listen = |informer: &Informer, heard: fn(&Scheduler, &Change)| {
        let scheduler = Arc::clone(&scheduler);
        informer.on_change(move |change| heard(&scheduler, change));
    };
    listen(&scheduler.inputs.pods, Scheduler::pod_changed);
    listen(&scheduler.inputs.nodes, Scheduler::node_changed);
    listen(&scheduler.inputs.claims, |scheduler, _| scheduler.changed());
    scheduler.run()
}

impl Scheduler {
    fn changed(&self) {
        self.state.lock().queue.changed(Instant::now());
        self.more.notify_one();
    }

    fn node_changed(&self, change: &Change) {
        let helps = match &change.new {
            None => {
                self.state.lock().cluster.remove_node(object::name(change.latest()));
                false
            }
            Some(node) => match NodeInfo::read(node) {
                Ok(node) => {
                    let name = node.name.clone();
                    let differs = self.state.lock().cluster.put_node(node);
                    if differs && change.old.is_none() {
                        self.adopt(&name);
                    }
                    differs
                }
                Err(error) => {
                    tracing::warn!(%error, "a node cannot be understood");
                    false
                }
            },
        };
        if helps {
            self.changed();
        }
    }

    /// Counts pods that were known before their node was.
    fn adopt(&self, node: &str) {
        for pod in self.inputs.pods.all() {
            if object::text(&pod, "/spec/nodeName") == node {
                self.place(&pod);
            }
        }
    }

    fn pod_changed(&self, change: &Change) {
        let latest = change.latest();
        let key: Key = (object::namespace(latest).to_owned(), object::name(latest).to_owned());
        let over = matches!(object::text(latest, "/status/phase"), "Succeeded" | "Failed");
        let Some(new) = change.new.as_ref().filter(|_| !over) else {
            let mut state = self.state.lock();
            state.queue.remove(&key);
            state.forget_nomination(&key);
            if state.cluster.remove_pod(&key) {
                state.queue.changed(Instant::now());
                drop(state);
                self.more.notify_one();
            }
            return;
        };
        if object::text(new, "/spec/nodeName").is_empty() {
            self.wanted(&key, new);
        } else {
            self.place(new);
        }
    }

    /// A pod that is on a node.
    fn place(&self, pod: &Value) {
        let key: Key = (object::namespace(pod).to_owned(), object::name(pod).to_owned());
        let node = object::text(pod, "/spec/nodeName");
        let mut state = self.state.lock();
        state.queue.remove(&key);
        let leaving = object::is_being_deleted(pod);
        let known = state.cluster.place(&key) == Some(node)
            && state
                .cluster
                .node(node)
                .and_then(|node| node.pods.get(&key))
                .is_some_and(|known| known.deleted == leaving);
        if known {
            return;
        }
        match PodInfo::read(pod) {
            Ok(info) => {
                state.forget_nomination(&key);
                state.cluster.put_pod(node, Arc::new(info));
            }
            Err(error) => tracing::warn!(%error, pod = key.1, "a pod cannot be understood"),
        }
    }

    /// A pod that wants a node.
    fn wanted(&self, key: &Key, pod: &Value) {
        let gated = !object::list(pod, "/spec/schedulingGates").is_empty();
        let other = object::text(pod, "/spec/schedulerName") != NAME;
        let mut state = self.state.lock();
        if gated || other || object::is_being_deleted(pod) {
            state.queue.remove(key);
            return;
        }
        // It may have been placed a moment ago, which its informer does not know yet.
        if state.cluster.place(key).is_some() {
            return;
        }
        let known = state.queue.get(key);
        let generation = pod["metadata"]["generation"].as_i64();
        if known.is_some_and(|known| known.uid == object::uid(pod) && known.generation == generation) {
            return;
        }
        match PodInfo::read(pod) {
            Ok(info) => state.queue.add(Arc::new(info)),
            Err(error) => tracing::warn!(%error, pod = key.1, "a pod cannot be understood"),
        }
        drop(state);
        self.more.notify_one();
    }

    async fn run(self: Arc<Self>) {
        let inputs = &self.inputs;
        for informer in [&inputs.nodes, &inputs.pods, &inputs.claims, &inputs.namespaces] {
            informer.synced().await;
        }
        let bindings = Arc::new(Semaphore::new(BINDINGS));
        loop {
            let next = self.state.lock().queue.pop(Instant::now());
            let waiting = match next {
                Ok(waiting) => waiting,
                Err(None) => {
                    self.more.notified().await;
                    continue;
                }
                Err(Some(at)) => {
                    tokio::select! {
                        biased;
                        () = self.more.notified() => {}
                        () = tokio::time::sleep_until(at) => {}
                    }
                    continue;
                }
            };
            let seen = self.state.lock().queue.changes;
            match self.decide(&waiting).await {
                Decision::Bind(node) => {
                    let Ok(permit) = Arc::clone(&bindings).acquire_owned().await else { return };
                    let scheduler = Arc::clone(&self);
                    tokio::spawn(async move {
                        scheduler.bind(waiting, &node).await;
                        drop(permit);
                    });
                }
                Decision::Wait { why, room } => self.put_off(waiting, seen, why, room).await,
            }
        }
    }

    async fn decide(&self, waiting: &Waiting) -> Decision {
        let pod = &waiting.pod;
        let namespaces = self.namespaces(pod);
        let claims = self.claims(pod);
        let budgets = if pod.priority > 0 { self.budgets().await } else { Vec::new() };
        let budget = |pod: &PodInfo| {
            let about = budgets
                .iter()
                .filter(|(namespace, selector, _)| *namespace == pod.namespace && selects(Some(selector), &pod.labels));
            about.map(|(_, _, left)| *left).min()
        };
        let mut state = self.state.lock();
        let State { cluster, nominated, start, known, .. } = &mut *state;
        let situation = Situation { cluster, namespaces: &namespaces, nominated, claims, budget: &budget };
        let decision = decide(pod, &situation, start, known);
        if let Decision::Bind(node) = &decision {
            state.cluster.put_pod(node, Arc::clone(pod));
            state.forget_nomination(&pod.key());
        }
        decision
    }

    /// The labels of namespaces, where a pod's terms ask for them.
    fn namespaces(&self, pod: &PodInfo) -> Namespaces {
        let mut needed = pod.affinity.pod_affinity.is_some() || pod.affinity.pod_anti_affinity.is_some();
        needed |= self.state.lock().cluster.apart > 0;
        if !needed {
            return Namespaces::new();
        }
        let labels = |namespace: &Arc<Value>| {
            let labels = Option::<Labels>::deserialize(&namespace["metadata"]["labels"]).ok().flatten();
            (object::name(namespace).to_owned(), labels.unwrap_or_default())
        };
        self.inputs.namespaces.all().iter().map(labels).collect()
    }

    /// Why a pod's claims keep it from running (`VolumeBinding`, `podHasPVCs`).
    fn claims(&self, pod: &PodInfo) -> Option<String> {
        pod.claims.iter().find_map(|name| {
            let Some(claim) = self.inputs.claims.get(&pod.namespace, name) else {
                return Some(format!("persistentvolumeclaim \"{name}\" not found"));
            };
            if object::text(&claim, "/status/phase") == "Lost" {
                let volume = object::text(&claim, "/spec/volumeName");
                return Some(format!(
                    "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
                ));
            }
            if object::is_being_deleted(&claim) {
                return Some(format!("persistentvolumeclaim \"{name}\" is being deleted"));
            }
            let bound = object::annotation(&claim, "pv.kubernetes.io/bind-completed").is_some()
                || object::text(&claim, "/status/phase") == "Bound";
            (!bound).then(|| "pod has unbound immediate PersistentVolumeClaims".to_owned())
        })
    }

    /// Namespace, selector and remaining disruptions of every budget.
    async fn budgets(&self) -> Vec<(String, k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector, i64)> {
        let view = proofmark_controllers::kit::View::Whole;
        let Ok(list) = self.inputs.api.list(&BUDGETS, "", &[], view).await else { return Vec::new() };
        let budgets = object::list(&list, "/items").iter().filter_map(|budget| {
            let selector = proofmark_json::from_value(budget["spec"]["selector"].clone()).ok()?;
            let left = budget["status"]["disruptionsAllowed"].as_i64().unwrap_or(0);
            Some((object::namespace(budget).to_owned(), selector, left))
        });
        budgets.collect()
    }

    async fn bind(&self, waiting: Waiting, node: &str) {
        let pod = &waiting.pod;
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding",
            "metadata": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid},
            "target": {"apiVersion": "v1", "kind": NODES.kind, "name": node},
        });
        match self.inputs.api.create_subresource(&PODS, &pod.namespace, &pod.name, "binding", &binding).await {
            Ok(_) => {
                let message = format!("Successfully assigned {}/{} to {node}", pod.namespace, pod.name);
                self.record("Binding", subject(pod), Kind::Normal, "Scheduled", message);
            }
            Err(error) => {
                tracing::debug!(%error, pod = pod.name, node, "a pod could not be bound");
                let mut state = self.state.lock();
                state.cluster.remove_pod(&pod.key());
                if !error.is_not_found() && !error.is_conflict() {
                    state.queue.rest(waiting, Instant::now());
                    drop(state);
                    self.more.notify_one();
                }
            }
        }
    }

    fn record(&self, action: &'static str, subject: Subject, kind: Kind, reason: &'static str, message: String) {
        self.inputs.recorder.record(Source::Scheduler(action), subject, kind, reason, message);
    }

    /// Says why a pod cannot be scheduled, and makes room for it where that helps (`handleSchedulingFailure`).
    async fn put_off(&self, waiting: Waiting, seen: u64, why: String, room: Option<(String, Vec<Pod>)>) {
        let pod = Arc::clone(&waiting.pod);
        let nominated = room.as_ref().map(|(node, _)| node.clone());
        if let Some((node, victims)) = room {
            self.state.lock().nominate(&node, &pod);
            for victim in victims {
                self.preempt(&victim, &pod, &node).await;
            }
        }
        self.record("Scheduling", subject(&pod), Kind::Warning, "FailedScheduling", shortened(&why));
        let mut condition = json!({
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why,
            "lastProbeTime": null, "observedGeneration": pod.generation,
        });
        if self.say(&pod, &mut condition, nominated.as_deref()).await {
            self.state.lock().queue.stick(waiting, seen, Instant::now());
            self.more.notify_one();
        }
    }

    /// Writes a condition of a pod, unless it is there already; whether the pod still is.
    async fn say(&self, pod: &PodInfo, condition: &mut Value, nominated: Option<&str>) -> bool {
        let Some(live) = self.inputs.pods.get(&pod.namespace, &pod.name).filter(|live| object::uid(live) == pod.uid)
        else {
            return false;
        };
        let conditions = object::list(&live, "/status/conditions");
        let old = conditions.iter().find(|old| old["type"] == condition["type"]);
        let alike = |field: &str| old.is_some_and(|old| old[field] == condition[field]);
        let settled = ["status", "reason", "message"].into_iter().all(alike);
        if settled && nominated.is_none_or(|node| node == object::text(&live, "/status/nominatedNodeName")) {
            return true;
        }
        condition["lastTransitionTime"] = match old {
            Some(old) if alike("status") => old["lastTransitionTime"].clone(),
            _ => json!(seconds((self.inputs.clock)())),
        };
        let mut patch = json!({"metadata": {"uid": pod.uid}, "status": {"conditions": [condition]}});
        if let Some(node) = nominated {
            patch["status"]["nominatedNodeName"] = json!(node);
        }
        match self.inputs.api.patch_status(&PODS, &pod.namespace, &pod.name, &patch).await {
            Err(error) if error.is_not_found() || error.is_conflict() => false,
            Err(error) => {
                tracing::debug!(%error, pod = pod.name, "a condition could not be written");
                true
            }
            Ok(_) => true,
        }
    }

    /// Has a pod go for a more important one.
    async fn preempt(&self, victim: &Pod, preemptor: &PodInfo, node: &str) {
        let mut condition = json!({
            "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
            "message": "default-scheduler: preempting to accommodate a higher priority pod",
            "lastProbeTime": null, "observedGeneration": victim.generation,
        });
        if victim.deleted || !self.say(victim, &mut condition, None).await {
            return;
        }
        let options = json!({"preconditions": {"uid": victim.uid}});
        match self.inputs.api.delete(&PODS, &victim.namespace, &victim.name, &options).await {
            Err(error) => tracing::debug!(%error, pod = victim.name, "a pod could not be preempted"),
            Ok(_) => {
                let message = format!("Preempted by pod {} on node {node}", preemptor.uid);
                self.record("Preempting", subject(victim), Kind::Normal, "Preempted", message);
            }
        }
    }
}

impl State {
    fn nominate(&mut self, node: &str, pod: &Pod) {
        self.forget_nomination(&pod.key());
        let mut nominated = PodInfo::clone(pod);
        node.clone_into(&mut nominated.nominated);
        self.nominated.entry(node.to_owned()).or_default().push(Arc::new(nominated));
    }

    fn forget_nomination(&mut self, key: &Key) {
        if self.nominated.is_empty() {
            return;
        }
        self.nominated.retain(|_, pods| {
            pods.retain(|pod| pod.key() != *key);
            !pods.is_empty()
        });
    }
}

fn subject(pod: &PodInfo) -> Subject {
    Subject {
        kind: "Pod",
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
        uid: pod.uid.clone(),
        field: String::new(),
    }
}

/// A text that fits into an event.
fn shortened(text: &str) -> String {
    const END: &str = " ...";
    if text.len() <= NOTE {
        return text.to_owned();
    }
    let mut end = NOTE - END.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{END}", &text[..end])
}
