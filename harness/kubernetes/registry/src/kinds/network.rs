//! Ingresses, ingress classes and network policies.
//!
//! Source: `pkg/apis/networking/validation`, release 1.35.

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::address::{Network, address_warning, network_warnings};
use crate::node::{Errors, Node};
use crate::strategy::{BASE, Generation, Repeats};
use crate::{Strategy, check, content, meta};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        group: "networking.k8s.io",
        resource: "ingresses",
        repeats: Repeats::Both,
        status: true,
        generation: Generation::States,
        validate: |new| ingress(new, None),
        validate_update: |new, old| ingress(new, Some(old)),
        warnings: |new, _| warnings(new),
        status_warnings: balancer_warnings,
        ..BASE
    },
    Strategy {
        group: "networking.k8s.io",
        resource: "ingressclasses",
        generation: Generation::States,
        validate: |new| ingress_class(new, None),
        validate_update: |new, old| ingress_class(new, Some(old)),
        ..BASE
    },
    Strategy {
        group: "networking.k8s.io",
        resource: "networkpolicies",
        generation: Generation::States,
        validate: network_policy,
        // Checked twice.
        validate_update: |new, _| [network_policy(new), network_policy(new)].concat(),
        warnings: |new, _| policy_warnings(new),
        ..BASE
    },
];

/// The annotation that named the class before there was a field for it.
const CLASS: &str = "kubernetes.io/ingress.class";

fn class_annotation(ingress: &Value) -> Option<&str> {
    meta::of(ingress)?.get("annotations")?.get(CLASS)?.as_str()
}

fn warnings(ingress: &Value) -> Vec<String> {
    let message = format!(
        "annotation {} is deprecated, please use 'spec.ingressClassName' instead",
        proofmark_status::quote(CLASS)
    );
    let named = ingress.pointer("/spec/ingressClassName").is_some_and(|class| !class.is_null());
    class_annotation(ingress).filter(|_| !named).map(|_| message).into_iter().collect()
}

/// Addresses of load balancers in forms that are on their way out.
pub(super) fn balancer_warnings(object: &Value) -> Vec<String> {
    let list = Node::root(object).get("status.loadBalancer.ingress");
    let told =
        list.items().filter_map(|item| Some(format!("{}: {}", item.at, address_warning(item.get("ip").text())?)));
    told.collect()
}

/// Networks in forms that are on their way out.
fn policy_warnings(policy: &Value) -> Vec<String> {
    let spec = Node::root(policy).get("spec");
    let mut out = Vec::new();
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        for peer in spec.get(rules).items().flat_map(|rule| rule.get(peers).items().collect::<Vec<_>>()) {
            let block = peer.get("ipBlock");
            let networks = std::iter::once(block.get("cidr")).chain(block.get("except").items().collect::<Vec<_>>());
            for network in networks {
                out.extend(network_warnings(network.text()).into_iter().map(|why| format!("{}: {why}", network.at)));
            }
        }
    }
    out
}

fn ingress(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let spec = root.get("spec");
    let (rules, backend_node, class) = (spec.get("rules"), spec.get("defaultBackend"), spec.get("ingressClassName"));
    if rules.len() == 0 && !backend_node.given() {
        let why = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid(spec.at.clone(), rules.value.clone(), why));
    }
    if backend_node.given() {
        backend(&backend_node, &mut errors);
    }
    for rule in rules.items() {
        host_rule(&rule, &mut errors);
    }
    for tls in spec.get("tls").items() {
        for host in tls.get("hosts").items() {
            host_name(&host, &mut errors);
        }
        if tls.get("secretName").filled() {
            check::shape(&tls.get("secretName"), content::dns_subdomain, &mut errors);
        }
    }
    if class.given() {
        check::shape(&class, content::dns_subdomain, &mut errors);
    }
    if old.is_none()
        && class.given()
        && let Some(annotation) = class_annotation(new).filter(|a| *a != class.text())
    {
        let why = "must match `ingressClassName` when both are specified";
        errors.push(FieldError::invalid(format!("annotations.{CLASS}"), annotation, why));
    }
    for entry in root.get("status.loadBalancer.ingress").items() {
        let (ip, host) = (entry.get("ip"), entry.get("hostname"));
        if ip.filled() {
            check::shape(&ip, content::ip, &mut errors);
        }
        if host.filled() {
            check::shape(&host, content::dns_subdomain, &mut errors);
            not_an_address(&host, &mut errors);
        }
    }
    errors
}

