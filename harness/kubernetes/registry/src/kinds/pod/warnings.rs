//! What the author of a pod or template should know, although it is accepted.
//!
//! Source: `pkg/api/pod/warnings.go`, release 1.35.

use std::collections::BTreeMap;

use proofmark_json::Value;
use proofmark_status::quote;

use super::annotations::{SECCOMP_CONTAINER, SECCOMP_POD};
use super::paths;
use super::spec::every_container;
use crate::address::address_warning;
use crate::node::Node;
use crate::{content, meta};

/// Node labels that went, and what to use instead.
const NODE_LABELS: [(&str, &str); 6] = [
    ("beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"),
    ("beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    ("failure-domain.beta.kubernetes.io/zone", "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"),
    ("beta.kubernetes.io/instance-type", "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"),
    ("node-role.kubernetes.io/master", "use \"node-role.kubernetes.io/control-plane\" instead"),
];

/// Annotations that do nothing any more.
const ANNOTATIONS: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
];

/// Volume sources that are on their way out.
const VOLUMES: [(&str, &str, &str); 9] = [
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

/// Warnings about a new pod.
pub(super) fn pod(pod: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let complaints = content::dns_label(meta::text(pod, "name"));
    if !complaints.is_empty() {
        let what = "this is used in the Pod's hostname, which can result in surprising behavior";
        out.push(format!("metadata.name: {what}; a DNS label is recommended: [{}]", complaints.join(" ")));
    }
    out.extend(warnings(&Node::root(pod)));
    out
}

/// Warnings about a name that pods are named after.
pub(in crate::kinds) fn owner_name(object: &Value) -> Option<String> {
    let complaints = content::dns_label(meta::text(object, "name"));
    let what = "this is used in Pod names and hostnames, which can result in surprising behavior";
    let told = || format!("metadata.name: {what}; a DNS label is recommended: [{}]", complaints.join(" "));
    (!complaints.is_empty()).then(told)
}

/// Warnings about a pod or template: what has `metadata` and `spec`.
pub(super) fn warnings(pod: &Node<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let spec = pod.get("spec");
    for (label, node) in spec.get("nodeSelector").entries() {
        out.extend(deprecated_label(label).map(|why| format!("{}: {why}", node.at)));
    }
    affinity(&spec, &mut out);
    for constraint in spec.get("topologySpreadConstraints").items() {
        let key = constraint.get("topologyKey");
        out.extend(deprecated_label(key.text()).map(|why| format!("{}: {} is {why}", key.at, key.text())));
        null_selector(&constraint, &mut out);
    }
    let annotations = pod.get("metadata.annotations");
    for (name, why) in ANNOTATIONS {
        if annotations.value.get(name).is_some() {
            out.push(format!("{}[{name}]: {why}", annotations.at));
        }
    }
    for volume in spec.get("volumes").items() {
        for (source, shown, why) in VOLUMES {
            if volume.get(source).given() {
                out.push(format!("{}: {why}", volume.child(shown)));
            }
        }
    }
    duplicates(&spec.get("hostAliases"), "ip", &mut out);
    duplicates(&spec.get("imagePullSecrets"), "name", &mut out);
    for secret in spec.get("imagePullSecrets").items() {
        let name = secret.get("name");
        if !name.filled() {
            out.push(format!("{}: invalid empty name \"\"", name.at));
        }
    }
    paths::overlaps(&spec.get("volumes"), &mut out);
    fractions(&spec.get("overhead"), &mut out);
    let seccomp = |key: &str, context: &Node<'_>, out: &mut Vec<String>| {
        if !context.get("seccompProfile").given() && annotations.value.get(key).is_some() {
            let why = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
            out.push(format!("{}[{key}]: {why}", annotations.at));
        }
    };
    seccomp(SECCOMP_POD, &spec.get("securityContext"), &mut out);
    for container in every_container(&spec) {
        let name = container.get("name").text();
        seccomp(&format!("{SECCOMP_CONTAINER}{name}"), &container.get("securityContext"), &mut out);
        fractions(&container.get("resources.limits"), &mut out);
        fractions(&container.get("resources.requests"), &mut out);
        hidden_variables(&container.get("env"), &mut out);
    }
    ports(&spec, &mut out);
    let grace = spec.get("terminationGracePeriodSeconds");
    if grace.number() < 0 {
        out.push(format!("{}: must be >= 0; negative values are invalid and will be treated as 1", grace.at));
    }
    pod_affinity(&spec, &mut out);
    let aliases = spec.get("hostAliases");
    let addresses = spec.get("dnsConfig.nameservers").items().collect::<Vec<_>>().into_iter();
    for ip in addresses.chain(aliases.items().map(|alias| alias.get("ip"))) {
        out.extend(address_warning(ip.text()).map(|why| format!("{}: {why}", ip.at)));
    }
    out
}

