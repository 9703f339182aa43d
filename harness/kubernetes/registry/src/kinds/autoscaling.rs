//! HorizontalPodAutoscalers.
//!
//! Source: `pkg/apis/autoscaling/validation`, release 1.35. Objects of `autoscaling/v1` are looked at as what they are in `v2`.

use proofmark_json::Value;
use proofmark_status::FieldError;

use super::amounts;
use crate::node::{Errors, Node};
use crate::strategy::BASE;
use crate::versions::convert;
use crate::{Strategy, check, content};

const OLD: &str = "autoscaling/v1";
const STORED: &str = "autoscaling/v2";

pub(super) const ROWS: &[Strategy] = &[Strategy {
    group: "autoscaling",
    resource: "horizontalpodautoscalers",
    status: true,
    // Either version is what the stored one makes of it: defaults are set there, annotations that say nothing are gone.
    default: |autoscaler, settled| {
        if autoscaler.get("apiVersion").and_then(Value::as_str) == Some(OLD) {
            let stored = convert(std::mem::take(autoscaler), STORED);
            *autoscaler = convert(stored, OLD);
        } else {
            crate::defaults::apply(autoscaler, settled);
        }
    },
    validate: |new| validate(new, None),
    validate_update: |new, old| validate(new, Some(old)),
    ..BASE
}];

fn validate(autoscaler: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let converted;
    let mut object = autoscaler;
    if autoscaler.get("apiVersion").and_then(Value::as_str) == Some(OLD) {
        converted = convert(autoscaler.clone(), STORED);
        object = &converted;
    }
    let root = Node::root(object);
    let spec = root.get("spec");
    let (min, max) = (spec.get("minReplicas"), spec.get("maxReplicas"));
    if min.given() && min.number() < 1 {
        errors.push(min.invalid("must be greater than or equal to 1"));
    }
    if max.number() < 1 {
        errors.push(FieldError::invalid(max.at.clone(), max.number(), "must be greater than 0"));
    }
    if min.given() && max.number() < min.number() {
        errors.push(FieldError::invalid(
            max.at.clone(),
            max.number(),
            "must be greater than or equal to `minReplicas`",
        ));
    }
    reference(&spec.get("scaleTargetRef"), old.and_then(|o| o.pointer("/spec/scaleTargetRef")), &mut errors);
    metrics(&spec, &mut errors);
    for direction in ["scaleUp", "scaleDown"] {
        let rules = spec.get("behavior").get(direction);
        if rules.given() {
            scaling(&rules, &mut errors);
        }
    }
    for field in ["currentReplicas", "desiredReplicas"] {
        check::non_negative(&root.get("status").get(field), &mut errors);
    }
    errors
}

/// What is scaled, which must say its API group; where it did not, it need not learn to.
fn reference(node: &Node<'_>, old: Option<&Value>, errors: &mut Errors) {
    let (kind, version) = (node.get("kind"), node.get("apiVersion"));
    check::required_shape(&kind, content::path_segment, errors);
    check::required_shape(&node.get("name"), content::path_segment, errors);
    let had = |field: &str| old.and_then(|o| o.get(field)).and_then(Value::as_str).unwrap_or_default();
    if old.is_some() && had("kind") == kind.text() && had("apiVersion") == version.text() {
        return;
    }
    let text = version.text();
    let problem = match text.matches('/').count() {
        0 if kind.is("ReplicationController") => return,
        0 => "apiVersion must specify API group".to_owned(),
        1 if !text.starts_with('/') => return,
        1 => "apiVersion must specify API group".to_owned(),
        _ => format!("unexpected GroupVersion string: {text}"),
    };
    errors.push(FieldError::invalid(version.at.clone(), text, problem));
}

const SOURCES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];

fn metrics(spec: &Node<'_>, errors: &mut Errors) {
    let list = spec.get("metrics");
    for metric in list.items() {
        source(&metric, errors);
    }
    let min = spec.get("minReplicas");
    let elsewhere = list.items().any(|m| matches!(m.get("type").text(), "Object" | "External"));
    if min.given() && min.number() == 0 && !elsewhere {
        let why = "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.push(list.forbidden(why));
    }
}

fn source(metric: &Node<'_>, errors: &mut Errors) {
    let kind = metric.get("type");
    if !kind.filled() {
        errors.push(kind.required("must specify a metric source type"));
    }
    let known = SOURCES.contains(&kind.text());
    if !known {
        errors.push(kind.not_supported(&SOURCES));
    }
    let fields = ["object", "external", "pods", "resource", "containerResource"];
    let given: Vec<Node<'_>> = fields.into_iter().map(|f| metric.get(f)).filter(Node::given).collect();
    if let Some(first) = given.first() {
        match first.at.rsplit('.').next() {
            Some("object") => object_source(first, errors),
            Some("external") => external_source(first, errors),
            Some("pods") => pods_source(first, errors),
            _ => resource_source(first, errors),
        }
    }
    let mut letters = kind.text().chars();
    let expected = letters.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(letters).collect::<String>();
    if !known {
        // Upstream looks at the type twice.
        errors.push(kind.not_supported(&SOURCES));
    } else {
        let node = metric.get(&expected);
        if !node.given() {
            errors.push(node.required("must populate information for the given metric source"));
        }
    }
    if given.len() != 1 {
        for other in given.iter().filter(|n| !n.at.ends_with(&format!(".{expected}"))) {
            errors.push(other.forbidden("must populate the given metric source only"));
        }
    }
}