fn not_an_address(host: &Node<'_>, errors: &mut Errors) {
    if content::parse_ip(host.text()).is_some() {
        errors.push(host.invalid("must be a DNS name, not an IP address"));
    }
}

fn host_name(host: &Node<'_>, errors: &mut Errors) {
    let rule = if host.text().contains('*') { content::wildcard_subdomain } else { content::dns_subdomain };
    check::shape(host, rule, errors);
}

fn host_rule(rule: &Node<'_>, errors: &mut Errors) {
    let host = rule.get("host");
    if host.filled() {
        not_an_address(&host, errors);
        host_name(&host, errors);
    }
    let http = rule.get("http");
    if !http.given() {
        return;
    }
    let paths = http.get("paths");
    if paths.len() == 0 {
        errors.push(paths.required(""));
    }
    for entry in paths.items() {
        http_path(&entry, errors);
    }
}

fn http_path(entry: &Node<'_>, errors: &mut Errors) {
    let (kind, path) = (entry.get("pathType"), entry.get("path"));
    if !kind.given() {
        errors.push(kind.required("pathType must be specified"));
        return;
    }
    let text = path.text();
    let complain = |why: String| FieldError::invalid(path.at.clone(), text, why);
    match kind.text() {
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                errors.push(complain("must be an absolute path".to_owned()));
            }
            let parts = ["//", "/./", "/../", "%2f", "%2F"].into_iter().filter(|p| text.contains(p));
            errors.extend(parts.map(|p| complain(format!("must not contain '{p}'"))));
            let ends = ["/..", "/."].into_iter().filter(|p| text.ends_with(p));
            errors.extend(ends.map(|p| complain(format!("cannot end with '{p}'"))));
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !text.starts_with('/') {
                errors.push(complain("must be an absolute path".to_owned()));
            }
        }
        _ => errors.push(kind.not_supported(&["Exact", "ImplementationSpecific", "Prefix"])),
    }
    backend(&entry.get("backend"), errors);
}

fn backend(backend: &Node<'_>, errors: &mut Errors) {
    let (resource, service) = (backend.get("resource"), backend.get("service"));
    let complain = |why: &str| FieldError::invalid(backend.at.clone(), "", why);
    match (resource.given(), service.given()) {
        (true, true) => errors.push(complain("cannot set both resource and service backends")),
        (false, false) => errors.push(complain("resource or service backend is required")),
        (true, false) => reference(&resource, errors),
        (false, true) => {
            check::required_shape(&service.get("name"), content::dns_1035_label, errors);
            let (name, number) = (service.get("port.name"), service.get("port.number"));
            match (name.filled(), number.number() != 0) {
                (true, true) => errors.push(complain("cannot set both port name & port number")),
                (true, false) => check::shape(&name, content::port_name, errors),
                (false, true) => check::port(&number, errors),
                (false, false) => errors.push(backend.required("port name or number is required")),
            }
        }
    }
}

/// A typed reference to an object in the same namespace.
fn reference(node: &Node<'_>, errors: &mut Errors) {
    let group = node.get("apiGroup");
    if group.filled() {
        check::shape(&group, content::dns_subdomain, errors);
    }
    for field in ["kind", "name"] {
        let part = node.get(field);
        if !part.filled() {
            errors.push(part.required(""));
        } else {
            check::shape(&part, content::path_segment, errors);
        }
    }
}

