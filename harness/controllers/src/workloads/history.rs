//! ControllerRevisions (`pkg/controller/history`): the templates that a StatefulSet or DaemonSet had, so that it can go back to one.

use std::cmp::Ordering;
use std::sync::Arc;

use proofmark_json::{Map, Value, json};

use super::{CONTROLLER_REVISIONS, SyncError, children, claim};
use crate::kit::{Error, Objects, Resource, object};

/// The longest beginning of a revision's name.
const PREFIX: usize = 223;

/// The revisions of an owner, the oldest first, orphans that it adopted among them.
pub(crate) async fn list(owner: &Value, owners: &Objects, revisions: &Objects) -> Result<Vec<Value>, SyncError> {
    let mut candidates = children::controlled(revisions, owner);
    candidates.extend(children::orphans(revisions, object::namespace(owner)));
    let selector = children::selector(owner);
    candidates.retain(|revision| children::selects(&selector, revision));
    let claimed = claim::claim(owner, owners, candidates, revisions, |_| true, None).await?;
    let mut all: Vec<Value> = claimed.iter().map(|revision| Value::clone(revision)).collect();
    all.sort_by(by_number);
    Ok(all)
}

fn by_number(a: &Value, b: &Value) -> Ordering {
    let created = |revision| object::time(revision, "/metadata/creationTimestamp");
    number(a)
        .cmp(&number(b))
        .then_with(|| created(a).cmp(&created(b)))
        .then_with(|| object::name(a).cmp(object::name(b)))
}

pub(crate) fn number(revision: &Value) -> i64 {
    object::count(revision, "/revision")
}

/// What a revision keeps of an owner: a patch that brings its template back.
pub(crate) fn patch(owner: &Value) -> Value {
    let mut template = owner["spec"]["template"].clone();
    template["$patch"] = json!("replace");
    sorted(&json!({"spec": {"template": template}}))
}

/// The template that a revision keeps.
pub(crate) fn template(revision: &Value) -> Value {
    let mut template = revision["data"]["spec"]["template"].clone();
    if let Some(template) = template.as_object_mut() {
        template.shift_remove("$patch");
    }
    template
}

/// Whether a revision keeps the same as a patch.
pub(crate) fn keeps(revision: &Value, patch: &Value) -> bool {
    object::same(&revision["data"], patch)
}

/// A revision to be made. `hash` becomes part of its name and a label under `hash_label`.
pub(crate) fn draft(owner: &Value, kind: &Resource, patch: Value, number: i64, hash: &str, hash_label: &str) -> Value {
    let mut labels = owner["spec"]["template"]["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    labels.insert(hash_label.to_owned(), json!(hash));
    let prefix: String = object::name(owner).chars().take(PREFIX).collect();
    json!({
        "apiVersion": CONTROLLER_REVISIONS.api_version(), "kind": CONTROLLER_REVISIONS.kind,
        "metadata": {
            "name": format!("{prefix}-{hash}"),
            "namespace": object::namespace(owner),
            "labels": labels,
            "annotations": owner["metadata"]["annotations"],
            "ownerReferences": [children::reference(owner, kind)],
        },
        "data": patch,
        "revision": number,
    })
}

/// Gives a revision a new number.
pub(crate) async fn renumber(revisions: &Objects, revision: &Value, to: i64) -> Result<Value, Error> {
    if number(revision) == to {
        return Ok(revision.clone());
    }
    let mut renumbered = revision.clone();
    renumbered["revision"] = json!(to);
    revisions.update(&renumbered).await
}

/// Deletes the oldest revisions that nothing uses, beyond so many.
pub(crate) async fn truncate(
    revisions: &Objects,
    all: &[Value],
    limit: i64,
    is_used: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let unused: Vec<&Value> = all.iter().filter(|revision| !is_used(object::name(revision))).collect();
    let Ok(limit) = usize::try_from(limit) else { return Ok(()) };
    for revision in unused.iter().take(unused.len().saturating_sub(limit)) {
        revisions.delete(revision, &json!({})).await?;
    }
    Ok(())
}

/// JSON as Go writes a map: keys in order.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut entries: Vec<_> = fields.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect::<Map>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// Names of revisions that pods have, by a label.
pub(crate) fn in_use<'a>(pods: &'a [Arc<Value>], label: &'a str) -> impl Iterator<Item = &'a str> {
    pods.iter().filter_map(move |pod| object::labels(pod)?.get(label)?.as_str())
}

#[cfg(test)]
mod tests {
    use proofmark_text::go_json;

    use super::*;

    #[test]
    fn a_patch_is_written_as_go_does() {
        let owner = json!({"spec": {"template": {"spec": {"b": "<&>", "a": [1]}, "metadata": {"labels": {"z": "1"}}}}});
        let patch = patch(&owner);
        let text = r#"{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"z":"1"}},"spec":{"a":[1],"b":"\u003c\u0026\u003e"}}}}"#;
        assert_eq!(go_json::write(&patch), text);
        assert_eq!(template(&json!({"data": patch})), sorted(&owner["spec"]["template"]));
    }
}
