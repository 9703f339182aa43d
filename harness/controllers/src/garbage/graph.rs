//! Who owns whom: the garbage collector's picture of the cluster, and what a change in it asks for.
//!
//! Pure. An owner that is only known from references to it is *virtual*: references say its uid and where it should be, which may be wrong, so
//! the collector looks for it and answers with [`Graph::absent`] when it is not there. References to one uid that disagree about the rest are
//! tried one after the other. Upstream: `graph.go` and `graph_builder.go`.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_json::Value;

use crate::kit::object;

/// The finalizer of an object that waits for its dependents to be deleted.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an object whose dependents are to stay.
pub(crate) const ORPHAN: &str = "orphan";

/// Where an object is. The order is that in which alternatives are tried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) kind: String,
    pub(crate) api_version: String,
    /// Empty for cluster-scoped objects.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
}

/// An entry of `ownerReferences`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) blocks: bool,
}

impl Owner {
    /// The owner references of an object.
    pub(crate) fn of(object: &Value) -> Vec<Self> {
        let read = |reference: &Value| {
            let text = |key: &str| reference.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            Self {
                api_version: text("apiVersion"),
                kind: text("kind"),
                name: text("name"),
                uid: text("uid"),
                blocks: reference.get("blockOwnerDeletion") == Some(&Value::Bool(true)),
            }
        };
        object::list(object, "/metadata/ownerReferences").iter().map(read).collect()
    }

    /// Where the owner is, seen from a dependent in `namespace`.
    pub(crate) fn identity(&self, namespace: &str) -> Identity {
        Identity {
            kind: self.kind.clone(),
            api_version: self.api_version.clone(),
            namespace: namespace.to_owned(),
            name: self.name.clone(),
            uid: self.uid.clone(),
        }
    }

    fn names(&self, identity: &Identity) -> bool {
        self.uid == identity.uid
            && self.name == identity.name
            && self.kind == identity.kind
            && self.api_version == identity.api_version
    }
}

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    /// Whether the object with this uid has to go, or may go.
    Collect(String),
    /// The dependents of the object with this uid are to be let go.
    Orphan(String),
}

/// An object in the graph.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) identity: Identity,
    pub(crate) owners: Vec<Owner>,
    /// Uids.
    pub(crate) dependents: BTreeSet<String>,
    pub(crate) being_deleted: bool,
    /// Waits for its dependents to be deleted.
    pub(crate) in_foreground: bool,
    /// Known from references only.
    pub(crate) is_virtual: bool,
}

/// The picture.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// By uid.
    nodes: BTreeMap<String, Node>,
}

impl Graph {
    pub(crate) fn get(&self, uid: &str) -> Option<&Node> {
        self.nodes.get(uid)
    }

    /// The dependents of an object.
    pub(crate) fn dependents(&self, uid: &str) -> Vec<&Node> {
        let dependents = self.nodes.get(uid).map(|node| &node.dependents);
        dependents.into_iter().flatten().filter_map(|uid| self.nodes.get(uid)).collect()
    }

    /// The dependents whose reference keeps an object from being deleted in the foreground.
    pub(crate) fn blocking(&self, uid: &str) -> Vec<&Node> {
        let blocks = |node: &&Node| node.owners.iter().any(|owner| owner.uid == uid && owner.blocks);
        self.dependents(uid).into_iter().filter(blocks).collect()
    }

    /// An object came or changed.
    pub(crate) fn observe(&mut self, identity: Identity, old: Option<&Value>, new: &Value) -> Vec<Work> {
        let mut work = Vec::new();
        let uid = identity.uid.clone();
        let owners = Owner::of(new);
        let before = if self.nodes.contains_key(&uid) {
            self.settle(&identity, &mut work);
            let node = self.nodes.get_mut(&uid);
            node.map(|node| {
                node.being_deleted |= object::is_being_deleted(new);
                std::mem::replace(&mut node.owners, owners.clone())
            })
            .unwrap_or_default()
        } else {
            let being_deleted = object::is_being_deleted(new);
            let node = Node {
                identity,
                owners: owners.clone(),
                dependents: BTreeSet::new(),
                being_deleted,
                in_foreground: being_deleted && object::has_finalizer(new, FOREGROUND),
                is_virtual: false,
            };
            self.nodes.insert(uid.clone(), node);
            Vec::new()
        };
        self.relink(&uid, &before, &owners, &mut work);
        self.begin_deletion(&uid, old, new, &mut work);
        work
    }

