//! What failures and successes of a job's pods mean for the job.

use std::collections::BTreeSet;

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::node::{Errors, Node};
use crate::{check, content, internal};

/// What a failed pod means: `podFailurePolicy`.
pub(super) fn failure(spec: &Node<'_>, errors: &mut Errors) {
    let rules = spec.get("podFailurePolicy.rules");
    if rules.len() > 20 {
        errors.push(FieldError::too_many(rules.at.clone(), rules.len(), 20));
    }
    let pod = spec.get("template.spec");
    let of = |list: &str| pod.get(list).items().map(|c| c.get("name").text()).collect::<Vec<_>>();
    let names: BTreeSet<&str> = of("containers").into_iter().chain(of("initContainers")).collect();
    for rule in rules.items() {
        let action = rule.get("action");
        match action.text() {
            "" => errors.push(action.required("valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]")),
            "FailIndex" if !spec.get("backoffLimitPerIndex").given() => {
                errors.push(action.invalid("requires the backoffLimitPerIndex to be set"));
            }
            "Count" | "FailIndex" | "FailJob" | "Ignore" => {}
            _ => errors.push(action.not_supported(&["Count", "FailIndex", "FailJob", "Ignore"])),
        }
        let codes = rule.get("onExitCodes");
        if codes.given() {
            exit_codes(&codes, &names, errors);
        }
        let conditions = rule.get("onPodConditions");
        let both = match (codes.given(), conditions.len() > 0) {
            (true, true) => Some("specifying both OnExitCodes and OnPodConditions is not supported"),
            (false, false) => Some("specifying one of OnExitCodes and OnPodConditions is required"),
            _ => None,
        };
        if conditions.len() > 20 {
            errors.push(FieldError::too_many(conditions.at.clone(), conditions.len(), 20));
        }
        for pattern in conditions.items() {
            check::shape(&pattern.get("type"), content::qualified_name, errors);
            let status = pattern.get("status");
            if status.filled() {
                check::supported_text(&status, &["False", "True", "Unknown"], errors);
            } else {
                errors.push(status.required("valid values: [\"False\" \"True\" \"Unknown\"]"));
            }
        }
        errors.extend(both.map(|why| rule.invalid(why).without_value()));
    }
}

fn exit_codes(codes: &Node<'_>, names: &BTreeSet<&str>, errors: &mut Errors) {
    let operator = codes.get("operator");
    if operator.filled() {
        check::supported_text(&operator, &["In", "NotIn"], errors);
    } else {
        errors.push(operator.required("valid values: [\"In\" \"NotIn\"]"));
    }
    let container = codes.get("containerName");
    if container.given() && !names.contains(container.text()) {
        errors.push(container.invalid("must be one of the container or initContainer names in the pod template"));
    }
    let values = codes.get("values");
    if values.len() == 0 {
        errors.push(values.invalid("at least one value is required"));
    } else if values.len() > 255 {
        errors.push(FieldError::too_many(values.at.clone(), values.len(), 255));
    }
    let mut seen = BTreeSet::new();
    let mut last = i64::MIN;
    let mut ordered = true;
    for value in values.items() {
        let number = value.number();
        if operator.is("In") && number == 0 {
            errors.push(value.invalid("must not be 0 for the In operator"));
        }
        if !seen.insert(number) {
            errors.push(value.duplicate());
        }
        ordered &= last <= number;
        last = number;
    }
    if !ordered {
        errors.push(values.invalid("must be ordered"));
    }
}

/// When a job is done before all of its pods are: `successPolicy`.
pub(super) fn success(object: &Value, spec: &Node<'_>, errors: &mut Errors) {
    let policy = spec.get("successPolicy");
    if !policy.given() {
        return;
    }
    if !spec.get("completionMode").is("Indexed") {
        let shown = internal::show(object, "/spec/successPolicy");
        errors.push(FieldError::invalid(policy.at.clone(), shown, "requires indexed completion mode"));
        return;
    }
    let rules = policy.get("rules");
    if rules.len() == 0 {
        errors.push(rules.required("at least one rules must be specified when the successPolicy is specified"));
    }
    if rules.len() > 20 {
        errors.push(FieldError::too_many(rules.at.clone(), rules.len(), 20));
    }
    let completions = spec.get("completions").number();
    for rule in rules.items() {
        let (count, indexes) = (rule.get("succeededCount"), rule.get("succeededIndexes"));
        if !count.given() && !indexes.given() {
            errors.push(rule.required("at least one of succeededCount or succeededIndexes must be specified"));
        }
        let mut named = None;
        if indexes.given() {
            match intervals(indexes.text(), completions) {
                Ok(total) => named = Some(total),
                Err(why) => {
                    named = Some(0);
                    errors.push(indexes.invalid(format!("error parsing succeededIndexes: {why}")));
                }
            }
        }
        check::non_negative(&count, errors);
        if count.number() > completions {
            let why = format!("must be less than or equal to {completions} (the number of specified completions)");
            errors.push(count.invalid(why));
        }
        if let Some(total) = named.filter(|total| count.number() > *total) {
            let what = "the number of indexes in the specified succeededIndexes field";
            errors.push(count.invalid(format!("must be less than or equal to {total} ({what})")));
        }
    }
}

/// How many indexes a text names: `1,3-5`, growing, below the number of completions.
fn intervals(text: &str, completions: i64) -> Result<i64, String> {
    let index = |text: &str| -> Result<i64, String> {
        let shown = proofmark_status::quote(text);
        let number: i64 = text.parse().map_err(|_| format!("cannot convert string to integer for index: {shown}"))?;
        if number < completions { Ok(number) } else { Err(format!("too large index: {shown}")) }
    };
    let growing = |last: i64, next: i64| {
        if last < next { Ok(()) } else { Err(format!("non-increasing order, previous: {last}, current: {next}")) }
    };
    let (mut last, mut total) = (None, 0);
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let (first, end) = match part.split('-').collect::<Vec<_>>()[..] {
            [one] => index(one).map(|number| (number, number))?,
            [first, end] => {
                let (first, end) = (index(first)?, index(end)?);
                growing(first, end)?;
                (first, end)
            }
            _ => {
                let shown = proofmark_status::quote(part);
                let rule = "an index interval can have at most two parts separated by '-'";
                return Err(format!("the fragment {shown} violates the requirement that {rule}"));
            }
        };
        if let Some(last) = last {
            growing(last, first)?;
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_grow_and_are_counted() {
        assert_eq!(intervals("0,2-4", 5), Ok(4));
        assert_eq!(intervals("", 5), Ok(0));
        assert_eq!(intervals("0-7", 5), Err("too large index: \"7\"".to_owned()));
        assert_eq!(intervals("3,1", 5), Err("non-increasing order, previous: 3, current: 1".to_owned()));
        assert_eq!(intervals("x", 5), Err("cannot convert string to integer for index: \"x\"".to_owned()));
    }
}
