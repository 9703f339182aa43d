//! Webhooks and admission policies.

use jiff::Timestamp;
use proofmark_json::Value;

use super::read::{age, cells, joined, len, list, name, text};
use crate::printer::Row;

const UNSET: &str = "<unset>";

pub(super) fn webhooks(object: &Value, now: Timestamp) -> Row {
    cells![name(object), len(&object["webhooks"]), age(object, now)]
}

pub(super) fn validating_policy(object: &Value, now: Timestamp) -> Row {
    policy(object, "validations", now)
}

pub(super) fn mutating_policy(object: &Value, now: Timestamp) -> Row {
    policy(object, "mutations", now)
}

fn policy(object: &Value, rules: &str, now: Timestamp) -> Row {
    let spec = &object["spec"];
    let param = &spec["paramKind"];
    let shown = match param.is_object() {
        true => format!("{}/{}", text(&param["apiVersion"]), text(&param["kind"])),
        false => UNSET.to_owned(),
    };
    cells![name(object), len(&spec[rules]), shown, age(object, now)]
}

pub(super) fn policy_binding(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    let param = &spec["paramRef"];
    let shown = match (text(&param["name"]), text(&param["namespace"])) {
        ("", _) if param["selector"].is_object() => go_selector(&param["selector"]),
        ("", _) => UNSET.to_owned(),
        (name, "") => format!("*/{name}"),
        (name, namespace) => format!("{namespace}/{name}"),
    };
    cells![name(object), text(&spec["policyName"]), shown, age(object, now)]
}

/// A selector as Go prints the struct: kube-apiserver shows it so.
fn go_selector(selector: &Value) -> String {
    let mut labels: Vec<_> = selector["matchLabels"].as_object().into_iter().flatten().collect();
    labels.sort_by_key(|(key, _)| *key);
    let labels: String = labels.into_iter().map(|(key, value)| format!("{key}: {},", text(value))).collect();
    let expressions: String = list(&selector["matchExpressions"])
        .iter()
        .map(|expression| {
            let (key, operator) = (text(&expression["key"]), text(&expression["operator"]));
            let values = joined(list(&expression["values"]), " ");
            format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}},")
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
}
