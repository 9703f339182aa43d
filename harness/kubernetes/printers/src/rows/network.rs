//! Networking besides Services.

use jiff::Timestamp;
use proofmark_json::Value;

use super::read::{age, cells, first_of, int, joined, list, name, text, text_or};
use super::service::load_balancer;
use crate::printer::Row;
use crate::selector::format_label_selector;

/// How many entries of a list a cell shows.
const SHOWN: usize = 3;

pub(super) fn ingress(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    cells![
        name(object),
        text_or(&spec["ingressClassName"], "<none>"),
        hosts(list(&spec["rules"])),
        load_balancer(&object["status"]),
        if list(&spec["tls"]).is_empty() { "80" } else { "80, 443" },
        age(object, now),
    ]
}

/// Rules without a host are not listed, but they are counted among those left out.
fn hosts(rules: &[Value]) -> String {
    let named: Vec<(usize, &str)> = rules
        .iter()
        .enumerate()
        .map(|(index, rule)| (index, text(&rule["host"])))
        .filter(|(_, host)| !host.is_empty())
        .take(SHOWN)
        .collect();
    let shown = named.iter().map(|(_, host)| *host).collect::<Vec<_>>().join(",");
    let last = named.last().map_or(0, |(index, _)| *index);
    match named.len() {
        0 => "*".to_owned(),
        SHOWN if last + 1 < rules.len() => format!("{shown} + {} more...", rules.len() - SHOWN),
        _ => shown,
    }
}

pub(super) fn ingress_class(object: &Value, now: Timestamp) -> Row {
    let parameters = &object["spec"]["parameters"];
    let shown = if parameters.is_object() {
        let group = parameters["apiGroup"].as_str().map_or(String::new(), |group| format!(".{group}"));
        format!("{}{group}/{}", text(&parameters["kind"]), text(&parameters["name"]))
    } else {
        "<none>".to_owned()
    };
    cells![name(object), text(&object["spec"]["controller"]), shown, age(object, now)]
}

pub(super) fn network_policy(object: &Value, now: Timestamp) -> Row {
    cells![name(object), format_label_selector(&object["spec"]["podSelector"]), age(object, now)]
}

pub(super) fn service_cidr(object: &Value, now: Timestamp) -> Row {
    cells![name(object), joined(list(&object["spec"]["cidrs"]), ","), age(object, now)]
}

/// Three cells although the kind has two columns: kube-apiserver sends the age too.
pub(super) fn ip_address(object: &Value, now: Timestamp) -> Row {
    let parent = &object["spec"]["parentRef"];
    let shown = if parent.is_object() {
        let dotted = |group: &str| {
            if group.is_empty() { String::new() } else { format!(".{group}") }
        };
        let slashed = |namespace: &str| {
            if namespace.is_empty() { String::new() } else { format!("/{namespace}") }
        };
        let resource = format!("{}{}", text(&parent["resource"]), dotted(text(&parent["group"]))).to_lowercase();
        format!("{resource}{}/{}", slashed(text(&parent["namespace"])), text(&parent["name"]))
    } else {
        "<none>".to_owned()
    };
    cells![name(object), shown, age(object, now)]
}

pub(super) fn endpoints(object: &Value, now: Timestamp) -> Row {
    let mut all = Vec::new();
    for subset in list(&object["subsets"]) {
        let addresses = list(&subset["addresses"]).iter().map(|address| text(&address["ip"]));
        match list(&subset["ports"]) {
            [] => all.extend(addresses.map(str::to_owned)),
            ports => {
                for port in ports {
                    let number = int(&port["port"]);
                    all.extend(addresses.clone().map(|ip| match ip.contains(':') {
                        true => format!("[{ip}]:{number}"),
                        false => format!("{ip}:{number}"),
                    }));
                }
            }
        }
    }
    let shown = if list(&object["subsets"]).is_empty() { "<none>".to_owned() } else { first_of(&all, SHOWN, ",") };
    cells![name(object), shown, age(object, now)]
}

pub(super) fn endpoint_slice(object: &Value, now: Timestamp) -> Row {
    let ports: Vec<String> = list(&object["ports"])
        .iter()
        .map(|port| match (port["port"].as_i64(), port["name"].as_str()) {
            (Some(number), _) => number.to_string(),
            (None, Some(name)) => name.to_owned(),
            (None, None) => "*".to_owned(),
        })
        .collect();
    let addresses: Vec<String> = list(&object["endpoints"])
        .iter()
        .flat_map(|endpoint| list(&endpoint["addresses"]))
        .map(|address| text(address).to_owned())
        .collect();
    cells![
        name(object),
        text(&object["addressType"]),
        or_unset(first_of(&ports, SHOWN, ",")),
        or_unset(first_of(&addresses, SHOWN, ",")),
        age(object, now),
    ]
}

pub(super) fn or_unset(shown: String) -> String {
    if shown.is_empty() { "<unset>".to_owned() } else { shown }
}
