//! `x-kubernetes-validations`: the shape of CEL rules. [`super::costs`] looks at the expressions.

use proofmark_json::{Map, Value};
use proofmark_status::FieldError;

use super::definition::{list, text};
use super::field_path::{self, Arrays};
use crate::path::{child, item};
use crate::schema::Schema;

const REASONS: [&str; 4] = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/// Everything wrong with the rules of one node.
pub(super) fn validate(props: &Map, at: &str) -> Vec<FieldError> {
    let at = child(at, "x-kubernetes-validations");
    let rules = list(props, "x-kubernetes-validations").iter().enumerate();
    rules
        .filter_map(|(i, rule)| Some((i, rule.as_object()?)))
        .flat_map(|(i, rule)| one(rule, props, &item(&at, i)))
        .collect()
}

fn one(rule: &Map, props: &Map, at: &str) -> Vec<FieldError> {
    let at = |key: &str| child(at, key);
    let mut errors = Vec::new();
    let (expression, message) = (text(rule, "rule").trim(), text(rule, "message"));
    if expression.is_empty() {
        errors.push(FieldError::required(at("rule"), "rule is not specified"));
    } else if !message.is_empty() && message.trim().is_empty() {
        errors.push(FieldError::invalid(at("message"), message, "must be non-empty if specified"));
    } else if has_breaks(message.trim()) {
        errors.push(FieldError::invalid(at("message"), message, "must not contain line breaks"));
    } else if has_breaks(expression) && message.is_empty() {
        errors.push(FieldError::required(at("message"), "message must be specified if rule contains line breaks"));
    }
    let expression = text(rule, "messageExpression");
    if !expression.is_empty() && expression.trim().is_empty() {
        errors.push(FieldError::required(at("messageExpression"), "messageExpression must be non-empty if specified"));
    }
    if let Some(reason) = rule.get("reason").and_then(Value::as_str).filter(|r| !REASONS.contains(r)) {
        errors.push(FieldError::not_supported(at("reason"), reason, &REASONS));
    }
    let path = text(rule, "fieldPath");
    if !path.is_empty() && path.trim().is_empty() {
        errors.push(FieldError::invalid(at("fieldPath"), path, "must be non-empty if specified"));
    }
    if has_breaks(path) {
        errors.push(FieldError::invalid(at("fieldPath"), path, "must not contain line breaks"));
    }
    if !path.is_empty() && !is_valid_path(props, path) {
        errors.push(FieldError::invalid(at("fieldPath"), path, "must be a valid path"));
    }
    errors
}

fn has_breaks(text: &str) -> bool {
    text.contains(['\n', '\r'])
}

/// A schema that does not parse has other problems.
fn is_valid_path(props: &Map, path: &str) -> bool {
    Schema::parse_props(props).map_or(true, |schema| field_path::find(path, &schema, Arrays::Allowed).is_ok())
}
