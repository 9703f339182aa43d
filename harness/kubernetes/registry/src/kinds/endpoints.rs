//! Endpoints and EndpointSlices.
//!
//! Source: `pkg/apis/core/validation` and `pkg/apis/discovery/validation`, release 1.35.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::address::address_warning;
use crate::node::{Errors, Node};
use crate::strategy::{BASE, Generation, Repeats};
use crate::{Strategy, check, content, meta};

const DEPRECATED: &str = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        resource: "endpoints",
        repeats: Repeats::Both,
        create_on_update: true,
        validate: |new| endpoints(new, None),
        validate_update: |new, old| endpoints(new, Some(old)),
        deprecated: Some(DEPRECATED),
        warnings: |new, _| endpoints_warnings(new),
        ..BASE
    },
    Strategy {
        group: "discovery.k8s.io",
        resource: "endpointslices",
        repeats: Repeats::Object,
        generation: Generation::States,
        counted_metadata: "labels",
        validate: |new| slice(new, None),
        validate_update: |new, old| slice(new, Some(old)),
        warnings: |new, old| slice_warnings(new, old),
        ..BASE
    },
];

/// Who manages an object; controllers write good addresses.
fn manager<'a>(object: &'a Value, label: &str) -> &'a str {
    meta::of(object).and_then(|m| m.get("labels")?.get(label)?.as_str()).unwrap_or_default()
}

fn endpoints_warnings(new: &Value) -> Vec<String> {
    if manager(new, "endpoints.kubernetes.io/managed-by") == "endpoint-controller" {
        return Vec::new();
    }
    let mut out = Vec::new();
    for subset in Node::root(new).get("subsets").items() {
        for list in ["addresses", "notReadyAddresses"] {
            for ip in subset.get(list).items().map(|address| address.get("ip")) {
                out.extend(address_warning(ip.text()).map(|why| format!("{}: {why}", ip.at)));
            }
        }
    }
    out
}

fn slice_warnings(new: &Value, old: Option<&Value>) -> Vec<String> {
    let mut out = Vec::new();
    if old.is_none() && new.get("addressType").is_some_and(|t| t == "FQDN") {
        out.push("spec.addressType: FQDN endpoints are deprecated".to_owned());
    }
    let controllers = ["endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"];
    if !controllers.contains(&manager(new, "endpointslice.kubernetes.io/managed-by")) {
        for endpoint in Node::root(new).get("endpoints").items() {
            for ip in endpoint.get("addresses").items() {
                out.extend(address_warning(ip.text()).map(|why| format!("{}: {why}", ip.at)));
            }
        }
    }
    out
}

/// An address that traffic can be sent to.
pub(super) fn address(node: &Node<'_>, errors: &mut Errors) {
    let Some(ip) = content::parse_ip(node.text()) else {
        errors.push(FieldError::invalid(node.at.clone(), node.text(), "must be a valid IP address"));
        return;
    };
    let (local, multicast) = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.octets().starts_with(&[224, 0, 0])),
        IpAddr::V6(ip) => (ip.is_unicast_link_local(), ip.segments()[0] & 0xff0f == 0xff02),
    };
    let problems = [
        (ip.is_unspecified(), format!("may not be unspecified ({})", node.text())),
        (ip.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned()),
        (local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned()),
        (multicast, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned()),
    ];
    errors.extend(problems.into_iter().filter(|(bad, _)| *bad).map(|(_, why)| node.invalid(why)));
}

fn endpoints(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let subsets = root.get("subsets");
    if old.is_some_and(|old| check::same(subsets.value, old.get("subsets").unwrap_or(&Value::Null))) {
        return errors;
    }
    for subset in subsets.items() {
        let lists = ["addresses", "notReadyAddresses"].map(|list| subset.get(list));
        if lists.iter().all(|list| list.len() == 0) {
            errors.push(subset.required("must specify `addresses` or `notReadyAddresses`"));
        }
        for endpoint in lists.iter().flat_map(|list| list.items().collect::<Vec<_>>()) {
            let (ip, host, node) = (endpoint.get("ip"), endpoint.get("hostname"), endpoint.get("nodeName"));
            check::shape(&ip, content::ip, &mut errors);
            if host.filled() {
                check::shape(&host, content::dns_label, &mut errors);
            }
            if node.given() {
                check::shape(&node, content::dns_subdomain, &mut errors);
            }
            address(&ip, &mut errors);
        }
        let ports = subset.get("ports");
        for port in ports.items() {
            let name = port.get("name");
            if name.filled() {
                check::shape(&name, content::dns_label, &mut errors);
            } else if ports.len() > 1 {
                errors.push(name.required(""));
            }
            check::port(&port.get("port"), &mut errors);
            check::one_of(&port.get("protocol"), &check::PROTOCOLS, &mut errors);
            if port.get("appProtocol").given() {
                check::shape(&port.get("appProtocol"), content::qualified_name, &mut errors);
            }
        }
    }
    errors
}

