//! All objects behind one revision counter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use imbl::OrdMap;
use parking_lot::Mutex;
use proofmark_json::Value;

use super::object::Object;
use super::watch::{Compacted, Cursor, Log};
use crate::value::text_size;

/// A key: the resource's prefix (`/registry/apps/deployments`) and the object's place in it (`ns/name` or `name`).
/// Both are shared: a map that changes copies the keys next to the one that is written.
type Key = (Arc<str>, Arc<str>);

/// A consistent view of everything at one revision. Cloning costs nothing that grows with the number of objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    revision: u64,
    objects: OrdMap<Key, Arc<Object>>,
}

impl Snapshot {
    /// A view that was kept elsewhere: each object with the prefix of its resource and its place.
    ///
    /// # Errors
    /// When an object says no revision, or a later one than the view.
    pub(crate) fn restored(revision: u64, objects: Vec<(Arc<str>, String, Value)>) -> Result<Self, String> {
        let mut prefixes = BTreeSet::new();
        let mut restored = OrdMap::new();
        for (prefix, place, value) in objects {
            let own = value
                .get("metadata")
                .and_then(|metadata| metadata.get("resourceVersion")?.as_str())
                .and_then(|v| v.parse().ok());
            let Some(own) = own.filter(|own| *own <= revision) else {
                return Err(format!("{prefix}/{place} has no revision up to {revision}"));
            };
            // The objects of a resource share its prefix.
            let prefix: Arc<str> = prefixes.get(&prefix).cloned().unwrap_or(prefix);
            prefixes.insert(prefix.clone());
            restored.insert((prefix, place.into()), Arc::new(Object::new(own, value)));
        }
        Ok(Self { revision, objects: restored })
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Every object with the prefix of its resource and its place, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str, &Arc<Object>)> {
        self.objects.iter().map(|((prefix, place), object)| (&**prefix, &**place, object))
    }

    /// The revision that this view is of.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// One object.
    pub(crate) fn get(&self, prefix: &Arc<str>, place: &str) -> Option<&Arc<Object>> {
        self.objects.get(&(prefix.clone(), place.into()))
    }

    /// The objects of a resource whose place begins with `under` (`""`, or `ns/`), in order of their places, from `from` on if given.
    pub(crate) fn list<'a>(
        &'a self,
        prefix: &Arc<str>,
        under: &str,
        from: Option<&str>,
    ) -> impl Iterator<Item = (&'a str, &'a Arc<Object>)> + use<'a> {
        let under = under.to_owned();
        let start = std::ops::Bound::Included((prefix.clone(), from.unwrap_or(&under).into()));
        let prefix = prefix.clone();
        self.objects
            .range((start, std::ops::Bound::Unbounded))
            .take_while(move |((resource, place), _)| *resource == prefix && place.starts_with(&under))
            .map(|((_, place), object)| (&**place, object))
    }
}

/// What a write requires of the object as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// It must not exist.
    Absent,
    /// It must be this revision.
    Revision(u64),
}

/// Why a write did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// Something exists at that place.
    Exists,
    /// The object changed, or went, since it was read.
    Changed,
}

/// A change that was made, as watchers learn of it.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The revision of the write.
    pub(crate) revision: u64,
    /// The object before; none when it was created.
    pub(crate) old: Option<Arc<Object>>,
    /// The object after. When it was deleted: its last state, at the revision of the deletion.
    pub(crate) new: Arc<Object>,
    /// Whether it was deleted.
    pub(crate) deleted: bool,
    /// The object's place in its resource.
    pub(crate) place: Arc<str>,
    /// How long the texts of the object after are together (bytes).
    pub(crate) text: usize,
}

/// The history of every resource that was written or watched.
#[derive(Debug, Default)]
struct Logs {
    of: BTreeMap<Arc<str>, Arc<Log>>,
    /// Up to which revision history is forgotten, also that of resources without a log.
    compacted: u64,
}

/// The store.
#[derive(Debug)]
pub(crate) struct Store {
    current: ArcSwap<Snapshot>,
    logs: Mutex<Logs>,
    /// Held by the one writer; readers use `current`.
    writer: Mutex<()>,
}

