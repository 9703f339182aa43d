//! Services. Their addresses and node ports are given out by admission.
//!
//! Source: `pkg/apis/core/validation` and `pkg/registry/core/service`, release 1.35.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proofmark_json::{Map, Value, json};
use proofmark_status::FieldError;

use super::endpoints;
use crate::address::{address_warning, network_warnings};
use crate::node::{Errors, Node};
use crate::strategy::{BASE, LABELS, NameRule};
use crate::{Strategy, check, content, meta};

pub(super) const ROW: Strategy = Strategy {
    resource: "services",
    name: NameRule::Label1035,
    status: true,
    returns_deleted: true,
    create_on_update: true,
    fields: &[("spec.clusterIP", "/spec/clusterIP"), ("spec.type", "/spec/type")],
    field_labels: LABELS,
    prepare_update,
    validate: |new| {
        let mut errors = Errors::new();
        shared(new, &mut errors);
        errors
    },
    validate_update,
    warnings: |new, _| warnings(new),
    status_warnings: super::network::balancer_warnings,
    ..BASE
};

fn is_headless(spec: &Node<'_>) -> bool {
    spec.get("clusterIPs").texts() == ["None"]
}

fn is_external_name(spec: &Node<'_>) -> bool {
    spec.get("type").is("ExternalName")
}

fn has_node_ports(spec: &Node<'_>) -> bool {
    matches!(spec.get("type").text(), "NodePort" | "LoadBalancer")
}

fn needs_health_check(spec: &Node<'_>) -> bool {
    spec.get("type").is("LoadBalancer") && spec.get("externalTrafficPolicy").is("Local")
}

fn is_external(spec: &Node<'_>) -> bool {
    has_node_ports(spec) || (spec.get("type").is("ClusterIP") && spec.get("externalIPs").len() > 0)
}

/// What only the old type of a service has goes with it, unless the client just set it.
fn prepare_update(new: &mut Value, old: &Value) {
    let root = Node::root(old);
    let before = root.get("spec");
    let copy = new.clone();
    let copy_root = Node::root(&copy);
    let after = copy_root.get("spec");
    let same = |field: &str| check::same(after.get(field).value, before.get(field).value);
    let mut gone: Vec<&str> = Vec::new();
    if !is_external_name(&before) && is_external_name(&after) {
        if same("clusterIP") && same("clusterIPs") {
            gone.extend(["clusterIP", "clusterIPs"]);
        }
        gone.extend(["ipFamilies", "ipFamilyPolicy"].into_iter().filter(|field| same(field)));
    }
    let ports = |spec: &Node<'_>| -> BTreeSet<i64> {
        spec.get("ports").items().map(|p| p.get("nodePort").number()).filter(|n| *n != 0).collect()
    };
    let clear_ports = has_node_ports(&before) && !has_node_ports(&after) && ports(&before).is_superset(&ports(&after));
    if needs_health_check(&before) && !needs_health_check(&after) && same("healthCheckNodePort") {
        gone.push("healthCheckNodePort");
    }
    let balanced = |spec: &Node<'_>| spec.get("type").is("LoadBalancer");
    if balanced(&before) && !balanced(&after) {
        gone.extend(["allocateLoadBalancerNodePorts", "loadBalancerClass"].into_iter().filter(|field| same(field)));
    }
    if is_external(&before) && !is_external(&after) && same("externalTrafficPolicy") {
        gone.push("externalTrafficPolicy");
    }
    let stays_balanced = balanced(&after);
    let Some(members) = new.as_object_mut() else { return };
    if !stays_balanced && let Some(status) = members.get_mut("status").and_then(Value::as_object_mut) {
        status.insert("loadBalancer", json!({}));
    }
    let Some(spec) = members.get_mut("spec").and_then(Value::as_object_mut) else { return };
    for field in gone {
        spec.shift_remove(field);
    }
    if clear_ports {
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
            port.shift_remove("nodePort");
        }
    }
}

/// What holds for new and changed services.
fn shared(service: &Value, errors: &mut Errors) {
    let root = Node::root(service);
    let spec = root.get("spec");
    let field = |name: &str| spec.get(name);
    let (kind, ports) = (field("type"), field("ports"));
    if ports.len() == 0 && !is_headless(&spec) && !is_external_name(&spec) {
        errors.push(ports.required(""));
    }
    match kind.text() {
        "LoadBalancer" | "NodePort" if is_headless(&spec) => {
            let why = format!("may not be set to 'None' for {} services", kind.text());
            errors.push(FieldError::invalid("spec.clusterIPs[0]", "None", why));
        }
        "ExternalName" => external_name(&spec, errors),
        _ => {}
    }
    let mut names = BTreeSet::new();
    for port in ports.items() {
        service_port(&port, ports.len() > 1, &mut names, errors);
    }
    check::labels(&field("selector"), errors);
    check::one_of(&field("sessionAffinity"), &["ClientIP", "None"], errors);
    affinity(&spec, errors);
    errors.extend(cluster_ips(service));
    for ip in field("externalIPs").items() {
        let before = errors.len();
        check::shape(&ip, content::ip, errors);
        if errors.len() == before {
            endpoints::address(&ip, errors);
        }
    }
    check::one_of(&kind, &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], errors);
    port_numbers(service, &spec, errors);
    balancer(service, &spec, errors);
    traffic(&spec, errors);
}

