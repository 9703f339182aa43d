//! Selectors in access reviews: what is wrong with them, and what they require.

use proofmark_status::FieldError;
use proofmark_text::content;

use super::SelectorAttributes;
use crate::selector::{parse_fields, parse_labels};
use crate::{LabelSelectorRequirement, SelectorRequirement};

/// What could be parsed; `failed` when something could not.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) requirements: Vec<SelectorRequirement>,
    pub(super) failed: bool,
}

/// Parses a field selector.
pub(super) fn fields(selector: Option<&SelectorAttributes>) -> Parsed {
    parse(selector, parse_fields, |one| {
        let operator = match one.operator.as_str() {
            "In" => "=",
            "NotIn" => "!=",
            _ => return None,
        };
        let [value] = one.values.as_slice() else { return None };
        Some(SelectorRequirement { key: one.key.clone(), operator, values: vec![value.clone()] })
    })
}

/// Parses a label selector.
pub(super) fn labels(selector: Option<&SelectorAttributes>) -> Parsed {
    parse(selector, parse_labels, |one| {
        let operator = match one.operator.as_str() {
            "In" => "in",
            "NotIn" => "notin",
            "Exists" => "exists",
            "DoesNotExist" => "!",
            _ => return None,
        };
        one.is_valid().then(|| SelectorRequirement { key: one.key.clone(), operator, values: one.values.clone() })
    })
}

/// Requirements that cannot be used are dropped one by one: as all must hold, that only widens the question.
fn parse(
    selector: Option<&SelectorAttributes>,
    raw: impl Fn(&str) -> Option<Vec<SelectorRequirement>>,
    one: impl Fn(&LabelSelectorRequirement) -> Option<SelectorRequirement>,
) -> Parsed {
    let Some(selector) = selector else {
        return Parsed::default();
    };
    if selector.requirements.is_empty() {
        let parsed = raw(&selector.raw_selector);
        return Parsed { failed: parsed.is_none(), requirements: parsed.unwrap_or_default() };
    }
    let requirements: Vec<SelectorRequirement> = selector.requirements.iter().filter_map(one).collect();
    Parsed { failed: requirements.len() < selector.requirements.len(), requirements }
}

/// Complaints about a field selector, or about a label selector.
pub(super) fn validate(selector: &SelectorAttributes, is_labels: bool, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let raw = selector.raw_selector.as_str();
    if !raw.is_empty() && !selector.requirements.is_empty() {
        let detail = "may not specified at the same time as requirements";
        errors.push(FieldError::invalid(format!("{field}.rawSelector"), raw, detail));
    }
    if raw.is_empty() && selector.requirements.is_empty() {
        let detail = format!("when {field} is specified, requirements or rawSelector is required");
        errors.push(FieldError::required(format!("{field}.requirements"), detail));
    }
    for (i, one) in selector.requirements.iter().enumerate() {
        let field = format!("{field}.requirements[{i}]");
        if is_labels {
            errors.extend(label_requirement(one, true, false, &field));
        } else {
            if one.key.is_empty() {
                errors.push(FieldError::required(format!("{field}.key"), "must be specified"));
            }
            errors.extend(operator(one, true, &field));
        }
    }
    errors
}

/// Complaints about one requirement on labels (`ValidateLabelSelectorRequirement`).
pub(crate) fn label_requirement(
    one: &LabelSelectorRequirement,
    any_operator: bool,
    any_value: bool,
    field: &str,
) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = operator(one, any_operator, field).into_iter().collect();
    let key = content::qualified_name(&one.key).into_iter();
    errors.extend(key.map(|message| FieldError::invalid(format!("{field}.key"), one.key.as_str(), message)));
    if !any_value {
        for (i, value) in one.values.iter().enumerate() {
            let messages = content::label_value(value).into_iter();
            errors.extend(messages.map(|m| FieldError::invalid(format!("{field}.values[{i}]"), value.as_str(), m)));
        }
    }
    errors
}

/// What is wrong between an operator and its values.
fn operator(one: &LabelSelectorRequirement, any_operator: bool, field: &str) -> Option<FieldError> {
    let values = format!("{field}.values");
    match one.operator.as_str() {
        "In" | "NotIn" => one
            .values
            .is_empty()
            .then(|| FieldError::required(values, "must be specified when `operator` is 'In' or 'NotIn'")),
        "Exists" | "DoesNotExist" => (!one.values.is_empty()).then(|| {
            FieldError::forbidden(values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        }),
        other => (!any_operator)
            .then(|| FieldError::invalid(format!("{field}.operator"), other, "not a valid selector operator")),
    }
}
