//! What an object is called: group, version, kind, namespace, name.

use std::fmt;

use proofmark_json::Value;

/// Group, version and kind, as in `apps/v1 Deployment`. The core group is the empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvk {
    /// API group; empty for the core group.
    pub group: String,
    /// Version within the group.
    pub version: String,
    /// Kind.
    pub kind: String,
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group.as_str() {
            "" => write!(f, "{} {}", self.version, self.kind),
            group => write!(f, "{group}/{} {}", self.version, self.kind),
        }
    }
}

/// Reads `apiVersion` and `kind` of an object; missing parts are empty.
pub fn gvk(object: &Value) -> Gvk {
    let (group, version) = split_api_version(text(object, "/apiVersion"));
    Gvk { group: group.to_owned(), version: version.to_owned(), kind: text(object, "/kind").to_owned() }
}

/// Splits `group/version`; a version alone belongs to the core group.
pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// What makes two manifests describe the same object in a cluster: the version does not matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace as written; empty where none is written, also for a kind that needs one.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.group.is_empty() { "" } else { "." };
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        write!(f, "{}{dot}{} {}{slash}{}", self.kind, self.group, self.namespace, self.name)
    }
}

/// Reads the identity of an object; missing parts are empty.
pub fn identity(object: &Value) -> Identity {
    let Gvk { group, kind, .. } = gvk(object);
    Identity {
        group,
        kind,
        namespace: text(object, "/metadata/namespace").to_owned(),
        name: text(object, "/metadata/name").to_owned(),
    }
}

/// The string at a JSON pointer, or the empty string.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