fn external_name(spec: &Node<'_>, errors: &mut Errors) {
    for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if spec.get(field).filled() {
            errors.push(spec.get(field).forbidden("may not be set for ExternalName services"));
        }
    }
    let name = spec.get("externalName");
    match name.text().strip_suffix('.').unwrap_or(name.text()) {
        "" => errors.push(name.required("")),
        text => {
            let complaints = content::dns_subdomain(text);
            errors.extend(complaints.into_iter().map(|why| FieldError::invalid(name.at.clone(), text, why)));
        }
    }
}

fn service_port<'a>(port: &Node<'a>, named: bool, names: &mut BTreeSet<&'a str>, errors: &mut Errors) {
    let name = port.get("name");
    if name.filled() {
        check::shape(&name, content::dns_label, errors);
        if !names.insert(name.text()) {
            errors.push(name.duplicate());
        }
    } else if named {
        errors.push(name.required(""));
    }
    check::port(&port.get("port"), errors);
    check::one_of(&port.get("protocol"), &check::PROTOCOLS, errors);
    check::port_or_name(&port.get("targetPort"), errors);
    let protocol = port.get("appProtocol");
    if protocol.given() {
        check::shape(&protocol, content::qualified_name, errors);
    }
}

fn affinity(spec: &Node<'_>, errors: &mut Errors) {
    let config = spec.get("sessionAffinityConfig");
    match spec.get("sessionAffinity").text() {
        "ClientIP" => {
            let timeout = config.get("clientIP.timeoutSeconds");
            for needed in [config.clone(), config.get("clientIP"), timeout.clone()] {
                if !needed.given() {
                    errors.push(needed.required("when session affinity type is ClientIP"));
                    return;
                }
            }
            if !(1..=86_400).contains(&timeout.number()) {
                errors.push(timeout.invalid("must be greater than 0 and less than 86400"));
            }
        }
        "None" if config.given() => errors.push(config.forbidden("must not be set when session affinity is None")),
        _ => {}
    }
}

/// Complaints about the addresses of a service and their families.
pub fn cluster_ips(service: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(service);
    let spec = root.get("spec");
    if is_external_name(&spec) {
        return errors;
    }
    let (first, all, families) = (spec.get("clusterIP"), spec.get("clusterIPs"), spec.get("ipFamilies"));
    match all.texts().first() {
        None if first.filled() => errors.push(all.required("")),
        Some(ip) if first.filled() && *ip != first.text() => {
            errors.push(all.invalid("first value must match `clusterIP`"))
        }
        Some(_) if !first.filled() => errors.push(all.invalid("must be empty when `clusterIP` is not specified")),
        _ => {}
    }
    let mut seen = BTreeSet::new();
    for family in families.items() {
        check::supported_text(&family, &["IPv4", "IPv6"], &mut errors);
        if !seen.insert(family.text()) {
            errors.push(family.duplicate());
        }
    }
    let policy = spec.get("ipFamilyPolicy");
    if policy.given() {
        check::supported_text(&policy, &["PreferDualStack", "RequireDualStack", "SingleStack"], &mut errors);
    }
    let mut malformed = false;
    for (i, ip) in all.items().enumerate() {
        if i == 0 && ip.is("None") {
            if all.len() > 1 {
                malformed = true;
                errors.push(all.invalid("'None' must be the first and only value"));
            }
            continue;
        }
        let before = errors.len();
        check::shape(&ip, content::ip, &mut errors);
        malformed |= errors.len() > before;
    }
    if all.len() > 2 {
        errors.push(all.invalid("may only hold up to 2 values"));
    }
    if malformed {
        return errors;
    }
    let is_v6 = |text: &str| matches!(content::parse_ip(text), Some(IpAddr::V6(_)));
    if let [first, second] = all.texts().as_slice()
        && is_v6(first) == is_v6(second)
    {
        errors.push(all.invalid("may specify no more than one IP for each IP family"));
    }
    if !is_headless(&spec) {
        for (i, (ip, family)) in all.items().zip(families.texts()).enumerate() {
            if (family == "IPv6") != is_v6(ip.text()) && matches!(family, "IPv4" | "IPv6") {
                let why = format!("expected an {family} value as indicated by `ipFamilies[{i}]`");
                errors.push(ip.invalid(why));
            }
        }
    }
    errors
}

