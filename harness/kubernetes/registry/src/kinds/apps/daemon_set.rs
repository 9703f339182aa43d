//! A pod on every node: DaemonSets.

use proofmark_json::{Value, json};
use proofmark_status::FieldError;

use super::shared::{collisions, forever, immutable_selector, is_empty, non_negative, shown};
use crate::kinds::pod;
use crate::node::{Errors, Node};
use crate::{check, internal, meta};

/// The annotation that counts states of the template; internally it is a field of the specification, and it is always written.
const GENERATION: &str = "deprecated.daemonset.template.generation";

fn generation(set: &Value) -> i64 {
    let text = meta::of(set).and_then(|m| m.get("annotations")?.get(GENERATION)?.as_str());
    text.and_then(|t| t.parse().ok()).unwrap_or(0)
}

fn set_generation(set: &mut Value, generation: i64) {
    let annotations = meta::of_mut(set).entry("annotations").or_insert_with(|| json!({}));
    if !annotations.is_object() {
        *annotations = json!({});
    }
    annotations[GENERATION] = json!(generation.to_string());
}

pub(super) fn prepare_create(set: &mut Value) {
    let generation = generation(set).max(1);
    set_generation(set, generation);
}

pub(super) fn prepare_update(new: &mut Value, old: &Value) {
    let template = |set: &Value| check::or_null(set.pointer("/spec/template"));
    let changed = !check::same(&template(new), &template(old));
    set_generation(new, generation(old) + i64::from(changed));
}

pub(super) fn prepare_status(new: &mut Value, old: &Value) {
    set_generation(new, generation(old));
}

pub(super) fn validate(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    if old.is_some() {
        immutable_selector(&spec, old, &mut errors);
    }
    check::selector(&spec.get("selector"), &mut errors);
    let node = spec.get("selector");
    let picks =
        node.given() && (is_empty(&node) || check::matches(node.value, pod::template_labels(&spec.get("template"))));
    let unusable = node.given() && check::unusable_selector(node.value);
    if !picks && !unusable {
        let labels = check::or_null(new.pointer("/spec/template/metadata/labels"));
        let at = spec.child("template.metadata.labels");
        errors.push(FieldError::invalid(at, labels, "`selector` does not match template `labels`"));
    }
    if node.given() && is_empty(&node) {
        errors.push(FieldError::invalid(node.at.clone(), shown(&node), "empty selector is invalid for daemonset"));
    }
    pod::template(new, &spec.get("template"), &mut errors);
    forever(&spec, "DaemonSet", &mut errors);
    check::non_negative(&spec.get("minReadySeconds"), &mut errors);
    let strategy = spec.get("updateStrategy");
    let rolling = strategy.get("rollingUpdate");
    match strategy.get("type").text() {
        "OnDelete" => {}
        "RollingUpdate" if !rolling.given() => errors.push(rolling.required("")),
        "RollingUpdate" => daemon_rolling(&rolling, &mut errors),
        _ => {
            let shown = internal::show(new, "/spec/updateStrategy");
            errors.push(FieldError::not_supported(strategy.at.clone(), shown, &["RollingUpdate", "OnDelete"]));
        }
    }
    check::non_negative(&spec.get("revisionHistoryLimit"), &mut errors);
    let counts = [
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    ];
    non_negative(&Node::root(new).get("status"), &counts, &mut errors);
    collisions(new, old, &mut errors);
    errors
}

fn daemon_rolling(rolling: &Node<'_>, errors: &mut Errors) {
    let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
    check::int_or_percent(&unavailable, errors);
    check::int_or_percent(&surge, errors);
    check::at_most_all(&unavailable, errors);
    check::at_most_all(&surge, errors);
    match (check::int_or_percent_value(&unavailable), check::int_or_percent_value(&surge)) {
        (0, 0) => errors.push(unavailable.required("cannot be 0 when maxSurge is 0")),
        (0, _) | (_, 0) => {}
        _ => errors.push(surge.invalid("may not be set when maxUnavailable is non-zero")),
    }
}
