//! Permissions that came and went, as tables: a row for each resource, a column for each verb.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_replay::{Permission, PermissionChange};

/// Verbs in the order that people know; others follow by name.
const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// What changed for one identity in one namespace.
pub(super) struct Table {
    pub(super) who: String,
    pub(super) verbs: Vec<String>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) resource: String,
    /// Class, sign and words, one for each verb.
    pub(super) marks: Vec<(&'static str, &'static str, &'static str)>,
}

pub(super) fn tables(change: &PermissionChange) -> Vec<Table> {
    let mut groups: BTreeMap<String, (BTreeSet<&Permission>, BTreeSet<&Permission>)> = BTreeMap::new();
    let group = |permission: &Permission| format!("{} in {}", permission.who, permission.namespace);
    for permission in &change.gained {
        groups.entry(group(permission)).or_default().0.insert(permission);
    }
    for permission in &change.lost {
        groups.entry(group(permission)).or_default().1.insert(permission);
    }
    groups.into_iter().map(|(who, (gained, lost))| table(who, &gained, &lost)).collect()
}

fn table(who: String, gained: &BTreeSet<&Permission>, lost: &BTreeSet<&Permission>) -> Table {
    let all = || gained.iter().chain(lost);
    let mut verbs: Vec<&str> = all().map(|permission| permission.verb.as_str()).collect();
    let place = |verb: &str| VERBS.iter().position(|known| *known == verb).unwrap_or(VERBS.len());
    verbs.sort_by_key(|verb| (place(verb), *verb));
    verbs.dedup();
    let resources: BTreeSet<&str> = all().map(|permission| permission.resource.as_str()).collect();
    let has = |set: &BTreeSet<&Permission>, resource: &str, verb: &str| {
        set.iter().any(|permission| permission.resource == resource && permission.verb == verb)
    };
    let mark = |resource: &str, verb: &str| match (has(gained, resource, verb), has(lost, resource, verb)) {
        (true, _) => ("gained", "+", "gained"),
        (false, true) => ("lost", "−", "lost"),
        (false, false) => ("", "", "unchanged"),
    };
    let row = |resource: &str| Row {
        resource: resource.to_owned(),
        marks: verbs.iter().map(|verb| mark(resource, verb)).collect(),
    };
    let rows = resources.into_iter().map(row).collect();
    Table { who, rows, verbs: verbs.into_iter().map(str::to_owned).collect() }
}
