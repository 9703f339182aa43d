//! Acts on the graph: asks the server how things are, and deletes, releases or lets go.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use proofmark_json::{Value, json};

use super::graph::{FOREGROUND, Graph, Identity, Node, ORPHAN, Owner, Work};
use crate::kit::{Api, Error, Next, Queue, Reason as _, Reconcile, Resource, object};
use crate::monitors::Monitors;

/// How often a write is tried again at once when the object has just changed.
const CONFLICTS: usize = 5;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CollectError {
    #[error("request failed: {0}")]
    Request(#[from] Error),
    #[error("the server has no kind {kind} in {api_version}")]
    UnknownKind { api_version: String, kind: String },
    #[error("{0} is not in the caches yet")]
    NotSeenYet(String),
}

/// What an owner turned out to be.
enum Found {
    Solid,
    Dangling,
    /// Being deleted in the foreground.
    Waiting,
}

pub(crate) struct Collector {
    pub(crate) api: Api,
    pub(crate) monitors: Monitors,
    pub(crate) graph: Arc<Mutex<Graph>>,
    pub(crate) queue: Queue<Work>,
    /// Work on kinds that the server does not have, until discovery changes.
    pub(crate) parked: Arc<Mutex<BTreeSet<Work>>>,
}

impl Reconcile for Collector {
    type Key = Work;
    type Error = CollectError;

    async fn reconcile(&self, work: &Work) -> Result<Next, CollectError> {
        let done = match work {
            Work::Collect(uid) => self.collect(uid).await,
            Work::Orphan(uid) => self.orphan(uid).await,
        };
        if let Err(CollectError::UnknownKind { .. }) = &done {
            self.parked.lock().insert(work.clone());
            return Ok(Next::Done);
        }
        done.map(|()| Next::Done)
    }
}

impl Collector {
    /// Deletes an object whose owners are gone, or lets one go that waited for its dependents.
    async fn collect(&self, uid: &str) -> Result<(), CollectError> {
        let Some(node) = self.graph.lock().get(uid).cloned() else { return Ok(()) };
        // Deletion is a one-way trip: the event of its end brings the dependents here.
        if node.being_deleted && !node.in_foreground {
            return Ok(());
        }
        let at = &node.identity;
        let resource = self.resource(&at.api_version, &at.kind)?;
        if resource.namespaced && at.namespace.is_empty() {
            // A cluster-scoped dependent names a namespaced owner, which cannot be resolved.
            return Ok(());
        }
        let Some(latest) = self.present(&resource, at).await? else {
            let work = self.graph.lock().absent(at);
            work.into_iter().for_each(|work| self.queue.add(work));
            return Ok(());
        };
        if node.in_foreground {
            return self.finish_foreground(&resource, &node).await;
        }
        self.judge(&resource, &node, &latest).await?;
        // The event that tells of it may still be on its way; if it never comes, the object is gone.
        if self.graph.lock().get(uid).is_some_and(|node| node.is_virtual) {
            Err(CollectError::NotSeenYet(at.name.clone()))
        } else {
            Ok(())
        }
    }

    /// Decides by what has become of the owners.
    async fn judge(&self, resource: &Resource, node: &Node, latest: &Value) -> Result<(), CollectError> {
        let owners = Owner::of(latest);
        let (mut solid, mut dangling, mut waiting) = (0, Vec::new(), Vec::new());
        for owner in &owners {
            match self.look_for(owner, &node.identity.namespace).await? {
                Some(Found::Solid) => solid += 1,
                Some(Found::Dangling) => dangling.push(owner.uid.as_str()),
                Some(Found::Waiting) => waiting.push(owner.uid.as_str()),
                None => return Ok(()),
            }
        }
        if owners.is_empty() {
            return Ok(());
        }
        if solid > 0 {
            // References that lead nowhere go; so do those to owners that would wait for this object for ever.
            let without = [dangling, waiting].concat();
            return if without.is_empty() {
                Ok(())
            } else {
                self.drop_owners(resource, &node.identity, &without).await
            };
        }
        let dependents_wait: Option<bool> = {
            let graph = self.graph.lock();
            let dependents = graph.dependents(&node.identity.uid);
            (!waiting.is_empty() && !dependents.is_empty())
                .then(|| dependents.iter().any(|dependent| dependent.in_foreground))
        };
        let policy = match dependents_wait {
            Some(circle) => {
                if circle {
                    self.unblock_owners(resource, &node.identity, latest).await?;
                }
                "Foreground"
            }
            None if object::has_finalizer(latest, ORPHAN) => "Orphan",
            None if object::has_finalizer(latest, FOREGROUND) => "Foreground",
            None => "Background",
        };
        self.delete(resource, &node.identity, latest, policy).await
    }

    /// `None` when the reference can never be resolved.
    async fn look_for(&self, owner: &Owner, namespace: &str) -> Result<Option<Found>, CollectError> {
        let resource = self.resource(&owner.api_version, &owner.kind)?;
        if resource.namespaced && namespace.is_empty() {
            return Ok(None);
        }
        Ok(Some(match self.present(&resource, &owner.identity(namespace)).await? {
            None => Found::Dangling,
            Some(found) if object::is_being_deleted(&found) && object::has_finalizer(&found, FOREGROUND) => {
                Found::Waiting
            }
            Some(_) => Found::Solid,
        }))
    }

    /// The object's metadata, if it is there and the same.
    async fn present(&self, resource: &Resource, at: &Identity) -> Result<Option<Value>, CollectError> {
        match self.api.get_metadata(resource, &at.namespace, &at.name).await {
            Ok(found) if object::uid(&found) == at.uid => Ok(Some(found)),
            Ok(_) => Ok(None),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Lets an object go that waited for its dependents, or has those looked at that still block it.
    async fn finish_foreground(&self, resource: &Resource, node: &Node) -> Result<(), CollectError> {
        let blocking: Vec<(String, bool)> = {
            let graph = self.graph.lock();
            let blocking = graph.blocking(&node.identity.uid);
            blocking.into_iter().map(|dependent| (dependent.identity.uid.clone(), dependent.in_foreground)).collect()
        };
        if blocking.is_empty() {
            return self.remove_finalizer(resource, &node.identity, FOREGROUND).await;
        }
        for (uid, _) in blocking.into_iter().filter(|(_, in_foreground)| !in_foreground) {
            self.queue.add(Work::Collect(uid));
        }
        Ok(())
    }

    /// Takes an owner out of its dependents, then lets it go.
    async fn orphan(&self, uid: &str) -> Result<(), CollectError> {
        let (owner, dependents) = {
            let graph = self.graph.lock();
            let Some(owner) = graph.get(uid).map(|node| node.identity.clone()) else { return Ok(()) };
            let dependents: Vec<Identity> =
                graph.dependents(uid).into_iter().map(|node| node.identity.clone()).collect();
            (owner, dependents)
        };
        for dependent in &dependents {
            let resource = self.resource(&dependent.api_version, &dependent.kind)?;
            self.drop_owners(&resource, dependent, &[uid]).await?;
        }
        self.remove_finalizer(&self.resource(&owner.api_version, &owner.kind)?, &owner, ORPHAN).await
    }

    async fn delete(
        &self,
        resource: &Resource,
        at: &Identity,
        latest: &Value,
        policy: &str,
    ) -> Result<(), CollectError> {
        let delete = async |preconditions: Value| {
            let options = json!({"preconditions": preconditions, "propagationPolicy": policy});
            self.api.delete(resource, &at.namespace, &at.name, &options).await
        };
        let version = object::resource_version(latest);
        match delete(json!({"uid": at.uid, "resourceVersion": version})).await {
            Err(error) if error.is_conflict() => match self.present(resource, at).await? {
                None => Ok(()),
                // It changed, but not in what decided: a busy object must not starve its collection.
                Some(live) if Owner::of(&live) == Owner::of(latest) => settled(delete(json!({"uid": at.uid})).await),
                Some(_) => Err(error.into()),
            },
            done => settled(done),
        }
    }

    async fn drop_owners(&self, resource: &Resource, at: &Identity, uids: &[&str]) -> Result<(), CollectError> {
        self.change(resource, at, |object| {
            let owners = object::list(object, "/metadata/ownerReferences");
            let keep: Vec<&Value> =
                owners.iter().filter(|owner| !uids.contains(&object::text(owner, "/uid"))).collect();
            (keep.len() < owners.len()).then(|| json!({"ownerReferences": keep}))
        })
        .await
    }

    /// In a circle of owners that wait for each other, nothing would ever go.
    async fn unblock_owners(&self, resource: &Resource, at: &Identity, latest: &Value) -> Result<(), CollectError> {
        let mut owners = object::list(latest, "/metadata/ownerReferences").to_vec();
        for owner in owners.iter_mut().filter(|owner| owner.get("blockOwnerDeletion") == Some(&Value::Bool(true))) {
            owner["blockOwnerDeletion"] = json!(false);
        }
        self.change(resource, at, |object| {
            (object::list(object, "/metadata/ownerReferences") != owners.as_slice())
                .then(|| json!({"ownerReferences": owners}))
        })
        .await
    }

    async fn remove_finalizer(&self, resource: &Resource, at: &Identity, finalizer: &str) -> Result<(), CollectError> {
        self.change(resource, at, |object| {
            let keep: Vec<&str> = object::finalizers(object).filter(|f| *f != finalizer).collect();
            object::has_finalizer(object, finalizer).then(|| json!({"finalizers": keep}))
        })
        .await
    }

    /// Changes `metadata` of the object as it is now; `None` means that nothing is to be changed.
    async fn change(
        &self,
        resource: &Resource,
        at: &Identity,
        patch: impl Fn(&Value) -> Option<Value>,
    ) -> Result<(), CollectError> {
        let mut conflicts = 0;
        loop {
            let Some(object) = self.present(resource, at).await? else { return Ok(()) };
            let Some(mut metadata) = patch(&object) else { return Ok(()) };
            metadata["resourceVersion"] = json!(object::resource_version(&object));
            metadata["uid"] = json!(at.uid);
            match self.api.merge_patch(resource, &at.namespace, &at.name, &json!({"metadata": metadata})).await {
                Err(error) if error.is_conflict() && conflicts < CONFLICTS => conflicts += 1,
                done => return settled(done),
            }
        }
    }

    fn resource(&self, api_version: &str, kind: &str) -> Result<Resource, CollectError> {
        let unknown = || CollectError::UnknownKind { api_version: api_version.to_owned(), kind: kind.to_owned() };
        self.monitors.find(api_version, kind).ok_or_else(unknown)
    }
}

/// What is gone need not be changed or deleted any more.
fn settled(done: Result<Value, Error>) -> Result<(), CollectError> {
    match done {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}
