//! Defaults of services and network policies that depend on other fields.

use proofmark_json::{Map, Value, json};

use super::is_zero;

fn text<'a>(members: &'a Map, name: &str) -> &'a str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn unset(members: &Map, name: &str) -> bool {
    members.get(name).is_none_or(Value::is_null)
}

/// Three hours: how long a client stays with its pod.
const AFFINITY_SECONDS: i64 = 10_800;

pub(super) fn service(spec: &mut Map) {
    match text(spec, "sessionAffinity") {
        "None" => {
            spec.shift_remove("sessionAffinityConfig");
        }
        "ClientIP" => {
            let timeout = spec.get("sessionAffinityConfig").and_then(|c| c.pointer("/clientIP/timeoutSeconds"));
            if timeout.is_none_or(Value::is_null) {
                let config = json!({"clientIP": {"timeoutSeconds": AFFINITY_SECONDS}});
                spec.insert("sessionAffinityConfig", config);
            }
        }
        _ => {}
    }
    let kind = text(spec, "type").to_owned();
    let external_ips = spec.get("externalIPs").is_some_and(|v| !is_zero(v));
    let external = matches!(kind.as_str(), "LoadBalancer" | "NodePort") || (kind == "ClusterIP" && external_ips);
    if external && text(spec, "externalTrafficPolicy").is_empty() {
        spec.insert("externalTrafficPolicy", json!("Cluster"));
    }
    if unset(spec, "internalTrafficPolicy") && matches!(kind.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        spec.insert("internalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" && unset(spec, "allocateLoadBalancerNodePorts") {
        spec.insert("allocateLoadBalancerNodePorts", json!(true));
    }
}

/// A service's port leads to the same number unless told otherwise.
pub(super) fn port(port: &mut Map) {
    if port.get("targetPort").is_none_or(is_zero) {
        let number = port.get("port").cloned().unwrap_or(json!(0));
        port.insert("targetPort", number);
    }
}

/// A policy is about ingress, and about egress where it has rules for it.
pub(super) fn policy(spec: &mut Map) {
    if spec.get("policyTypes").is_none_or(is_zero) {
        let egress = spec.get("egress").is_some_and(|v| !is_zero(v));
        let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
        spec.insert("policyTypes", types);
    }
}
