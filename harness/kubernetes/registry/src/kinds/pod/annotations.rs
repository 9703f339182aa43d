//! Annotations of pods that mean something.
//!
//! Source: `ValidatePodSpecificAnnotations` in `pkg/apis/core/validation`, release 1.35.

use proofmark_json::Value;
use proofmark_status::{FieldError, quote};

use super::containers::descending;
use super::spec::every_container;
use crate::meta;
use crate::node::{Errors, Node};

/// Profiles were annotations before they were fields.
pub(super) const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
pub(super) const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
pub(super) const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

const AT: &str = "metadata.annotations";

/// Complaints about a pod's annotations.
pub(super) fn validate(pod: &Value, errors: &mut Errors) {
    let Some(annotations) = meta::of(pod).and_then(|m| m.get("annotations")?.as_object()) else { return };
    let texts = || annotations.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()));
    let annotation = |name: &str| texts().find(|(key, _)| *key == name).map(|(_, value)| value);
    let spec = Node::root(pod).get("spec");
    let mirror = "kubernetes.io/config.mirror";
    if let Some(value) = annotation(mirror).filter(|_| !spec.get("nodeName").filled()) {
        let why = "must set spec.nodeName if mirror pod annotation is set";
        errors.push(FieldError::invalid(format!("{AT}[{mirror}]"), value, why));
    }
    let cost = "controller.kubernetes.io/pod-deletion-cost";
    if let Some(value) = annotation(cost) {
        // Go's parser takes a sign; Kubernetes takes neither it nor leading zeros.
        let padded = value.len() > 1 && value.starts_with('0');
        let plain = !value.starts_with('+') && !padded;
        if !plain || value.parse::<i32>().is_err() {
            errors.push(FieldError::invalid(format!("{AT}[{cost}]"), value, "must be a 32bit integer"));
        }
    }
    // These paths have dots in place of brackets, as upstream's do.
    for (key, profile) in texts().filter(|(key, _)| *key == SECCOMP_POD || key.starts_with(SECCOMP_CONTAINER)) {
        seccomp(profile, &format!("{AT}.{key}"), errors);
    }
    for (key, profile) in texts() {
        let Some(container) = key.strip_prefix(APPARMOR) else { continue };
        if !every_container(&spec).iter().any(|c| c.get("name").is(container)) {
            errors.push(FieldError::invalid(format!("{AT}[{key}]"), container, "container not found"));
        }
        if !matches!(profile, "" | "runtime/default" | "unconfined") && !profile.starts_with("localhost/") {
            let why = format!("invalid AppArmor profile name: {}", quote(profile));
            errors.push(FieldError::invalid(format!("{AT}[{key}]"), profile, why));
        }
    }
}

fn seccomp(profile: &str, at: &str, errors: &mut Errors) {
    match profile.strip_prefix("localhost/") {
        Some(path) => descending(path, at, errors),
        None if matches!(profile, "runtime/default" | "docker/default" | "unconfined") => {}
        None => errors.push(FieldError::invalid(at, profile, "must be a valid seccomp profile")),
    }
}