fn port_numbers(service: &Value, spec: &Node<'_>, errors: &mut Errors) {
    let ports = spec.get("ports");
    if spec.get("type").is("ClusterIP") {
        for port in ports.items().map(|p| p.get("nodePort")).filter(|p| p.number() != 0) {
            errors.push(port.forbidden("may not be used when `type` is 'ClusterIP'"));
        }
    }
    let mut seen = BTreeSet::new();
    for port in ports.items() {
        let number = port.get("nodePort");
        if number.number() != 0 && !seen.insert((port.get("protocol").text(), number.number())) {
            errors.push(number.duplicate());
        }
    }
    let mut seen = BTreeSet::new();
    for port in ports.items() {
        let (protocol, number) = (port.get("protocol"), port.get("port"));
        if !seen.insert((protocol.text(), number.number())) {
            // Only the fields that count are shown.
            let alone = json!({
                "kind": service.get("kind"), "apiVersion": service.get("apiVersion"),
                "spec": {"ports": [{"protocol": protocol.text(), "port": number.number()}]},
            });
            errors.push(FieldError::duplicate(port.at.clone(), crate::internal::show(&alone, "/spec/ports/0")));
        }
    }
}

fn balancer(service: &Value, spec: &Node<'_>, errors: &mut Errors) {
    let why = "may only be used when `type` is 'LoadBalancer'";
    let balanced = spec.get("type").is("LoadBalancer");
    let ranges = spec.get("loadBalancerSourceRanges");
    let annotation = "service.beta.kubernetes.io/load-balancer-source-ranges";
    let annotated = meta::of(service).and_then(|m| m.get("annotations")?.get(annotation)?.as_str());
    if ranges.len() > 0 {
        let at = spec.child("LoadBalancerSourceRanges");
        if !balanced {
            errors.push(FieldError::forbidden(at.clone(), why));
        }
        for (i, range) in ranges.texts().into_iter().enumerate() {
            let complaints = content::cidr(range.trim());
            errors
                .extend(complaints.into_iter().map(|why| FieldError::invalid(format!("{at}[{i}]"), range.trim(), why)));
        }
    } else if let Some(text) = annotated {
        let at = format!("metadata.annotations[{annotation}]");
        if !balanced {
            errors.push(FieldError::forbidden(at.clone(), why));
        }
        for range in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            let complaints = content::cidr(range);
            errors.extend(complaints.into_iter().map(|why| FieldError::invalid(at.clone(), range, why)));
        }
    }
    let allocate = spec.get("allocateLoadBalancerNodePorts");
    if allocate.given() && !balanced {
        errors.push(allocate.forbidden(why));
    }
    let class = spec.get("loadBalancerClass");
    if class.given() {
        if balanced { check::shape(&class, content::qualified_name, errors) } else { errors.push(class.forbidden(why)) }
    }
}

