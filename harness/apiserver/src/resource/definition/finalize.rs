//! The end of a definition: its objects go first.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/controller/finalizer`, release 1.35.

use std::sync::Arc;

use proofmark_json::Value;
use proofmark_registry::meta;

use super::condition;
use super::{CLEANUP, look_again};
use crate::resource::Resource;
use crate::server::Inner;
use crate::store::Precondition;

/// Takes the objects of a deleted definition with it; when none is left, lets it go.
pub(super) fn finalize(server: &Arc<Inner>, resource: &Arc<Resource>, stored: &Arc<crate::store::Object>) {
    let crd = &stored.value;
    let keeps = meta::of(crd).and_then(|m| m.get("finalizers")).and_then(Value::as_array);
    if !keeps.is_some_and(|f| f.iter().any(|f| f == CLEANUP)) {
        return;
    }
    let text = |pointer: &str| crate::value::text_at(crd, pointer);
    let (group, plural) = (text("/spec/group"), text("/spec/names/plural"));
    let prefix: Arc<str> = format!("/registry/{group}/{plural}").into();
    let now = server.clock.stamp();
    let snapshot = server.store.snapshot();
    let version = server.catalog.all().into_iter().find(|r| r.group == group && r.plural == plural);
    let mut left = 0;
    for (place, object) in snapshot.list(&prefix, "", None) {
        let held = meta::of(&object.value)
            .and_then(|m| m.get("finalizers"))
            .and_then(Value::as_array)
            .is_some_and(|f| !f.is_empty());
        let Some(version) = &version else { continue };
        if held {
            left += 1;
            if meta::text(&object.value, "deletionTimestamp").is_empty() {
                let mut marked = Value::clone(&object.value);
                crate::handlers::mark_held(&mut marked, server.clock.now());
                let _ = crate::handlers::write(server, version, place, marked, Precondition::Revision(object.revision));
            }
        } else {
            let _ = server.store.remove(&prefix, place, Value::clone(&object.value), object.revision);
        }
    }
    let name = meta::text(crd, "name").to_owned();
    let mut crd = Value::clone(crd);
    if left > 0 {
        let message = "CustomResource deletion is in progress";
        condition::set(&mut crd, &now, "Terminating", "True", "InstanceDeletionInProgress", message);
        if crd != *stored.value {
            let _ = crate::handlers::write(server, resource, &name, crd, Precondition::Revision(stored.revision));
        }
        return;
    }
    condition::set(&mut crd, &now, "Terminating", "False", "InstanceDeletionCompleted", "removed all instances");
    let finalizers = meta::of_mut(&mut crd).get_mut("finalizers").and_then(Value::as_array_mut);
    let empty = finalizers.is_none_or(|list| {
        list.retain(|f| f != CLEANUP);
        list.is_empty()
    });
    let _ = if empty {
        let removed = crate::handlers::remove(server, resource, &name, crd, stored.revision).map(|_| ());
        look_again(server, resource, &group);
        removed
    } else {
        crate::handlers::write(server, resource, &name, crd, Precondition::Revision(stored.revision)).map(|_| ())
    };
}
