//! ResourceQuotas and LimitRanges as objects. What they do to others is admission's part.
//!
//! Source: `pkg/apis/core/validation`, release 1.35.

use std::collections::BTreeSet;

use proofmark_builtin::quantity::Quantity;
use proofmark_json::Value;
use proofmark_status::FieldError;

use super::amounts;
use crate::node::{Errors, Node};
use crate::strategy::{BASE, Repeats};
use crate::{Strategy, check, content};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        resource: "resourcequotas",
        status: true,
        returns_deleted: true,
        validate: |new| resource_quota(new, None),
        validate_update: |new, old| resource_quota(new, Some(old)),
        ..BASE
    },
    Strategy {
        resource: "limitranges",
        names_itself: true,
        repeats: Repeats::Object,
        create_on_update: true,
        validate: limit_range,
        validate_update: |new, _| limit_range(new),
        ..BASE
    },
];

/// Scopes of pods, and the one of claims.
const SCOPES: [&str; 7] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "VolumeAttributesClass",
    "CrossNamespacePodAffinity",
];

/// Scopes that exclude each other.
const CONFLICTS: [(&str, &str); 2] = [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")];

/// Whether a scope can narrow down a resource.
fn fits(scope: &str, resource: &str) -> bool {
    let compute =
        matches!(resource, "cpu" | "memory" | "limits.cpu" | "limits.memory" | "requests.cpu" | "requests.memory");
    match scope {
        "BestEffort" => resource == "pods",
        "VolumeAttributesClass" => matches!(resource, "persistentvolumeclaims" | "requests.storage"),
        _ if SCOPES.contains(&scope) => resource == "pods" || compute,
        _ => true,
    }
}

fn resource_quota(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let spec = root.get("spec");
    let hard = spec.get("hard");
    for list in [&hard, &root.get("status").get("hard"), &root.get("status").get("used")] {
        for (name, amount) in list.entries() {
            amounts::quota_name(name, &amount.at, &mut errors);
            amounts::amount(name, &amount, &mut errors);
        }
    }
    let resources: Vec<&str> = hard.entries().map(|(name, _)| name).collect();
    let scopes = spec.get("scopes");
    scope_list(&scopes, &resources, &mut errors);
    let selector = spec.get("scopeSelector");
    if selector.given() {
        scope_selector(&selector, &scopes, &resources, &mut errors);
    }
    if let Some(old) = old {
        let set = |o: &Value| -> BTreeSet<String> {
            let list = o.pointer("/spec/scopes").and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        if set(new) != set(old) {
            errors.push(scopes.invalid(check::IMMUTABLE));
        }
    }
    errors
}

fn scope_list(scopes: &Node<'_>, resources: &[&str], errors: &mut Errors) {
    let texts = scopes.texts();
    for scope in &texts {
        if !SCOPES.contains(scope) {
            errors.push(scopes.invalid("unsupported scope"));
        }
        for resource in resources {
            if amounts::is_quota(resource) && !fits(scope, resource) {
                errors.push(scopes.invalid("unsupported scope applied to resource"));
            }
        }
    }
    for (a, b) in CONFLICTS {
        if texts.contains(&a) && texts.contains(&b) {
            errors.push(scopes.invalid("conflicting scopes"));
        }
    }
}

fn scope_selector(selector: &Node<'_>, scopes: &Node<'_>, resources: &[&str], errors: &mut Errors) {
    let list = selector.get("matchExpressions");
    let mut seen = BTreeSet::new();
    for requirement in list.items() {
        let (scope, operator, values) =
            (requirement.get("scopeName").text(), requirement.get("operator").text(), requirement.get("values"));
        // These paths lack the index, as upstream's do.
        let complain = |field: &str, value: Value, why: &str| FieldError::invalid(list.child(field), value, why);
        if !SCOPES.contains(&scope) {
            errors.push(complain("scopeName", scope.into(), "unsupported scope"));
        }
        for resource in resources {
            if amounts::is_quota(resource) && !fits(scope, resource) {
                errors.push(FieldError::invalid(
                    list.at.clone(),
                    selector.value.clone(),
                    "unsupported scope applied to resource",
                ));
            }
        }
        if !matches!(scope, "PriorityClass" | "VolumeAttributesClass")
            && SCOPES.contains(&scope)
            && operator != "Exists"
        {
            let why = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            errors.push(complain("operator", operator.into(), why));
        }
        match operator {
            "In" | "NotIn" if values.len() == 0 => {
                let why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                errors.push(FieldError::required(list.child("values"), why));
            }
            "Exists" | "DoesNotExist" if values.len() > 0 => {
                let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.push(complain("values", values.value.clone(), why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => errors.push(complain("operator", operator.into(), "not a valid selector operator")),
        }
        seen.insert(scope);
    }
    for (a, b) in CONFLICTS {
        if seen.contains(a) && seen.contains(b) {
            errors.push(FieldError::invalid(list.at.clone(), scopes.value.clone(), "conflicting scopes"));
        }
    }
}

fn limit_range(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let mut kinds = BTreeSet::new();
    for item in root.get("spec.limits").items() {
        let kind = item.get("type");
        let before = errors.len();
        let complaints = content::qualified_name(kind.text());
        errors.extend(complaints.into_iter().map(|why| FieldError::invalid(kind.at.clone(), kind.text(), why)));
        let standard = matches!(kind.text(), "Pod" | "Container" | "PersistentVolumeClaim");
        if errors.len() == before && !kind.text().contains('/') && !standard {
            errors.push(kind.invalid("must be a standard limit type or fully qualified"));
        }
        if !kinds.insert(kind.text()) {
            errors.push(FieldError::duplicate(kind.at.clone(), kind.text()));
        }
        limit_item(&item, kind.text(), &mut errors);
    }
    errors
}

/// The lists of amounts that an item has.
const LISTS: [&str; 5] = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];

fn limit_item(item: &Node<'_>, kind: &str, errors: &mut Errors) {
    let named = |name: &str, at: &str, errors: &mut Errors| match kind {
        "Pod" | "Container" => amounts::container_name(name, at, errors),
        _ => {
            amounts::name(name, at, errors);
        }
    };
    let mut keys = BTreeSet::new();
    for list in LISTS {
        let node = item.get(list);
        if kind == "Pod" && list.starts_with("default") {
            if node.len() > 0 {
                errors.push(node.forbidden("may not be specified when `type` is 'Pod'"));
            }
            continue;
        }
        if list == "maxLimitRequestRatio" && kind == "PersistentVolumeClaim" {
            let storage = |list: &str| item.get(list).value.get("storage").is_some();
            if !storage("min") && !storage("max") {
                let why = "either minimum or maximum storage value is required, but neither was provided";
                errors.push(FieldError::required(item.child("limits"), why));
            }
        }
        for (name, amount) in node.entries() {
            named(name, &amount.at, errors);
            keys.insert(name);
        }
    }
    for key in keys {
        bounds(item, key, kind, errors);
    }
}

/// From here on whole amounts are too large to be counted in thousandths (`MaxMilliValue`).
const WHOLE_MAX: i128 = (i64::MAX / 1000) as i128;

/// An amount, and how it was written.
fn amount(item: &Node<'_>, list: &str, key: &str) -> Option<Quantity> {
    Quantity::parse(item.get(list).value.get(key)?.as_str()?).ok()
}

fn bounds(item: &Node<'_>, key: &str, kind: &str, errors: &mut Errors) {
    let defaults = kind != "Pod";
    let min = amount(item, "min", key);
    let max = amount(item, "max", key);
    let default = amount(item, "default", key).filter(|_| defaults);
    let request = amount(item, "defaultRequest", key).filter(|_| defaults);
    let ratio = amount(item, "maxLimitRequestRatio", key);
    // Which must not exceed which, as what they are called, where the complaint is and what it shows.
    let pairs = [
        (&min, &max, "min value", "max value", "min", &min),
        (&min, &request, "min value", "default request value", "defaultRequest", &request),
        (&request, &max, "default request value", "max value", "defaultRequest", &request),
        (&request, &default, "default request value", "default limit value", "defaultRequest", &request),
        (&min, &default, "min value", "default value", "default", &min),
        (&default, &max, "default value", "max value", "default", &max),
    ];
    let mut complain = |list: &str, shown: &Quantity, why: String| {
        let at = format!("{}[{key}]", item.child(list));
        errors.push(FieldError::invalid(at, shown.to_string(), why));
    };
    for (small, large, small_name, large_name, list, shown) in pairs {
        if let (Some(small), Some(large), Some(shown)) = (small, large, shown)
            && small > large
        {
            complain(list, shown, format!("{small_name} {small} is greater than {large_name} {large}"));
        }
    }
    if let Some(ratio) = &ratio {
        if ratio.scaled(-3).is_some_and(|milli| milli < 1000) {
            complain("maxLimitRequestRatio", ratio, format!("ratio {ratio} is less than 1"));
        }
        let scaled = |scale| {
            let of = |amount: &Option<Quantity>| amount.as_ref().and_then(|amount| amount.scaled(scale));
            Some([of(&min)?, of(&max)?, ratio.scaled(scale)?])
        };
        // Thousandths count unless one of the three is too large for that.
        let (scale, unit) = match scaled(0) {
            Some(whole) if whole.iter().any(|amount| *amount >= WHOLE_MAX) => (0, 1.0),
            _ => (-3, 1000.0),
        };
        if let Some([least, most, own]) = scaled(scale) {
            let limit = to_f64(most) / to_f64(least);
            if to_f64(own) / unit > limit {
                complain("maxLimitRequestRatio", ratio, format!("ratio {ratio} is greater than max/min = {limit:.6}"));
            }
        }
    }
    if let (Some(default), Some(request)) = (&default, &request)
        && !amounts::overcommits(key)
        && default != request
    {
        let why = format!("default value {default} must equal to defaultRequest value {request} in {key}");
        complain("defaultRequest", request, why);
    }
}

#[expect(clippy::cast_precision_loss, reason = "Go computes the ratio with the same loss")]
fn to_f64(number: i128) -> f64 {
    number as f64
}
