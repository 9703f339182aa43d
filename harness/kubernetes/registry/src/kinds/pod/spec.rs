//! A pod's specification, in pods and in templates.
//!
//! Source: `ValidatePodSpec` in `pkg/apis/core/validation`, release 1.35.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_builtin::quantity::Quantity;
use proofmark_json::Value;
use proofmark_status::FieldError;

use super::{affinity, containers, security, volumes};
use crate::kinds::amounts;
use crate::node::{Errors, Node};
use crate::{check, content};

/// A specification and what its parts look up in it.
pub(super) struct Context<'a> {
    /// The object that the specification is part of.
    pub(super) object: &'a Value,
    pub(super) node: Node<'a>,
    /// Whether this is a pod, not a template.
    pub(super) is_pod: bool,
    /// The pod's name; empty in templates.
    pub(super) name: &'a str,
    /// Volumes that are in order, by name.
    pub(super) volumes: BTreeMap<&'a str, &'a Value>,
    /// Names of the pod's resource claims.
    pub(super) claims: Vec<&'a str>,
}

/// Complaints about a specification.
pub(in crate::kinds) fn validate(object: &Value, node: &Node<'_>, is_pod: bool, name: &str, errors: &mut Errors) {
    let mut spec = Context { object, node: node.clone(), is_pod, name, volumes: BTreeMap::new(), claims: Vec::new() };
    let grace = spec.node.get("terminationGracePeriodSeconds");
    if !grace.given() {
        errors.push(grace.required(""));
    }
    spec.volumes = volumes::volumes(&spec, errors);
    resource_claims(&mut spec, errors);
    containers::containers(&spec, errors);
    containers::init_containers(&spec, errors);
    containers::ephemeral_containers(&spec, errors);
    pod_resources(&spec, errors);
    host_network(&spec, errors);
    let field = |name: &str| node.get(name);
    check::one_of(&field("restartPolicy"), &["Always", "OnFailure", "Never"], errors);
    check::one_of(&field("dnsPolicy"), &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], errors);
    check::labels(&field("nodeSelector"), errors);
    security::pod(&spec, errors);
    affinity::affinity(&field("affinity"), errors);
    dns(&spec, errors);
    for gate in field("readinessGates").items() {
        check::shape(&gate.get("conditionType"), content::qualified_name, errors);
    }
    scheduling_gates(&field("schedulingGates"), errors);
    affinity::spreading(&field("topologySpreadConstraints"), errors);
    host_users(&spec, errors);
    host_name(&spec, errors);
    let optional = |name: &str, rule: fn(&str) -> Vec<String>, errors: &mut Errors| {
        if node.get(name).filled() {
            check::shape(&node.get(name), rule, errors);
        }
    };
    optional("serviceAccountName", content::dns_subdomain, errors);
    optional("nodeName", content::dns_subdomain, errors);
    let deadline = field("activeDeadlineSeconds");
    if deadline.given() {
        check::range(&deadline, 1, i32::MAX.into(), errors);
    }
    optional("hostname", content::dns_label, errors);
    optional("subdomain", content::dns_label, errors);
    affinity::tolerations(&field("tolerations"), errors);
    for alias in field("hostAliases").items() {
        check::shape(&alias.get("ip"), content::ip, errors);
        for name in alias.get("hostnames").items() {
            check::shape(&name, content::dns_subdomain, errors);
        }
    }
    optional("priorityClassName", content::dns_subdomain, errors);
    if field("runtimeClassName").given() {
        check::shape(&field("runtimeClassName"), content::dns_subdomain, errors);
    }
    if field("preemptionPolicy").given() {
        check::one_of(&field("preemptionPolicy"), &["PreemptLowerPriority", "Never"], errors);
    }
    overhead(&field("overhead"), errors);
    operating_system(&spec, errors);
    file_keys(&spec, errors);
}

fn resource_claims(spec: &mut Context<'_>, errors: &mut Errors) {
    let list = spec.node.get("resourceClaims");
    let mut seen = BTreeSet::new();
    for claim in list.items() {
        let name = claim.get("name");
        if name.filled() && !seen.insert(name.text()) {
            errors.push(name.duplicate());
        } else {
            check::required_shape(&name, content::dns_label, errors);
        }
        let (direct, template) = (claim.get("resourceClaimName"), claim.get("resourceClaimTemplateName"));
        let shown = crate::internal::show(spec.object, &security::pointer(&claim.at));
        match (direct.given(), template.given()) {
            (true, true) => {
                let why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
                errors.push(FieldError::invalid(claim.at.clone(), shown, why));
            }
            (false, false) => {
                let why = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
                errors.push(FieldError::invalid(claim.at.clone(), shown, why));
            }
            _ => {}
        }
        for node in [direct, template] {
            if node.given() {
                check::shape(&node, content::dns_subdomain, errors);
            }
        }
    }
    spec.claims = seen.into_iter().collect();
}

