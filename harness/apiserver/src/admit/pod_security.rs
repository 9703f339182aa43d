//! PodSecurity: pods meet the standard that their namespace names, and who sends something that does not is told.
//!
//! Workloads are never refused for their pods, but warned of. A namespace whose standard becomes stricter says which of its pods do
//! not meet it. Source: `k8s.io/pod-security-admission/admission`, release 1.35.

use std::collections::BTreeMap;

use proofmark_json::Value;
use proofmark_pod_security::{Level, Policy, Standard, evaluate, significant};
use proofmark_registry::meta;
use proofmark_status::Status;

use super::{Operation, Request, find, stored};
use crate::refusal::Refusal;

/// Subresources of pods that change nothing about their security.
const HARMLESS: [&str; 8] = ["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"];

/// How many pods of a namespace are looked at when its standard changes.
const PODS_MAX: usize = 3000;

/// Holds a state against the standards of its namespace.
pub(super) fn check(request: &Request<'_>, object: &Value) -> Result<(), Refusal> {
    let resource = request.target.resource;
    if request.is_core("namespaces") {
        return if request.subresource.is_empty() { namespace(request, object) } else { Ok(()) };
    }
    if request.is_core("pods") {
        return if HARMLESS.contains(&request.subresource) { Ok(()) } else { pod(request, object) };
    }
    let template = match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "podtemplates") => "/template",
        ("", "replicationcontrollers")
        | ("apps", "replicasets" | "deployments" | "statefulsets" | "daemonsets")
        | ("batch", "jobs") => "/spec/template",
        ("batch", "cronjobs") => "/spec/jobTemplate/spec/template",
        _ => return Ok(()),
    };
    if let Some(template) = object.pointer(template).filter(|t| t.is_object() && request.subresource.is_empty()) {
        warn(request, policy(request).warn, template);
    }
    Ok(())
}

/// The policy of the request's namespace; what is wrong with its labels was told when they were set.
fn policy(request: &Request<'_>) -> Policy {
    find(request.call, "", "v1", "namespaces", request.target.namespace).map_or(Policy::NONE, |n| labelled(&n.value).0)
}

fn labelled(namespace: &Value) -> (Policy, Vec<proofmark_status::FieldError>) {
    Policy::of(meta::of(namespace).and_then(|m| m.get("labels")?.as_object()))
}

fn warn(request: &Request<'_>, standard: Standard, pod: &Value) {
    let verdict = evaluate(standard, pod);
    if !verdict.is_allowed() {
        let standard = proofmark_status::quote(&standard.to_string());
        request.call.warn(vec![format!("would violate PodSecurity {standard}: {}", verdict.details())]);
    }
}

fn pod(request: &Request<'_>, pod: &Value) -> Result<(), Refusal> {
    if request.operation == Operation::Update && request.old.is_some_and(|old| !significant(pod, old)) {
        return Ok(());
    }
    let policy = policy(request);
    let verdict = evaluate(policy.enforce, pod);
    request.call.annotate("pod-security.kubernetes.io/enforce-policy".to_owned(), policy.enforce.to_string());
    if verdict.is_allowed() {
        warn(request, policy.warn, pod);
        return Ok(());
    }
    let standard = proofmark_status::quote(&policy.enforce.to_string());
    let why = format!("violates PodSecurity {standard}: {}", verdict.details());
    Err(Status::forbidden("", "pods", request.target.name, &why).into())
}

/// Labels must be right, unless they were wrong before; a stricter standard is held against the pods that are there.
fn namespace(request: &Request<'_>, namespace: &Value) -> Result<(), Refusal> {
    let (new, errors) = labelled(namespace);
    let before = request.old.map(labelled);
    if !errors.is_empty() && before.as_ref().is_none_or(|(_, old)| *old != errors) {
        return Err(Status::invalid("", "Namespace", request.target.name, &errors).into());
    }
    let Some((old, _)) = before else { return Ok(()) };
    let relaxed = new.enforce.version == old.enforce.version && new.enforce.level <= old.enforce.level;
    if new.enforce != old.enforce && new.enforce.level != Level::Privileged && !relaxed {
        request.call.warn(violations(request, new.enforce));
    }
    Ok(())
}

/// What the pods of a namespace do not meet: each kind of violation once, with the first pod by name.
fn violations(request: &Request<'_>, standard: Standard) -> Vec<String> {
    let name = request.target.name;
    let pods = stored(request.call, "", "v1", "pods", &format!("{name}/"));
    let mut found: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for pod in pods.iter().take(PODS_MAX) {
        let verdict = evaluate(standard, &pod.value);
        if !verdict.is_allowed() {
            // Pods come in order of their names.
            let first = || (meta::text(&pod.value, "name").to_owned(), 0);
            found.entry(verdict.reasons()).or_insert_with(first).1 += 1;
        }
    }
    let mut warnings = Vec::new();
    if pods.len() > PODS_MAX {
        let words = "new PodSecurity enforce level only checked against the first";
        warnings.push(format!("{words} {PODS_MAX} of {} existing pods", pods.len()));
    }
    if !found.is_empty() {
        let (name, standard) = (proofmark_status::quote(name), proofmark_status::quote(&standard.to_string()));
        warnings
            .push(format!("existing pods in namespace {name} violate the new PodSecurity enforce level {standard}"));
    }
    let mut lines: Vec<String> = found
        .into_iter()
        .map(|(reasons, (first, count))| match count {
            1 => format!("{first}: {reasons}"),
            2 => format!("{first} (and 1 other pod): {reasons}"),
            _ => format!("{first} (and {} other pods): {reasons}", count - 1),
        })
        .collect();
    lines.sort();
    warnings.append(&mut lines);
    warnings
}
