//! Strategic merge, as kustomize does it.
//!
//! Mappings merge field by field and `null` removes a field. Lists are replaced, except where Kubernetes' types give a
//! list a merge key: then items with equal keys merge, the patch's items come first and the rest follows in its order.
//! `$patch: delete` and `$patch: replace` act on the mapping, or list, that they stand in. Lists of kinds that are not
//! built in have no merge keys. `$retainKeys` and `$setElementOrder` are not read, as in kustomize.

use proofmark_json::{Map, Value};

use crate::identity::Gvk;
use crate::position::{Inner, Marks};

/// What is wrong with a patch: where in it, as a JSON pointer, and why.
#[derive(Debug)]
pub(super) struct Mismatch {
    pub(super) pointer: String,
    pub(super) reason: String,
}

/// Merges a patch into an object; nothing is left if the patch deletes it.
///
/// The marks are those of the object: fields that are written without any value are dropped in passing, fields that
/// say `null` stay.
pub(super) fn merge(mut object: Value, marks: &Marks, patch: &Value, gvk: &Gvk) -> Result<Option<Value>, Mismatch> {
    let kind = if is_built_in(&gvk.group) { gvk.kind.as_str() } else { "" };
    drop_blanks(&mut object, marks, Type::Object(kind));
    merge_value(Some(object), patch, Type::Object(kind), &[], &mut String::new())
}

/// Drops fields without a value from all mappings that a merge walks through.
fn drop_blanks(value: &mut Value, marks: &Marks, of: Type<'_>) {
    let (Value::Object(map), Inner::Fields(fields)) = (value, &marks.inner) else {
        return;
    };
    for (name, _, marks) in fields {
        let (child, keys) = field(of, name);
        match (map.get_mut(&**name), &marks.inner) {
            (Some(Value::Null), Inner::Scalar) if marks.at.len == 0 => {
                map.shift_remove(&**name);
            }
            (Some(Value::Array(items)), Inner::Items(marks)) if !keys.is_empty() && items.len() == marks.len() => {
                items.iter_mut().zip(marks).for_each(|(item, marks)| drop_blanks(item, marks, child));
            }
            (Some(value), _) => drop_blanks(value, marks, child),
            (None, _) => {}
        }
    }
}

fn is_built_in(group: &str) -> bool {
    matches!(group, "" | "apps" | "autoscaling" | "batch" | "extensions" | "policy")
        || ["admissionregistration", "apiextensions", "apiregistration", "certificates", "coordination", "discovery"]
            .into_iter()
            .chain(["networking", "node", "rbac.authorization", "scheduling", "storage", "authentication"])
            .any(|known| group.strip_suffix(".k8s.io") == Some(known))
}

/// As much of Kubernetes' types as leads to lists with merge keys.
#[derive(Clone, Copy)]
enum Type<'a> {
    /// A whole object of a built-in kind; the empty kind is one without merge keys.
    Object(&'a str),
    Metadata,
    CronJobSpec,
    /// What holds a pod template: the specification of a Deployment and its like.
    Workload,
    /// What has metadata and a specification of a pod, or of a job.
    Template,
    JobTemplate,
    PodSpec,
    Container,
    ServiceSpec,
    Status,
    Plain,
}