fn identifier(metric: &Node<'_>, errors: &mut Errors) {
    let name = metric.get("name");
    if name.filled() {
        check::shape(&name, content::path_segment, errors);
    } else {
        errors.push(name.required("must specify a metric name"));
    }
}

fn target(target: &Node<'_>, errors: &mut Errors) {
    let kind = target.get("type");
    if !kind.filled() {
        errors.push(kind.required("must specify a metric target type"));
    }
    if !matches!(kind.text(), "Utilization" | "Value" | "AverageValue") {
        let why = "must be either Utilization, Value, or AverageValue";
        errors.push(FieldError::invalid(kind.at.clone(), kind.text(), why));
    }
    for field in ["value", "averageValue"] {
        let amount = target.get(field);
        if amount.quantity().is_some_and(|q| q.sign() <= 0) {
            errors.push(amount.invalid("must be positive"));
        }
    }
    let utilization = target.get("averageUtilization");
    if utilization.given() && utilization.number() < 1 {
        errors.push(utilization.invalid("must be greater than 0"));
    }
}

fn object_source(node: &Node<'_>, errors: &mut Errors) {
    let described = node.get("describedObject");
    // What is described may be of the core group.
    check::required_shape(&described.get("kind"), content::path_segment, errors);
    check::required_shape(&described.get("name"), content::path_segment, errors);
    identifier(&node.get("metric"), errors);
    target(&node.get("target"), errors);
    if !node.get("target.value").given() && !node.get("target.averageValue").given() {
        errors.push(node.get("target.averageValue").required("must set either a target value or averageValue"));
    }
}

fn external_source(node: &Node<'_>, errors: &mut Errors) {
    identifier(&node.get("metric"), errors);
    target(&node.get("target"), errors);
    let (value, average) = (node.get("target.value"), node.get("target.averageValue"));
    match (value.given(), average.given()) {
        (false, false) => {
            errors.push(average.required("must set either a target value for metric or a per-pod target"))
        }
        (true, true) => errors.push(value.forbidden("may not set both a target value for metric and a per-pod target")),
        _ => {}
    }
}

fn pods_source(node: &Node<'_>, errors: &mut Errors) {
    identifier(&node.get("metric"), errors);
    target(&node.get("target"), errors);
    let average = node.get("target.averageValue");
    if !average.given() {
        errors.push(average.required("must specify a positive target averageValue"));
    }
}

/// CPU or memory of pods, or of one container of each.
fn resource_source(node: &Node<'_>, errors: &mut Errors) {
    let of_container = node.at.ends_with(".containerResource");
    let name = node.get("name");
    if !name.filled() {
        errors.push(name.required("must specify a resource name"));
    } else if of_container {
        amounts::container_name(name.text(), &name.at, errors);
    }
    if of_container {
        let container = node.get("container");
        if container.filled() {
            check::shape(&container, content::dns_label, errors);
        } else {
            errors.push(container.required("must specify a container"));
        }
    }
    target(&node.get("target"), errors);
    let (utilization, average) = (node.get("target.averageUtilization"), node.get("target.averageValue"));
    match (utilization.given(), average.given()) {
        (false, false) => {
            errors.push(utilization.required("must set either a target raw value or a target utilization"));
        }
        (true, true) => {
            errors.push(average.forbidden("may not set both a target raw value and a target utilization"));
        }
        _ => {}
    }
}

fn scaling(rules: &Node<'_>, errors: &mut Errors) {
    let window = rules.get("stabilizationWindowSeconds");
    if window.number() < 0 {
        errors.push(window.invalid("must be greater than or equal to zero"));
    }
    if window.number() > 3600 {
        errors.push(window.invalid("must be less than or equal to 3600"));
    }
    let select = rules.get("selectPolicy");
    if select.given() {
        check::supported_text(&select, &["Disabled", "Max", "Min"], errors);
    }
    let policies = rules.get("policies");
    if policies.len() == 0 {
        errors.push(policies.required("must specify at least one Policy"));
    }
    for policy in policies.items() {
        check::supported_text(&policy.get("type"), &["Percent", "Pods"], errors);
        for field in ["value", "periodSeconds"] {
            let node = policy.get(field);
            if node.number() <= 0 {
                errors.push(FieldError::invalid(node.at.clone(), node.number(), "must be greater than zero"));
            }
        }
        let period = policy.get("periodSeconds");
        if period.number() > 1800 {
            errors.push(period.invalid("must be less than or equal to 1800"));
        }
    }
    let tolerance = rules.get("tolerance");
    if tolerance.quantity().is_some_and(|q| q.sign() < 0) {
        errors.push(tolerance.invalid("must be greater than or equal to 0"));
    }
}
