//! Where pods may run: affinity, tolerations, spreading.

use std::collections::BTreeSet;

use proofmark_status::FieldError;

use crate::node::{Errors, Node};
use crate::{check, content};

/// `affinity`
pub(super) fn affinity(affinity: &Node<'_>, errors: &mut Errors) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    let node = affinity.get("nodeAffinity");
    let required = node.get(REQUIRED);
    if required.given() {
        node_selector(&required, errors);
    }
    for term in node.get(PREFERRED).items() {
        weight(&term, errors);
        node_term(&term.get("preference"), false, errors);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let pods = affinity.get(kind);
        for term in pods.get(REQUIRED).items() {
            pod_term(&term, errors);
        }
        for term in pods.get(PREFERRED).items() {
            weight(&term, errors);
            pod_term(&term.get("podAffinityTerm"), errors);
        }
    }
}

fn weight(term: &Node<'_>, errors: &mut Errors) {
    let weight = term.get("weight");
    if !(1..=100).contains(&weight.number()) {
        errors.push(FieldError::invalid(weight.at.clone(), weight.number(), "must be in the range 1-100"));
    }
}

/// A `NodeSelector`.
pub(in crate::kinds) fn node_selector(selector: &Node<'_>, errors: &mut Errors) {
    let terms = selector.get("nodeSelectorTerms");
    if terms.len() == 0 {
        errors.push(terms.required("must have at least one node selector term"));
    }
    for term in terms.items() {
        node_term(&term, true, errors);
    }
}

