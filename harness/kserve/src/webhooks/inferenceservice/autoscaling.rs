//! What the validator says of autoscaling: annotations of the service, and fields of its components.

use proofmark_controllers::kit::object;
use serde_json::Value;

use crate::behaviour::Behaviour;
use crate::names::{AUTOSCALER_CLASS, DEPLOYMENT_MODE, KNATIVE_AUTOSCALING_CLASS, METRICS, TARGET_UTILIZATION};

/// Class, metric and target as annotations.
pub(super) fn annotations(service: &Value, behaviour: Behaviour) -> Result<(), String> {
    let end = if behaviour.small_letters { "" } else { "\n" };
    if let Some(class) = object::annotation(service, AUTOSCALER_CLASS) {
        let known: &[&str] = if behaviour.keda { &["hpa", "external", "keda", "none"] } else { &["hpa", "external"] };
        if !known.contains(&class) {
            return Err(format!(
                "[{class}] is not a supported autoscaler class type{}",
                if end.is_empty() { "" } else { ".\n" }
            ));
        }
        if class == "hpa"
            && let Some(metric) = object::annotation(service, METRICS)
        {
            hpa_metric(metric, behaviour)?;
        }
    }
    // Later releases read the percentage only where they use it.
    if !behaviour.keda
        && let Some(target) = object::annotation(service, TARGET_UTILIZATION)
    {
        let percentage = target.parse::<i64>().ok().filter(|target| (1..=100).contains(target));
        percentage.ok_or_else(|| utilization(behaviour))?;
    }
    Ok(())
}

/// Metric and target of a component.
pub(super) fn component(service: &Value, block: &Value, behaviour: Behaviour) -> Result<(), String> {
    let annotation = |key: &str| object::annotation(service, key).unwrap_or_default();
    let class = annotation(AUTOSCALER_CLASS);
    let by_hpa = annotation(KNATIVE_AUTOSCALING_CLASS) == "hpa.autoscaling.knative.dev";
    let raw = matches!(annotation(DEPLOYMENT_MODE), "RawDeployment" | "Standard");
    let metric = block.get("scaleMetric").and_then(Value::as_str);
    let target = block.get("scaleTarget").and_then(Value::as_i64);
    if !raw && !by_hpa {
        return kpa(metric, target, behaviour);
    }
    match class {
        "keda" if metric.is_some() => Err("ScaleMetric is not supported for KEDA".to_owned()),
        "keda" | "none" | "external" => Ok(()),
        "hpa" => hpa(metric, target, behaviour),
        _ if behaviour.keda => Ok(()),
        _ => hpa(metric, target, behaviour),
    }
}

fn hpa(metric: Option<&str>, target: Option<i64>, behaviour: Behaviour) -> Result<(), String> {
    let metric = metric.unwrap_or("cpu");
    hpa_metric(metric, behaviour)?;
    match (metric, target) {
        ("cpu", Some(target)) if !(1..=100).contains(&target) => Err(utilization(behaviour)),
        ("memory", Some(target)) if target < 1 => {
            Err(format!("{} target memory should be greater than 1 MiB", the(behaviour)))
        }
        _ => Ok(()),
    }
}

fn hpa_metric(metric: &str, behaviour: Behaviour) -> Result<(), String> {
    if matches!(metric, "cpu" | "memory") { Ok(()) } else { Err(not_supported(metric, behaviour)) }
}

fn kpa(metric: Option<&str>, target: Option<i64>, behaviour: Behaviour) -> Result<(), String> {
    let metric = metric.unwrap_or("concurrency");
    if !matches!(metric, "concurrency" | "rps") {
        return Err(not_supported(metric, behaviour));
    }
    match target {
        Some(target) if metric == "rps" && target < 1 => Err("the target for rps should be greater than 1".to_owned()),
        _ => Ok(()),
    }
}

fn not_supported(metric: &str, behaviour: Behaviour) -> String {
    format!("[{metric}] is not a supported metric{}", if behaviour.small_letters { "" } else { ".\n" })
}

fn utilization(behaviour: Behaviour) -> String {
    let end = if behaviour.small_letters { "" } else { "." };
    format!("{} target utilization percentage should be a [1-100] integer{end}", the(behaviour))
}

const fn the(behaviour: Behaviour) -> &'static str {
    if behaviour.small_letters { "the" } else { "The" }
}
