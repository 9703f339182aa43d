//! The objects of one kind, read from a cache and written to the server, where a reader sees his own writes.
//!
//! A cache lags behind the server. A controller that creates three pods and then looks into its cache would find none of them, and create three
//! more. Upstream counts such writes as *expectations*; here [`Objects::settled`] waits until the cache shows them. It waits for events that are
//! already on their way, never for time, and a list that replaces the cache ends the wait too.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use parking_lot::Mutex;
use proofmark_json::Value;

use super::api::{Api, Error, Reason as _};
use super::informer::Informer;
use super::object;

/// The objects of one kind. Dereferences to the cache. Clones share what they wait for.
#[derive(Clone)]
pub struct Objects {
    api: Api,
    cache: Informer,
    pending: Arc<Mutex<Pending>>,
}

/// Writes that the cache may not show yet.
#[derive(Default)]
struct Pending {
    /// The newest version that was written.
    version: u64,
    /// The uids of objects that were deleted, by namespace and name.
    deleted: BTreeMap<(String, String), String>,
}

impl Deref for Objects {
    type Target = Informer;

    fn deref(&self) -> &Informer {
        &self.cache
    }
}

impl Objects {
    /// The objects that `cache` shows, written through `api`.
    pub fn new(api: Api, cache: Informer) -> Self {
        Self { api, cache, pending: Arc::default() }
    }

    /// Waits until the cache shows everything that was written.
    pub async fn settled(&self) {
        let Pending { version, deleted } = std::mem::take(&mut *self.pending.lock());
        self.cache.synced().await;
        self.cache
            .wait_until(|seen| {
                seen >= version
                    && deleted.iter().all(|((namespace, name), uid)| {
                        let found = self.cache.get(namespace, name);
                        found.is_none_or(|found| object::uid(&found) != uid || object::is_being_deleted(&found))
                    })
            })
            .await;
    }

    /// The object as the server has it, past the cache.
    pub async fn read(&self, namespace: &str, name: &str) -> Result<Option<Value>, Error> {
        match self.api.get(self.cache.resource(), namespace, name).await {
            Err(error) if error.is_not_found() => Ok(None),
            found => found.map(Some),
        }
    }

    /// Creates an object in the namespace that it names; answers it as stored.
    pub async fn create(&self, object: &Value) -> Result<Value, Error> {
        self.wrote(self.api.create(self.cache.resource(), object).await)
    }

    /// Replaces an object, which must be the present version of it.
    pub async fn update(&self, object: &Value) -> Result<Value, Error> {
        self.wrote(self.api.update(self.cache.resource(), object).await)
    }

    /// Replaces the status of an object, which must be the present version of it.
    pub async fn update_status(&self, object: &Value) -> Result<Value, Error> {
        self.wrote(self.api.update_subresource(self.cache.resource(), object, "status").await)
    }

    /// Changes an object by a strategic merge patch.
    pub async fn patch(&self, object: &Value, patch: &Value) -> Result<Value, Error> {
        let (namespace, name) = (object::namespace(object), object::name(object));
        self.wrote(self.api.strategic_patch(self.cache.resource(), namespace, name, patch).await)
    }

    /// Deletes an object; `options` are the fields of `DeleteOptions`.
    pub async fn delete(&self, object: &Value, options: &Value) -> Result<(), Error> {
        let (namespace, name) = (object::namespace(object), object::name(object));
        self.api.delete(self.cache.resource(), namespace, name, options).await?;
        let key = (namespace.to_owned(), name.to_owned());
        self.pending.lock().deleted.insert(key, object::uid(object).to_owned());
        Ok(())
    }

    fn wrote(&self, answer: Result<Value, Error>) -> Result<Value, Error> {
        let written = answer?;
        if let Ok(version) = object::resource_version(&written).parse::<u64>() {
            let mut pending = self.pending.lock();
            pending.version = pending.version.max(version);
        }
        Ok(written)
    }
}
