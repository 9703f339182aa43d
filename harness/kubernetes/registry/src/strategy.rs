//! One row per resource: how the API server treats its objects.

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::address::canonical_address;
use crate::{content, defaults, kinds};

/// What an object's name must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// A DNS subdomain: most kinds.
    Subdomain,
    /// A DNS label: namespaces.
    Label,
    /// A DNS label that begins with a letter: services.
    Label1035,
    /// Anything that fits into a path: RBAC objects.
    PathSegment,
    /// An IP address in its canonical form.
    Address,
    /// Anything: requests for certificates.
    Any,
}

impl NameRule {
    /// Complaints about a name; `prefix` for a `generateName`, whose end may still change.
    pub fn check(self, name: &str, prefix: bool) -> Vec<String> {
        // A prefix may end in a dash: the suffix follows.
        let trimmed = if prefix { name.strip_suffix('-').map(|n| format!("{n}a")) } else { None };
        let name = trimmed.as_deref().unwrap_or(name);
        match self {
            Self::Subdomain => content::dns_subdomain(name),
            Self::Label => content::dns_label(name),
            Self::Label1035 => content::dns_1035_label(name),
            Self::PathSegment => content::path_segment(name),
            Self::Address => canonical_address(name),
            Self::Any => Vec::new(),
        }
    }
}

/// What a kind's own validation of updates checks again of the metadata. Complaints then come once more among the causes of a
/// refusal, as they do from Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Nothing.
    Nothing,
    /// What holds for new objects.
    Object,
    /// What holds between two states.
    Change,
    /// Both.
    Both,
}

/// What becomes of an object's dependents when a deletion does not say (`DefaultGarbageCollectionPolicy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependents {
    /// They are deleted.
    Deleted,
    /// They stay.
    Orphaned,
    /// They stay, and the client is warned of it.
    OrphanedWith(&'static str),
    /// The kind has none, whatever the deletion says.
    Unsupported,
}

/// What `metadata.generation` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Nothing: a new object keeps what it came with.
    Unset,
    /// Nothing: it is 1.
    One,
    /// States of the spec: it is 1, and one more with every change.
    States,
    /// Changes of the spec: a new object has none.
    Changes,
}

impl Generation {
    /// Whether a new object has one.
    pub fn starts(self) -> bool {
        matches!(self, Self::One | Self::States)
    }

    /// Whether a change of the spec adds one.
    pub fn counts(self) -> bool {
        matches!(self, Self::States | Self::Changes)
    }
}

/// How the API server treats the objects of one resource.
#[derive(Debug, Clone, Copy)]
pub struct Strategy {
    /// The API group.
    pub group: &'static str,
    /// The resource (plural).
    pub resource: &'static str,
    /// What names must look like.
    pub name: NameRule,
    /// Whether an object that comes without a name gets one of its own.
    pub names_itself: bool,
    /// Whether the kind's own validation leaves the metadata out: that of a new object is looked at when nothing else is wrong.
    pub late_metadata: bool,
    /// What an update checks twice.
    pub repeats: Repeats,
    /// What `metadata.generation` counts.
    pub generation: Generation,
    /// What of the metadata it counts as well; empty for nothing.
    pub counted_metadata: &'static str,
    /// Whether `status` is written through the status subresource only.
    pub status: bool,
    /// Whether a new object keeps the status that it comes with (nodes register with theirs).
    pub keeps_status: bool,
    /// What every request to the resource is warned of.
    pub deprecated: Option<&'static str>,
    /// Whether PUT on a missing object creates it.
    pub create_on_update: bool,
    /// Whether PUT without a resourceVersion overwrites whatever is there.
    pub unconditional_update: bool,
    /// Whether DELETE answers with the object instead of a Status.
    pub returns_deleted: bool,
    /// What a deletion does to dependents unless told.
    pub dependents: Dependents,
    /// How long an object takes to go (seconds) when this many are asked for; none for kinds that go at once.
    pub grace: Option<fn(&Value, Option<i64>) -> i64>,
    /// Fields that a field selector may name beside `metadata.name` and `metadata.namespace`, with their JSON pointers.
    pub fields: &'static [(&'static str, &'static str)],
    /// How kinds with conversion functions of their own refuse a field that a selector may not name; none: as all others do.
    pub field_labels: Option<fn(&str) -> String>,
    /// Sets what the version's defaulting functions set. The object may be a changed copy of one that has its defaults.
    pub default: fn(&mut Value, Option<&Value>),
    /// Prepares an object that is to be created.
    pub prepare_create: fn(&mut Value),
    /// Complaints about an object that is to be created.
    pub validate: fn(&Value) -> Vec<FieldError>,
    /// Prepares the new state (first argument) of an object that exists (second).
    pub prepare_update: fn(&mut Value, &Value),
    /// Prepares a new state (first argument) that came through the status or approval subresource, at a time (RFC 3339).
    pub prepare_status: fn(&mut Value, &Value, &str),
    /// Complaints about a new state (first argument) of an object that exists (second).
    pub validate_update: fn(&Value, &Value) -> Vec<FieldError>,
    /// Complaints about a new state (first argument) that came through the status subresource; without it they are those of the whole object.
    pub validate_status: Option<fn(&Value, &Value) -> Vec<FieldError>>,
    /// What a client is told about a state (and the one before) that is accepted all the same.
    pub warnings: fn(&Value, Option<&Value>) -> Vec<String>,
    /// What a client is told about an object that is to be created, before it is prepared.
    pub arrival_warnings: fn(&Value) -> Vec<String>,
    /// What a client is told about a state that came through the status subresource.
    pub status_warnings: fn(&Value) -> Vec<String>,
    /// Where its objects have a pod's specification, as a JSON pointer; empty where they have none.
    pub pod: &'static str,
    /// Fields of features that are off by default, as paths whose `*` is every item.
    pub disabled: &'static [&'static str],
}