fn node_term(term: &Node<'_>, strict: bool, errors: &mut Errors) {
    for requirement in term.get("matchExpressions").items() {
        let (operator, values) = (requirement.get("operator"), requirement.get("values"));
        match operator.text() {
            "In" | "NotIn" if values.len() == 0 => {
                errors.push(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "Exists" | "DoesNotExist" if values.len() > 0 => {
                errors.push(values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
            }
            "Gt" | "Lt" if values.len() != 1 => {
                errors.push(values.required("must be specified single value when `operator` is 'Lt' or 'Gt'"));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            text => errors.push(FieldError::invalid(operator.at.clone(), text, "not a valid selector operator")),
        }
        check::shape(&requirement.get("key"), content::qualified_name, errors);
        if strict {
            for value in values.items() {
                check::shape(&value, content::label_value, errors);
            }
        }
    }
    for requirement in term.get("matchFields").items() {
        let (key, operator, values) = (requirement.get("key"), requirement.get("operator"), requirement.get("values"));
        match operator.text() {
            "In" | "NotIn" if values.len() != 1 => {
                errors.push(
                    values
                        .required("must be only one value when `operator` is 'In' or 'NotIn' for node field selector"),
                );
            }
            "In" | "NotIn" => {}
            text => errors.push(FieldError::invalid(operator.at.clone(), text, "not a valid selector operator")),
        }
        if key.is("metadata.name") {
            for value in values.items() {
                check::shape(&value, content::dns_subdomain, errors);
            }
        } else {
            errors.push(FieldError::invalid(key.at.clone(), key.text(), "not a valid field selector key"));
        }
    }
}

fn pod_term(term: &Node<'_>, errors: &mut Errors) {
    check::selector(&term.get("labelSelector"), errors);
    check::selector(&term.get("namespaceSelector"), errors);
    for name in term.get("namespaces").texts() {
        let complaints = content::dns_label(name);
        errors.extend(complaints.into_iter().map(|why| FieldError::invalid(term.child("namespace"), name, why)));
    }
    label_keys(term, errors);
    let key = term.get("topologyKey");
    if !key.filled() {
        errors.push(key.required("can not be empty"));
    }
    check::shape(&key, content::qualified_name, errors);
}

/// `matchLabelKeys` and `mismatchLabelKeys`
fn label_keys(term: &Node<'_>, errors: &mut Errors) {
    let selector = term.get("labelSelector");
    for field in ["matchLabelKeys", "mismatchLabelKeys"] {
        let keys = term.get(field);
        if keys.len() == 0 {
            continue;
        }
        if selector.given() {
            for key in keys.items() {
                check::shape(&key, content::qualified_name, errors);
            }
        } else {
            errors.push(keys.forbidden("must not be specified when labelSelector is not set"));
        }
    }
    let (wanted, unwanted) = (term.get("matchLabelKeys").texts(), term.get("mismatchLabelKeys").texts());
    let mut selected: BTreeSet<&str> = selector.get("matchLabels").entries().map(|(key, _)| key).collect();
    for requirement in selector.get("matchExpressions").items() {
        let key = requirement.get("key").text();
        if let Some(i) = wanted.iter().position(|k| *k == key).filter(|_| selected.contains(key)) {
            let at = format!("{}[{i}]", term.at);
            errors.push(FieldError::invalid(at, key, "exists in both matchLabelKeys and labelSelector"));
        }
        selected.insert(key);
    }
    for (i, key) in wanted.iter().enumerate().filter(|(_, key)| unwanted.contains(key)) {
        let at = format!("{}[{i}]", term.child("matchLabelKeys"));
        errors.push(FieldError::invalid(at, *key, "exists in both matchLabelKeys and mismatchLabelKeys"));
    }
}

/// `tolerations`
pub(in crate::kinds) fn tolerations(list: &Node<'_>, errors: &mut Errors) {
    for toleration in list.items() {
        let field = |name: &str| toleration.get(name);
        let (key, operator, value, effect) = (field("key"), field("operator"), field("value"), field("effect"));
        if key.filled() {
            check::shape(&key, content::qualified_name, errors);
        } else if !operator.is("Exists") {
            let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.push(FieldError::invalid(operator.at.clone(), operator.text(), why));
        }
        if field("tolerationSeconds").given() && !effect.is("NoExecute") {
            let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.push(FieldError::invalid(effect.at.clone(), effect.text(), why));
        }
        match operator.text() {
            "" | "Equal" => {
                let complaints = content::label_value(value.text());
                if !complaints.is_empty() {
                    errors.push(FieldError::invalid(operator.at.clone(), value.text(), complaints.join(";")));
                }
            }
            "Exists" => {
                if value.filled() {
                    let why = "value must be empty when `operator` is 'Exists'";
                    errors.push(FieldError::invalid(operator.at.clone(), value.text(), why));
                }
            }
            // Alpha in 1.35 (TaintTolerationComparisonOperators), and named all the same.
            "Lt" | "Gt" => errors.push(operator.not_supported(&["Equal", "Exists", "Lt", "Gt"])),
            _ => errors.push(operator.not_supported(&["Equal", "Exists"])),
        }
        if effect.filled() {
            check::supported_text(&effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"], errors);
        }
    }
}

fn above_zero(node: &Node<'_>, errors: &mut Errors) {
    if node.number() <= 0 {
        errors.push(FieldError::invalid(node.at.clone(), node.number(), "must be greater than zero"));
    }
}

/// `topologySpreadConstraints`
pub(super) fn spreading(list: &Node<'_>, errors: &mut Errors) {
    let identity =
        |c: &Node<'_>| (c.get("topologyKey").text().to_owned(), c.get("whenUnsatisfiable").text().to_owned());
    let all: Vec<_> = list.items().map(|c| identity(&c)).collect();
    for (i, constraint) in list.items().enumerate() {
        above_zero(&constraint.get("maxSkew"), errors);
        let (key, action) = (constraint.get("topologyKey"), constraint.get("whenUnsatisfiable"));
        if !key.filled() {
            errors.push(key.required("can not be empty"));
        }
        check::supported_text(&action, &["DoNotSchedule", "ScheduleAnyway"], errors);
        let (topology, unsatisfiable) = identity(&constraint);
        if all.iter().skip(i + 1).any(|other| other.0 == topology && other.1 == unsatisfiable) {
            let at = constraint.child("{topologyKey, whenUnsatisfiable}");
            errors.push(FieldError::duplicate(at, format!("{{{topology}, {unsatisfiable}}}")));
        }
        let domains = constraint.get("minDomains");
        if domains.given() {
            above_zero(&domains, errors);
            if !action.is("DoNotSchedule") {
                let why = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}", action.text());
                errors.push(domains.invalid(why));
            }
        }
        for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            let policy = constraint.get(field);
            if policy.given() {
                check::supported_text(&policy, &["Honor", "Ignore"], errors);
            }
        }
        label_keys(&constraint, errors);
        check::selector(&constraint.get("labelSelector"), errors);
    }
}
