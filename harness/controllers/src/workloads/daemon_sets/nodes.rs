//! Which nodes suit a DaemonSet.

use proofmark_json::{Value, json};

use super::pods;
use crate::kit::{nodes::picks, object};

/// What a node means for a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suits {
    /// It runs a pod of the set.
    Runs,
    /// It gets none, but keeps one that it has.
    Stays,
    /// It has none.
    Never,
}

/// What of a node decides.
pub(super) fn relevant(node: &Value) -> [Value; 3] {
    [node["metadata"]["labels"].clone(), node["spec"]["taints"].clone(), node["spec"]["unschedulable"].clone()]
}

/// What a node means for a set.
pub(super) fn suits(set: &Value, node: &Value) -> Suits {
    let spec = &set["spec"]["template"]["spec"];
    let named = object::text(spec, "/nodeName");
    if !(named.is_empty() || named == object::name(node)) || !is_selected(spec, node) {
        return Suits::Never;
    }
    let tolerations: Vec<Value> =
        object::list(spec, "/tolerations").iter().cloned().chain(pods::tolerations(spec)).collect();
    let untolerated = |effects: &[&str]| {
        object::list(node, "/spec/taints").iter().any(|taint| {
            effects.contains(&object::text(taint, "/effect")) && !tolerations.iter().any(|t| tolerates(t, taint))
        })
    };
    if untolerated(&["NoExecute"]) {
        Suits::Never
    } else if untolerated(&["NoSchedule"]) {
        Suits::Stays
    } else {
        Suits::Runs
    }
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let text = |field: &str| toleration[field].as_str().unwrap_or_default();
    let effect = text("effect").is_empty() || toleration["effect"] == taint["effect"];
    let key = text("key").is_empty() || toleration["key"] == taint["key"];
    let value = match text("operator") {
        "Exists" => true,
        _ => text("value") == object::text(taint, "/value") && !text("key").is_empty(),
    };
    effect && key && value
}

/// Whether the node selector and the required node affinity of a pod's spec pick a node.
fn is_selected(spec: &Value, node: &Value) -> bool {
    let labels = object::labels(node);
    let selected = proofmark_registry::matches(&json!({"matchLabels": spec["nodeSelector"]}), labels);
    let at = "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";
    let terms = spec.pointer(at).filter(|required| !required.is_null());
    selected && terms.is_none_or(|required| picks(required, node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taints_and_selectors_decide() {
        let node = |taint: Value| json!({"metadata": {"name": "n", "labels": {"disk": "ssd", "size": "4"}}, "spec": {"taints": taint}});
        let set = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
        let affinity = |key: &str, operator: &str, value: &str| {
            let term = json!({"matchExpressions": [{"key": key, "operator": operator, "values": [value]}]});
            json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}})
        };
        let taint = |effect: &str| json!([{"key": "k", "value": "v", "effect": effect}]);
        for (spec, taints, expected) in [
            (json!({}), Value::Null, Suits::Runs),
            (json!({"nodeSelector": {"disk": "ssd"}}), Value::Null, Suits::Runs),
            (json!({"nodeSelector": {"disk": "hdd"}}), Value::Null, Suits::Never),
            (affinity("size", "Gt", "3"), Value::Null, Suits::Runs),
            (affinity("disk", "NotIn", "ssd"), Value::Null, Suits::Never),
            (json!({}), taint("NoSchedule"), Suits::Stays),
            (json!({}), taint("NoExecute"), Suits::Never),
            (json!({}), taint("PreferNoSchedule"), Suits::Runs),
            (json!({"tolerations": [{"operator": "Exists"}]}), taint("NoExecute"), Suits::Runs),
            (json!({}), json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}]), Suits::Runs),
        ] {
            assert_eq!(suits(&set(spec.clone()), &node(taints.clone())), expected, "{spec} {taints}");
        }
    }
}