/// Why a label of nodes should not be used any more.
pub(in crate::kinds) fn deprecated_label(label: &str) -> Option<&'static str> {
    NODE_LABELS.iter().find(|(name, _)| *name == label).map(|(_, why)| *why)
}

fn null_selector(term: &Node<'_>, out: &mut Vec<String>) {
    let selector = term.get("labelSelector");
    if !selector.given() {
        out.push(format!("{}: a null labelSelector results in matching no pod", selector.at));
    }
}

fn affinity(spec: &Node<'_>, out: &mut Vec<String>) {
    let node = spec.get("affinity.nodeAffinity");
    let required = node.get("requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
    let preferred = node.get("preferredDuringSchedulingIgnoredDuringExecution");
    let terms = required.items().chain(preferred.items().map(|p| p.get("preference"))).collect::<Vec<_>>();
    for term in terms {
        for requirement in term.get("matchExpressions").items() {
            let key = requirement.get("key");
            out.extend(deprecated_label(key.text()).map(|why| format!("{}: {} is {why}", key.at, key.text())));
        }
    }
}

fn pod_affinity(spec: &Node<'_>, out: &mut Vec<String>) {
    for kind in ["podAffinity", "podAntiAffinity"] {
        let affinity = spec.get("affinity").get(kind);
        for term in affinity.get("requiredDuringSchedulingIgnoredDuringExecution").items() {
            null_selector(&term, out);
        }
        for term in affinity.get("preferredDuringSchedulingIgnoredDuringExecution").items() {
            null_selector(&term.get("podAffinityTerm"), out);
        }
    }
}

fn duplicates(list: &Node<'_>, key: &str, out: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for item in list.items() {
        let node = item.get(key);
        if seen.contains(&node.text()) {
            out.push(format!("{}: duplicate {key} {}", node.at, quote(node.text())));
        } else {
            seen.push(node.text());
        }
    }
}

/// There is no half of a byte.
fn fractions(list: &Node<'_>, out: &mut Vec<String>) {
    for name in ["memory", "ephemeral-storage"] {
        let Some(value) = list.value.get(name) else { continue };
        let amount = Node { value, at: format!("{}[{name}]", list.at) };
        let milli = amount.quantity().and_then(|q| q.scaled(-3));
        if milli.is_some_and(|m| m % 1000 != 0) {
            let shown = quote(amount.text());
            out.push(format!("{}: fractional byte value {shown} is invalid, must be an integer", amount.at));
        }
    }
}

/// A variable given twice, unless the second one builds on the first.
fn hidden_variables(list: &Node<'_>, out: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for variable in list.items() {
        let (name, value) = (variable.get("name").text(), variable.get("value").text());
        if !seen.contains(&name) {
            seen.push(name);
            continue;
        }
        let reference = format!("$({name})");
        if variable.get("valueFrom").given() || value == reference || !value.contains(&reference) {
            let shown = quote(name);
            out.push(format!(
                "{}: hides previous definition of {shown}, which may be dropped when using apply",
                variable.at
            ));
        }
    }
}

/// Ports that get into each other's way, and names that stand for several.
fn ports(spec: &Node<'_>, out: &mut Vec<String>) {
    let mut by_number: BTreeMap<(i64, &str), Vec<Node<'_>>> = BTreeMap::new();
    let mut by_name: BTreeMap<&str, String> = BTreeMap::new();
    let mut names = Vec::new();
    for container in every_container(spec) {
        for port in container.get("ports").items() {
            let (ip, host) = (port.get("hostIP").text(), port.get("hostPort").number());
            let others =
                by_number.entry((port.get("containerPort").number(), port.get("protocol").text())).or_default();
            for other in others.iter() {
                let (other_ip, other_host) = (other.get("hostIP").text(), other.get("hostPort").number());
                let what = if ip == other_ip && host == other_host {
                    "duplicate port definition"
                } else if host == 0 || other_host == 0 {
                    "overlapping port definition"
                } else if host == other_host && ip.is_empty() != other_ip.is_empty() {
                    "dangerously ambiguous port definition"
                } else {
                    continue;
                };
                out.push(format!("{}: {what} with {}", port.at, other.at));
            }
            let name = port.get("name").text();
            match by_name.get(name) {
                Some(first) if !name.is_empty() => names.push(format!(
                    "{}: duplicate port name {} with {first}, services and probes that select ports by name will use {first}",
                    port.at,
                    quote(name)
                )),
                _ => {
                    by_name.insert(name, port.at.clone());
                }
            }
            others.push(port);
        }
    }
    out.append(&mut names);
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn warns_of_what_hides_and_overlaps() {
        let pod = json!({"spec": {"containers": [{"name": "a", "ports": [
            {"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "TCP"},
        ], "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}, {"name": "A", "value": "x$(A)"}]}]}});
        assert_eq!(
            warnings(&Node::root(&pod)),
            [
                "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply",
                "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
            ]
        );
    }
}
