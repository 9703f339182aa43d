//! Security contexts of pods and containers.

use proofmark_json::Value;
use proofmark_status::FieldError;

use super::containers::descending;
use super::spec::Context;
use super::windows;
use crate::check;
use crate::internal;
use crate::node::{Errors, Node};

/// The largest user or group.
const ID_MAX: i64 = i32::MAX as i64;

fn ids(context: &Node<'_>, fields: &[&str], errors: &mut Errors) {
    for field in fields {
        let id = context.get(field);
        if id.given() {
            check::range(&id, 0, ID_MAX, errors);
        }
    }
}

/// `securityContext` of a pod.
pub(super) fn pod(spec: &Context<'_>, errors: &mut Errors) {
    let context = spec.node.get("securityContext");
    if !context.given() {
        return;
    }
    ids(&context, &["fsGroup", "runAsUser", "runAsGroup"], errors);
    for group in context.get("supplementalGroups").items() {
        check::range(&group, 0, ID_MAX, errors);
    }
    let shared = spec.node.get("shareProcessNamespace");
    if shared.on() && spec.node.get("hostPID").on() {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.push(FieldError::invalid(context.child("shareProcessNamespace"), true, why));
    }
    sysctls(spec, &context.get("sysctls"), errors);
    let optional = |field: &str, supported: &[&str], errors: &mut Errors| {
        let node = context.get(field);
        if node.given() {
            check::supported_text(&node, supported, errors);
        }
    };
    optional("fsGroupChangePolicy", &["Always", "OnRootMismatch"], errors);
    seccomp(&context.get("seccompProfile"), errors);
    apparmor(&context.get("appArmorProfile"), errors);
    optional("supplementalGroupsPolicy", &["Merge", "Strict"], errors);
    // `SELinuxMount` is off by default in 1.35.
    optional("seLinuxChangePolicy", &["Recursive"], errors);
    windows::options(&context.get("windowsOptions"), errors);
    windows::host_processes(spec, errors);
}

/// `securityContext` of a container.
pub(super) fn container(context: &Node<'_>, spec: &Context<'_>, errors: &mut Errors) {
    if !context.given() {
        return;
    }
    ids(context, &["runAsUser", "runAsGroup"], errors);
    let mount = context.get("procMount");
    if mount.given() {
        check::supported_text(&mount, &["Default", "Unmasked"], errors);
        if mount.is("Unmasked") && spec.node.get("hostUsers").flag() != Some(false) {
            errors.push(mount.invalid("`hostUsers` must be false to use `Unmasked`"));
        }
    }
    seccomp(&context.get("seccompProfile"), errors);
    if context.get("allowPrivilegeEscalation").flag() == Some(false) {
        let complain = |why: &str| {
            let shown = internal::show(spec.object, &pointer(&context.at));
            FieldError::invalid(context.at.clone(), shown, why)
        };
        if context.get("privileged").on() {
            errors.push(complain("cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
        }
        if context.get("capabilities.add").texts().contains(&"CAP_SYS_ADMIN") {
            errors
                .push(complain("cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"));
        }
    }
    windows::options(&context.get("windowsOptions"), errors);
    apparmor(&context.get("appArmorProfile"), errors);
}

/// `spec.containers[0].name` as a JSON pointer.
pub(in crate::kinds) fn pointer(at: &str) -> String {
    at.split(['.', '[']).fold(String::new(), |out, part| out + "/" + part.trim_end_matches(']'))
}

fn sysctls(spec: &Context<'_>, list: &Node<'_>, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for sysctl in list.items() {
        let name = sysctl.get("name");
        let text = name.text();
        if text.is_empty() {
            errors.push(name.required(""));
        } else if !is_sysctl(text) {
            let regex = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
            errors.push(name.invalid(format!("must have at most 253 characters and match regex {regex}")));
        } else if seen.contains(&text) {
            errors.push(name.duplicate());
        }
        let dotted = text.replace('/', ".");
        if spec.node.get("hostNetwork").on() && dotted.starts_with("net.") {
            errors.push(FieldError::invalid(name.at.clone(), text, "may not be specified when 'hostNetwork' is true"));
        } else if spec.node.get("hostIPC").on() && is_ipc(&dotted) {
            errors.push(FieldError::invalid(name.at.clone(), text, "may not be specified when 'hostIPC' is true"));
        }
        seen.push(text);
    }
}

fn is_ipc(name: &str) -> bool {
    name.starts_with("kernel.shm")
        || name.starts_with("kernel.msg")
        || name == "kernel.sem"
        || name.starts_with("fs.mqueue.")
}

fn is_sysctl(name: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    name.len() <= 253
        && name
            .split(['.', '/'])
            .all(|part| edge(part.bytes().next()) && edge(part.bytes().last()) && part.bytes().all(inner))
}

fn seccomp(profile: &Node<'_>, errors: &mut Errors) {
    if !profile.given() {
        return;
    }
    let (kind, local) = (profile.get("type"), profile.get("localhostProfile"));
    match kind.text() {
        "" => errors.push(kind.required("type is required when seccompProfile is set")),
        "Localhost" | "RuntimeDefault" | "Unconfined" => {}
        _ => errors.push(kind.not_supported(&["Localhost", "RuntimeDefault", "Unconfined"])),
    }
    match (kind.text(), local.given()) {
        ("Localhost", false) => errors.push(local.required("must be set when seccomp type is Localhost")),
        ("Localhost", true) => descending(local.text(), &local.at, errors),
        (_, true) => {
            let shown = proofmark_json::json!({"Type": kind.text(), "LocalhostProfile": local.text()});
            errors.push(FieldError::invalid(local.at.clone(), shown, "can only be set when seccomp type is Localhost"));
        }
        (_, false) => {}
    }
}

pub(super) fn apparmor(profile: &Node<'_>, errors: &mut Errors) {
    if !profile.given() {
        return;
    }
    let (kind, local) = (profile.get("type"), profile.get("localhostProfile"));
    match kind.text() {
        "Localhost" => match local.value {
            Value::String(text) if text.trim() != text => {
                errors.push(local.invalid("must not be padded with whitespace"))
            }
            Value::String(text) if !text.is_empty() => {
                if text.len() > 4095 {
                    errors.push(FieldError::too_long(local.at.clone(), 4095));
                }
            }
            _ => errors.push(local.required("must be set when AppArmor type is Localhost")),
        },
        "RuntimeDefault" | "Unconfined" => {
            if local.given() {
                errors.push(local.invalid("can only be set when AppArmor type is Localhost"));
            }
        }
        "" => errors.push(kind.required("type is required when appArmorProfile is set")),
        _ => errors.push(kind.not_supported(&["Localhost", "RuntimeDefault", "Unconfined"])),
    }
}
