//! Claims on persistent volumes.
//!
//! Source: `ValidatePersistentVolumeClaim` in `pkg/apis/core/validation`, release 1.35.

use proofmark_builtin::quantity::Quantity;
use proofmark_json::{Value, json};
use proofmark_status::FieldError;

use super::amounts;
use crate::node::{Errors, Node};
use crate::strategy::{BASE, Repeats};
use crate::{Strategy, check, content, diff, internal};

pub(super) const ROW: Strategy = Strategy {
    resource: "persistentvolumeclaims",
    status: true,
    returns_deleted: true,
    repeats: Repeats::Both,
    prepare_create,
    validate: |claim| {
        let mut errors = Errors::new();
        spec(&Node::root(claim).get("spec"), &mut errors);
        errors
    },
    validate_update,
    warnings: |new, _| warnings(new),
    ..BASE
};

/// How volumes may be mounted.
pub(super) const ACCESS_MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// A new claim is not bound yet, and says where its data comes from in both of the fields for that.
fn prepare_create(claim: &mut Value) {
    let Some(members) = claim.as_object_mut() else { return };
    members.insert("status", json!({"phase": "Pending"}));
    let Some(spec) = members.get_mut("spec").and_then(Value::as_object_mut) else { return };
    // What the older field cannot name is dropped from it.
    if spec.get("dataSource").is_some_and(|source| !source.is_null() && !is_older_source(source)) {
        spec.shift_remove("dataSource");
    }
    let source = spec.get("dataSource").filter(|s| !s.is_null()).cloned();
    let reference = spec.get("dataSourceRef").filter(|s| !s.is_null()).cloned();
    match (source, reference) {
        (Some(source), None) => {
            spec.insert("dataSourceRef", source);
        }
        (None, Some(reference))
            if reference.get("namespace").and_then(Value::as_str).unwrap_or_default().is_empty() =>
        {
            spec.insert("dataSource", reference);
        }
        _ => {}
    }
}

/// Whether `dataSource` may name this: another claim or a snapshot (`dataSourceIsPvcOrSnapshot`).
fn is_older_source(source: &Value) -> bool {
    let text = |field: &str| source.get(field).and_then(Value::as_str).unwrap_or_default();
    matches!(
        (text("apiGroup"), text("kind")),
        ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
    )
}

/// Complaints about what is claimed.
pub(super) fn spec(spec: &Node<'_>, errors: &mut Errors) {
    let modes = spec.get("accessModes");
    if modes.len() == 0 {
        errors.push(modes.required("at least 1 access mode is required"));
    }
    check::selector(&spec.get("selector"), errors);
    access_modes(&modes, errors);
    let at = format!("{}[storage]", spec.get("resources").at);
    match spec.value.pointer("/resources/requests/storage") {
        None => errors.push(FieldError::required(at, "")),
        Some(value) => {
            let amount = Node { value, at };
            if amount.quantity().is_some_and(|q| q.sign() <= 0) {
                errors.push(amount.invalid("must be greater than zero"));
            } else {
                amounts::amount("storage", &amount, errors);
            }
        }
    }
    let class = spec.get("storageClassName");
    if class.filled() {
        check::shape(&class, content::dns_subdomain, errors);
    }
    let mode = spec.get("volumeMode");
    if mode.given() {
        check::supported_text(&mode, &["Block", "Filesystem"], errors);
    }
    let (source, reference) = (spec.get("dataSource"), spec.get("dataSourceRef"));
    for origin in [&source, &reference] {
        if origin.given() {
            data_source(origin, errors);
        }
    }
    let elsewhere = reference.get("namespace").filled();
    if elsewhere && source.given() {
        let why = "may not be specified when dataSourceRef.namespace is specified";
        errors.push(FieldError::invalid(spec.at.clone(), source.at.clone(), why));
    } else if source.given() && reference.given() {
        let same = |field: &str| check::same(source.get(field).value, reference.get(field).value);
        if !["apiGroup", "kind", "name"].into_iter().all(same) {
            errors.push(FieldError::invalid(spec.at.clone(), source.at.clone(), "must match dataSourceRef"));
        }
    }
    let attributes = spec.get("volumeAttributesClassName");
    if attributes.filled() {
        check::shape(&attributes, content::dns_subdomain, errors);
    }
}

/// Complaints about access modes; all of them are about the whole list.
pub(super) fn access_modes(modes: &Node<'_>, errors: &mut Errors) {
    for mode in modes.texts().into_iter().filter(|m| !ACCESS_MODES.contains(m)) {
        errors.push(FieldError::not_supported(modes.at.clone(), mode, &ACCESS_MODES));
    }
    let alone = |mode: &&str| *mode == "ReadWriteOncePod";
    let texts = modes.texts();
    if texts.iter().any(alone) && texts.iter().any(|m| !alone(m) && ACCESS_MODES.contains(m)) {
        errors.push(modes.forbidden("may not use ReadWriteOncePod with other access modes"));
    }
}