fn slice(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let kind = root.get("addressType");
    check::one_of(&kind, &["FQDN", "IPv4", "IPv6"], &mut errors);
    slice_ports(&root.get("ports"), &mut errors);
    let list = root.get("endpoints");
    let unchanged = old.is_some_and(|old| check::same(list.value, old.get("endpoints").unwrap_or(&Value::Null)));
    if !unchanged {
        slice_endpoints(&list, kind.text(), &mut errors);
    }
    if let Some(old) = old {
        check::immutable(&kind, &kind.over(old.get("addressType").unwrap_or(&Value::Null)), &mut errors);
    }
    errors
}

fn slice_ports(ports: &Node<'_>, errors: &mut Errors) {
    if ports.len() > 20_000 {
        errors.push(FieldError::too_many(ports.at.clone(), ports.len(), 20_000));
        return;
    }
    let mut names = BTreeSet::new();
    for port in ports.items() {
        let name = port.get("name");
        if name.filled() {
            check::shape(&name, content::dns_label, errors);
        }
        if !names.insert(name.text()) {
            errors.push(FieldError::duplicate(name.at.clone(), name.text()));
        }
        check::one_of(&port.get("protocol"), &check::PROTOCOLS, errors);
        if port.get("appProtocol").given() {
            check::shape(&port.get("appProtocol"), content::qualified_name, errors);
        }
    }
}

fn slice_endpoints(list: &Node<'_>, kind: &str, errors: &mut Errors) {
    if list.len() > 1000 {
        errors.push(FieldError::too_many(list.at.clone(), list.len(), 1000));
        return;
    }
    for endpoint in list.items() {
        let addresses = endpoint.get("addresses");
        match addresses.len() {
            0 => errors.push(addresses.required("must contain at least 1 address")),
            1..=100 => {}
            many => errors.push(FieldError::too_many(addresses.at.clone(), many, 100)),
        }
        for item in addresses.items() {
            slice_address(&item, &addresses, kind, errors);
        }
        if endpoint.get("nodeName").given() {
            check::shape(&endpoint.get("nodeName"), content::dns_subdomain, errors);
        }
        let topology = endpoint.get("deprecatedTopology");
        if topology.len() > 16 {
            errors.push(FieldError::too_many(topology.at.clone(), topology.len(), 16));
        }
        check::labels(&topology, errors);
        if endpoint.get("hostname").given() {
            check::shape(&endpoint.get("hostname"), content::dns_label, errors);
        }
        hints(&endpoint.get("hints.forZones"), content::label_value, errors);
        hints(&endpoint.get("hints.forNodes"), content::dns_subdomain, errors);
    }
}

fn slice_address(item: &Node<'_>, list: &Node<'_>, kind: &str, errors: &mut Errors) {
    match kind {
        "IPv4" | "IPv6" => {
            let before = errors.len();
            check::shape(item, content::ip, errors);
            if errors.len() > before {
                return;
            }
            let is_v6 = matches!(content::parse_ip(item.text()), Some(IpAddr::V6(_)));
            if is_v6 != (kind == "IPv6") {
                errors.push(FieldError::invalid(list.at.clone(), item.text(), format!("must be an {kind} address")));
            }
            address(item, errors);
        }
        "FQDN" => {
            let name = item.text().strip_suffix('.').unwrap_or(item.text());
            let complaints = content::dns_subdomain(name);
            if item.text().is_empty() {
                errors.push(item.required(""));
            } else if !complaints.is_empty() {
                errors.push(FieldError::invalid(item.at.clone(), name, complaints.join(",")));
            } else if !name.contains('.') {
                let why = "should be a domain with at least two segments separated by dots";
                errors.push(FieldError::invalid(item.at.clone(), name, why));
            }
        }
        _ => {}
    }
}

fn hints(list: &Node<'_>, rule: fn(&str) -> Vec<String>, errors: &mut Errors) {
    if list.len() > 8 {
        errors.push(FieldError::too_many(list.at.clone(), list.len(), 8));
        return;
    }
    let mut names = BTreeSet::new();
    for hint in list.items() {
        let name = hint.get("name");
        if !names.insert(name.text()) {
            errors.push(FieldError::duplicate(name.at.clone(), name.text()));
        }
        check::shape(&name, rule, errors);
    }
}
