//! A pod (or pod template) as the checks look at it.

use proofmark_json::{Map, Value};

/// A pod's metadata and spec.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pod<'a> {
    object: &'a Value,
}

/// What the lists of containers are called, in the order in which they are looked at.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

impl<'a> Pod<'a> {
    pub(crate) fn new(object: &'a Value) -> Self {
        Self { object }
    }

    /// Something in the spec; none where it is null.
    pub(crate) fn spec(&self, pointer: &str) -> Option<&'a Value> {
        self.object.get("spec")?.pointer(pointer).filter(|v| !v.is_null())
    }

    pub(crate) fn annotations(&self) -> Option<&'a Map> {
        self.object.pointer("/metadata/annotations")?.as_object()
    }

    pub(crate) fn volumes(&self) -> &'a [Value] {
        list(self.object, "/spec/volumes")
    }

    /// Every container, init containers first.
    pub(crate) fn containers(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        let object = self.object;
        LISTS.into_iter().flat_map(move |name| list(object, &format!("/spec/{name}")))
    }

    /// Whether it runs on Windows, where some fields cannot be set.
    pub(crate) fn is_windows(&self) -> bool {
        self.spec("/os/name").and_then(Value::as_str) == Some("windows")
    }

    /// Whether its users are not the node's.
    pub(crate) fn has_own_users(&self) -> bool {
        self.spec("/hostUsers") == Some(&Value::Bool(false))
    }
}

/// A container's name.
pub(crate) fn name(container: &Value) -> String {
    container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whether a change of a pod has to be held against its namespace's standards: containers came or went, or have another image.
pub fn significant(new: &Value, old: &Value) -> bool {
    let image = |c: &Value| c.get("image").cloned().unwrap_or_default();
    let changed = |pointer: &str| {
        let (new, old) = (list(new, pointer), list(old, pointer));
        new.len() != old.len() || new.iter().zip(old).any(|(n, o)| image(n) != image(o))
    };
    let ephemeral = |container: &Value| {
        let before = list(old, "/spec/ephemeralContainers").iter().find(|o| name(o) == name(container));
        before.is_none_or(|before| image(before) != image(container))
    };
    changed("/spec/containers")
        || changed("/spec/initContainers")
        || list(new, "/spec/ephemeralContainers").iter().any(ephemeral)
}