/// `spec.resources`: what all containers may use together.
fn pod_resources(spec: &Context<'_>, errors: &mut Errors) {
    let resources = spec.node.get("resources");
    if !resources.given() {
        return;
    }
    if spec.node.get("os.name").is("windows") {
        errors.push(resources.forbidden("may not be set for a windows pod"));
        return;
    }
    if resources.get("claims").given() {
        errors.push(resources.get("claims").forbidden("claims may not be set for Resources at pod-level"));
    }
    amounts::requirements(&resources, true, &spec.claims, errors);
    let sum = |kind: &str, name: &str| {
        let containers = spec.node.get("containers");
        let amounts: Vec<Quantity> = containers
            .items()
            .filter_map(|c| Node { value: c.get("resources").get(kind).value.get(name)?, at: String::new() }.quantity())
            .collect();
        super::qos::sum(&amounts)
    };
    for (name, request) in resources.get("requests").entries() {
        let (Some(total), Some(own)) = (sum("requests", name), request.quantity()) else { continue };
        if total > own {
            let why = format!("must be greater than or equal to aggregate container requests of {total}");
            errors.push(FieldError::invalid(request.at.clone(), request.text(), why));
        }
    }
    for (name, limit) in resources.get("limits").entries().filter(|(name, _)| amounts::is_huge_pages(name)) {
        let (Some(total), Some(own)) = (sum("limits", name), limit.quantity()) else { continue };
        if total > own {
            let why = format!("must be greater than or equal to aggregate container limits of {total}");
            errors.push(FieldError::invalid(limit.at.clone(), limit.text(), why));
        }
    }
    for (i, container) in spec.node.get("containers").items().enumerate() {
        for (name, limit) in container.get("resources.limits").entries() {
            let Some(whole) = resources.get("limits").value.get(name).and_then(Value::as_str) else { continue };
            if Quantity::parse(whole).ok().zip(limit.quantity()).is_some_and(|(whole, part)| part > whole) {
                let at = format!("{}.containers[{i}][{name}].limits", resources.at);
                errors.push(FieldError::invalid(
                    at,
                    limit.text(),
                    format!("must be less than or equal to pod limits of {whole}"),
                ));
            }
        }
    }
}

/// In the host's network, ports of containers are ports of the host.
fn host_network(spec: &Context<'_>, errors: &mut Errors) {
    if !spec.node.get("hostNetwork").on() {
        return;
    }
    for container in spec.node.get("containers").items() {
        for port in container.get("ports").items() {
            let (host, own) = (port.get("hostPort"), port.get("containerPort").number());
            if (spec.is_pod || host.number() != 0) && host.number() != own {
                let why = "must match `containerPort` when `hostNetwork` is true";
                errors.push(FieldError::invalid(host.at.clone(), host.number(), why));
            }
        }
    }
}

fn dns(spec: &Context<'_>, errors: &mut Errors) {
    let config = spec.node.get("dnsConfig");
    let (servers, searches) = (config.get("nameservers"), config.get("searches"));
    if spec.node.get("dnsPolicy").is("None") {
        if !config.given() {
            errors.push(config.required("must provide `dnsConfig` when `dnsPolicy` is None"));
            return;
        }
        if servers.len() == 0 {
            errors.push(servers.required("must provide at least one DNS nameserver when `dnsPolicy` is None"));
            return;
        }
    }
    if servers.len() > 3 {
        errors.push(servers.invalid("must not have more than 3 nameservers"));
    }
    for server in servers.items() {
        check::shape(&server, content::ip, errors);
    }
    if searches.len() > 32 {
        errors.push(searches.invalid("must not have more than 32 search paths"));
    }
    if searches.texts().join(" ").len() > 2048 {
        errors.push(searches.invalid("must not have more than 2048 characters (including spaces) in the search list"));
    }
    for search in searches.items().filter(|s| !s.is(".")) {
        let text = search.text().strip_suffix('.').unwrap_or(search.text());
        let complaints = content::dns_subdomain_underscore(text);
        errors.extend(complaints.into_iter().map(|why| FieldError::invalid(search.at.clone(), text, why)));
    }
    for option in config.get("options").items() {
        if !option.get("name").filled() {
            errors.push(option.required("must not be empty"));
        }
    }
}

