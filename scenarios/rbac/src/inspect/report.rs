//! What was found, in words.

use proofmark_manifests::Object;
use proofmark_replay::{Finding, Link, Location, Missing, Severity};

use super::gap::{Gap, Grade};
use super::stray::Stray;

/// A gap as a finding of a scenario.
pub(crate) fn describe_gap(gap: &Gap, object: Option<&Object>, scenario: &str, links: &[Link]) -> Finding {
    let Gap { role, plural, group, kind, rule, .. } = gap;
    let (users, may) = match gap.grade {
        Grade::Edit => ("contributors, owners and default-editor", "use"),
        Grade::View => ("viewers and default-viewer", "read"),
    };
    let refused = format!("{users} may not {may} {kind} objects");
    let (id, message, pointer) = match &gap.misspelt {
        Some((place, name)) => (
            "misspelt-resource",
            format!(
                "ClusterRole {role} names `{name}`, which {group} does not define, in place of `{plural}`: {refused}"
            ),
            format!("/rules/{rule}/resources/{place}"),
        ),
        None => (
            "missing-permission",
            format!("ClusterRole {role} does not name `{plural}` of {group}: {refused}"),
            format!("/rules/{rule}"),
        ),
    };
    Finding {
        id: id.to_owned(),
        scenario: scenario.to_owned(),
        severity: Severity::Error,
        message,
        location: object.map(|object| Location::from(&object.position_of(&pointer))),
        missing: Some(Missing { resource: format!("{plural}.{group}"), role: role.clone(), verbs: gap.verbs.clone() }),
        help: gap.help(),
        links: links.to_vec(),
    }
}

impl Gap {
    /// What to write where.
    fn help(&self) -> String {
        let Self { role, group, plural, verbs, .. } = self;
        match &self.misspelt {
            Some((_, name)) => format!("write `{plural}` in place of `{name}`"),
            None => format!(
                "add `{plural}` to the resources of this rule, or a rule to ClusterRole {role}:\n\
                 - apiGroups: [{group}]\n  resources: [{plural}]\n  verbs: [{}]",
                verbs.iter().map(|verb| if verb == "*" { "\"*\"" } else { verb }).collect::<Vec<_>>().join(", ")
            ),
        }
    }
}

/// A stray name as a finding of a scenario.
pub(crate) fn describe_stray(stray: &Stray, object: Option<&Object>, scenario: &str) -> Finding {
    let Stray { role_kind, role, name, group, rule, resource, .. } = stray;
    let named = format!("{role_kind} {role} names `{name}`, which {group} does not define");
    let (severity, message, help) = match &stray.meant {
        Some(meant) => (
            Severity::Warning,
            format!("{named}; it does define `{meant}`"),
            format!("write `{meant}` if that is what is meant"),
        ),
        None => (
            Severity::Note,
            format!("{named}: that grants nothing"),
            "remove it, or install what defines it".to_owned(),
        ),
    };
    Finding {
        id: "unknown-resource".to_owned(),
        scenario: scenario.to_owned(),
        severity,
        message,
        location: object
            .map(|object| Location::from(&object.position_of(&format!("/rules/{rule}/resources/{resource}")))),
        missing: None,
        help,
        links: Vec::new(),
    }
}
