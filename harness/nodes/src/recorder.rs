//! Events, as client-go's recorders write them: in the background, and the same event again only counts up.
//!
//! A component's events are written one after the other by one task, so that their order is kept and nobody waits for them. What cannot be written
//! (the namespace is going away) is dropped, as upstream does. Unlike upstream's, nothing is dropped for coming too often.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proofmark_controllers::Clock;
use proofmark_controllers::kit::{Api, Reason as _, object};
use proofmark_json::{Value, json};
use tokio::sync::mpsc;

use crate::kinds::EVENTS;

/// So many events are remembered for counting (client-go's cache has the same size).
const REMEMBERED: usize = 4096;

/// Whether an event is bad news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Normal,
    Warning,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// The object that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    pub(crate) kind: &'static str,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    /// The part of it, such as `spec.containers{main}`; may be empty.
    pub(crate) field: String,
}

impl Subject {
    /// A pod.
    pub(crate) fn pod(pod: &Value) -> Self {
        let text = |part: &str| part.to_owned();
        Self {
            kind: "Pod",
            namespace: text(object::namespace(pod)),
            name: text(object::name(pod)),
            uid: text(object::uid(pod)),
            field: String::new(),
        }
    }
}

/// Who writes an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// `kubelet` on a node: an event of the old form, with counts.
    Kubelet(String),
    /// `default-scheduler`: an event of the new form, with this action.
    Scheduler(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Content {
    source: Source,
    subject: Subject,
    kind: Kind,
    reason: &'static str,
    message: String,
}

/// Takes events and has them written.
#[derive(Clone)]
pub(crate) struct Recorder {
    clock: Clock,
    outbox: mpsc::UnboundedSender<(Timestamp, Content)>,
}

impl Recorder {
    /// A recorder, and the task that writes. It ends with the last recorder.
    pub(crate) fn new(api: Api, clock: Clock) -> (Self, impl Future<Output = ()> + Send) {
        let (outbox, inbox) = mpsc::unbounded_channel();
        (Self { clock, outbox }, write_all(api, inbox))
    }

    /// Records that something happened now.
    pub(crate) fn record(
        &self,
        source: Source,
        subject: Subject,
        kind: Kind,
        reason: &'static str,
        message: impl Into<String>,
    ) {
        let content = Content { source, subject, kind, reason, message: message.into() };
        // The writer is gone only when everything is.
        let _ = self.outbox.send(((self.clock)(), content));
    }
}

struct Written {
    name: String,
    count: u64,
    first: Timestamp,
}

async fn write_all(api: Api, mut inbox: mpsc::UnboundedReceiver<(Timestamp, Content)>) {
    let mut known: BTreeMap<Content, Written> = BTreeMap::new();
    let mut serial: u64 = 0;
    while let Some((at, content)) = inbox.recv().await {
        let namespace = content.subject.namespace.clone();
        if let Some(written) = known.get_mut(&content) {
            written.count += 1;
            let patch = again(&content, written, at);
            match api.merge_patch(&EVENTS, &namespace, &written.name, &patch).await {
                Err(error) if error.is_not_found() => {}
                Err(error) => {
                    tracing::debug!(%error, "an event could not be counted");
                    continue;
                }
                Ok(_) => continue,
            }
        }
        let Some(name) = create(&api, &content, at, &mut serial).await else { continue };
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(content, Written { name, count: 1, first: at });
    }
}

/// Creates an event under a name of its own: its object's, and a moment that no other event has taken.
async fn create(api: &Api, content: &Content, at: Timestamp, serial: &mut u64) -> Option<String> {
    let nanos = u64::try_from(at.as_nanosecond()).unwrap_or_default();
    loop {
        *serial += 1;
        let name = format!("{}.{:x}", content.subject.name, nanos.wrapping_add(*serial));
        match api.create(&EVENTS, &event(content, &name, at)).await {
            Ok(_) => return Some(name),
            Err(error) if error.is_already_exists() => {}
            Err(error) => {
                tracing::debug!(%error, "an event could not be written");
                return None;
            }
        }
    }
}

fn event(content: &Content, name: &str, at: Timestamp) -> Value {
    let Content { source, subject, kind, reason, message } = content;
    let mut involved = json!({
        "kind": subject.kind, "namespace": subject.namespace, "name": subject.name, "uid": subject.uid, "apiVersion": "v1",
    });
    // Nodes name themselves in a namespace that is not theirs.
    let namespace = if subject.namespace.is_empty() { "default" } else { &subject.namespace };
    if !subject.field.is_empty() {
        involved["fieldPath"] = json!(subject.field);
    }
    let mut event = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": involved, "reason": reason, "message": message, "type": kind.as_str(),
    });
    match source {
        Source::Kubelet(node) => {
            event["source"] = json!({"component": "kubelet", "host": node});
            event["firstTimestamp"] = json!(seconds(at));
            event["lastTimestamp"] = json!(seconds(at));
            event["count"] = json!(1);
            event["reportingComponent"] = json!("kubelet");
            event["reportingInstance"] = json!(node);
        }
        Source::Scheduler(action) => {
            event["eventTime"] = json!(micros(at));
            event["action"] = json!(action);
            event["reportingComponent"] = json!("default-scheduler");
            event["reportingInstance"] = json!("default-scheduler-proofmark");
        }
    }
    event
}

/// What changes when the same happens again.
fn again(content: &Content, written: &Written, at: Timestamp) -> Value {
    match content.source {
        Source::Kubelet(_) => {
            json!({"count": written.count, "firstTimestamp": seconds(written.first), "lastTimestamp": seconds(at)})
        }
        Source::Scheduler(_) => json!({"series": {"count": written.count, "lastObservedTime": micros(at)}}),
    }
}

/// A moment as `metav1.Time`.
pub(crate) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A moment as `metav1.MicroTime`.
pub(crate) fn micros(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
