//! Nodes and RuntimeClasses.
//!
//! Source: `pkg/apis/core/validation` and `pkg/apis/node/validation`, release 1.35.

use std::collections::BTreeSet;

use proofmark_json::{Value, json};
use proofmark_status::FieldError;

use super::{amounts, pod};
use crate::node::{Errors, Node};
use crate::strategy::{BASE, LABELS};
use crate::{Strategy, check, content, internal};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        resource: "nodes",
        status: true,
        keeps_status: true,
        fields: &[("spec.unschedulable", "/spec/unschedulable")],
        field_labels: LABELS,
        default: |node, settled| {
            first_range(node);
            crate::defaults::apply(node, settled);
        },
        validate: node,
        // The whole is checked, and parts of it once more; a status only in parts.
        validate_update: |new, old| [node(new), node_update(new, old)].concat(),
        validate_status: Some(node_update),
        ..BASE
    },
    Strategy {
        group: "node.k8s.io",
        resource: "runtimeclasses",
        create_on_update: true,
        unconditional_update: false,
        validate: runtime_class,
        validate_update: |new, old| {
            let mut errors = runtime_class(new);
            check::immutable(&Node::root(new).get("handler"), &Node::root(old).get("handler"), &mut errors);
            errors
        },
        ..BASE
    },
];

/// `podCIDR` is the first of `podCIDRs`; who gives one gives both.
fn first_range(node: &mut Value) {
    let Some(spec) = node.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let one = spec.get("podCIDR").and_then(Value::as_str).unwrap_or_default().to_owned();
    let first = spec.get("podCIDRs").and_then(|l| l.get(0)?.as_str()).unwrap_or_default().to_owned();
    if !one.is_empty() && first != one {
        spec.insert("podCIDRs", json!([one]));
    } else if one.is_empty() && !first.is_empty() {
        spec.insert("podCIDR", json!(first));
    }
}

fn node(new: &Value) -> Errors {
    let mut errors = Errors::new();
    taints(new, &mut errors);
    resources(new, &mut errors);
    let root = Node::root(new);
    let ranges = root.get("spec.podCIDRs");
    for range in ranges.items() {
        check::shape(&range, content::cidr, &mut errors);
    }
    let is_v6 = |text: &str| text.contains(':');
    let texts = ranges.texts();
    let same_family = matches!(texts.as_slice(), [a, b] if is_v6(a) == is_v6(b));
    if texts.len() > 2 || same_family {
        errors.push(ranges.invalid("may specify no more than one CIDR for each IP family"));
    }
    errors
}

/// Taints stand in the specification; complaints say `metadata`, as upstream's do.
fn taints(new: &Value, errors: &mut Errors) {
    let list = new.pointer("/spec/taints").unwrap_or(&Value::Null);
    let list = Node { value: list, at: "metadata.taints".to_owned() };
    let mut seen = BTreeSet::new();
    for (i, taint) in list.items().enumerate() {
        let (key, value, effect) = (taint.get("key"), taint.get("value"), taint.get("effect"));
        check::shape(&key, content::qualified_name, errors);
        let complaints = content::label_value(value.text());
        if !complaints.is_empty() {
            errors.push(FieldError::invalid(value.at.clone(), value.text(), complaints.join(";")));
        }
        check::one_of(&effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"], errors);
        if !seen.insert((key.text(), effect.text())) {
            let mut error = FieldError::duplicate(taint.at.clone(), internal::show(new, &format!("/spec/taints/{i}")));
            "taints must be unique by key and effect pair".clone_into(&mut error.detail);
            errors.push(error);
        }
    }
}

fn resources(new: &Value, errors: &mut Errors) {
    let root = Node::root(new);
    for list in ["status.capacity", "status.allocatable"] {
        let node = root.get(list);
        for (name, amount) in node.entries() {
            amounts::amount(name, &Node { at: node.child(name), ..amount }, errors);
        }
    }
}

fn node_update(new: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    resources(new, &mut errors);
    let (root, before) = (Node::root(new), Node::root(old));
    let mut addresses: Vec<&Value> = Vec::new();
    for address in root.get("status.addresses").items() {
        if addresses.contains(&address.value) {
            let at = super::pod::pointer(&address.at);
            errors.push(FieldError::duplicate(address.at.clone(), internal::show(new, &at)));
        }
        addresses.push(address.value);
    }
    let (now, had) = (root.get("spec"), before.get("spec"));
    if had.get("podCIDRs").len() > 0 && !check::same(now.get("podCIDRs").value, had.get("podCIDRs").value) {
        errors.push(now.get("podCIDRs").forbidden("node updates may not change podCIDR except from \"\" to valid"));
    }
    let provider = now.get("providerID");
    if had.get("providerID").filled() && provider.text() != had.get("providerID").text() {
        errors.push(provider.forbidden("node updates may not change providerID except from \"\" to valid"));
    }
    taints(new, &mut errors);
    if now.get("externalID").text() != had.get("externalID").text() {
        errors.push(now.get("externalID").forbidden("may not be updated"));
    }
    errors
}

fn runtime_class(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    check::shape(&root.get("handler"), content::dns_label, &mut errors);
    let fixed = root.get("overhead.podFixed");
    if fixed.given() {
        let limits = json!({"limits": fixed.value});
        amounts::requirements(&Node { value: &limits, at: "overhead".to_owned() }, false, &[], &mut errors);
    }
    let scheduling = root.get("scheduling");
    check::labels(&scheduling.get("nodeSelector"), &mut errors);
    let tolerations = scheduling.get("tolerations");
    pod::tolerations(&tolerations, &mut errors);
    for (index, toleration) in tolerations.items().enumerate() {
        if tolerations.items().take(index).any(|other| check::same(other.value, toleration.value)) {
            let shown = internal::show(new, &format!("/scheduling/tolerations/{index}"));
            errors.push(FieldError::duplicate(toleration.at.clone(), shown));
        }
    }
    errors
}
