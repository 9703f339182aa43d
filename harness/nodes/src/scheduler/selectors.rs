//! Which labels, nodes and taints fit what a pod asks for.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Taint, Toleration};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

/// Labels by key.
pub(super) type Labels = BTreeMap<String, String>;

/// Whether a selector picks labels; none picks nothing, an empty one everything.
pub(super) fn selects(selector: Option<&LabelSelector>, labels: &Labels) -> bool {
    let Some(selector) = selector else { return false };
    let equal = selector.match_labels.iter().flatten().all(|(key, value)| labels.get(key) == Some(value));
    equal
        && selector
            .match_expressions
            .iter()
            .flatten()
            .all(|wanted| fits(&wanted.operator, labels.get(&wanted.key), wanted.values.as_deref().unwrap_or_default()))
}

fn fits(operator: &str, have: Option<&String>, values: &[String]) -> bool {
    let among = || have.is_some_and(|have| values.contains(have));
    let compared = |by: fn(&i64, &i64) -> bool| {
        let have = have.and_then(|have| have.parse().ok());
        let wanted = values.first().and_then(|value| value.parse().ok());
        matches!((have, wanted), (Some(have), Some(wanted)) if by(&have, &wanted))
    };
    match operator {
        "In" => among(),
        "NotIn" => !among(),
        "Exists" => have.is_some(),
        "DoesNotExist" => have.is_none(),
        "Gt" => compared(|have, wanted| have > wanted),
        "Lt" => compared(|have, wanted| have < wanted),
        _ => false,
    }
}

/// Whether a node fits a term: all of its expressions and fields; a term without any fits nothing.
pub(super) fn term_fits(term: &NodeSelectorTerm, name: &str, labels: &Labels) -> bool {
    let (expressions, fields) = (term.match_expressions.as_deref(), term.match_fields.as_deref());
    let (expressions, fields) = (expressions.unwrap_or_default(), fields.unwrap_or_default());
    let name = name.to_owned();
    let holds = |wanted: &NodeSelectorRequirement, have: Option<&String>| {
        fits(&wanted.operator, have, wanted.values.as_deref().unwrap_or_default())
    };
    !(expressions.is_empty() && fields.is_empty())
        && expressions.iter().all(|wanted| holds(wanted, labels.get(&wanted.key)))
        && fields.iter().all(|wanted| wanted.key == "metadata.name" && holds(wanted, Some(&name)))
}

/// Whether a node fits any term.
pub(super) fn node_fits(selector: &NodeSelector, name: &str, labels: &Labels) -> bool {
    selector.node_selector_terms.iter().any(|term| term_fits(term, name, labels))
}

/// Whether a taint is tolerated.
pub(super) fn tolerated(taint: &Taint, tolerations: &[Toleration]) -> bool {
    tolerations.iter().any(|toleration| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (key, effect) = (text(&toleration.key), text(&toleration.effect));
        let any_key = key.is_empty() && toleration.operator.as_deref() == Some("Exists");
        (effect.is_empty() || effect == taint.effect)
            && (any_key || key == taint.key)
            && match toleration.operator.as_deref().unwrap_or("Equal") {
                "" | "Equal" => text(&toleration.value) == text(&taint.value),
                "Exists" => true,
                _ => false,
            }
    })
}

#[cfg(test)]
mod tests {
    use proofmark_json::{Value, json};

    use super::*;

    fn labels(value: Value) -> Labels {
        proofmark_json::from_value(value).unwrap()
    }

    #[test]
    fn expressions() {
        let have = labels(json!({"zone": "a", "cores": "8"}));
        for (key, operator, values, fit) in [
            ("zone", "In", json!(["a", "b"]), true),
            ("zone", "NotIn", json!(["a"]), false),
            ("other", "NotIn", json!(["a"]), true),
            ("other", "Exists", json!([]), false),
            ("other", "DoesNotExist", json!([]), true),
            ("cores", "Gt", json!(["4"]), true),
            ("cores", "Lt", json!(["4"]), false),
            ("zone", "Gt", json!(["4"]), false),
        ] {
            let term = json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
            let term: NodeSelectorTerm = proofmark_json::from_value(term).unwrap();
            assert_eq!(term_fits(&term, "n", &have), fit, "{key} {operator}");
        }
        assert!(!term_fits(&NodeSelectorTerm::default(), "n", &have));
        assert!(!selects(None, &have) && selects(Some(&LabelSelector::default()), &have));
    }

    #[test]
    fn tolerations() {
        let taint: Taint =
            proofmark_json::from_value(json!({"key": "k", "value": "v", "effect": "NoSchedule"})).unwrap();
        for (toleration, fit) in [
            (json!({"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule"}), true),
            (json!({"key": "k", "value": "v"}), true),
            (json!({"key": "k", "operator": "Exists"}), true),
            (json!({"operator": "Exists"}), true),
            (json!({"key": "k", "value": "w"}), false),
            (json!({"key": "k", "operator": "Exists", "effect": "NoExecute"}), false),
        ] {
            let toleration: Toleration = proofmark_json::from_value(toleration).unwrap();
            assert_eq!(tolerated(&taint, std::slice::from_ref(&toleration)), fit, "{toleration:?}");
        }
    }
}