fn traffic(spec: &Node<'_>, errors: &mut Errors) {
    let (external, health) = (spec.get("externalTrafficPolicy"), spec.get("healthCheckNodePort"));
    if is_external(spec) {
        check::one_of(&external, &["Cluster", "Local"], errors);
    } else if external.filled() {
        errors.push(external.invalid("may only be set for externally-accessible services"));
    }
    if needs_health_check(spec) {
        if health.number() == 0 { errors.push(health.required("")) } else { check::port(&health, errors) }
    } else if health.number() != 0 {
        let why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.push(health.invalid(why));
    }
    let internal = spec.get("internalTrafficPolicy");
    if internal.given() {
        check::supported_text(&internal, &["Cluster", "Local"], errors);
    } else if matches!(spec.get("type").text(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        errors.push(internal.required(""));
    }
    let distribution = spec.get("trafficDistribution");
    if distribution.given() {
        check::supported_text(&distribution, &["PreferClose", "PreferSameZone", "PreferSameNode"], errors);
    }
}

fn validate_update(new: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    let (new_root, old_root) = (Node::root(new), Node::root(old));
    let (now, before) = (new_root.get("spec"), old_root.get("spec"));
    if !is_external_name(&now) && !is_external_name(&before) {
        kept_ips(&now, &before, &mut errors);
        kept_families(&now, &before, &mut errors);
    }
    let class = |spec: &Node<'_>| spec.get("loadBalancerClass").value.clone();
    let balanced = |spec: &Node<'_>| spec.get("type").is("LoadBalancer");
    if balanced(&now) && balanced(&before) && class(&now) != class(&before) {
        errors.push(now.get("loadBalancerClass").invalid("may not change once set"));
    }
    let health = |spec: &Node<'_>| spec.get("healthCheckNodePort").number();
    if needs_health_check(&now) && needs_health_check(&before) && health(&now) != health(&before) {
        errors.push(now.get("healthCheckNodePort").forbidden(check::IMMUTABLE));
    }
    shared(new, &mut errors);
    errors
}

const KEPT: &str = "may not change once set";

/// The first address stays; a second one may come and go.
fn kept_ips(now: &Node<'_>, before: &Node<'_>, errors: &mut Errors) {
    if is_headless(now) && is_headless(before) {
        return;
    }
    let (all, had) = (now.get("clusterIPs"), before.get("clusterIPs"));
    let complain = |i: usize, why: &str| FieldError::invalid(format!("{}[{i}]", all.at), all.value.clone(), why);
    let (ips, old) = (all.texts(), had.texts());
    if ips.len() == old.len() {
        let changed = ips.iter().zip(&old).enumerate().filter(|(_, (a, b))| a != b);
        errors.extend(changed.map(|(i, _)| complain(i, KEPT)));
        return;
    }
    if ips.is_empty() {
        errors.push(FieldError::invalid(format!("{}[0]", all.at), Value::Null, "primary clusterIP can not be unset"));
    }
    if let (Some(ip), Some(was)) = (ips.first(), old.first())
        && ip != was
    {
        errors.push(complain(0, KEPT));
    }
    if ips.len() < old.len() && ips.len() == 1 && !now.get("ipFamilyPolicy").is("SingleStack") {
        let policy = now.get("ipFamilyPolicy");
        errors.push(policy.invalid("must be set to 'SingleStack' when releasing the secondary clusterIP"));
    }
}

fn kept_families(now: &Node<'_>, before: &Node<'_>, errors: &mut Errors) {
    if is_headless(now) || is_headless(before) {
        return;
    }
    let (all, had) = (now.get("ipFamilies"), before.get("ipFamilies"));
    let complain = |why: &str| FieldError::invalid(format!("{}[0]", all.at), all.value.clone(), why);
    let (families, old) = (all.texts(), had.texts());
    if families.len() == old.len() {
        errors.extend(families.iter().zip(&old).filter(|(a, b)| a != b).map(|_| complain(KEPT)));
        return;
    }
    if families.is_empty() && now.get("clusterIPs").len() == 0 {
        errors.push(complain("primary ipFamily can not be unset"));
    }
    if let (Some(family), Some(was)) = (families.first(), old.first())
        && family != was
    {
        errors.push(complain(KEPT));
    }
    if families.len() < old.len() && families.len() == 1 && !now.get("ipFamilyPolicy").is("SingleStack") {
        let policy = now.get("ipFamilyPolicy");
        errors.push(policy.invalid("must be set to 'SingleStack' when releasing the secondary ipFamily"));
    }
}

fn warnings(service: &Value) -> Vec<String> {
    let root = Node::root(service);
    let spec = root.get("spec");
    let mut out = Vec::new();
    let annotations: Option<&Map> = meta::of(service).and_then(|m| m.get("annotations")?.as_object());
    let hints = "service.kubernetes.io/topology-aware-hints";
    if annotations.is_some_and(|a| a.contains_key(hints)) {
        out.push(format!("annotation {hints} is deprecated, please use service.kubernetes.io/topology-mode instead"));
    }
    let addresses = |list: Node<'_>| -> Vec<String> {
        list.items().filter_map(|ip| Some(format!("{}: {}", ip.at, address_warning(ip.text())?))).collect()
    };
    if !is_external_name(&spec) {
        out.extend(addresses(spec.get("clusterIPs")));
    }
    if spec.get("type").is("ClusterIP") && spec.get("clusterIP").is("None") {
        if spec.get("loadBalancerIP").filled() {
            out.push("spec.loadBalancerIP is ignored for headless services".to_owned());
        }
        if spec.get("externalIPs").len() > 0 {
            out.push("spec.externalIPs is ignored for headless services".to_owned());
        }
        if !spec.get("sessionAffinity").is("None") {
            out.push("spec.SessionAffinity is ignored for headless services".to_owned());
        }
    }
    out.extend(addresses(spec.get("externalIPs")));
    let balancer = spec.get("loadBalancerIP");
    out.extend(address_warning(balancer.text()).map(|why| format!("{}: {why}", balancer.at)));
    for range in spec.get("loadBalancerSourceRanges").items() {
        out.extend(network_warnings(range.text()).into_iter().map(|why| format!("{}: {why}", range.at)));
    }
    if is_external_name(&spec) && spec.get("externalIPs").len() > 0 {
        out.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if !is_external_name(&spec) && spec.get("externalName").filled() {
        out.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if spec.get("trafficDistribution").is("PreferClose") {
        out.push("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".to_owned());
    }
    out
}