fn data_source(source: &Node<'_>, errors: &mut Errors) {
    check::required(&source.get("name"), errors);
    check::required(&source.get("kind"), errors);
    let (group, kind) = (source.get("apiGroup"), source.get("kind"));
    if !group.filled() && !kind.is("PersistentVolumeClaim") {
        let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        errors.push(FieldError::invalid(source.at.clone(), kind.text(), why));
    }
    if group.filled() {
        check::shape(&group, content::dns_subdomain, errors);
    }
    let namespace = source.get("namespace");
    if namespace.filled() {
        check::shape(&namespace, content::dns_label, errors);
    }
}

/// What a client hears about a claim that is accepted all the same.
fn warnings(claim: &Value) -> Vec<String> {
    let root = Node::root(claim);
    let annotation = "volume.beta.kubernetes.io/storage-class";
    let mut out = Vec::new();
    if root.get("metadata.annotations").value.get(annotation).is_some() {
        let why = "deprecated since v1.8; use \"storageClassName\" attribute instead";
        out.push(format!("metadata.annotations[{annotation}]: {why}"));
    }
    out.extend(spec_warnings(&root.get("spec")));
    out
}

/// There is no half of a byte.
pub(super) fn spec_warnings(spec: &Node<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for list in ["requests", "limits"] {
        let amount = spec.get("resources").get(list).get("storage");
        if amount.quantity().and_then(|q| q.scaled(-3)).is_some_and(|milli| milli % 1000 != 0) {
            let at = format!("{}.resources.{list}[storage]", spec.at);
            let shown = proofmark_status::quote(amount.text());
            out.push(format!("{at}: fractional byte value {shown} is invalid, must be an integer"));
        }
    }
    out
}

/// A claim stays as it is; a bound one may grow, an unbound one may learn its class and its volume.
fn validate_update(new: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    let (now, before) = (Node::root(new).get("spec"), Node::root(old).get("spec"));
    spec(&now, &mut errors);
    let (mut kept, mut base) = (new.clone(), old.clone());
    let bound = new.pointer("/status/phase").and_then(Value::as_str) == Some("Bound");
    if !before.get("volumeName").filled() {
        copy(&mut base, new, "volumeName");
    }
    let annotation = "volume.beta.kubernetes.io/storage-class";
    let class_of = |o: &Value| o.pointer("/metadata/annotations")?.get(annotation)?.as_str().map(str::to_owned);
    let (given, had) = (now.get("storageClassName"), before.get("storageClassName"));
    if given.given() && !had.given() && class_of(old).is_none_or(|class| class == given.text()) {
        copy(&mut kept, old, "storageClassName");
    }
    if class_of(new) != class_of(old) && !(given.given() && class_of(new).is_none()) {
        let at = format!("metadata.annotations.{annotation}");
        errors.push(FieldError::invalid(at, class_of(new).unwrap_or_default(), check::IMMUTABLE));
    }
    if bound {
        let size = check::or_null(old.pointer("/spec/resources/requests/storage"));
        if let Some(requests) = kept.pointer_mut("/spec/resources/requests").and_then(Value::as_object_mut) {
            requests.insert("storage", size);
        }
        copy(&mut kept, old, "volumeAttributesClassName");
    }
    let part = |o: &Value| check::or_null(o.get("spec"));
    if !check::same(&part(&kept), &part(&base)) {
        let diff = diff::unified(&internal::show(&base, "/spec"), &internal::show(&kept, "/spec"));
        let why =
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        errors.push(FieldError::forbidden("spec", format!("{why}\n{diff}")));
    }
    // An amount that is not there is zero.
    let size = |o: &Value, at: &str| {
        let text = o.pointer(at).and_then(Value::as_str).unwrap_or("0");
        Quantity::parse(text).ok()
    };
    let asked = size(new, "/spec/resources/requests/storage");
    let had = size(old, "/spec/resources/requests/storage");
    let capacity = size(old, "/status/capacity/storage");
    // A claim may take back a growth that did not happen, down to what it has.
    if asked < had && asked <= capacity {
        errors.push(FieldError::forbidden(
            "spec.resources.requests.storage",
            "field can not be less than status.capacity",
        ));
    }
    let mode = now.get("volumeMode");
    if !check::same(mode.value, before.get("volumeMode").value) {
        errors.push(FieldError::invalid("volumeMode", mode.value.clone(), check::IMMUTABLE));
    }
    errors
}

fn copy(to: &mut Value, from: &Value, field: &str) {
    let value = from.pointer("/spec").and_then(|s| s.get(field)).cloned();
    let Some(spec) = to.get_mut("spec").and_then(Value::as_object_mut) else { return };
    match value {
        Some(value) => spec.insert(field.to_owned(), value),
        None => spec.shift_remove(field),
    };
}
