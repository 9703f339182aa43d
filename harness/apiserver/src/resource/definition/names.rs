//! The names of a definition: accepted unless another definition of the group holds them.
//!
//! Source: `calculateNamesAndConditions` of `k8s.io/apiextensions-apiserver/pkg/controller/status`, release 1.35.

use std::sync::Arc;

use proofmark_registry::meta;
use serde_json::{Value, json};

use super::GROUP;
use super::condition::{self, set};
use crate::server::Inner;

/// Compares a definition's names with those of the others of its group.
pub(super) fn accept(server: &Arc<Inner>, crd: &mut Value) {
    let group = crate::value::text_at(crd, "/spec/group");
    let own = meta::text(crd, "name").to_owned();
    let taken = taken_names(server, &group, &own);
    let wanted = crd["spec"]["names"].clone();
    let mut accepted = crd["status"]["acceptedNames"].clone();
    if !accepted.is_object() {
        accepted = json!({});
    }
    let mut refused: Option<(&str, String)> = None;
    let mut take = |field: &str, reason: &'static str, kinds: bool| {
        let Some(value) = wanted.get(field).and_then(Value::as_str) else {
            return;
        };
        let pool = if kinds { &taken.kinds } else { &taken.resources };
        if pool.iter().any(|t| t == value) {
            refused = Some((reason, format!("{} is already in use", proofmark_status::quote(value))));
        } else {
            accepted[field] = json!(value);
        }
    };
    take("plural", "PluralConflict", false);
    take("singular", "SingularConflict", false);
    let mut short_conflicts = Vec::new();
    for short in wanted.get("shortNames").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if taken.resources.iter().any(|t| t == short) {
            short_conflicts.push(format!("{} is already in use", proofmark_status::quote(short)));
        }
    }
    take("kind", "KindConflict", true);
    take("listKind", "ListKindConflict", true);
    if short_conflicts.is_empty() {
        match wanted.get("shortNames") {
            Some(list) => accepted["shortNames"] = list.clone(),
            None => drop_member(&mut accepted, "shortNames"),
        }
    } else if refused.is_none() {
        refused = Some(("ShortNamesConflict", short_conflicts.join(", ")));
    }
    match wanted.get("categories") {
        Some(list) => accepted["categories"] = list.clone(),
        None => drop_member(&mut accepted, "categories"),
    }
    crd["status"]["acceptedNames"] = accepted;
    let now = server.clock.stamp();
    let was_established = condition::of(crd, "Established") == Some("True");
    match refused {
        None => {
            set(crd, &now, "NamesAccepted", "True", "NoConflicts", "no conflicts found");
            set(crd, &now, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted");
        }
        Some((reason, message)) => {
            set(crd, &now, "NamesAccepted", "False", reason, &message);
            if !was_established {
                set(crd, &now, "Established", "False", "NotAccepted", "not all names are accepted");
            }
        }
    }
}

fn drop_member(object: &mut Value, member: &str) {
    if let Some(members) = object.as_object_mut() {
        members.shift_remove(member);
    }
}

/// Names that other definitions of a group hold.
#[derive(Default)]
struct Taken {
    resources: Vec<String>,
    kinds: Vec<String>,
}

fn taken_names(server: &Arc<Inner>, group: &str, own: &str) -> Taken {
    let mut taken = Taken::default();
    let Some(definitions) = server.catalog.find(GROUP, "v1", "customresourcedefinitions") else {
        return taken;
    };
    let snapshot = server.store.snapshot();
    for (name, other) in snapshot.list(&definitions.prefix, "", None) {
        if name == own || crate::value::text_at(&other.value, "/spec/group") != group {
            continue;
        }
        let names = &other.value["status"]["acceptedNames"];
        let text = |field: &str| names.get(field).and_then(Value::as_str).map(str::to_owned);
        taken.resources.extend(text("plural").into_iter().chain(text("singular")));
        let short = names.get("shortNames").and_then(Value::as_array);
        taken.resources.extend(short.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        taken.kinds.extend(text("kind").into_iter().chain(text("listKind")));
    }
    taken
}
