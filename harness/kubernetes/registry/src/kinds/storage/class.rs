//! Classes: what a volume is made with (StorageClass), and how a made one behaves (VolumeAttributesClass).
//!
//! Source: `pkg/apis/storage/validation`, release 1.35.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::kinds::pod;
use crate::node::{Errors, Node};
use crate::{check, content};

/// The largest number of parameters, and their largest size together (bytes).
const PARAMETERS_MAX: (usize, usize) = (512, 256 * 1024);

pub(super) fn storage(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    provisioner(&root.get("provisioner"), &mut errors);
    parameters(&root.get("parameters"), &mut errors);
    let reclaim = root.get("reclaimPolicy");
    if reclaim.filled() {
        check::supported_text(&reclaim, &["Delete", "Retain"], &mut errors);
    }
    let mode = root.get("volumeBindingMode");
    if mode.given() {
        check::supported_text(&mode, &["Immediate", "WaitForFirstConsumer"], &mut errors);
    } else {
        errors.push(mode.required(""));
    }
    topologies(&root.get("allowedTopologies"), &mut errors);
    errors
}

/// Whoever makes volumes, named as keys are.
fn provisioner(node: &Node<'_>, errors: &mut Errors) {
    if !node.filled() {
        errors.push(node.required(""));
        return;
    }
    let text = node.text().to_lowercase();
    let complaints = content::qualified_name(&text);
    errors.extend(complaints.into_iter().map(|why| FieldError::invalid(node.at.clone(), text.as_str(), why)));
}

fn parameters(node: &Node<'_>, errors: &mut Errors) {
    if node.len() > PARAMETERS_MAX.0 {
        errors.push(FieldError::too_long(node.at.clone(), PARAMETERS_MAX.0));
        return;
    }
    let size: usize = node.entries().map(|(key, value)| key.len() + value.text().len()).sum();
    if node.entries().any(|(key, _)| key.is_empty()) {
        errors.push(FieldError::invalid(node.at.clone(), "", "field can not be empty."));
    }
    if size > PARAMETERS_MAX.1 {
        errors.push(FieldError::too_long(node.at.clone(), PARAMETERS_MAX.1));
    }
}

/// Where volumes may be: terms that differ, of keys that differ, of values that differ.
fn topologies(list: &Node<'_>, errors: &mut Errors) {
    // Upstream compares every term with as many empty ones, too.
    let mut terms: Vec<BTreeMap<&str, BTreeSet<&str>>> = vec![BTreeMap::new(); list.len()];
    for term in list.items() {
        let expressions = term.get("matchLabelExpressions");
        let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for requirement in expressions.items() {
            let (key, values) = (requirement.get("key"), requirement.get("values"));
            let mut seen = BTreeSet::new();
            if values.len() == 0 {
                errors.push(values.required(""));
            }
            for value in values.items() {
                if !seen.insert(value.text()) {
                    errors.push(value.duplicate());
                }
            }
            check::shape(&key, content::qualified_name, errors);
            if known.contains_key(key.text()) {
                errors.push(key.duplicate());
            }
            known.insert(key.text(), seen);
        }
        for _ in terms.iter().filter(|other| **other == known) {
            errors.push(FieldError::duplicate(expressions.at.clone(), ""));
        }
        terms.push(known);
    }
}

pub(super) fn storage_update(new: &Value, old: &Value) -> Errors {
    let mut errors = fixed(new, old, &["parameters", "provisioner", "reclaimPolicy"]);
    let (now, before) = (Node::root(new), Node::root(old));
    check::immutable(&now.get("volumeBindingMode"), &before.get("volumeBindingMode"), &mut errors);
    errors
}

/// Labels of nodes that have newer names.
pub(super) fn storage_warnings(new: &Value) -> Vec<String> {
    let root = Node::root(new);
    let terms = root.get("allowedTopologies");
    let keys: Vec<Node<'_>> = terms
        .items()
        .flat_map(|term| term.get("matchLabelExpressions").items().map(|r| r.get("key")).collect::<Vec<_>>())
        .collect();
    let told = keys.iter().filter_map(|key| pod::deprecated_label(key.text()).map(|why| (key, why)));
    told.map(|(key, why)| format!("{}: {why}", key.at)).collect()
}

pub(super) fn attributes(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    provisioner(&root.get("driverName"), &mut errors);
    let list = root.get("parameters");
    parameters(&list, &mut errors);
    if list.len() == 0 {
        errors.push(list.required("must contain at least one key/value pair"));
    }
    errors
}

pub(super) fn attributes_update(new: &Value, old: &Value) -> Errors {
    fixed(new, old, &["driverName", "parameters"])
}

/// Complaints about fields that changed.
fn fixed(new: &Value, old: &Value, fields: &[&str]) -> Errors {
    let (now, before) = (Node::root(new), Node::root(old));
    let changed = fields.iter().map(|field| now.get(field)).filter(|node| {
        let then = check::or_null(before.value.get(&node.at));
        !check::same(node.value, &then)
    });
    changed.map(|node| node.forbidden(format!("updates to {} are forbidden.", node.at))).collect()
}