/// The part of an object that is written through one subresource.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// The API group.
    pub group: &'static str,
    /// The resource (plural).
    pub resource: &'static str,
    /// The subresource.
    pub subresource: &'static str,
    /// Leaves of a new state (first argument) of an object that exists (second) nothing but that part.
    pub keep: fn(&mut Value, &Value),
    /// Complaints about the new state.
    pub validate: fn(&Value, &Value) -> Vec<FieldError>,
}

fn nothing(_: &mut Value) {}
fn nothing_changed(_: &mut Value, _: &Value) {}
fn fine(_: &Value) -> Vec<FieldError> {
    Vec::new()
}
fn fine_change(_: &Value, _: &Value) -> Vec<FieldError> {
    Vec::new()
}

fn silent(_: &Value, _: Option<&Value>) -> Vec<String> {
    Vec::new()
}

/// The words of most kinds that know their fields themselves.
pub(crate) const LABELS: Option<fn(&str) -> String> = Some(|label| format!("field label not supported: {label}"));

/// The row that others differ from.
pub(crate) const BASE: Strategy = Strategy {
    group: "",
    resource: "",
    name: NameRule::Subdomain,
    names_itself: false,
    late_metadata: false,
    repeats: Repeats::Change,
    generation: Generation::Unset,
    counted_metadata: "",
    status: false,
    keeps_status: false,
    deprecated: None,
    create_on_update: false,
    unconditional_update: true,
    returns_deleted: false,
    dependents: Dependents::Deleted,
    grace: None,
    fields: &[],
    field_labels: None,
    default: defaults::apply,
    prepare_create: nothing,
    validate: fine,
    prepare_update: nothing_changed,
    prepare_status: |_, _, _| {},
    validate_update: fine_change,
    validate_status: None,
    warnings: silent,
    arrival_warnings: |_| Vec::new(),
    status_warnings: |_| Vec::new(),
    pod: "",
    disabled: &[],
};

/// The row of custom resources; their schema has the rest.
pub const CUSTOM: Strategy = Strategy {
    unconditional_update: false,
    field_labels: LABELS,
    generation: Generation::States,
    default: |_, _| {},
    ..BASE
};

/// The row of a built-in resource. Resources without special treatment share one that only knows names.
pub fn strategy(group: &str, resource: &str) -> &'static Strategy {
    static PLAIN: Strategy = BASE;
    kinds::all().find(|s| s.group == group && s.resource == resource).unwrap_or(&PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_may_end_in_a_dash() {
        assert!(NameRule::Subdomain.check("gen-", true).is_empty());
        assert!(!NameRule::Subdomain.check("gen-", false).is_empty());
    }

    #[test]
    fn unknown_resources_get_the_plain_row() {
        assert_eq!(strategy("nope", "things").name, NameRule::Subdomain);
        assert_eq!(strategy("rbac.authorization.k8s.io", "roles").name, NameRule::PathSegment);
    }
}
