//! Events: what a controller tells of an object, as `kubectl describe` shows it.
//!
//! As client-go's `record` does it: an event that is repeated counts up the one that exists, many similar ones are combined, and one object
//! gets no more than so many. Telling never fails and never waits: a task of its own writes events in order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use proofmark_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::api::{Api, Reason as _, Resource};
use super::object;

const EVENTS: Resource = Resource::namespaced("", "v1", "events", "Event");
/// So many events with different messages are told apart; further ones are combined.
const SIMILAR: usize = 10;
/// Events are similar only within this time (seconds).
const WINDOW: i64 = 600;
/// So many events of one object are written at once,
const BURST: f64 = 25.0;
/// and one more after each of these times (seconds).
const REFILL: f64 = 300.0;
/// No more events, or objects, than this are remembered.
const REMEMBERED: usize = 4096;
/// How many names an event is given until one is free.
const ATTEMPTS: usize = 8;

/// Tells of objects in the name of one controller. Clones share what was told.
#[derive(Clone)]
pub struct Recorder {
    told: UnboundedSender<Told>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// How much attention an event wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// All is well.
    Normal,
    /// Somebody should look.
    Warning,
}

/// An event that was told, with the reference to its object.
struct Told {
    about: Value,
    severity: Severity,
    reason: String,
    message: String,
    at: Timestamp,
}

/// Writes events for ever.
pub struct Scribe {
    told: UnboundedReceiver<Told>,
    api: Api,
    component: &'static str,
    /// The same, as events of newer clients say it once more.
    reporting: &'static str,
    memory: Memory,
    /// The last moment that an event was named by, in nanoseconds.
    named: i128,
}

/// A recorder, and what writes the events that are told to it. `component` is the source of the events: `replicaset-controller`.
pub fn new(api: Api, component: &'static str, clock: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> (Recorder, Scribe) {
    let (sender, told) = unbounded_channel();
    (
        Recorder { told: sender, clock },
        Scribe { told, api, component, reporting: component, memory: Memory::default(), named: 0 },
    )
}

impl Recorder {
    /// Tells of an object that things go as they should.
    pub fn normal(&self, object: &Value, reason: &str, message: impl fmt::Display) {
        self.tell(object, Severity::Normal, reason, message);
    }

    /// Tells of an object that somebody should look at.
    pub fn warning(&self, object: &Value, reason: &str, message: impl fmt::Display) {
        self.tell(object, Severity::Warning, reason, message);
    }

    fn tell(&self, object: &Value, severity: Severity, reason: &str, message: impl fmt::Display) {
        let mut about = json!({"kind": object["kind"]});
        for (field, at) in [
            ("namespace", "/metadata/namespace"),
            ("name", "/metadata/name"),
            ("uid", "/metadata/uid"),
            ("apiVersion", "/apiVersion"),
            ("resourceVersion", "/metadata/resourceVersion"),
        ] {
            let text = object::text(object, at);
            if !text.is_empty() {
                about[field] = json!(text);
            }
        }
        let told =
            Told { about, severity, reason: reason.to_owned(), message: message.to_string(), at: (self.clock)() };
        // Without a scribe the controllers are ending, and nobody listens any more.
        let _ = self.told.send(told);
    }
}

impl Scribe {
    /// The same as a client of before Kubernetes 1.27 writes them, whose events do not say who reports them.
    #[must_use]
    pub fn without_reporter(mut self) -> Self {
        self.reporting = "";
        self
    }

    /// Writes what is told until every recorder is gone.
    pub async fn run(mut self) {
        while let Some(told) = self.told.recv().await {
            self.write(told).await;
        }
    }

    async fn write(&mut self, told: Told) {
        let (namespace, name) = (in_namespace(&told.about), self.name(&told));
        let Some(seen) = self.memory.observe(&told, &name) else { return };
        if seen.count > 1 {
            let patch = json!({"count": seen.count, "lastTimestamp": object::stamp(told.at), "message": seen.message});
            match self.api.strategic_patch(&EVENTS, namespace, &seen.name, &patch).await {
                // Events do not live for ever.
                Err(error) if error.is_not_found() => {}
                Err(error) => return tracing::debug!(%error, "an event was not updated"),
                Ok(_) => return,
            }
        }
        let mut event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": seen.name, "namespace": namespace},
            "involvedObject": told.about,
            "reason": told.reason,
            "message": seen.message,
            "source": {"component": self.component},
            "firstTimestamp": object::stamp(seen.first),
            "lastTimestamp": object::stamp(told.at),
            "count": seen.count,
            "type": match told.severity { Severity::Normal => "Normal", Severity::Warning => "Warning" },
            "eventTime": null,
            "reportingComponent": self.reporting,
            "reportingInstance": "",
        });
        let mut name = seen.name;
        for _ in 0..ATTEMPTS {
            let Err(error) = self.api.create(&EVENTS, &event).await else { return };
            if !error.is_already_exists() {
                return tracing::debug!(%error, "an event was not written");
            }
            // Another source told of an object of the same name at the same moment.
            let other = self.name(&told);
            self.memory.rename(&name, &other);
            event["metadata"]["name"] = json!(other);
            name = other;
        }
    }

    /// A name that no other event of this source has: the moment, which a simulated clock may say more than once.
    fn name(&mut self, told: &Told) -> String {
        self.named = told.at.as_nanosecond().max(self.named + 1);
        format!("{}.{:x}", object::text(&told.about, "/name"), self.named)
    }
}

