//! What the validator says of autoscaling: annotations of the service, and fields of its components.

use proofmark_controllers::kit::object;
use proofmark_json::Value;
use proofmark_text::quantity::Quantity;

use crate::behaviour::Behaviour;
use crate::config::Mode;
use crate::names::{AUTOSCALER_CLASS, DEPLOYMENT_MODE, KNATIVE_AUTOSCALING_CLASS, METRICS, TARGET_UTILIZATION};

/// Class, metric and target as annotations.
pub(super) fn annotations(service: &Value, behaviour: Behaviour) -> Result<(), String> {
    if let Some(class) = object::annotation(service, AUTOSCALER_CLASS) {
        let known: &[&str] = match (behaviour.keda, behaviour.external_autoscalers) {
            (true, _) => &["hpa", "external", "keda", "none"],
            (false, true) => &["hpa", "external"],
            (false, false) => &["hpa"],
        };
        if !known.contains(&class) {
            let end = if behaviour.small_letters { "" } else { ".\n" };
            return Err(format!("[{class}] is not a supported autoscaler class type{end}"));
        }
        if class == "hpa"
            && !behaviour.keda
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
    let by_hpa = annotation(KNATIVE_AUTOSCALING_CLASS) == "hpa.autoscaling.knative.dev";
    let raw = Mode::read(annotation(DEPLOYMENT_MODE), behaviour) == Some(Mode::Raw);
    match annotation(AUTOSCALER_CLASS) {
        _ if !raw && !by_hpa => kpa(block, behaviour),
        _ if !raw || !behaviour.keda => hpa(block, behaviour),
        "hpa" => hpa(block, behaviour),
        "keda" => keda(block),
        _ => Ok(()),
    }
}

fn metric<'b>(block: &'b Value, default: &'b str) -> &'b str {
    block.get("scaleMetric").and_then(Value::as_str).unwrap_or(default)
}

fn target(block: &Value) -> Option<i64> {
    block.get("scaleTarget").and_then(Value::as_i64)
}

fn hpa(block: &Value, behaviour: Behaviour) -> Result<(), String> {
    let metric = metric(block, "cpu");
    hpa_metric(metric, behaviour)?;
    match (metric, target(block)) {
        ("cpu", Some(target)) if target < 1 => return Err(utilization(behaviour)),
        // A hundred is the most of anything.
        (_, Some(target)) if target > 100 => return Err(utilization(behaviour)),
        ("memory", Some(target)) if target < 1 => {
            return Err(format!("{} target memory should be greater than 1 MiB", the(behaviour)));
        }
        _ => {}
    }
    for metric in object::list(block, "/autoScaling/metrics") {
        match object::text(metric, "/type") {
            "Resource" => source(metric, "resource", "metricSpec.Resource is not set for resource metric source type")?,
            other => {
                return Err(format!(
                    "invalid HPA metric source type with value [{other}],valid metric source types are Resource"
                ));
            }
        };
    }
    Ok(())
}

/// What KEDA scales by.
fn keda(block: &Value) -> Result<(), String> {
    if block.get("scaleMetric").is_some() {
        return Err("ScaleMetric is not supported for KEDA".to_owned());
    }
    for metric in object::list(block, "/autoScaling/metrics") {
        match object::text(metric, "/type") {
            "Resource" => {
                let unset = "metricSpec.Resource is not set for resource metric source type";
                resource(source(metric, "resource", unset)?)?;
            }
            "External" => {
                let unset = "metricSpec.External is not set for external metric source type";
                query(source(metric, "external", unset)?, "the target threshold value should not be empty")?;
            }
            "PodMetric" => {
                let unset = "metricSpec.PodMetric is not set for pod metric source type";
                query(source(metric, "podmetric", unset)?, "the target threshold value should not be empty")?;
            }
            other => {
                return Err(format!(
                    "unknown KEDA metric type with value [{other}].Valid types are Resource,External,PodMetric"
                ));
            }
        }
    }
    Ok(())
}

/// The source of a metric.
fn source<'m>(metric: &'m Value, field: &str, unset: &str) -> Result<&'m Value, String> {
    metric.get(field).filter(|source| source.is_object()).ok_or_else(|| unset.to_owned())
}

fn resource(source: &Value) -> Result<(), String> {
    let of_type = object::text(source, "/target/type");
    match object::text(source, "/name") {
        "cpu" if of_type != "Utilization" => return Err("the cpu target value type should be Utilization".to_owned()),
        "cpu" => {}
        "memory" if !["AverageValue", "Utilization"].contains(&of_type) => {
            return Err("the memory target value type should be AverageValue or Utilization".to_owned());
        }
        "memory" => {
            let least = Quantity::parse("1Mi").ok();
            let amount = amount(&source["target"]["averageValue"]);
            let too_little = amount.zip(least).is_some_and(|(amount, least)| amount.minus(&least).sign() < 0);
            if of_type == "AverageValue" && too_little {
                return Err("the memory target value should be greater than 1 MiB".to_owned());
            }
        }
        other => return Err(format!("resource type {other} is not supported")),
    }
    scale_target(&source["target"])
}