fn scheduling_gates(list: &Node<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for gate in list.items() {
        let name = gate.get("name").text();
        let complaints = content::qualified_name(name);
        errors.extend(complaints.into_iter().map(|why| FieldError::invalid(gate.at.clone(), name, why)));
        if !seen.insert(name) {
            errors.push(FieldError::duplicate(gate.at.clone(), name));
        }
    }
}

/// Every container, with where it stands.
pub(super) fn every_container<'a>(spec: &Node<'a>) -> Vec<Node<'a>> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    lists.into_iter().flat_map(|list| spec.get(list).items().collect::<Vec<_>>()).collect()
}

fn host_users(spec: &Context<'_>, errors: &mut Errors) {
    if spec.node.get("hostUsers").flag() != Some(false) {
        return;
    }
    let why = "when `hostUsers` is false";
    for (field, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if spec.node.get(field).on() {
            errors.push(FieldError::forbidden(spec.node.child(shown), why));
        }
    }
    for container in every_container(&spec.node) {
        if container.get("volumeDevices").len() > 0 {
            errors.push(container.get("volumeDevices").forbidden(why));
        }
    }
}

fn host_name(spec: &Context<'_>, errors: &mut Errors) {
    let name = spec.node.get("hostnameOverride");
    if !name.given() {
        return;
    }
    for field in ["setHostnameAsFQDN", "hostNetwork"] {
        if spec.node.get(field).on() {
            errors.push(name.forbidden(format!("may not be specified when {field} is true")));
        }
    }
    if name.text().len() > 64 {
        errors.push(FieldError::too_long(name.at.clone(), 64));
    }
    check::shape(&name, content::dns_subdomain, errors);
}

fn overhead(overhead: &Node<'_>, errors: &mut Errors) {
    for (name, amount) in overhead.entries() {
        amounts::container_name(name, &amount.at.replacen("overhead[", "overhead.limits[", 1), errors);
        amounts::amount(name, &amount, errors);
    }
}

/// Settings of one operating system are refused in pods of the other.
fn operating_system(spec: &Context<'_>, errors: &mut Errors) {
    let os = spec.node.get("os");
    if !os.given() {
        return;
    }
    let name = os.get("name");
    let context = spec.node.get("securityContext");
    let mut refuse = |parent: &Node<'_>, fields: &[&str], why: &str| {
        for field in fields {
            let node = parent.get(field);
            if node.filled() || (node.given() && !matches!(*field, "hostPID" | "hostIPC" | "sysctls")) {
                errors.push(node.forbidden(why));
            }
        }
    };
    match name.text() {
        "linux" => {
            let why = "windows options cannot be set for a linux pod";
            refuse(&context, &["windowsOptions"], why);
            for container in every_container(&spec.node) {
                refuse(&container.get("securityContext"), &["windowsOptions"], why);
            }
        }
        "windows" => {
            let why = "cannot be set for a windows pod";
            refuse(&context, &["appArmorProfile", "seLinuxOptions"], why);
            refuse(&spec.node, &["hostUsers", "hostPID", "hostIPC"], why);
            refuse(&context, &["seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls"], why);
            refuse(&spec.node, &["shareProcessNamespace"], why);
            let rest =
                ["runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy"];
            refuse(&context, &rest, why);
            for container in every_container(&spec.node) {
                let fields = [
                    "appArmorProfile",
                    "seLinuxOptions",
                    "seccompProfile",
                    "capabilities",
                    "readOnlyRootFilesystem",
                    "privileged",
                    "allowPrivilegeEscalation",
                    "procMount",
                    "runAsUser",
                    "runAsGroup",
                ];
                refuse(&container.get("securityContext"), &fields, why);
            }
        }
        "" => errors.push(name.required("")),
        // The path lacks the name, as upstream's does.
        _ => errors.push(FieldError::not_supported(os.at.clone(), name.text(), &["linux", "windows"])),
    }
}

/// Variables come from files of empty directories only.
fn file_keys(spec: &Context<'_>, errors: &mut Errors) {
    let volumes: BTreeMap<&str, Node<'_>> =
        spec.node.get("volumes").items().map(|v| (v.get("name").text(), v)).collect();
    for container in every_container(&spec.node) {
        for variable in container.get("env").items() {
            let key = variable.get("valueFrom").get("fileKeyRef");
            if !key.given() {
                continue;
            }
            let name = key.get("volumeName");
            match volumes.get(name.text()) {
                None => errors.push(name.not_found()),
                Some(volume) if !volume.get("emptyDir").given() => {
                    errors.push(FieldError::invalid(
                        name.at.clone(),
                        name.text(),
                        "referenced volume must be of type emptyDir",
                    ));
                }
                Some(_) => {}
            }
        }
    }
}
