//! Whose work a change is.

use proofmark_controllers::kit::{Change, Informer, Queue, Resource, Selection, object};

use crate::control_plane::Context;

/// Namespace and name.
pub(super) type Key = (String, String);

/// The name of the definition of a kind.
pub(crate) fn definition(of: &Resource) -> String {
    format!("{}.{}", of.plural, of.group)
}

/// An informer of a kind whose objects are worked on themselves.
pub(super) fn own(context: &mut Context, of: Selection, queue: &Queue<Key>) -> Informer {
    let (informer, queue) = (context.informer(of), queue.clone());
    informer.on_change(move |change| {
        if let Some(new) = &change.new {
            queue.add((object::namespace(new).to_owned(), object::name(new).to_owned()));
        }
    });
    informer
}

/// An informer of a kind whose objects are parts of those that are worked on.
pub(super) fn owned(context: &mut Context, of: Resource, owner: Resource, queue: &Queue<Key>) -> Informer {
    let informer = context.informer(Selection::metadata(of));
    tell(&informer, owner, queue);
    informer
}

/// The same where the owners belong to no namespace.
pub(super) fn owned_by_cluster(context: &mut Context, of: Resource, owner: Resource, queue: &Queue<Key>) -> Informer {
    let informer = context.informer(Selection::metadata(of));
    let queue = queue.clone();
    informer.on_change(move |change| {
        for (_, name) in owners(change, &owner) {
            queue.add((String::new(), name));
        }
    });
    informer
}

/// The same for a kind of another project, which need not be there.
pub(super) fn owned_if_there(context: &mut Context, of: Resource, owner: Resource, queue: &Queue<Key>) {
    let informer = context.optional(Selection::metadata(of));
    tell(&informer, owner, queue);
}

fn tell(informer: &Informer, owner: Resource, queue: &Queue<Key>) {
    let queue = queue.clone();
    informer.on_change(move |change| {
        for key in owners(change, &owner) {
            queue.add(key);
        }
    });
}

/// The objects of a kind that control an object now or did before.
fn owners(change: &Change, owner: &Resource) -> Vec<Key> {
    let objects = [&change.old, &change.new].into_iter().flatten();
    let keys = objects.filter_map(|object| {
        let controller = object::controller(object)?;
        let of_group =
            object::text(controller, "/apiVersion").split_once('/').is_some_and(|(group, _)| group == owner.group);
        let is = of_group && object::text(controller, "/kind") == owner.kind;
        is.then(|| (object::namespace(object).to_owned(), object::text(controller, "/name").to_owned()))
    });
    let mut keys: Vec<Key> = keys.collect();
    keys.dedup();
    keys
}