    /// A virtual owner turned up: dependents that say it was somewhere else have to be looked at.
    fn settle(&mut self, identity: &Identity, work: &mut Vec<Work>) {
        let Some(node) = self.nodes.get(&identity.uid).filter(|node| node.identity != *identity || node.is_virtual)
        else {
            return;
        };
        if node.is_virtual && node.identity != *identity {
            let (_, mistaken) = self.partition(identity);
            work.extend(mistaken.into_iter().map(Work::Collect));
        }
        // An object that was seen before is now served in another version.
        if let Some(node) = self.nodes.get_mut(&identity.uid) {
            node.identity = identity.clone();
            node.is_virtual = false;
        }
    }

    /// Moves a node from its former owners to its present ones.
    fn relink(&mut self, uid: &str, before: &[Owner], now: &[Owner], work: &mut Vec<Work>) {
        for old in before {
            let new = now.iter().find(|owner| owner.uid == old.uid);
            // An owner that waits in the foreground may have been waiting for just this reference.
            if old.blocks && !new.is_some_and(|new| new.blocks) && self.nodes.contains_key(&old.uid) {
                work.push(Work::Collect(old.uid.clone()));
            }
            if new.is_none()
                && let Some(owner) = self.nodes.get_mut(&old.uid)
            {
                owner.dependents.remove(uid);
            }
        }
        let Some(namespace) = self.nodes.get(uid).map(|node| node.identity.namespace.clone()) else { return };
        let mut doubtful = false;
        for owner in now.iter().filter(|owner| !before.iter().any(|old| old.uid == owner.uid)) {
            match self.nodes.get_mut(&owner.uid) {
                Some(node) => {
                    node.dependents.insert(uid.to_owned());
                    let at = &node.identity;
                    let elsewhere = at.namespace != namespace && (!at.namespace.is_empty() || node.is_virtual);
                    doubtful |= elsewhere || !owner.names(at);
                }
                None => {
                    let node = Node {
                        identity: owner.identity(&namespace),
                        owners: Vec::new(),
                        dependents: BTreeSet::from([uid.to_owned()]),
                        being_deleted: false,
                        in_foreground: false,
                        is_virtual: true,
                    };
                    self.nodes.insert(owner.uid.clone(), node);
                    work.push(Work::Collect(owner.uid.clone()));
                }
            }
        }
        if doubtful {
            work.push(Work::Collect(uid.to_owned()));
        }
    }

    /// Deletion with one of the two finalizers has just begun.
    fn begin_deletion(&mut self, uid: &str, old: Option<&Value>, new: &Value, work: &mut Vec<Work>) {
        let waits =
            |object: &Value, finalizer| object::is_being_deleted(object) && object::has_finalizer(object, finalizer);
        let begins = |finalizer| waits(new, finalizer) && !old.is_some_and(|old| waits(old, finalizer));
        if begins(ORPHAN) {
            work.push(Work::Orphan(uid.to_owned()));
        } else if begins(FOREGROUND)
            && let Some(node) = self.nodes.get_mut(uid)
        {
            node.in_foreground = true;
            work.extend(node.dependents.iter().cloned().map(Work::Collect));
            work.push(Work::Collect(uid.to_owned()));
        }
    }

    /// An object is gone.
    pub(crate) fn gone(&mut self, uid: &str) -> Vec<Work> {
        let Some(node) = self.nodes.remove(uid) else { return Vec::new() };
        let mut work: Vec<Work> = node.dependents.into_iter().map(Work::Collect).collect();
        for owner in &node.owners {
            if let Some(owner) = self.nodes.get_mut(&owner.uid) {
                owner.dependents.remove(uid);
                if owner.in_foreground {
                    work.push(Work::Collect(owner.identity.uid.clone()));
                }
            }
        }
        work
    }

    /// The collector looked for an object and did not find it.
    pub(crate) fn absent(&mut self, looked_for: &Identity) -> Vec<Work> {
        let Some(node) = self.nodes.get(&looked_for.uid) else { return Vec::new() };
        let collect = |dependents: Vec<String>| dependents.into_iter().map(Work::Collect).collect::<Vec<_>>();
        let (matching, others) = self.partition(looked_for);
        if !node.is_virtual {
            // The object was seen. If it was seen elsewhere, only the references to where it is not are wrong.
            return if node.identity == *looked_for { self.gone(&looked_for.uid) } else { collect(matching) };
        }
        if others.is_empty() {
            return self.gone(&looked_for.uid);
        }
        let mut work = collect(matching);
        if node.identity == *looked_for
            && let Some(alternative) = self.alternative(looked_for)
        {
            work.push(Work::Collect(alternative.uid.clone()));
            if let Some(node) = self.nodes.get_mut(&looked_for.uid) {
                node.identity = alternative;
            }
        }
        work
    }

