//! The status of a pod, as nodes and schedulers write it.
//!
//! Source: `ValidatePodStatusUpdate` in `pkg/apis/core/validation` and `podStatusStrategy` in `pkg/registry/core/pod`, release 1.35.

use std::collections::BTreeMap;

use proofmark_json::{Value, json};
use proofmark_status::FieldError;

use super::update;
use crate::address::address_warning;
use crate::node::{Errors, Node};
use crate::{check, content};

/// Completes a new status with what clients may leave out: the class, and the generation that conditions were seen at.
pub(super) fn prepare(new: &mut Value, old: &Value) {
    let of_old = |at: &str| old.pointer(at).filter(|v| !v.is_null()).cloned();
    let mut seen: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for condition in Node::root(old).get("status.conditions").items() {
        let (kind, generation) = (condition.value.get("type"), condition.get("observedGeneration").number());
        seen.entry(kind.and_then(Value::as_str).unwrap_or_default()).or_default().push(generation);
    }
    let Some(status) = new.get_mut("status").and_then(Value::as_object_mut) else { return };
    for field in ["qosClass", "observedGeneration"] {
        let given = status.get(field).is_some_and(|v| !crate::defaults::is_zero(v));
        if let Some(value) = of_old(&format!("/status/{field}")).filter(|_| !given) {
            status.insert(field.to_owned(), value);
        }
    }
    for condition in status.get_mut("conditions").and_then(Value::as_array_mut).into_iter().flatten() {
        let kind = condition.get("type").and_then(Value::as_str).unwrap_or_default();
        let generation = seen.get_mut(kind).filter(|known| !known.is_empty()).map(|known| known.remove(0));
        let given = condition.get("observedGeneration").is_some_and(|v| !crate::defaults::is_zero(v));
        if let (Some(generation), false, Some(members)) =
            (generation.filter(|g| *g != 0), given, condition.as_object_mut())
        {
            members.insert("observedGeneration", json!(generation));
        }
    }
}

/// Complaints about a new status.
pub(super) fn validate(new: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    update::annotations(new, old, &mut errors);
    let (status, before) = (Node::root(new).get("status"), Node::root(old).get("status"));
    let generation = |node: &Node<'_>, errors: &mut Errors| {
        let node = node.get("observedGeneration");
        if node.number() < 0 {
            errors.push(node.invalid("must be a non-negative integer"));
        }
    };
    for condition in status.get("conditions").items() {
        generation(&condition, &mut errors);
        let kind = condition.get("type").text();
        if !matches!(kind, "PodScheduled" | "Ready" | "Initialized") {
            let at = condition.child("Type");
            let complaints = content::qualified_name(kind);
            errors.extend(complaints.into_iter().map(|why| FieldError::invalid(at.clone(), kind, why)));
        }
    }
    let nominated = status.get("nominatedNodeName");
    if nominated.filled() && nominated.text() != before.get("nominatedNodeName").text() {
        check::shape(&nominated, content::dns_subdomain, &mut errors);
        if old.pointer("/spec/nodeName").is_some_and(|node| !crate::defaults::is_zero(node)) {
            errors.push(nominated.forbidden("may not be set on pods that are already bound to a node"));
        }
    }
    generation(&status, &mut errors);
    check::immutable(&status.get("qosClass"), &before.get("qosClass"), &mut errors);
    let spec = Node::root(old).get("spec");
    for (list, containers) in [("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")] {
        restarts(&status.get(list), &before.get(list), &spec, containers, &mut errors);
    }
    addresses(&status.get("podIPs"), &mut errors);
    let host = status.get("hostIPs");
    if let Some(first) = host.items().next().map(|ip| ip.get("ip")).filter(|ip| !status.get("hostIP").is(ip.text())) {
        errors.push(first.invalid("must be equal to `hostIP`"));
    }
    addresses(&host, &mut errors);
    errors
}

/// What has ended stays so, unless its policy starts it again.
fn restarts(now: &Node<'_>, before: &Node<'_>, spec: &Node<'_>, containers: &str, errors: &mut Errors) {
    for (index, was) in before.items().enumerate().filter(|(_, was)| was.get("state.terminated").given()) {
        let name = was.get("name").text();
        let Some(is) = now.items().find(|is| is.get("name").is(name)) else { continue };
        let list = spec.get(containers);
        let container = list.items().find(|c| c.get("name").is(name));
        let code = was.get("state.terminated.exitCode").number();
        if !is.get("state.terminated").given() && !container.is_some_and(|c| starts_again(&c, spec, code)) {
            let at = format!("{}[{index}].state", now.at);
            errors.push(FieldError::forbidden(at, "may not be transitioned to non-terminated state"));
        }
    }
}

/// A container's own rules count before its own policy, and that before the pod's.
fn starts_again(container: &Node<'_>, spec: &Node<'_>, code: i64) -> bool {
    let own = container.get("restartPolicy");
    let rule = container.get("restartPolicyRules").items().find(|rule| {
        let (operator, values) = (rule.get("exitCodes.operator").text(), rule.get("exitCodes.values"));
        let among = values.items().any(|value| value.number() == code);
        rule.get("exitCodes").given() && (operator == "In") == among
    });
    if own.given() && rule.is_some_and(|rule| rule.get("action").is("Restart")) {
        return true;
    }
    match if own.given() { own.text() } else { spec.get("restartPolicy").text() } {
        "Always" => true,
        "OnFailure" => code != 0,
        _ => false,
    }
}

/// One address, or one of each family.
fn addresses(list: &Node<'_>, errors: &mut Errors) {
    let ips: Vec<Node<'_>> = list.items().map(|item| item.get("ip")).collect();
    for (item, ip) in list.items().zip(&ips) {
        let complaints = content::ip(ip.text());
        errors.extend(complaints.into_iter().map(|why| FieldError::invalid(item.at.clone(), ip.text(), why)));
    }
    let families: Vec<bool> = ips.iter().filter_map(|ip| content::parse_ip(ip.text())).map(|ip| ip.is_ipv4()).collect();
    if ips.len() > 2 || matches!(families[..], [first, second] if first == second) {
        let shown: Value = ips.iter().map(|ip| json!({"IP": ip.text()})).collect();
        let why = "may specify no more than one IP for each IP family";
        errors.push(FieldError::invalid(list.at.clone(), shown, why));
    }
}

/// Addresses in forms that are on their way out.
pub(super) fn warnings(pod: &Value) -> Vec<String> {
    let status = Node::root(pod).get("status");
    let mut out = Vec::new();
    for list in ["podIPs", "hostIPs"] {
        for ip in status.get(list).items().map(|item| item.get("ip")) {
            out.extend(address_warning(ip.text()).map(|why| format!("{}: {why}", ip.at)));
        }
    }
    out
}