/// Events of cluster-scoped objects live in the namespace `default`.
fn in_namespace(about: &Value) -> &str {
    match object::text(about, "/namespace") {
        "" => "default",
        namespace => namespace,
    }
}

/// What was told before.
#[derive(Default)]
struct Memory {
    /// The messages of similar events, and when the last of them came.
    similar: BTreeMap<String, (BTreeSet<String>, i64)>,
    /// Events that exist, by all that identifies them.
    existing: BTreeMap<String, Seen>,
    /// How many more events an object may have now, and since when.
    tokens: BTreeMap<String, (f64, i64)>,
}

/// An event as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    name: String,
    message: String,
    count: u64,
    first: Timestamp,
}

impl Memory {
    /// An event got another name.
    fn rename(&mut self, name: &str, other: &str) {
        for seen in self.existing.values_mut().filter(|seen| seen.name == name) {
            other.clone_into(&mut seen.name);
        }
    }

    /// What to write of an event; nothing of one too many. `name` is for a new one.
    fn observe(&mut self, told: &Told, name: &str) -> Option<Seen> {
        for size in [self.similar.len(), self.existing.len(), self.tokens.len()] {
            if size > REMEMBERED {
                *self = Self::default();
            }
        }
        let object = ["/kind", "/namespace", "/name", "/uid", "/apiVersion"].map(|at| object::text(&told.about, at));
        let object = object.join("\n");
        let now = told.at.as_second();
        let kind = format!("{object}\n{:?}\n{}", told.severity, told.reason);
        let (messages, last) = self.similar.entry(kind.clone()).or_insert_with(|| (BTreeSet::new(), now));
        if now - std::mem::replace(last, now) > WINDOW {
            messages.clear();
        }
        messages.insert(told.message.clone());
        let combined = messages.len() >= SIMILAR;
        let message = if combined {
            messages.pop_first();
            format!("(combined from similar events): {}", told.message)
        } else {
            told.message.clone()
        };
        let key = if combined { kind } else { format!("{kind}\n{message}") };
        let seen = self.existing.entry(key).or_insert_with(|| Seen {
            name: name.to_owned(),
            message: String::new(),
            count: 0,
            first: told.at,
        });
        seen.count += 1;
        seen.message = message;
        let (tokens, since) = self.tokens.entry(object).or_insert((BURST, now));
        #[expect(clippy::cast_precision_loss, reason = "seconds of a run")]
        let refilled = *tokens + (now - *since) as f64 / REFILL;
        (*tokens, *since) = (refilled.min(BURST), now);
        if *tokens < 1.0 {
            return None;
        }
        *tokens -= 1.0;
        Some(seen.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str, second: i64) -> Told {
        let about = json!({"kind": "Pod", "namespace": "a", "name": "b"});
        let at = Timestamp::from_second(second).expect("in range");
        Told { about, severity: Severity::Normal, reason: "Made".to_owned(), message: message.to_owned(), at }
    }

    #[test]
    fn a_repeated_event_counts_up() {
        let mut memory = Memory::default();
        let first = memory.observe(&told("x", 0), "one").expect("written");
        let second = memory.observe(&told("x", 5), "two").expect("written");
        assert_eq!((first.count, second.count, second.name.as_str()), (1, 2, "one"));
    }

    #[test]
    fn an_event_under_another_name_goes_on_counting() {
        let mut memory = Memory::default();
        memory.observe(&told("x", 0), "one").expect("written");
        memory.rename("one", "other");
        let second = memory.observe(&told("x", 5), "two").expect("written");
        assert_eq!((second.count, second.name.as_str()), (2, "other"));
    }

    #[test]
    fn many_similar_events_are_combined() {
        let mut memory = Memory::default();
        let written: Vec<Seen> =
            (0..40).filter_map(|n| memory.observe(&told(&format!("made {n}"), 0), &n.to_string())).collect();
        assert_eq!(written.len(), 25, "one object gets no more at once");
        assert_eq!(written[8].message, "made 8");
        assert_eq!(written[9].message, "(combined from similar events): made 9");
        assert_eq!((written[24].name.as_str(), written[24].count), ("9", 16));
        let later = memory.observe(&told("made 50", 2000), "later").expect("one more by then");
        assert_eq!(later.message, "made 50", "what is long ago is not similar");
    }
}
