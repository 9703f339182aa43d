//! What an owner counts of its pods, remembered for as long as they stay as they are.
//!
//! An owner of ten thousand pods looks at all of them whenever one changes. Objects in a cache never change, so what was found out about one holds
//! until another takes its place: whoever is the same object still has not to be looked into again.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use proofmark_json::{Value, json};

use super::{Key, children, pods};
use crate::kit::object;

/// What counts of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// It ran to its end.
    pub(crate) finished: bool,
    /// Its deletion was asked for.
    pub(crate) leaving: bool,
    pub(crate) ready: bool,
    /// It has all labels of the owner's template.
    pub(crate) labelled: bool,
    /// The owner controls it, and picks it by its selector.
    pub(crate) own: bool,
}

impl Facts {
    /// Whether it counts as a replica.
    pub(crate) fn is_active(self) -> bool {
        !self.finished && !self.leaving
    }

    /// Whether it is being deleted and has not finished.
    pub(crate) fn is_terminating(self) -> bool {
        !self.finished && self.leaving
    }
}

/// What the owners of one kind know of their pods.
#[derive(Default)]
pub(crate) struct Tally(Mutex<BTreeMap<Key, Remembered>>);

#[derive(Default)]
struct Remembered {
    view: View,
    /// By the places of the objects in memory, which they keep because they are held here.
    pods: Vec<(Arc<Value>, Facts)>,
}

/// All of an owner that facts depend on.
#[derive(Default, PartialEq)]
struct View {
    uid: String,
    selector: Value,
    /// The labels of its template, as a selector.
    labels: Value,
}

impl View {
    fn of(owner: &Value) -> Self {
        Self {
            uid: object::uid(owner).to_owned(),
            selector: children::selector(owner),
            labels: json!({"matchLabels": owner["spec"]["template"]["metadata"]["labels"]}),
        }
    }

    fn look(&self, pod: &Value) -> Facts {
        let controller = object::controller(pod).map(|owner| object::text(owner, "/uid"));
        Facts {
            finished: pods::is_finished(pod),
            leaving: object::is_being_deleted(pod),
            ready: pods::is_ready(pod),
            labelled: proofmark_registry::matches(&self.labels, object::labels(pod)),
            own: controller == Some(self.uid.as_str()) && children::selects(&self.selector, pod),
        }
    }
}

impl Tally {
    /// What an owner counts of each of these pods. Others are forgotten.
    pub(crate) fn facts(&self, key: &Key, owner: &Value, pods: &[Arc<Value>]) -> Vec<Facts> {
        let view = View::of(owner);
        let before = self.0.lock().remove(key).filter(|before| before.view == view).unwrap_or_default();
        let facts: Vec<Facts> = pods.iter().map(|pod| before.find(pod).unwrap_or_else(|| view.look(pod))).collect();
        let mut known: Vec<_> = pods.iter().cloned().zip(facts.iter().copied()).collect();
        known.sort_unstable_by_key(|(pod, _)| Arc::as_ptr(pod));
        self.0.lock().insert(key.clone(), Remembered { view, pods: known });
        facts
    }

    /// Forgets an owner.
    pub(crate) fn forget(&self, key: &Key) {
        self.0.lock().remove(key);
    }
}

impl Remembered {
    fn find(&self, pod: &Arc<Value>) -> Option<Facts> {
        let at = self.pods.binary_search_by_key(&Arc::as_ptr(pod), |(known, _)| Arc::as_ptr(known)).ok()?;
        self.pods.get(at).map(|(_, facts)| *facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(ready: &str) -> Arc<Value> {
        Arc::new(json!({
            "metadata": {"labels": {"app": "a"}, "ownerReferences": [{"uid": "u", "controller": true}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
        }))
    }

    fn owner(app: &str) -> Value {
        json!({
            "metadata": {"uid": "u"},
            "spec": {"selector": {"matchLabels": {"app": app}}, "template": {"metadata": {"labels": {"app": app}}}},
        })
    }

    #[test]
    fn facts_follow_pods_and_owners() {
        let (tally, key) = (Tally::default(), ("n".to_owned(), "o".to_owned()));
        let (first, second) = (pod("False"), pod("True"));
        let found = tally.facts(&key, &owner("a"), &[first.clone(), second.clone()]);
        assert_eq!(found.iter().map(|facts| facts.ready).collect::<Vec<_>>(), [false, true]);
        assert!(found.iter().all(|facts| facts.own && facts.labelled && facts.is_active()));
        // Another object in its place, and the same again.
        let third = pod("True");
        let again = tally.facts(&key, &owner("a"), &[second.clone(), third]);
        assert_eq!(again.iter().map(|facts| facts.ready).collect::<Vec<_>>(), [true, true]);
        // The owner picks others now.
        let other = tally.facts(&key, &owner("b"), &[first, second]);
        assert!(other.iter().all(|facts| !facts.own && !facts.labelled));
    }
}
