//! An informer: a cache of the objects of one kind, kept up to date by a watch, that tells of every change.
//!
//! It lists once, watches from the list's resourceVersion on, goes on from the last one seen when the server ends the watch, and lists again when
//! that history is gone (410). What the cache then holds too much, lacks or has in another version is told as changes like any other, so a reader
//! never has to know. Readers that register before [`Informer::run`] see every change exactly once, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use parking_lot::{Mutex, RwLock};
use proofmark_handover::Event;
use proofmark_json::{Value, json};
use proofmark_latest as latest;

use super::api::{Api, Collection, Error, Reason as _, Resource, View};
use super::object;

/// After an error: the first wait, doubled each time, and the longest.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(30));

/// One object that came, changed or went.
#[derive(Debug, Clone)]
pub struct Change {
    /// What it was before; `None` when it came.
    pub old: Option<Arc<Value>>,
    /// What it is now; `None` when it went.
    pub new: Option<Arc<Value>>,
}

impl Change {
    /// The object as it is now, or was last.
    pub fn latest(&self) -> &Value {
        self.new.as_deref().or(self.old.as_deref()).unwrap_or(&Value::Null)
    }
}

/// What to cache of a kind.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The kind, in every namespace.
    pub resource: Resource,
    /// The whole objects, or their `metadata` alone.
    pub view: View,
    /// A field selector, or empty.
    pub fields: &'static str,
    /// Cuts away what no reader needs before it is cached. Objects that are shared with a server in this process stay whole.
    pub trim: fn(&mut Value),
    /// What the cache can be searched by besides names, see [`Informer::indexed`].
    pub index: Option<fn(&Value) -> String>,
}

impl Selection {
    /// Every object, without `managedFields`.
    pub fn whole(resource: Resource) -> Self {
        Self { resource, view: View::Whole, fields: "", trim: drop_managed_fields, index: None }
    }

    /// The `metadata` of every object, without `managedFields`.
    pub fn metadata(resource: Resource) -> Self {
        Self { view: View::Metadata, ..Self::whole(resource) }
    }

    /// Narrows it by a field selector.
    #[must_use]
    pub fn fields(self, fields: &'static str) -> Self {
        Self { fields, ..self }
    }

    /// Keeps an index by what `key` says of each object.
    #[must_use]
    pub fn indexed(self, key: fn(&Value) -> String) -> Self {
        Self { index: Some(key), ..self }
    }

    /// Cuts away what no reader needs.
    #[must_use]
    pub fn trimmed(self, trim: fn(&mut Value)) -> Self {
        Self { trim, ..self }
    }
}

fn drop_managed_fields(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("managedFields");
    }
}

type Handler = Box<dyn Fn(&Change) + Send + Sync>;
type Key = (String, String);

/// What is known of a kind.
#[derive(Default)]
struct Cache {
    /// By namespace and name.
    objects: BTreeMap<Key, Arc<Value>>,
    /// Objects by what the selection's index says of them.
    index: BTreeMap<String, BTreeMap<Key, Arc<Value>>>,
}

impl Cache {
    /// Puts an object in its place, or takes it out; what was there.
    fn set(&mut self, key: &Key, new: Option<Arc<Value>>, index: Option<fn(&Value) -> String>) -> Option<Arc<Value>> {
        let old = match &new {
            Some(new) => self.objects.insert(key.clone(), Arc::clone(new)),
            None => self.objects.remove(key),
        };
        let Some(index) = index else { return old };
        let indexed = new.as_deref().map(index);
        let before = old.as_deref().map(index);
        if before != indexed
            && let Some(before) = before
            && let Some(objects) = self.index.get_mut(&before)
        {
            objects.remove(key);
            if objects.is_empty() {
                self.index.remove(&before);
            }
        }
        if let (Some(indexed), Some(new)) = (indexed, new) {
            self.index.entry(indexed).or_default().insert(key.clone(), new);
        }
        old
    }
}

