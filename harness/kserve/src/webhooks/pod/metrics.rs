//! Where Prometheus reads metrics of a pod, and whether Knative's proxy collects those of the server.

use proofmark_controllers::kit::object;
use proofmark_json::{Value, json};

use super::edit;
use super::{Denied, broken};
use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::names::{AGGREGATION, SCRAPING};

const SERVER_PORT: &str = "prometheus.kserve.io/port";
const SERVER_PATH: &str = "prometheus.kserve.io/path";
/// Where Knative's proxy shows its own metrics. Pods without it are told to be read there, too.
const PROXY_PORT: &str = "9091";
const OLD_PROXY_PORT: &str = "9090";
/// Where it shows what it collected.
const COLLECTED_PORT: &str = "9088";
const PATH: &str = "/metrics";

const PART: &str = "metricsAggregator";

/// What pods get that do not say themselves.
pub(super) struct Settings(Value);

impl Settings {
    pub(super) fn read(config: &Config) -> Result<Self, Denied> {
        config.raw(PART).map(Self).map_err(|error| broken(error, PART))
    }
}

pub(super) fn inject(pod: &mut Value, Settings(settings): &Settings, behaviour: Behaviour) {
    let annotated = |pod: &Value, key: &str| object::annotation(pod, key).map(str::to_owned);
    for (key, setting) in [(AGGREGATION, "/enableMetricAggregation"), (SCRAPING, "/enablePrometheusScraping")] {
        if annotated(pod, key).is_none() {
            pod["metadata"]["annotations"][key] = json!(object::text(settings, setting));
        }
    }
    let aggregates = annotated(pod, AGGREGATION).as_deref() == Some("true");
    if aggregates {
        let port = annotated(pod, SERVER_PORT).unwrap_or_else(|| "8080".to_owned());
        let path = annotated(pod, SERVER_PATH).unwrap_or_else(|| PATH.to_owned());
        if let Some(proxy) = edit::container(pod, "queue-proxy") {
            edit::push_named(proxy, "env", json!({"name": "KSERVE_CONTAINER_PROMETHEUS_METRICS_PORT", "value": port}));
            edit::push_named(proxy, "env", json!({"name": "KSERVE_CONTAINER_PROMETHEUS_METRICS_PATH", "value": path}));
            if behaviour.opens_metrics_port {
                let port = json!({"name": "aggr-metric", "containerPort": 9088, "protocol": "TCP"});
                edit::push_named(proxy, "ports", port);
            }
            edit::push_named(
                proxy,
                "env",
                json!({"name": "AGGREGATE_PROMETHEUS_METRICS_PORT", "value": COLLECTED_PORT}),
            );
        }
    }
    if annotated(pod, SCRAPING).as_deref() == Some("true") {
        let port = match aggregates {
            true => COLLECTED_PORT,
            false if behaviour.metrics_of_proxy => PROXY_PORT,
            false => OLD_PROXY_PORT,
        };
        pod["metadata"]["annotations"]["prometheus.io/port"] = json!(port);
        pod["metadata"]["annotations"]["prometheus.io/path"] = json!(PATH);
    }
}
