//! One immutable version of one object.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parking_lot::Mutex;
use proofmark_json::{Map, Value};

/// One version of one object, as stored (in its storage version, with `apiVersion` and `kind`).
#[derive(Debug)]
pub(crate) struct Object {
    /// The revision of the write that made it: its `metadata.resourceVersion`.
    pub(crate) revision: u64,
    /// The whole object, `metadata.resourceVersion` included.
    pub(crate) value: Arc<Value>,
    line: OnceLock<Bytes>,
    /// What it looks like at other versions, each with its name.
    views: Mutex<Vec<View>>,
}

#[derive(Debug)]
struct View {
    by: u64,
    version: String,
    object: Arc<Object>,
}

impl Object {
    pub(crate) fn new(revision: u64, mut value: Value) -> Self {
        if let Some(meta) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            place(meta, revision);
        }
        Self::unstored(revision, value)
    }

    /// What an object would be if it were stored: it gets no resourceVersion.
    pub(crate) fn unstored(revision: u64, value: Value) -> Self {
        Self { revision, value: Arc::new(value), line: OnceLock::new(), views: Mutex::default() }
    }

    /// The object as compact JSON, a line of its own; made once.
    pub(crate) fn line(&self) -> Bytes {
        let made = || {
            let mut line = proofmark_json::to_vec(&*self.value).unwrap_or_default();
            line.push(b'\n');
            Bytes::from(line)
        };
        self.line.get_or_init(made).clone()
    }

    /// The same without the end of the line, to stand among others.
    pub(crate) fn json(&self) -> Bytes {
        let line = self.line();
        line.slice(..line.len() - 1)
    }

    /// What somebody kept as its look at a version; rules that differ have another number.
    pub(crate) fn view(&self, by: u64, version: &str) -> Option<Arc<Object>> {
        let views = self.views.lock();
        views.iter().find(|view| view.by == by && view.version == version).map(|view| view.object.clone())
    }

    /// Keeps such a look; those by other rules are forgotten.
    pub(crate) fn keep_view(&self, by: u64, version: &str, object: Arc<Object>) {
        let mut views = self.views.lock();
        views.retain(|view| view.by == by && view.version != version);
        views.push(View { by, version: version.to_owned(), object });
    }
}

/// Writes the revision where Go writes it: behind the uid, or in front of it where members are in alphabetical order.
fn place(meta: &mut Map, revision: u64) {
    let revision = Value::String(revision.to_string());
    if let Some(known) = meta.get_mut("resourceVersion") {
        *known = revision;
        return;
    }
    let at = |field: &str| meta.keys().position(|key| key == field);
    let index = match (at("uid"), at("creationTimestamp")) {
        (Some(uid), Some(created)) if created < uid => uid,
        (Some(uid), _) => uid + 1,
        (None, _) => meta.len(),
    };
    meta.shift_insert(index, "resourceVersion", revision);
}