/// A cache of one kind. Clones share it.
#[derive(Clone)]
pub struct Informer(Arc<Inner>);

struct Inner {
    api: Api,
    selection: Selection,
    cache: RwLock<Cache>,
    handlers: Mutex<Vec<Handler>>,
    synced: latest::Sender<bool>,
    /// The last resourceVersion that was seen, as a number.
    seen: latest::Sender<u64>,
}

impl Informer {
    /// An informer that is not running yet.
    pub fn new(api: Api, selection: Selection) -> Self {
        Self(Arc::new(Inner {
            api,
            selection,
            cache: RwLock::default(),
            handlers: Mutex::new(Vec::new()),
            synced: latest::Sender::new(false),
            seen: latest::Sender::new(0),
        }))
    }

    /// The kind that it caches.
    pub fn resource(&self) -> &Resource {
        &self.0.selection.resource
    }

    /// Has `handler` called with every change from now on, objects of the first list among them.
    pub fn on_change(&self, handler: impl Fn(&Change) + Send + Sync + 'static) {
        self.0.handlers.lock().push(Box::new(handler));
    }

    /// An object by its namespace (empty for cluster-scoped kinds) and name.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.0.cache.read().objects.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// Every object, by namespace and name.
    pub fn all(&self) -> Vec<Arc<Value>> {
        self.0.cache.read().objects.values().cloned().collect()
    }

    /// The objects of one namespace, by name.
    pub fn within(&self, namespace: &str) -> Vec<Arc<Value>> {
        let cache = self.0.cache.read();
        let from = cache.objects.range((namespace.to_owned(), String::new())..);
        from.take_while(|((of, _), _)| of == namespace).map(|(_, object)| Arc::clone(object)).collect()
    }

    /// The objects of which the selection's index says `key`, by namespace and name.
    pub fn indexed(&self, key: &str) -> Vec<Arc<Value>> {
        let cache = self.0.cache.read();
        cache.index.get(key).into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    /// Waits until `settled`, which is asked now and after whatever the watch brings.
    ///
    /// It is told the last resourceVersion seen, as a number (KEP-5504: those of one resource can be compared).
    pub async fn wait_until(&self, mut settled: impl FnMut(u64) -> bool) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self.0.seen.subscribe().wait_for(|seen| settled(*seen)).await;
    }

