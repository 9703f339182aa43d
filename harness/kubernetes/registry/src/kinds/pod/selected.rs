//! Keys of the pod's own labels that its selectors of other pods take over (`matchLabelKeys`, `mismatchLabelKeys`).
//!
//! Source: `mutatePodAffinity` and `mutateTopologySpreadConstraints` in `pkg/registry/core/pod/strategy.go`, release 1.35.

use proofmark_json::{Map, Value, json};

use crate::meta;

/// Adds to the selectors of a new pod what the keys beside them stand for.
pub(super) fn merge(pod: &mut Value) {
    let labels = meta::of(pod).and_then(|m| m.get("labels")?.as_object()).cloned().unwrap_or_default();
    let Some(spec) = pod.get_mut("spec") else { return };
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(affinity) = spec.pointer_mut(&format!("/affinity/{kind}")) else { continue };
        for term in items(affinity, "preferredDuringSchedulingIgnoredDuringExecution") {
            if let Some(term) = term.get_mut("podAffinityTerm") {
                select(term, &labels);
            }
        }
        for term in items(affinity, "requiredDuringSchedulingIgnoredDuringExecution") {
            select(term, &labels);
        }
    }
    for constraint in items(spec, "topologySpreadConstraints") {
        select(constraint, &labels);
    }
}

fn items<'a>(parent: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Value> {
    parent.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten()
}

/// A term without a selector picks nothing, and goes on to.
fn select(term: &mut Value, labels: &Map) {
    let wanted = |list: &str, operator: &str| -> Vec<Value> {
        let keys = term.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        keys.filter_map(|key| Some(json!({"key": key, "operator": operator, "values": [labels.get(key)?]}))).collect()
    };
    let mut added = wanted("matchLabelKeys", "In");
    added.extend(wanted("mismatchLabelKeys", "NotIn"));
    let Some(selector) = term.get_mut("labelSelector").and_then(Value::as_object_mut) else { return };
    if added.is_empty() {
        return;
    }
    match selector.get_mut("matchExpressions").and_then(Value::as_array_mut) {
        Some(list) => list.append(&mut added),
        None => {
            selector.insert("matchExpressions", Value::Array(added));
        }
    }
}
