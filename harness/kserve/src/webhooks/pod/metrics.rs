//! Where Prometheus reads metrics of a pod, and whether Knative's proxy collects those of the server.

use proofmark_controllers::kit::object;
use serde_json::{Value, json};

use super::edit;
use crate::config::{Config, ConfigError};
use crate::names::{AGGREGATION, SCRAPING};

const SERVER_PORT: &str = "prometheus.kserve.io/port";
const SERVER_PATH: &str = "prometheus.kserve.io/path";
/// Where Knative's proxy shows what it collected.
const PROXY_PORT: &str = "9088";
const PATH: &str = "/metrics";

pub(super) fn inject(pod: &mut Value, config: &Config) -> Result<(), ConfigError> {
    let settings = config.raw("metricsAggregator")?;
    let annotated = |pod: &Value, key: &str| object::annotation(pod, key).map(str::to_owned);
    for (key, setting) in [(AGGREGATION, "/enableMetricAggregation"), (SCRAPING, "/enablePrometheusScraping")] {
        if annotated(pod, key).is_none() {
            pod["metadata"]["annotations"][key] = json!(object::text(&settings, setting));
        }
    }
    let aggregates = annotated(pod, AGGREGATION).as_deref() == Some("true");
    let (port, path) = (annotated(pod, SERVER_PORT), annotated(pod, SERVER_PATH));
    if aggregates {
        let port = port.clone().unwrap_or_else(|| "8080".to_owned());
        let path = path.clone().unwrap_or_else(|| PATH.to_owned());
        if let Some(proxy) = edit::container(pod, "queue-proxy") {
            edit::push_named(proxy, "env", json!({"name": "KSERVE_CONTAINER_PROMETHEUS_METRICS_PORT", "value": port}));
            edit::push_named(proxy, "env", json!({"name": "KSERVE_CONTAINER_PROMETHEUS_METRICS_PATH", "value": path}));
            edit::push_named(proxy, "ports", json!({"name": "aggr-metric", "containerPort": 9088, "protocol": "TCP"}));
            edit::push_named(proxy, "env", json!({"name": "AGGREGATE_PROMETHEUS_METRICS_PORT", "value": PROXY_PORT}));
        }
    }
    if annotated(pod, SCRAPING).as_deref() == Some("true") {
        let (port, path) = match aggregates {
            true => (PROXY_PORT.to_owned(), PATH.to_owned()),
            false => (port.unwrap_or_else(|| "8080".to_owned()), path.unwrap_or_else(|| PATH.to_owned())),
        };
        pod["metadata"]["annotations"]["prometheus.io/port"] = json!(port);
        pod["metadata"]["annotations"]["prometheus.io/path"] = json!(path);
    }
    Ok(())
}