fn ingress_class(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let spec = root.get("spec");
    let controller = spec.get("controller");
    if let Some(old) = old {
        let before = check::or_null(old.pointer("/spec/controller"));
        check::immutable(&controller, &controller.over(&before), &mut errors);
    } else {
        let text = controller.text();
        if text.len() > 250 {
            errors.push(FieldError::too_long(controller.at.clone(), 250));
        }
        match text.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty()) {
            _ if text.is_empty() => errors.push(controller.required("")),
            None => errors.push(controller.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")")),
            Some((host, _)) => {
                let complaints = content::dns_subdomain(host);
                errors.extend(complaints.into_iter().map(|why| FieldError::invalid(controller.at.clone(), host, why)));
            }
        }
    }
    let parameters = spec.get("parameters");
    if parameters.given() {
        reference(&parameters, &mut errors);
        let (scope, namespace) = (parameters.get("scope"), parameters.get("namespace"));
        match scope.text() {
            "" => errors.push(scope.required("")),
            "Cluster" if namespace.given() => {
                errors.push(namespace.forbidden("`parameters.scope` is set to 'Cluster'"));
            }
            "Namespace" if !namespace.filled() => {
                errors.push(namespace.required("`parameters.scope` is set to 'Namespace'"));
            }
            "Namespace" => check::shape(&namespace, content::dns_label, &mut errors),
            "Cluster" => {}
            _ => errors.push(scope.not_supported(&["Cluster", "Namespace"])),
        }
    }
    errors
}

fn network_policy(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let spec = root.get("spec");
    check::selector(&spec.get("podSelector"), &mut errors);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.get(direction).items() {
            for port in rule.get("ports").items() {
                policy_port(&port, &mut errors);
            }
            for peer in rule.get(peers).items() {
                policy_peer(&peer, &mut errors);
            }
        }
    }
    let types = spec.get("policyTypes");
    if types.len() > 2 {
        errors.push(types.invalid("may not specify more than two policyTypes"));
    } else {
        for kind in types.items() {
            check::supported_text(&kind, &["Ingress", "Egress"], &mut errors);
        }
    }
    errors
}

fn policy_port(entry: &Node<'_>, errors: &mut Errors) {
    let (protocol, port, end) = (entry.get("protocol"), entry.get("port"), entry.get("endPort"));
    if protocol.given() {
        check::supported_text(&protocol, &["TCP", "UDP", "SCTP"], errors);
    }
    if !port.given() {
        if end.given() {
            errors.push(end.invalid("may not be specified when `port` is not specified"));
        }
    } else if port.value.is_string() {
        if end.given() {
            errors.push(end.invalid("may not be specified when `port` is non-numeric"));
        }
        check::shape(&port, content::port_name, errors);
    } else {
        check::port(&port, errors);
        if end.given() {
            if end.number() < port.number() {
                let why = "must be greater than or equal to `port`";
                errors.push(FieldError::invalid(end.at.clone(), port.number(), why));
            }
            check::port(&end, errors);
        }
    }
}

fn policy_peer(peer: &Node<'_>, errors: &mut Errors) {
    let selectors = ["podSelector", "namespaceSelector"].map(|field| peer.get(field));
    for selector in &selectors {
        check::selector(selector, errors);
    }
    let block = peer.get("ipBlock");
    let given = selectors.iter().filter(|s| s.given()).count();
    if block.given() {
        ip_block(&block, errors);
        if given > 0 {
            errors.push(peer.forbidden("may not specify both ipBlock and another peer"));
        }
    } else if given == 0 {
        errors.push(peer.required("must specify a peer"));
    }
}

fn ip_block(block: &Node<'_>, errors: &mut Errors) {
    let range = block.get("cidr");
    if !range.filled() {
        errors.push(range.required(""));
        return;
    }
    check::shape(&range, content::cidr, errors);
    let Some(outer) = Network::parse(range.text()) else { return };
    for except in block.get("except").items() {
        check::shape(&except, content::cidr, errors);
        let Some(inner) = Network::parse(except.text()) else { continue };
        if !outer.contains(inner.first()) || outer.length >= inner.length {
            errors.push(except.invalid("must be a strict subset of `cidr`"));
        }
    }
}
