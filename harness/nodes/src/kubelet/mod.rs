//! What kubelets do: the life of pods on their nodes.
//!
//! All nodes share one informer of pods and one [`agent::Agent`]. Each pod that is assigned to one of them gets a worker ([`pod::PodWorker`]), a task
//! that owns everything about it: it takes messages (the pod changed, a process ended, a probe spoke), does all that is possible now, writes
//! the status if it changed, and waits. Processes, probes and graceful stops are tasks of their own that only send messages.
//!
//! | file | what it holds |
//! |---|---|
//! | `pod` | the worker: which containers run when |
//! | `start`, `stop` | a container from its image to its process, and its end |
//! | `probe`, `hooks`, `backoff` | probes, lifecycle hooks, back-off |
//! | `env`, `expand`, `fields`, `objects`, `volumes` | what a container gets |
//! | `status`, `conditions`, `phase`, `container`, `names` | what the API shows of it |
//! | `view` | logs, commands and connections from outside |

pub(crate) mod agent;
mod backoff;
mod conditions;
mod container;
mod env;
mod expand;
mod fields;
mod hooks;
mod names;
mod objects;
mod phase;
mod pod;
mod probe;
mod start;
mod status;
mod stop;
mod view;
mod volumes;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use proofmark_controllers::kit::{Change, object};
use proofmark_json::Value;
use tokio::sync::mpsc;

use agent::{Node, Shared};
use pod::{Message, PodWorker};
pub(crate) use view::Views;
pub use view::{ExecError, LogError};
pub(crate) use volumes::Storage;

/// Hands pods to their workers.
struct Dispatcher {
    agent: Shared,
    nodes: Arc<BTreeMap<String, Arc<Node>>>,
    /// By namespace and name.
    workers: Mutex<BTreeMap<(String, String), Worker>>,
}

struct Worker {
    uid: String,
    inbox: mpsc::UnboundedSender<Message>,
}

/// Has the pods of these nodes live. To be called before the informer of pods runs.
pub(crate) fn start(agent: &Shared, nodes: Arc<BTreeMap<String, Arc<Node>>>) {
    let dispatcher = Dispatcher { agent: Arc::clone(agent), nodes, workers: Mutex::default() };
    agent.pods.on_change(move |change| dispatcher.dispatch(change));
}

impl Dispatcher {
    fn dispatch(&self, change: &Change) {
        let pod = change.latest();
        let key = (object::namespace(pod).to_owned(), object::name(pod).to_owned());
        let Some(new) = &change.new else {
            if let Some(worker) = self.workers.lock().remove(&key) {
                let _ = worker.inbox.send(Message::Removed);
            }
            return;
        };
        let Some(node) = self.nodes.get(object::text(new, "/spec/nodeName")) else { return };
        let mut workers = self.workers.lock();
        if let Some(worker) = workers.get(&key).filter(|worker| worker.uid == object::uid(new)) {
            if concerns(change.old.as_deref(), new) {
                let _ = worker.inbox.send(Message::Updated(Arc::clone(new)));
            }
            return;
        }
        if matches!(object::text(new, "/status/phase"), "Succeeded" | "Failed") {
            return;
        }
        let (inbox, messages) = mpsc::unbounded_channel();
        match PodWorker::new(&self.agent, node, new, (inbox.clone(), messages)) {
            Ok(worker) => {
                tokio::spawn(self.agent.stop.clone().run_until_cancelled_owned(Box::new(worker).run()));
                workers.insert(key, Worker { uid: object::uid(new).to_owned(), inbox });
            }
            Err(error) => tracing::warn!(%error, pod = key.1, "a pod cannot be understood"),
        }
    }
}

/// Whether a change is anything else than what the worker itself wrote.
fn concerns(old: Option<&Value>, new: &Value) -> bool {
    let Some(old) = old else { return true };
    let differs = |part: &str| old.pointer(part) != new.pointer(part);
    let counted = new.pointer("/metadata/generation").is_some();
    differs("/metadata/generation")
        || differs("/metadata/deletionTimestamp")
        || differs("/metadata/deletionGracePeriodSeconds")
        || differs("/spec/nodeName")
        || (!counted && differs("/spec"))
        || (new.pointer("/spec/readinessGates").is_some() && differs("/status/conditions"))
}
