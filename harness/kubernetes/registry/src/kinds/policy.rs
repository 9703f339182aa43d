//! PodDisruptionBudgets and PriorityClasses.
//!
//! Source: `pkg/apis/policy/validation` and `pkg/apis/scheduling/validation`, release 1.35.

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::node::{Errors, Node};
use crate::strategy::{BASE, Generation, NameRule, Repeats};
use crate::{Strategy, check, internal, meta};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        group: "policy",
        resource: "poddisruptionbudgets",
        name: NameRule::PathSegment,
        late_metadata: true,
        repeats: Repeats::Nothing,
        status: true,
        generation: Generation::States,
        unconditional_update: false,
        validate: budget,
        validate_update: |new, _| budget(new),
        ..BASE
    },
    Strategy {
        group: "scheduling.k8s.io",
        resource: "priorityclasses",
        generation: Generation::One,
        validate: priority_class,
        validate_update: priority_class_update,
        ..BASE
    },
];

fn budget(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let spec = root.get("spec");
    let (min, max) = (spec.get("minAvailable"), spec.get("maxUnavailable"));
    if min.given() && max.given() {
        let why = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid(spec.at.clone(), internal::show(new, "/spec"), why));
    }
    for node in [min, max] {
        check::int_or_percent(&node, &mut errors);
        check::at_most_all(&node, &mut errors);
    }
    check::selector(&spec.get("selector"), &mut errors);
    let eviction = spec.get("unhealthyPodEvictionPolicy");
    if eviction.given() {
        check::supported_text(&eviction, &["AlwaysAllow", "IfHealthyBudget"], &mut errors);
    }
    for field in ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] {
        check::non_negative(&root.get("status").get(field), &mut errors);
    }
    errors
}

/// Classes of Kubernetes itself, with their values.
const SYSTEM_CLASSES: [(&str, i64); 2] =
    [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];
/// The highest value of other classes.
const USER_MAX: i64 = 1_000_000_000;

fn priority_class(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let (name, value) = (meta::text(new, "name"), root.get("value"));
    if name.starts_with("system-") {
        let problem = match SYSTEM_CLASSES.iter().find(|(known, _)| *known == name) {
            None => Some(format!("{name} is not a known system priority class")),
            Some((_, want)) if *want != value.number() => Some(format!("value of {name} PriorityClass must be {want}")),
            Some(_) if root.get("globalDefault").on() => {
                Some(format!("globalDefault of {name} PriorityClass must be false"))
            }
            Some(_) => None,
        };
        if let Some(problem) = problem {
            let why = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {problem}"
            );
            errors.push(FieldError::forbidden("metadata.name", why));
        }
    } else if value.number() > USER_MAX {
        errors.push(value.forbidden(format!("maximum allowed value of a user defined priority is {USER_MAX}")));
    }
    let policy = root.get("preemptionPolicy");
    if policy.given() {
        check::one_of(&policy, &["PreemptLowerPriority", "Never"], &mut errors);
    }
    errors
}

fn priority_class_update(new: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    let (now, before) = (Node::root(new), Node::root(old));
    if now.get("value").number() != before.get("value").number() {
        errors.push(now.get("value").forbidden("may not be changed in an update."));
    }
    check::immutable(&now.get("preemptionPolicy"), &before.get("preemptionPolicy"), &mut errors);
    errors
}