    /// A kind is no longer served, so its objects are gone.
    pub(crate) fn kind_gone(&mut self, group: &str, kind: &str) -> Vec<Work> {
        let of_kind = |node: &&Node| {
            let of_group = node.identity.api_version.split_once('/').map_or("", |(group, _)| group);
            !node.is_virtual && node.identity.kind == kind && of_group == group
        };
        let uids: Vec<String> = self.nodes.values().filter(of_kind).map(|node| node.identity.uid.clone()).collect();
        uids.iter().flat_map(|uid| self.gone(uid)).collect()
    }

    /// The dependents that say their owner is at `identity`, and those that say otherwise.
    fn partition(&self, identity: &Identity) -> (Vec<String>, Vec<String>) {
        let (mut matching, mut others) = (Vec::new(), Vec::new());
        for dependent in self.dependents(&identity.uid) {
            let reachable = identity.namespace.is_empty() || identity.namespace == dependent.identity.namespace;
            let mut references = dependent.owners.iter().filter(|owner| owner.uid == identity.uid);
            if reachable && references.clone().any(|owner| owner.names(identity)) {
                matching.push(dependent.identity.uid.clone());
            }
            if !reachable || references.any(|owner| !owner.names(identity)) {
                others.push(dependent.identity.uid.clone());
            }
        }
        (matching, others)
    }