/// The type of a field, and the merge keys if it is a list that has some. An empty key means that the items themselves
/// are compared.
fn field<'a>(of: Type<'a>, name: &str) -> (Type<'a>, &'static [&'static str]) {
    use Type::*;
    match (of, name) {
        (Object(""), _) => (Plain, &[]),
        (Object(_) | Template | JobTemplate, "metadata") => (Metadata, &[]),
        (Object(_), "status") => (Status, &[]),
        (Object("Pod"), "spec") | (Template, "spec") => (PodSpec, &[]),
        (Object("CronJob"), "spec") => (CronJobSpec, &[]),
        (CronJobSpec, "jobTemplate") => (JobTemplate, &[]),
        (JobTemplate, "spec") => (Workload, &[]),
        (
            Object("DaemonSet" | "Deployment" | "Job" | "ReplicaSet" | "ReplicationController" | "StatefulSet"),
            "spec",
        ) => (Workload, &[]),
        (Object("PodTemplate"), "template") | (Workload, "template") => (Template, &[]),
        (Object("Service"), "spec") => (ServiceSpec, &[]),
        (Object("ServiceAccount"), "secrets") => (Plain, &["name"]),
        (Object("MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration"), "webhooks") => (Plain, &["name"]),
        (Metadata, "finalizers") => (Plain, &[""]),
        (Metadata, "ownerReferences") => (Plain, &["uid"]),
        (Status, "conditions") => (Plain, &["type"]),
        (ServiceSpec, "ports") => (Plain, &["port", "protocol"]),
        (PodSpec, "containers" | "initContainers" | "ephemeralContainers") => (Container, &["name"]),
        (PodSpec, "volumes" | "imagePullSecrets") => (Plain, &["name"]),
        (PodSpec, "hostAliases") => (Plain, &["ip"]),
        (PodSpec, "topologySpreadConstraints") => (Plain, &["topologyKey", "whenUnsatisfiable"]),
        (Container, "env") => (Plain, &["name"]),
        (Container, "ports") => (Plain, &["containerPort", "protocol"]),
        (Container, "volumeMounts") => (Plain, &["mountPath"]),
        (Container, "volumeDevices") => (Plain, &["devicePath"]),
        _ => (Plain, &[]),
    }
}

const DIRECTIVE: &str = "$patch";

fn merge_value(
    old: Option<Value>,
    patch: &Value,
    of: Type<'_>,
    keys: &[&str],
    pointer: &mut String,
) -> Result<Option<Value>, Mismatch> {
    let old = old.filter(|old| !old.is_null());
    let mismatch =
        |what: &str| Err(Mismatch { pointer: pointer.clone(), reason: format!("the object has {what} here") });
    match (old, patch) {
        (_, Value::Null) => Ok(None),
        (Some(Value::Array(_)), Value::Object(_)) => mismatch("a list"),
        (Some(Value::Object(_)), Value::Array(_)) => mismatch("a mapping"),
        (Some(Value::Object(_)), Value::String(_) | Value::Number(_) | Value::Bool(_)) => mismatch("a mapping"),
        (Some(Value::Array(_)), Value::String(_) | Value::Number(_) | Value::Bool(_)) => mismatch("a list"),
        (Some(Value::String(_) | Value::Number(_) | Value::Bool(_)), Value::Object(_) | Value::Array(_)) => {
            mismatch("a plain value")
        }
        (Some(Value::Object(old)), Value::Object(patch)) => merge_mapping(old, patch, of, pointer),
        (_, Value::Object(patch)) => merge_mapping(Map::new(), patch, of, pointer),
        (_, Value::Array(_)) if keys.is_empty() => Ok(Some(patch.clone())),
        (Some(Value::Array(old)), Value::Array(patch)) => merge_list(old, patch, of, keys, pointer),
        (_, Value::Array(patch)) => merge_list(Vec::new(), patch, of, keys, pointer),
        (_, scalar) => Ok(Some(scalar.clone())),
    }
}

fn merge_mapping(mut old: Map, patch: &Map, of: Type<'_>, pointer: &mut String) -> Result<Option<Value>, Mismatch> {
    match patch.get(DIRECTIVE).and_then(Value::as_str) {
        Some("delete") => return Ok(None),
        Some("replace") => old.clear(),
        None | Some("merge") => {}
        Some(other) => {
            let reason = format!("{DIRECTIVE} must be delete, merge or replace, found {other:?}");
            return Err(Mismatch { pointer: pointer.clone(), reason });
        }
    }
    let length = pointer.len();
    for (name, value) in patch.iter().filter(|(name, _)| *name != DIRECTIVE) {
        let (child, keys) = field(of, name);
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        let slot = old.get_mut(name).map(Value::take);
        match merge_value(slot, value, child, keys, pointer)? {
            Some(merged) => {
                old.insert(name.clone(), merged);
            }
            None => {
                old.shift_remove(name);
            }
        }
        pointer.truncate(length);
    }
    Ok(Some(Value::Object(old)))
}

fn merge_list(
    mut old: Vec<Value>,
    patch: &[Value],
    of: Type<'_>,
    keys: &[&str],
    pointer: &mut String,
) -> Result<Option<Value>, Mismatch> {
    // An item with nothing but a directive speaks of the whole list.
    let is_directive =
        |item: &Value| item.as_object().is_some_and(|item| item.len() == 1 && item.contains_key(DIRECTIVE));
    match patch.iter().find(|item| is_directive(item)).and_then(|item| item.get(DIRECTIVE)?.as_str()) {
        Some("delete") => return Ok(None),
        Some("replace") => old.clear(),
        _ => {}
    }
    // Where items are told apart by several keys, what is there keeps its order behind what is new; otherwise the patch
    // says the order. There, an item that leaves out a key (a port without its protocol) is taken for what has the key,
    // and yet not merged with it: kustomize 5.5 drops such an item of a patch, and so does kubectl.
    let items = || old.iter().chain(patch);
    let in_place = keys.len() > 1 && keys.iter().filter(|key| items().any(|item| item.get(key).is_some())).count() > 1;
    let mut first: Vec<Value> = Vec::new();
    let length = pointer.len();
    for (index, item) in patch.iter().enumerate().filter(|(_, item)| !is_directive(item)) {
        if in_place && old.iter().any(|old| same_item(old, item, keys) && !same_keys(old, item, keys)) {
            continue;
        }
        pointer.push_str(&format!("/{index}"));
        let done = first.iter().position(|done| same_item(done, item, keys)).map(|at| (at, first.remove(at)));
        let before = old
            .iter()
            .position(|old| same_item(old, item, keys))
            .filter(|_| done.is_none())
            .map(|at| (at, old.remove(at)));
        let at_end = first.len();
        let (list, at, base) = match (done, before) {
            (Some((at, done)), _) => (&mut first, at, Some(done)),
            (None, Some((at, before))) if in_place => (&mut old, at, Some(before)),
            (None, Some((_, before))) => (&mut first, at_end, Some(before)),
            (None, None) => (&mut first, at_end, None),
        };
        if let Some(new) = merge_value(base, item, of, &[], pointer)? {
            list.insert(at, new);
        }
        pointer.truncate(length);
    }
    first.append(&mut old);
    Ok(Some(Value::Array(first)))
}

/// Whether two items are one: equal in every key that both have, and in one at least.
fn same_item(a: &Value, b: &Value, keys: &[&str]) -> bool {
    if keys == [""] {
        return a == b;
    }
    let mut any = false;
    for key in keys {
        match (a.get(key), b.get(key)) {
            (Some(a), Some(b)) if plain(a) == plain(b) => any = true,
            (Some(_), Some(_)) => return false,
            _ => {}
        }
    }
    any
}

/// Whether two items have the same keys, and not one more than the other.
fn same_keys(a: &Value, b: &Value, keys: &[&str]) -> bool {
    keys.iter().all(|key| a.get(key).is_some() == b.get(key).is_some())
}

/// Keys are compared as they are written: the port `80` is the port `"80"`.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