impl Store {
    /// An empty store. Its first write gets revision 2: Kubernetes reserves 0 and 1 has a meaning to some clients.
    pub(crate) fn new() -> Self {
        Self {
            current: ArcSwap::from_pointee(Snapshot { revision: 1, ..Snapshot::default() }),
            logs: Mutex::default(),
            writer: Mutex::new(()),
        }
    }

    /// A store that begins with a view. What came before it is forgotten.
    pub(crate) fn restored(objects: Arc<Snapshot>) -> Self {
        let logs = Logs { compacted: objects.revision, ..Logs::default() };
        Self { current: ArcSwap::new(objects), logs: Mutex::new(logs), writer: Mutex::default() }
    }

    /// Everything, now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// A resource's objects as they were at a revision that is not in the future; other resources of the snapshot mean nothing.
    /// Costs as much as was changed since.
    pub(crate) fn past(&self, prefix: &Arc<str>, revision: u64) -> Result<Arc<Snapshot>, Compacted> {
        // No write may come between the state and the log of what led to it.
        let _writer = self.writer.lock();
        let now = self.current.load_full();
        if revision >= now.revision {
            return Ok(now);
        }
        let changes = self.log(prefix).after(revision)?;
        let mut past = Snapshot::clone(&now);
        past.revision = revision;
        for change in changes.into_iter().rev() {
            let key = (prefix.clone(), change.place);
            match change.old {
                Some(old) => past.objects.insert(key, old),
                None => past.objects.remove(&key),
            };
        }
        Ok(Arc::new(past))
    }

    /// Creates or replaces an object. Returns the stored version.
    pub(crate) fn put(
        &self,
        prefix: &Arc<str>,
        place: &str,
        value: Value,
        precondition: Precondition,
    ) -> Result<Arc<Object>, WriteError> {
        let text = text_size(&value);
        let _writer = self.writer.lock();
        let now = self.current.load_full();
        let place: Arc<str> = place.into();
        let key = (prefix.clone(), place.clone());
        let old = now.objects.get(&key).cloned();
        match (precondition, &old) {
            (Precondition::Absent, Some(_)) => return Err(WriteError::Exists),
            (Precondition::Revision(_), None) => return Err(WriteError::Changed),
            (Precondition::Revision(r), Some(o)) if o.revision != r => return Err(WriteError::Changed),
            _ => {}
        }
        let revision = now.revision + 1;
        let object = Arc::new(Object::new(revision, value));
        let mut next = Snapshot::clone(&now);
        next.revision = revision;
        next.objects.insert(key, object.clone());
        let change = Change { revision, old, new: object.clone(), deleted: false, place, text };
        self.commit(prefix, next, change);
        Ok(object)
    }

    /// Deletes an object at a revision. Returns its last state, at the revision of the deletion.
    pub(crate) fn remove(
        &self,
        prefix: &Arc<str>,
        place: &str,
        last: Value,
        at_revision: u64,
    ) -> Result<Arc<Object>, WriteError> {
        let text = text_size(&last);
        let _writer = self.writer.lock();
        let now = self.current.load_full();
        let place: Arc<str> = place.into();
        let key = (prefix.clone(), place.clone());
        let Some(old) = now.objects.get(&key).filter(|o| o.revision == at_revision).cloned() else {
            return Err(WriteError::Changed);
        };
        let revision = now.revision + 1;
        let object = Arc::new(Object::new(revision, last));
        let mut next = Snapshot::clone(&now);
        next.revision = revision;
        next.objects.remove(&key);
        let change = Change { revision, old: Some(old), new: object.clone(), deleted: true, place, text };
        self.commit(prefix, next, change);
        Ok(object)
    }

    /// Publishes first, then tells watchers: who wakes up sees the new state.
    fn commit(&self, prefix: &Arc<str>, next: Snapshot, change: Change) {
        self.current.store(Arc::new(next));
        self.log(prefix).push(change);
    }

    /// A watch on a resource: what comes after `revision`.
    pub(crate) fn watch(&self, prefix: &Arc<str>, revision: u64) -> Cursor {
        Cursor::new(self.log(prefix), revision)
    }

    /// Begins the history of a resource that is served from now on, unless it has one: watches cannot begin before.
    pub(crate) fn begin(&self, prefix: &Arc<str>) {
        let _writer = self.writer.lock();
        let revision = self.current.load().revision;
        self.logs.lock().of.entry(prefix.clone()).or_insert_with(|| Arc::new(Log::new(revision)));
    }