    /// The next place to look for an owner that is not at `absent`, in their order and beginning anew at its end.
    fn alternative(&self, absent: &Identity) -> Option<Identity> {
        let mut places = BTreeSet::new();
        for dependent in self.dependents(&absent.uid) {
            for owner in dependent.owners.iter().filter(|owner| owner.uid == absent.uid) {
                let mut place = owner.identity(&dependent.identity.namespace);
                // The kind is known to be cluster-scoped.
                if absent.namespace.is_empty() && place.api_version == absent.api_version && place.kind == absent.kind {
                    place.namespace.clear();
                }
                if place != *absent {
                    places.insert(place);
                }
            }
        }
        places.range(absent.clone()..).next().or_else(|| places.first()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use proptest::prelude::*;

    use super::*;

    fn identity(name: &str, namespace: &str) -> Identity {
        let (kind, api_version) = ("ConfigMap".to_owned(), "v1".to_owned());
        Identity { kind, api_version, namespace: namespace.to_owned(), name: name.to_owned(), uid: name.to_owned() }
    }

    /// An object named as its uid; owners are named as theirs.
    fn object(name: &str, owners: &[(&str, bool)]) -> Value {
        let owners: Vec<Value> = owners
            .iter()
            .map(|(uid, blocks)| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": uid, "uid": uid, "blockOwnerDeletion": blocks}))
            .collect();
        json!({"metadata": {"name": name, "uid": name, "ownerReferences": owners}})
    }

    fn deleted(mut object: Value, finalizer: &str) -> Value {
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        object["metadata"]["finalizers"] = json!([finalizer]);
        object
    }

    fn collect(uids: &[&str]) -> Vec<Work> {
        uids.iter().map(|uid| Work::Collect((*uid).to_owned())).collect()
    }

    fn uids(nodes: Vec<&Node>) -> Vec<&str> {
        nodes.into_iter().map(|node| node.identity.uid.as_str()).collect()
    }

    #[test]
    fn an_unseen_owner_is_looked_for_and_its_dependents_when_it_is_absent() {
        let mut graph = Graph::default();
        assert_eq!(
            graph.observe(identity("child", "a"), None, &object("child", &[("owner", false)])),
            collect(&["owner"])
        );
        assert!(graph.get("owner").is_some_and(|owner| owner.is_virtual));
        assert_eq!(graph.absent(&identity("owner", "a")), collect(&["child"]));
        assert!(graph.get("owner").is_none());
    }

    #[test]
    fn an_owner_that_turns_up_elsewhere_casts_doubt_on_its_dependents() {
        let mut graph = Graph::default();
        graph.observe(identity("child", "a"), None, &object("child", &[("owner", false)]));
        assert_eq!(graph.observe(identity("owner", "b"), None, &object("owner", &[])), collect(&["child"]));
        // The other way round: the owner is known first.
        assert_eq!(
            graph.observe(identity("late", "a"), None, &object("late", &[("owner", false)])),
            collect(&["late"])
        );
    }

    #[test]
    fn foreground_deletion_looks_at_dependents_and_then_waits_for_those_that_block() {
        let mut graph = Graph::default();
        let owner = object("owner", &[]);
        graph.observe(identity("owner", "a"), None, &owner);
        let blocking = object("blocks", &[("owner", true)]);
        graph.observe(identity("blocks", "a"), None, &blocking);
        graph.observe(identity("loose", "a"), None, &object("loose", &[("owner", false)]));
        let going = deleted(owner.clone(), FOREGROUND);
        assert_eq!(graph.observe(identity("owner", "a"), Some(&owner), &going), collect(&["blocks", "loose", "owner"]));
        // It has begun already: a further change begins nothing.
        assert_eq!(graph.observe(identity("owner", "a"), Some(&going), &going), []);
        assert_eq!(uids(graph.blocking("owner")), ["blocks"]);
        // A reference that no longer blocks has the owner looked at, and so has a dependent that goes.
        let released = object("blocks", &[("owner", false)]);
        assert_eq!(graph.observe(identity("blocks", "a"), Some(&blocking), &released), collect(&["owner"]));
        assert_eq!(graph.gone("loose"), collect(&["owner"]));
    }

    #[test]
    fn orphaning_is_work_of_its_own() {
        let mut graph = Graph::default();
        let owner = object("owner", &[]);
        let going = deleted(owner.clone(), ORPHAN);
        assert_eq!(graph.observe(identity("owner", "a"), Some(&owner), &going), [Work::Orphan("owner".to_owned())]);
    }

    #[test]
    fn places_that_references_disagree_on_are_tried_in_turn() {
        let mut graph = Graph::default();
        let named = |owner: &str| {
            let mut child = object("unused", &[("owner", false)]);
            child["metadata"]["ownerReferences"][0]["name"] = json!(owner);
            child
        };
        graph.observe(identity("one", "a"), None, &named("x"));
        graph.observe(identity("two", "a"), None, &named("y"));
        let place = |name: &str| Identity { uid: "owner".to_owned(), ..identity(name, "a") };
        assert_eq!(graph.absent(&place("x")), collect(&["one", "owner"]));
        assert_eq!(graph.get("owner").map(|owner| owner.identity.name.as_str()), Some("y"));
        // The one that was judged goes; nobody disagrees any more.
        graph.gone("one");
        assert_eq!(graph.absent(&place("y")), collect(&["two"]));
        assert!(graph.get("owner").is_none());
    }

    #[test]
    fn with_a_kind_its_objects_go() {
        let mut graph = Graph::default();
        let widget =
            Identity { kind: "Widget".to_owned(), api_version: "example.com/v1".to_owned(), ..identity("w", "a") };
        graph.observe(widget, None, &object("w", &[]));
        graph.observe(identity("child", "a"), None, &object("child", &[("w", false)]));
        assert_eq!(graph.kind_gone("example.org", "Widget"), []);
        assert_eq!(graph.kind_gone("example.com", "Widget"), collect(&["child"]));
    }

    proptest! {
        /// However references change, dependents are exactly those whose present references say so, of seen and of virtual owners.
        #[test]
        fn dependents_mirror_owners(changes in proptest::collection::vec((0usize..5, proptest::collection::btree_set(0usize..7, 0..4)), 1..40)) {
            let names = ["a", "b", "c", "d", "e", "unseen", "never seen"];
            let mut graph = Graph::default();
            let mut present: BTreeMap<&str, Value> = BTreeMap::new();
            for (at, owners) in changes {
                let owners: Vec<_> = owners.into_iter().filter(|owner| *owner != at).map(|owner| (names[owner], owner % 2 == 0)).collect();
                let new = object(names[at], &owners);
                let old = present.insert(names[at], new.clone());
                graph.observe(identity(names[at], "n"), old.as_ref(), &new);
                for owner in names {
                    let refers = |object: &Value| Owner::of(object).iter().any(|reference| reference.uid == owner);
                    let expected: Vec<&str> = present.iter().filter(|(_, object)| refers(object)).map(|(name, _)| *name).collect();
                    prop_assert_eq!(uids(graph.dependents(owner)), expected);
                }
            }
        }
    }
}