fn query(source: &Value, no_value: &str) -> Result<(), String> {
    if object::text(source, "/metric/query").is_empty() {
        return Err("the query should not be empty".to_owned());
    }
    if source.pointer("/target/value").is_none_or(Value::is_null) {
        return Err(no_value.to_owned());
    }
    scale_target(&source["target"])
}

/// A target has the value that its type means.
fn scale_target(target: &Value) -> Result<(), String> {
    let has = |field: &str| target.get(field).is_some_and(|value| !value.is_null());
    match object::text(target, "/type") {
        "Utilization" => match target.get("averageUtilization").and_then(Value::as_i64) {
            None => Err("the AverageUtilization type should be set".to_owned()),
            Some(share) if !(1..=100).contains(&share) => {
                Err("the target utilization percentage should be a [1-100] integer".to_owned())
            }
            Some(_) => Ok(()),
        },
        "AverageValue" if !has("averageValue") => Err("the AverageValue type should be set".to_owned()),
        "Value" if !has("value") => Err("the Value type should be set".to_owned()),
        _ => Ok(()),
    }
}

fn amount(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text).ok(),
        Value::Number(number) => Quantity::parse(&number.to_string()).ok(),
        _ => None,
    }
}

fn hpa_metric(metric: &str, behaviour: Behaviour) -> Result<(), String> {
    if matches!(metric, "cpu" | "memory") { Ok(()) } else { Err(not_supported(metric, behaviour)) }
}

fn kpa(block: &Value, behaviour: Behaviour) -> Result<(), String> {
    if block.get("deploymentStrategy").is_some_and(Value::is_object) {
        return Err("customizing deploymentStrategy is only supported for raw deployment mode".to_owned());
    }
    let metric = metric(block, "concurrency");
    if !matches!(metric, "concurrency" | "rps") {
        return Err(not_supported(metric, behaviour));
    }
    match target(block) {
        Some(target) if metric == "rps" && target < 1 => {
            let the = if behaviour.small_target { "the" } else { "The" };
            Err(format!("{the} target for rps should be greater than 1"))
        }
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

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;
    use crate::release::Release;

    fn told(release: Release, class: &str, mode: &str, block: &Value) -> String {
        let service =
            json!({"metadata": {"annotations": {AUTOSCALER_CLASS: class, DEPLOYMENT_MODE: mode}}, "spec": {}});
        component(&service, block, Behaviour::of(release)).err().unwrap_or_default()
    }

    #[rstest::rstest]
    #[case("memory", 200, "should be a [1-100] integer")]
    #[case("memory", 0, "greater than 1 MiB")]
    #[case("cpu", 0, "should be a [1-100] integer")]
    #[case("cpu", 100, "")]
    #[case("rps", 5, "[rps] is not a supported metric")]
    fn raw_targets_are_shares(#[case] metric: &str, #[case] target: i64, #[case] why: &str) {
        let block = json!({"scaleMetric": metric, "scaleTarget": target});
        for (release, class) in [(Release::V0_13_0, "external"), (Release::V0_14_1, ""), (Release::V0_15_2, "hpa")] {
            let told = told(release, class, "RawDeployment", &block);
            assert!(told.contains(why) && told.is_empty() == why.is_empty(), "{release}: {told}");
        }
    }

    #[rstest::rstest]
    #[case(json!({"type": "Resource"}), "metricSpec.Resource is not set")]
    #[case(json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Value"}}}), "cpu target value type")]
    #[case(json!({"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "10"}}}), "greater than 1 MiB")]
    #[case(json!({"type": "External", "external": {"metric": {"query": ""}, "target": {}}}), "the query should not be empty")]
    #[case(json!({"type": "External", "external": {"metric": {"query": "q"}, "target": {"type": "Value", "value": "5"}}}), "")]
    fn keda_metrics_are_whole(#[case] metric: Value, #[case] why: &str) {
        let told = told(Release::V0_15_2, "keda", "RawDeployment", &json!({"autoScaling": {"metrics": [metric]}}));
        assert!(told.contains(why) && told.is_empty() == why.is_empty(), "{told}");
    }

    #[test]
    fn knative_rolls_out_by_itself() {
        let block = json!({"deploymentStrategy": {"type": "Recreate"}});
        assert!(told(Release::V0_13_0, "", "Serverless", &block).starts_with("customizing deploymentStrategy"));
        assert_eq!(told(Release::V0_13_0, "", "RawDeployment", &block), "");
    }
}