    /// Forgets the history of every resource up to now: watches and lists from before get 410 Gone.
    pub(crate) fn compact(&self) {
        let _writer = self.writer.lock();
        let revision = self.current.load().revision;
        let mut logs = self.logs.lock();
        logs.compacted = revision;
        for log in logs.of.values() {
            log.compact(revision);
        }
    }

    fn log(&self, prefix: &Arc<str>) -> Arc<Log> {
        let mut logs = self.logs.lock();
        let compacted = logs.compacted;
        logs.of.entry(prefix.clone()).or_insert_with(|| Arc::new(Log::new(compacted))).clone()
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    fn object(n: u64) -> Value {
        json!({"metadata": {"name": "a"}, "n": n})
    }

    #[test]
    fn a_snapshot_stays_as_it_was() {
        let store = Store::new();
        let pods: Arc<str> = "/registry/pods".into();
        let first = store.put(&pods, "n/a", object(1), Precondition::Absent).unwrap();
        let before = store.snapshot();
        store.put(&pods, "n/a", object(2), Precondition::Revision(first.revision)).unwrap();
        assert_eq!(before.get(&pods, "n/a").unwrap().value["n"], 1);
        assert_eq!(store.snapshot().get(&pods, "n/a").unwrap().value["n"], 2);
    }

    #[test]
    fn stale_writes_are_refused() {
        let store = Store::new();
        let pods: Arc<str> = "/registry/pods".into();
        let first = store.put(&pods, "n/a", object(1), Precondition::Absent).unwrap();
        assert_eq!(store.put(&pods, "n/a", object(1), Precondition::Absent).unwrap_err(), WriteError::Exists);
        store.put(&pods, "n/a", object(2), Precondition::Revision(first.revision)).unwrap();
        let stale = store.put(&pods, "n/a", object(3), Precondition::Revision(first.revision));
        assert_eq!(stale.unwrap_err(), WriteError::Changed);
        assert_eq!(store.remove(&pods, "n/a", object(2), first.revision).unwrap_err(), WriteError::Changed);
    }

    #[test]
    fn the_past_can_be_read_until_it_is_compacted() {
        let store = Store::new();
        let pods: Arc<str> = "/registry/pods".into();
        let first = store.put(&pods, "n/a", object(1), Precondition::Absent).unwrap();
        let second = store.put(&pods, "n/a", object(2), Precondition::Revision(first.revision)).unwrap();
        store.put(&pods, "n/b", object(3), Precondition::Absent).unwrap();
        store.remove(&pods, "n/a", object(2), second.revision).unwrap();
        let at = |revision| -> Vec<u64> {
            let past = store.past(&pods, revision).unwrap();
            past.list(&pods, "", None).filter_map(|(_, o)| o.value["n"].as_u64()).collect()
        };
        assert_eq!(at(first.revision - 1), [0; 0]);
        assert_eq!(at(first.revision), [1]);
        assert_eq!(at(second.revision), [2]);
        assert_eq!(at(second.revision + 1), [2, 3]);
        assert_eq!(at(second.revision + 2), [3]);
        store.compact();
        assert!(store.past(&pods, first.revision).is_err());
        // Compaction counts for resources without a history, too.
        assert!(store.past(&"/registry/secrets".into(), first.revision).is_err());
    }

    #[test]
    fn lists_are_ordered_and_stay_inside_a_namespace() {
        let store = Store::new();
        let pods: Arc<str> = "/registry/pods".into();
        for place in ["b/x", "a/z", "a/y", "ab/q"] {
            store.put(&pods, place, object(0), Precondition::Absent).unwrap();
        }
        let snapshot = store.snapshot();
        let places = |under, after| snapshot.list(&pods, under, after).map(|(p, _)| p).collect::<Vec<_>>();
        assert_eq!(places("", None), ["a/y", "a/z", "ab/q", "b/x"]);
        assert_eq!(places("a/", None), ["a/y", "a/z"]);
        assert_eq!(places("a/", Some("a/y")), ["a/y", "a/z"]);
        assert_eq!(places("a/", Some("a/y\0")), ["a/z"]);
    }
}
