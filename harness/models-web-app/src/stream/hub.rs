//! Who follows what.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use parking_lot::Mutex;
use proofmark_json::Value;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::subject::Subject;
use super::{frame, watcher};
use crate::app::App;

/// How many frames wait for a client; further ones are dropped.
const QUEUE: usize = 500;

/// Everything that is followed.
#[derive(Default)]
pub(crate) struct Hub(Mutex<BTreeMap<Subject, Arc<Followed>>>);

/// Something that is followed: what it is at present, and by whom.
#[derive(Default)]
pub(super) struct Followed(Mutex<State>);

#[derive(Default)]
struct State {
    /// By name; none before it has been read.
    objects: Option<IndexMap<String, Value>>,
    /// The object that was deleted last.
    deleted: Option<Value>,
    clients: Vec<Sender<String>>,
}

impl Hub {
    /// Adds a client, who is told at once what is known already.
    pub(super) fn follow(&self, app: &App, subject: Subject) -> Receiver<String> {
        let (sender, receiver) = channel(QUEUE);
        let mut hub = self.0.lock();
        let followed = hub.entry(subject.clone()).or_insert_with(|| {
            let followed = Arc::new(Followed::default());
            tokio::spawn(watcher::run(app.clone(), subject.clone(), Arc::clone(&followed)));
            followed
        });
        followed.join(&subject, sender);
        receiver
    }

    /// Forgets a subject that nobody follows any more; says whether it did.
    pub(super) fn forget_if_alone(&self, subject: &Subject) -> bool {
        let mut hub = self.0.lock();
        let alone = hub.get(subject).is_none_or(|followed| followed.is_alone());
        if alone {
            hub.remove(subject);
        }
        alone
    }
}

impl Followed {
    fn join(&self, subject: &Subject, client: Sender<String>) {
        let mut state = self.0.lock();
        let first = state.objects.as_ref().map(|objects| match &state.deleted {
            Some(deleted) if subject.is_one() && objects.is_empty() => subject.change("DELETED", deleted),
            _ => subject.initial(objects.values().cloned().collect()),
        });
        if let Some(first) = first {
            let _ = client.try_send(frame(&first));
        }
        state.clients.push(client);
    }

    fn is_alone(&self) -> bool {
        let mut state = self.0.lock();
        state.clients.retain(|client| !client.is_closed());
        state.clients.is_empty()
    }

    /// Begins with these objects.
    pub(super) fn begin(&self, subject: &Subject, objects: Vec<Value>) {
        let mut state = self.0.lock();
        state.deleted = None;
        state.objects = Some(objects.iter().map(|object| (name(object), object.clone())).collect());
        state.tell(&subject.initial(objects));
    }

    /// Takes a change in.
    pub(super) fn change(&self, subject: &Subject, kind: &str, object: Value) {
        let mut state = self.0.lock();
        let told = subject.change(kind, &object);
        let objects = state.objects.get_or_insert_default();
        if kind == "DELETED" {
            objects.shift_remove(&name(&object));
            state.deleted = Some(object);
        } else {
            objects.insert(name(&object), object);
        }
        state.tell(&told);
    }

    pub(super) fn tell(&self, data: &Value) {
        self.0.lock().tell(data);
    }
}

impl State {
    fn tell(&mut self, data: &Value) {
        let frame = frame(data);
        self.clients.retain(|client| !client.is_closed());
        for client in &self.clients {
            let _ = client.try_send(frame.clone());
        }
    }
}

fn name(object: &Value) -> String {
    object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned()
}
