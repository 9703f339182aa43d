//! Services: where they can be reached.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proofmark_json::Value;

use super::read::{age, cells, filled_or, int, joined, list, name, text};
use crate::printer::Row;
use crate::selector::labels;

const NONE: &str = "<none>";

pub(super) fn row(service: &Value, now: Timestamp) -> Row {
    let spec = &service["spec"];
    let cluster_ip = list(&spec["clusterIPs"]).first().unwrap_or(&spec["clusterIP"]);
    let ports: Vec<String> = list(&spec["ports"]).iter().map(port).collect();
    cells![
        name(service),
        text(&spec["type"]),
        filled_or(cluster_ip, NONE),
        external_ip(service),
        if ports.is_empty() { NONE.to_owned() } else { ports.join(",") },
        age(service, now),
        labels(&spec["selector"]),
    ]
}

fn port(port: &Value) -> String {
    let (number, protocol) = (int(&port["port"]), text(&port["protocol"]));
    match int(&port["nodePort"]) {
        node_port @ 1.. => format!("{number}:{node_port}/{protocol}"),
        _ => format!("{number}/{protocol}"),
    }
}

fn external_ip(service: &Value) -> String {
    let spec = &service["spec"];
    let external = joined(list(&spec["externalIPs"]), ",");
    let or = |text: String, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text };
    match text(&spec["type"]) {
        "ClusterIP" | "NodePort" => or(external, NONE),
        "LoadBalancer" => match (load_balancer(&service["status"]), external) {
            (balancer, external) if external.is_empty() => or(balancer, "<pending>"),
            (balancer, external) if balancer.is_empty() => external,
            (balancer, external) => format!("{balancer},{external}"),
        },
        "ExternalName" => text(&spec["externalName"]).to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

/// The addresses of a load balancer (by address, or else by name), sorted.
pub(super) fn load_balancer(status: &Value) -> String {
    let points: BTreeSet<&str> = list(&status["loadBalancer"]["ingress"])
        .iter()
        .map(|point| filled_or(&point["ip"], text(&point["hostname"])))
        .filter(|address| !address.is_empty())
        .collect();
    points.into_iter().collect::<Vec<_>>().join(",")
}
