//! From a changed object to the one that controls it, or would like to.

use proofmark_json::{Value, json};

use super::Key;
use crate::kit::{Change, Informer, Queue, Resource, object};

/// An index of [`crate::kit::Informer::indexed`]: by the controller's uid; objects without one are together, by namespace.
pub(crate) fn by_controller(child: &Value) -> String {
    match object::controller(child) {
        Some(owner) => object::text(owner, "/uid").to_owned(),
        None => orphans_of(object::namespace(child)),
    }
}

fn orphans_of(namespace: &str) -> String {
    format!("orphans/{namespace}")
}

/// What an owner controls in a cache that is indexed [`by_controller`].
pub(crate) fn controlled(cache: &Informer, owner: &Value) -> Vec<std::sync::Arc<Value>> {
    cache.indexed(object::uid(owner))
}

/// What nobody controls in a namespace.
pub(crate) fn orphans(cache: &Informer, namespace: &str) -> Vec<std::sync::Arc<Value>> {
    cache.indexed(&orphans_of(namespace))
}

/// The `LabelSelector` of an owner; that of a ReplicationController is a plain map.
pub(crate) fn selector(owner: &Value) -> Value {
    match owner.pointer("/spec/selector") {
        Some(map) if owner["kind"] == "ReplicationController" => json!({"matchLabels": map}),
        Some(selector) => selector.clone(),
        None => Value::Null,
    }
}

/// Whether a selector picks an object. An empty one picks nothing: no owner means every pod.
pub(crate) fn selects(selector: &Value, child: &Value) -> bool {
    let empty = |at: &str| selector.get(at).is_none_or(|of| of.as_object().is_none_or(proofmark_json::Map::is_empty));
    let blank = empty("matchLabels") && object::list(selector, "/matchExpressions").is_empty();
    !blank && proofmark_registry::matches(selector, object::labels(child))
}

/// The key of an object.
pub(crate) fn key(of: &Value) -> Key {
    (object::namespace(of).to_owned(), object::name(of).to_owned())
}

/// The owner that controls a child, if it is of the kind that `owners` holds.
pub(crate) fn owner(owners: &Informer, child: &Value) -> Option<Key> {
    let reference = object::controller(child)?;
    if object::text(reference, "/kind") != owners.resource().kind {
        return None;
    }
    let found = owners.get(object::namespace(child), object::text(reference, "/name"))?;
    (object::uid(&found) == object::text(reference, "/uid")).then(|| key(&found))
}

/// Puts whoever a changed child concerns into a queue: who controls it, who did, and who might adopt it.
pub(crate) fn follow(children: &Informer, owners: &Informer, queue: &Queue<Key>) {
    let (owners, queue) = (owners.clone(), queue.clone());
    children.on_change(move |change| {
        for key in concerned(&owners, change) {
            queue.add(key);
        }
    });
}

/// Puts every object of a kind that comes or changes into a queue, and, for those that go, a last time.
pub(crate) fn follow_own(owners: &Informer, queue: &Queue<Key>) {
    let queue = queue.clone();
    owners.on_change(move |change| queue.add(key(change.latest())));
}

fn concerned(owners: &Informer, change: &Change) -> Vec<Key> {
    let mut keys = Vec::new();
    let child = change.latest();
    if let (Some(old), Some(_)) = (change.old.as_deref(), &change.new)
        && object::controller(old) != object::controller(child)
    {
        keys.extend(owner(owners, old));
    }
    if object::controller(child).is_some() {
        keys.extend(owner(owners, child));
        return keys;
    }
    let Some(new) = change.new.as_deref().filter(|new| !object::is_being_deleted(new)) else { return keys };
    let relevant = change
        .old
        .as_deref()
        .is_none_or(|old| object::labels(old) != object::labels(new) || object::controller(old).is_some());
    if relevant {
        let matching = owners.within(object::namespace(new)).into_iter();
        keys.extend(matching.filter(|owner| selects(&selector(owner), new)).map(|owner| key(&owner)));
    }
    keys
}

/// The kind of an owner as references name it.
pub(crate) fn reference(owner: &Value, kind: &Resource) -> Value {
    json!({
        "apiVersion": kind.api_version(),
        "kind": kind.kind,
        "name": object::name(owner),
        "uid": object::uid(owner),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// A selector as Go prints it.
pub(crate) fn told(selector: &Value) -> String {
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    let mut labels: Vec<_> = labels.into_iter().flatten().collect();
    labels.sort_unstable_by_key(|(key, _)| key.as_str());
    let labels: String =
        labels.into_iter().map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or_default())).collect();
    let expressions = object::list(selector, "/matchExpressions").iter();
    let expressions: String = expressions
        .map(|of| {
            let values: Vec<&str> = object::strings(of, "/values").collect();
            let (key, operator) = (object::text(of, "/key"), object::text(of, "/operator"));
            format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{}],}},", values.join(" "))
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
}
