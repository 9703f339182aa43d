//! An object on its way through a build, with what it was called before.
//!
//! References are mended at the very end of a build: a reference says the name that an object had when the reference
//! was written, so each object remembers its past identities.

use proofmark_json::{Map, Value};

use super::entries::Behavior;
use super::scope::is_cluster_scoped;
use crate::identity::{Gvk, gvk, text};
use crate::object::Object;

/// What stands for a namespace where there can be none.
pub(super) const NO_NAMESPACE: &str = "_non_namespaceable_";

/// An identity that an object has or had.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PastId {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    /// `default` where none is written, [`NO_NAMESPACE`] for cluster-scoped kinds.
    pub(super) namespace: String,
    pub(super) name: String,
}

/// Kind, namespace and name of before.
#[derive(Clone, Debug)]
struct Previous {
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) object: Object,
    previous: Vec<Previous>,
    pub(super) prefixes: Vec<String>,
    pub(super) suffixes: Vec<String>,
    /// Whether the name ends in a hash of the content.
    pub(super) needs_hash: bool,
    pub(super) behavior: Behavior,
    /// The vars that take their value from this object.
    pub(super) vars: Vec<String>,
}

impl Resource {
    pub(super) fn new(object: Object) -> Self {
        Resource {
            object,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            needs_hash: false,
            behavior: Behavior::Create,
            vars: Vec::new(),
        }
    }

    pub(super) fn gvk(&self) -> Gvk {
        gvk(&self.object.value)
    }

    pub(super) fn name(&self) -> &str {
        text(&self.object.value, "/metadata/name")
    }

    /// The namespace as written; empty where none is.
    pub(super) fn namespace(&self) -> &str {
        text(&self.object.value, "/metadata/namespace")
    }

    pub(super) fn is_cluster_scoped(&self) -> bool {
        let gvk = self.gvk();
        is_cluster_scoped(&gvk.group, &gvk.kind)
    }

    fn effective_namespace(&self) -> &str {
        match self.namespace() {
            _ if self.is_cluster_scoped() => NO_NAMESPACE,
            "" => "default",
            namespace => namespace,
        }
    }

    /// What the object is called now.
    pub(super) fn id(&self) -> PastId {
        let Gvk { group, version, kind } = self.gvk();
        PastId { group, version, kind, namespace: self.effective_namespace().to_owned(), name: self.name().to_owned() }
    }

    /// What the object was called before, oldest first, without what it is called now.
    pub(super) fn past_ids(&self) -> Vec<PastId> {
        let Gvk { group, version, .. } = self.gvk();
        self.previous
            .iter()
            .map(|previous| PastId {
                group: group.clone(),
                version: version.clone(),
                kind: previous.kind.clone(),
                namespace: previous.namespace.clone(),
                name: previous.name.clone(),
            })
            .collect()
    }

    /// What the object is and was called.
    pub(super) fn all_ids(&self) -> Vec<PastId> {
        let mut ids = self.past_ids();
        ids.push(self.id());
        ids
    }

    /// What the object was called in its file.
    pub(super) fn original_id(&self) -> PastId {
        self.past_ids().into_iter().next().unwrap_or_else(|| self.id())
    }

    /// Remembers what the object is called; to be called before it gets another name or namespace.
    pub(super) fn remember(&mut self) {
        self.previous.push(Previous {
            kind: self.gvk().kind,
            namespace: self.effective_namespace().to_owned(),
            name: self.name().to_owned(),
        });
    }

    /// Takes over what another object was called, what it was given, and who refers to it.
    pub(super) fn inherit(&mut self, other: &Resource) {
        self.previous.clone_from(&other.previous);
        self.prefixes.clone_from(&other.prefixes);
        self.suffixes.clone_from(&other.suffixes);
        self.vars.clone_from(&other.vars);
    }

    pub(super) fn set_name(&mut self, name: &str) {
        self.metadata().insert("name", name.into());
    }

    /// Sets the namespace; an empty one removes it.
    pub(super) fn set_namespace(&mut self, namespace: &str) {
        if namespace.is_empty() {
            self.metadata().shift_remove("namespace");
        } else {
            self.metadata().insert("namespace", namespace.into());
        }
    }

    /// Annotations as kustomize leaves them: all of them texts, and no field where there are none.
    pub(super) fn tidy_annotations(&mut self) {
        let metadata = self.metadata();
        match metadata.get_mut("annotations") {
            Some(Value::Object(map)) if !map.is_empty() => map.values_mut().for_each(|value| match value {
                Value::Number(_) | Value::Bool(_) => *value = value.to_string().into(),
                _ => {}
            }),
            Some(Value::Object(_) | Value::Null) => {
                metadata.shift_remove("annotations");
            }
            _ => {}
        }
    }

    /// The metadata; made where missing, so that a patch cannot break what follows.
    pub(super) fn metadata(&mut self) -> &mut Map {
        let object = mapping(&mut self.object.value);
        mapping(object.entry("metadata").or_insert(Value::Null))
    }
}

/// A value as a mapping; whatever else it was is replaced by an empty one.
pub(super) fn mapping(value: &mut Value) -> &mut Map {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made a mapping just above"),
    }
}
