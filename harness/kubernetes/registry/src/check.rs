//! Checks that many kinds share. Each adds its complaints to a list.

use std::collections::BTreeSet;

use proofmark_json::{Key, Map, Value, json};
use proofmark_status::FieldError;

use crate::node::{Errors, Node};
use crate::{content, meta};

/// A field that cannot change.
pub(crate) const IMMUTABLE: &str = "field is immutable";

/// `must be greater than or equal to 0`, where the number is given.
pub(crate) fn non_negative(node: &Node<'_>, errors: &mut Errors) {
    if node.number() < 0 {
        errors.push(node.invalid("must be greater than or equal to 0"));
    }
}

/// `must be greater than 0`; a missing number is 0.
pub(crate) fn positive(node: &Node<'_>, errors: &mut Errors) {
    if node.number() <= 0 {
        errors.push(FieldError::invalid(node.at.clone(), node.number(), "must be greater than 0"));
    }
}

/// A text's shape: `rule` is one of [`content`].
pub(crate) fn shape(node: &Node<'_>, rule: impl Fn(&str) -> Vec<String>, errors: &mut Errors) {
    let text = node.text();
    errors.extend(rule(text).into_iter().map(|why| FieldError::invalid(node.at.clone(), text, why)));
}

/// A text that must be there, and then of a shape.
pub(crate) fn required_shape(node: &Node<'_>, rule: impl Fn(&str) -> Vec<String>, errors: &mut Errors) {
    if node.text().is_empty() { errors.push(node.required("")) } else { shape(node, rule, errors) }
}

/// A text that must be there.
pub(crate) fn required(node: &Node<'_>, errors: &mut Errors) {
    if node.text().is_empty() {
        errors.push(node.required(""));
    }
}

/// A number within bounds.
pub(crate) fn range(node: &Node<'_>, least: i64, most: i64, errors: &mut Errors) {
    let complaints = content::range(node.number(), least, most);
    errors.extend(complaints.into_iter().map(|why| FieldError::invalid(node.at.clone(), node.number(), why)));
}

/// A port number.
pub(crate) fn port(node: &Node<'_>, errors: &mut Errors) {
    range(node, 1, 65_535, errors);
}

/// A port by number or name.
pub(crate) fn port_or_name(node: &Node<'_>, errors: &mut Errors) {
    if node.value.is_string() { shape(node, content::port_name, errors) } else { port(node, errors) }
}

/// One of several texts; `required` where it is missing.
pub(crate) fn one_of(node: &Node<'_>, supported: &[&str], errors: &mut Errors) {
    if node.text().is_empty() { errors.push(node.required("")) } else { supported_text(node, supported, errors) }
}

/// One of several texts; a missing one is unsupported.
pub(crate) fn supported_text(node: &Node<'_>, supported: &[&str], errors: &mut Errors) {
    if !supported.contains(&node.text()) {
        errors.push(node.not_supported(supported));
    }
}

/// Network protocols of ports.
pub(crate) const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// A set of labels.
pub(crate) fn labels(node: &Node<'_>, errors: &mut Errors) {
    if let Some(labels) = node.value.as_object() {
        errors.extend(meta::validate_labels(labels, &node.at));
    }
}

/// A `LabelSelector`; a missing one is fine.
pub(crate) fn selector(node: &Node<'_>, errors: &mut Errors) {
    labels(&node.get("matchLabels"), errors);
    for requirement in node.get("matchExpressions").items() {
        let values = requirement.get("values");
        match requirement.get("operator").text() {
            "In" | "NotIn" if values.len() == 0 => {
                errors.push(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "In" | "NotIn" => {}
            "Exists" | "DoesNotExist" if values.len() > 0 => {
                errors.push(values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
            }
            "Exists" | "DoesNotExist" => {}
            operator => {
                let at = requirement.child("operator");
                errors.push(FieldError::invalid(at, operator, "not a valid selector operator"));
            }
        }
        shape(&requirement.get("key"), content::qualified_name, errors);
        for value in values.items() {
            shape(&value, content::label_value, errors);
        }
    }
}

/// Whether a `LabelSelector` cannot be turned into requirements at all (`metav1.LabelSelectorAsSelector` fails).
pub(crate) fn unusable_selector(selector: &Value) -> bool {
    let mut errors = Errors::new();
    self::selector(&Node::root(selector), &mut errors);
    !errors.is_empty()
}

/// Whether a `LabelSelector` picks a set of labels.
pub fn matches(selector: &Value, labels: Option<&Map>) -> bool {
    let label = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str);
    let wanted = selector.get("matchLabels").and_then(Value::as_object);
    let equal = wanted.into_iter().flatten().all(|(key, value)| label(key) == value.as_str());
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    equal
        && expressions.into_iter().flatten().all(|requirement| {
            let text = |name: &str| requirement.get(name).and_then(Value::as_str).unwrap_or_default();
            let values = requirement.get("values").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let have = label(text("key"));
            let among = || have.is_some_and(|have| values.iter().any(|v| v.as_str() == Some(have)));
            match text("operator") {
                "In" => among(),
                "NotIn" => !among(),
                "Exists" => have.is_some(),
                "DoesNotExist" => have.is_none(),
                _ => false,
            }
        })
}

/// Complains about a field that changed.
pub(crate) fn immutable(new: &Node<'_>, old: &Node<'_>, errors: &mut Errors) {
    if !same(new.value, old.value) {
        errors.push(new.invalid(IMMUTABLE));
    }
}

/// Equality as Go's `Semantic.DeepEqual` has it: what is missing equals what is empty, whatever the order of members.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&Key> = a.keys().chain(b.keys()).collect();
            keys.into_iter().all(|k| same(a.get(k).unwrap_or(&Value::Null), b.get(k).unwrap_or(&Value::Null)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Null, Value::Array(list)) | (Value::Array(list), Value::Null) => list.is_empty(),
        // A struct that holds nothing is written as `{}` or not at all.
        (Value::Null, Value::Object(map)) | (Value::Object(map), Value::Null) => map.is_empty(),
        _ => a == b,
    }
}

/// An integer, or a percentage of at most 100 where `capped`.
pub(crate) fn int_or_percent(node: &Node<'_>, errors: &mut Errors) {
    match node.value {
        Value::String(text) => {
            errors.extend(content::percent(text).into_iter().map(|why| node.invalid(why)));
        }
        Value::Number(_) => non_negative(node, errors),
        _ => {}
    }
}

/// A percentage beyond 100.
pub(crate) fn at_most_all(node: &Node<'_>, errors: &mut Errors) {
    let percent = node.value.as_str().and_then(|t| t.strip_suffix('%')).and_then(|t| t.parse::<i64>().ok());
    if percent.is_some_and(|p| p > 100) {
        errors.push(node.invalid("must not be greater than 100%"));
    }
}

/// The number in an integer or percentage.
pub(crate) fn int_or_percent_value(node: &Node<'_>) -> i64 {
    match node.value {
        Value::String(text) => text.strip_suffix('%').and_then(|t| t.parse().ok()).unwrap_or(0),
        other => other.as_i64().unwrap_or(0),
    }
}

/// A value or `null`, as JSON.
pub(crate) fn or_null(value: Option<&Value>) -> Value {
    value.cloned().unwrap_or(json!(null))
}