    /// Waits until the first list is in the cache.
    pub async fn synced(&self) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self.0.synced.subscribe().wait_for(|synced| *synced).await;
    }

    /// Keeps the cache up to date for ever. Once this is dropped nobody is told anything any more.
    pub async fn run(self) {
        let _last = Unheard(&self.0.handlers);
        let mut wait = RETRY.0;
        let mut version = None;
        loop {
            match self.round(&mut version).await {
                Ok(true) => {
                    wait = RETRY.0;
                    continue;
                }
                // The server ended a watch in which nothing had happened: no error, but not to be done in a tight loop.
                Ok(false) => {}
                Err(error) if error.is_expired() => {
                    version = None;
                    continue;
                }
                Err(error) => tracing::debug!(resource = %self.resource(), %error, "watch will be tried again"),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY.1);
        }
    }

    /// One list, if there is no version to go on from, and one watch to its end. Whether anything came of it. With the version goes whether objects are
    /// handed over.
    async fn round(&self, version: &mut Option<(String, bool)>) -> Result<bool, Error> {
        let mut progress = false;
        let (mut at, handed) = match version.take() {
            Some(known) => known,
            None => {
                progress = true;
                self.list().await?
            }
        };
        let selection = &self.0.selection;
        let watch = self.0.api.watch(&selection.resource, &self.query(), &at, selection.view, handed).await;
        let mut events = match watch {
            Ok(events) => events,
            Err(error) => {
                *version = Some((at, handed));
                return Err(error);
            }
        };
        loop {
            let next = events.next().await.transpose();
            *version = Some((at.clone(), handed));
            match next {
                Ok(Some(Event::Added(object) | Event::Modified(object))) => {
                    at = object::resource_version(&object).to_owned();
                    self.put(self.trimmed(object, handed));
                }
                Ok(Some(Event::Deleted(object))) => {
                    at = object::resource_version(&object).to_owned();
                    self.remove(self.trimmed(object, handed));
                }
                Ok(Some(Event::Bookmark(mark))) => at = mark,
                Ok(Some(Event::Error(_)) | None) => return Ok(progress),
                Err(error) => return Err(error),
            }
            self.saw(&at);
            progress = true;
        }
    }

    fn query(&self) -> Vec<(&'static str, &'static str)> {
        let fields = self.0.selection.fields;
        if fields.is_empty() { Vec::new() } else { vec![("fieldSelector", fields)] }
    }

    /// Replaces the cache by what exists; its resourceVersion, and whether objects are handed over.
    async fn list(&self) -> Result<(String, bool), Error> {
        let selection = &self.0.selection;
        let Collection { version, items, handed } =
            self.0.api.collect(&selection.resource, &self.query(), selection.view).await?;
        let gone: Vec<_> = if self.0.cache.read().objects.is_empty() {
            Vec::new()
        } else {
            let listed: BTreeSet<_> = items.iter().map(|object| key(object)).collect();
            let cache = self.0.cache.read();
            cache.objects.iter().filter(|(key, _)| !listed.contains(key)).map(|(_, object)| object.clone()).collect()
        };
        for object in gone {
            self.remove(object);
        }
        let (api_version, kind) = (selection.resource.api_version(), &selection.resource.kind);
        for mut object in items {
            // Items of lists of built-in kinds do not say what they are; events do.
            if !handed
                && let Some(object) =
                    Arc::make_mut(&mut object).as_object_mut().filter(|_| selection.view == View::Whole)
            {
                object.entry("apiVersion").or_insert_with(|| json!(api_version));
                object.entry("kind").or_insert_with(|| json!(kind));
            }
            self.put(self.trimmed(object, handed));
        }
        self.0.synced.send_replace(true);
        self.saw(&version);
        Ok((version, handed))
    }

    /// An object as it is cached.
    fn trimmed(&self, mut object: Arc<Value>, handed: bool) -> Arc<Value> {
        if !handed {
            (self.0.selection.trim)(Arc::make_mut(&mut object));
        }
        object
    }

    fn put(&self, new: Arc<Value>) {
        let key = key(&new);
        let old = self.0.cache.write().set(&key, Some(Arc::clone(&new)), self.0.selection.index);
        match old {
            Some(old) if object::resource_version(&old) == object::resource_version(&new) => {}
            // Another object of the same name, seen only after a new list: the first one went unseen.
            Some(old) if object::uid(&old) != object::uid(&new) => {
                self.tell(&Change { old: Some(old), new: None });
                self.tell(&Change { old: None, new: Some(new) });
            }
            old => self.tell(&Change { old, new: Some(new) }),
        }
    }

    fn remove(&self, last: Arc<Value>) {
        if self.0.cache.write().set(&key(&last), None, self.0.selection.index).is_some() {
            self.tell(&Change { old: Some(last), new: None });
        }
    }

    /// Notes how far the cache has come.
    fn saw(&self, version: &str) {
        if let Ok(version) = version.parse() {
            self.0.seen.send_replace(version);
        }
    }

    fn tell(&self, change: &Change) {
        for handler in self.0.handlers.lock().iter() {
            handler(change);
        }
    }
}

/// Lets readers go: they usually hold the informer that holds them.
struct Unheard<'a>(&'a Mutex<Vec<Handler>>);

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        self.0.lock().clear();
    }
}

fn key(object: &Value) -> Key {
    (object::namespace(object).to_owned(), object::name(object).to_owned())
}
