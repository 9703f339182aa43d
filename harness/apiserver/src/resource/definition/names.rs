//! The names of a definition: accepted unless another definition of the group holds them.
//!
//! Source: `calculateNamesAndConditions` of `k8s.io/apiextensions-apiserver/pkg/controller/status`, release 1.35.

use std::sync::Arc;

use proofmark_json::{Value, json};

use super::GROUP;
use super::condition::{self, set};
use crate::server::Inner;

/// Compares a definition's names with those of the others of its group.
pub(super) fn accept(server: &Arc<Inner>, crd: &mut Value) {
    let group = crate::value::text_at(crd, "/spec/group");
    let taken = taken_names(server, &group);
    let wanted = crd["spec"]["names"].clone();
    let mut accepted = crd["status"]["acceptedNames"].clone();
    if !accepted.is_object() {
        accepted = json!({});
    }
    // The last conflict is the one that is told.
    let mut refused = take(&mut accepted, &wanted, "plural", &taken.resources).map(|why| ("PluralConflict", why));
    refused =
        take(&mut accepted, &wanted, "singular", &taken.resources).map(|why| ("SingularConflict", why)).or(refused);
    let short = |names: &Value| -> Vec<String> {
        let names = names.get("shortNames").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let own = short(&accepted);
    let is_taken = |name: &String| !own.contains(name) && taken.resources.contains(name);
    let conflicts: Vec<String> = short(&wanted).into_iter().filter(is_taken).map(|name| in_use(&name)).collect();
    match conflicts.as_slice() {
        [] => keep(&mut accepted, &wanted, "shortNames"),
        [one] => refused = Some(("ShortNamesConflict", one.clone())),
        many => refused = Some(("ShortNamesConflict", format!("[{}]", many.join(", ")))),
    }
    refused = take(&mut accepted, &wanted, "kind", &taken.kinds).map(|why| ("KindConflict", why)).or(refused);
    refused = take(&mut accepted, &wanted, "listKind", &taken.kinds).map(|why| ("ListKindConflict", why)).or(refused);
    keep(&mut accepted, &wanted, "categories");
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

/// Accepts a name unless it is taken; says why it was not.
fn take(accepted: &mut Value, wanted: &Value, field: &str, taken: &[String]) -> Option<String> {
    let name = wanted.get(field).and_then(Value::as_str)?;
    let own = accepted.get(field).and_then(Value::as_str) == Some(name);
    if !own && taken.iter().any(|t| t == name) {
        return Some(in_use(name));
    }
    accepted[field] = json!(name);
    None
}

fn in_use(name: &str) -> String {
    format!("{} is already in use", proofmark_status::quote(name))
}

/// Accepts a list of names as it is.
fn keep(accepted: &mut Value, wanted: &Value, field: &str) {
    match (wanted.get(field), accepted.as_object_mut()) {
        (Some(list), _) => accepted[field] = list.clone(),
        (None, Some(members)) => drop(members.shift_remove(field)),
        (None, None) => {}
    }
}

/// Names that the definitions of a group hold, this one among them.
#[derive(Default)]
struct Taken {
    resources: Vec<String>,
    kinds: Vec<String>,
}

fn taken_names(server: &Arc<Inner>, group: &str) -> Taken {
    let mut taken = Taken::default();
    let Some(definitions) = server.catalog.find(GROUP, "v1", "customresourcedefinitions") else {
        return taken;
    };
    let snapshot = server.store.snapshot();
    for (_, other) in snapshot.list(&definitions.prefix, "", None) {
        if crate::value::text_at(&other.value, "/spec/group") != group {
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
