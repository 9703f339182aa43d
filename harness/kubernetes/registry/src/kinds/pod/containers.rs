//! Containers: names, images, ports, mounts.
//!
//! Source: `validateContainers` and `validateInitContainers` in `pkg/apis/core/validation`, release 1.35.

use std::collections::BTreeSet;

use proofmark_status::FieldError;

use super::spec::Context;
use super::{env, probes, security};
use crate::kinds::amounts;
use crate::node::{Errors, Node};
use crate::{check, content};

/// What runs: at least one container.
pub(super) fn containers(spec: &Context<'_>, errors: &mut Errors) {
    let list = spec.node.get("containers");
    if list.len() == 0 {
        errors.push(list.required(""));
        return;
    }
    let mut names = BTreeSet::new();
    for container in list.items() {
        common(&container, spec, errors);
        let name = container.get("name");
        if !names.insert(name.text()) {
            errors.push(FieldError::duplicate(name.at.clone(), name.text()));
        }
        hooks(&container, spec, errors);
        restart_rules(&container, errors);
    }
    host_ports(&list.items().collect::<Vec<_>>(), errors);
}

/// What runs before: names are unlike those of the containers.
pub(super) fn init_containers(spec: &Context<'_>, errors: &mut Errors) {
    let regular = spec.node.get("containers");
    let mut names: BTreeSet<&str> = regular.items().map(|c| c.get("name").text()).collect();
    for container in spec.node.get("initContainers").items() {
        common(&container, spec, errors);
        let policy = container.get("restartPolicy");
        if policy.given() || container.get("restartPolicyRules").len() > 0 {
            // A sidecar may not have rules of its own.
            if policy.is("Always") {
                if container.get("restartPolicyRules").len() > 0 {
                    let why = "restartPolicyRules are not allowed for init containers with restart policy Always";
                    errors.push(container.get("restartPolicyRules").forbidden(why));
                }
            } else {
                restart_rules(&container, errors);
            }
        }
        let name = container.get("name");
        if !name.text().is_empty() && !names.insert(name.text()) {
            errors.push(FieldError::duplicate(name.at.clone(), name.text()));
        }
        host_ports(std::slice::from_ref(&container), errors);
        if policy.is("Always") {
            hooks(&container, spec, errors);
        } else {
            for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                let node = container.get(field);
                if node.given() {
                    errors.push(node.forbidden("may not be set for init containers without restartPolicy=Always"));
                }
            }
        }
    }
}

/// Fields of a container that an ephemeral one may have.
const EPHEMERAL: [&str; 17] = [
    "name",
    "targetContainerName",
    "image",
    "command",
    "args",
    "workingDir",
    "envFrom",
    "env",
    "volumeMounts",
    "volumeDevices",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
    "securityContext",
    "stdin",
    "stdinOnce",
    "tty",
];

/// Containers that are added to a running pod.
pub(super) fn ephemeral_containers(spec: &Context<'_>, errors: &mut Errors) {
    let of = |list: &str| spec.node.get(list).items().map(|c| c.get("name").text()).collect::<Vec<_>>();
    let others: BTreeSet<&str> = of("containers").into_iter().chain(of("initContainers")).collect();
    let mut names = others.clone();
    for container in spec.node.get("ephemeralContainers").items() {
        common(&container, spec, errors);
        trimmed_image(&container, errors);
        let (name, target) = (container.get("name"), container.get("targetContainerName"));
        if !names.insert(name.text()) {
            errors.push(FieldError::duplicate(name.at.clone(), name.text()));
        }
        if target.filled() && !others.contains(target.text()) {
            errors.push(target.not_found());
        }
        let members = container.value.as_object().into_iter().flatten();
        for (field, _) in
            members.filter(|(field, value)| !EPHEMERAL.contains(&field.as_str()) && !crate::defaults::is_zero(value))
        {
            errors.push(container.get(field).forbidden("cannot be set for an Ephemeral Container"));
        }
        for mount in container.get("volumeMounts").items() {
            for field in ["subPath", "subPathExpr"] {
                let path = mount.get(field);
                if path.filled() {
                    errors.push(path.forbidden("cannot be set for an Ephemeral Container"));
                }
            }
        }
    }
}

/// Only pods mind blanks around an image; templates are let through.
pub(super) fn trimmed_image(container: &Node<'_>, errors: &mut Errors) {
    let image = container.get("image");
    if image.text().trim() != image.text() {
        errors.push(image.invalid("must not have leading or trailing whitespace"));
    }
}

/// What every kind of container has.
fn common(container: &Node<'_>, spec: &Context<'_>, errors: &mut Errors) {
    check::required_shape(&container.get("name"), content::dns_label, errors);
    check::required(&container.get("image"), errors);
    check::one_of(&container.get("terminationMessagePolicy"), &["File", "FallbackToLogsOnError"], errors);
    ports(&container.get("ports"), errors);
    env::variables(&container.get("env"), errors);
    env::sources(&container.get("envFrom"), errors);
    mounts(container, spec, errors);
    devices(container, spec, errors);
    check::one_of(&container.get("imagePullPolicy"), &["Always", "IfNotPresent", "Never"], errors);
    amounts::requirements(&container.get("resources"), false, &spec.claims, errors);
    resize(&container.get("resizePolicy"), spec, errors);
    security::container(&container.get("securityContext"), spec, errors);
}

fn hooks(container: &Node<'_>, spec: &Context<'_>, errors: &mut Errors) {
    probes::lifecycle(&container.get("lifecycle"), spec, errors);
    probes::probe(&container.get("livenessProbe"), errors);
    probes::probe(&container.get("readinessProbe"), errors);
    probes::probe(&container.get("startupProbe"), errors);
}

fn restart_rules(container: &Node<'_>, errors: &mut Errors) {
    let (policy, rules) = (container.get("restartPolicy"), container.get("restartPolicyRules"));
    if !policy.given() {
        if rules.len() > 0 {
            errors.push(policy.required("must specify restartPolicy when restart rules are used"));
        } else {
            return;
        }
    } else {
        check::supported_text(&policy, &["Always", "Never", "OnFailure"], errors);
    }
    if rules.len() > 20 {
        errors.push(FieldError::too_long(rules.at.clone(), 20));
    }
    for rule in rules.items() {
        check::supported_text(&rule.get("action"), &["Restart"], errors);
        let codes = rule.get("exitCodes");
        if !codes.given() {
            errors.push(codes.required("must be specified"));
            continue;
        }
        check::supported_text(&codes.get("operator"), &["In", "NotIn"], errors);
        if codes.get("values").len() > 255 {
            errors.push(FieldError::too_long(codes.child("values"), 255));
        }
    }
}

fn ports(list: &Node<'_>, errors: &mut Errors) {
    let mut names = BTreeSet::new();
    for port in list.items() {
        let (name, number, host) = (port.get("name"), port.get("containerPort"), port.get("hostPort"));
        if name.filled() {
            let before = errors.len();
            check::shape(&name, content::port_name, errors);
            if errors.len() == before && !names.insert(name.text()) {
                errors.push(name.duplicate());
            }
        }
        if number.number() == 0 {
            errors.push(number.required(""))
        } else {
            check::port(&number, errors)
        }
        if host.number() != 0 {
            check::port(&host, errors);
        }
        check::one_of(&port.get("protocol"), &check::PROTOCOLS, errors);
    }
}

/// Two containers cannot listen on one port of the host.
fn host_ports(containers: &[Node<'_>], errors: &mut Errors) {
    let mut taken = BTreeSet::new();
    for container in containers {
        for port in container.get("ports").items() {
            let host = port.get("hostPort");
            let place = format!("{}/{}/{}", port.get("protocol").text(), port.get("hostIP").text(), host.number());
            if host.number() != 0 && !taken.insert(place.clone()) {
                errors.push(FieldError::duplicate(host.at, place));
            }
        }
    }
}

fn mounts(container: &Node<'_>, spec: &Context<'_>, errors: &mut Errors) {
    let list = container.get("volumeMounts");
    let devices = container.get("volumeDevices");
    let device_names: BTreeSet<&str> = devices.items().map(|d| d.get("name").text()).collect();
    let device_paths: BTreeSet<&str> = devices.items().map(|d| d.get("devicePath").text()).collect();
    let mut paths = BTreeSet::new();
    for mount in list.items() {
        let (name, path) = (mount.get("name"), mount.get("mountPath"));
        check::required(&name, errors);
        if !spec.volumes.contains_key(name.text()) {
            errors.push(name.not_found());
        }
        check::required(&path, errors);
        if !paths.insert(path.text()) {
            errors.push(FieldError::invalid(path.at.clone(), path.text(), "must be unique"));
        }
        if device_names.contains(name.text()) {
            errors.push(name.invalid("must not already exist in volumeDevices"));
        }
        if device_paths.contains(path.text()) {
            errors.push(path.invalid("must not already exist as a path in volumeDevices"));
        }
        // These paths lack the index, as upstream's do.
        let (sub, expr) = (mount.get("subPath"), mount.get("subPathExpr"));
        if sub.filled() {
            descending(sub.text(), &list.child("subPath"), errors);
        }
        if expr.filled() {
            if sub.filled() {
                errors.push(expr.invalid("subPathExpr and subPath are mutually exclusive"));
            }
            descending(expr.text(), &list.child("subPathExpr"), errors);
        }
        propagation(&mount, container, &list, errors);
        read_only(&mount, &list, errors);
    }
}

fn propagation(mount: &Node<'_>, container: &Node<'_>, list: &Node<'_>, errors: &mut Errors) {
    let mode = mount.get("mountPropagation");
    if !mode.given() {
        return;
    }
    let at = list.child("mountPropagation");
    let supported = ["Bidirectional", "HostToContainer", "None"];
    if !supported.contains(&mode.text()) {
        errors.push(FieldError::not_supported(at.clone(), mode.text(), &supported));
    }
    if mode.is("Bidirectional") && !container.get("securityContext.privileged").on() {
        errors.push(FieldError::forbidden(
            at,
            "Bidirectional mount propagation is available only to privileged containers",
        ));
    }
}

fn read_only(mount: &Node<'_>, list: &Node<'_>, errors: &mut Errors) {
    let mode = mount.get("recursiveReadOnly");
    let at = list.child("recursiveReadOnly");
    match mode.text() {
        "" | "Disabled" => {}
        "Enabled" | "IfPossible" => {
            if !mount.get("readOnly").on() {
                let why = "may only be specified when readOnly is true";
                errors.push(FieldError::forbidden(at.clone(), why));
            }
            let propagation = mount.get("mountPropagation");
            if propagation.given() && !propagation.is("None") {
                errors.push(FieldError::forbidden(
                    at,
                    "may only be specified when mountPropagation is None or not specified",
                ));
            }
        }
        other => errors.push(FieldError::not_supported(at, other, &["Disabled", "Enabled", "IfPossible"])),
    }
}

fn devices(container: &Node<'_>, spec: &Context<'_>, errors: &mut Errors) {
    let mounts = container.get("volumeMounts");
    let mounted: BTreeSet<&str> = mounts.items().map(|m| m.get("name").text()).collect();
    let mount_paths: BTreeSet<&str> = mounts.items().map(|m| m.get("mountPath").text()).collect();
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for device in container.get("volumeDevices").items() {
        let (name, path) = (device.get("name"), device.get("devicePath"));
        check::required(&name, errors);
        if names.contains(name.text()) {
            errors.push(name.invalid("must be unique"));
        }
        match spec.volumes.get(name.text()) {
            Some(source) if source.get("persistentVolumeClaim").is_none() && source.get("ephemeral").is_none() => {
                let why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.push(name.invalid(why));
            }
            Some(_) => {}
            None => errors.push(name.not_found()),
        }
        check::required(&path, errors);
        if paths.contains(path.text()) {
            errors.push(path.invalid("must be unique"));
        }
        if path.text().split('/').any(|part| part == "..") {
            errors.push(path.invalid("can not contain backsteps ('..')"));
        } else {
            paths.insert(path.text());
        }
        if mounted.contains(name.text()) {
            errors.push(name.invalid("must not already exist in volumeMounts"));
        }
        if mount_paths.contains(path.text()) {
            errors.push(path.invalid("must not already exist as a path in volumeMounts"));
        }
        if name.filled() {
            names.insert(name.text());
        }
    }
}

fn resize(list: &Node<'_>, spec: &Context<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for policy in list.items() {
        let (resource, restart) = (policy.get("resourceName"), policy.get("restartPolicy"));
        if !seen.insert(resource.text()) {
            errors.push(FieldError::duplicate(policy.at.clone(), resource.text()));
        }
        // Complaints are about the whole list, as upstream's are.
        let about = |node: &Node<'_>, supported: &[&str]| match node.text() {
            "" => Some(list.required("")),
            text if supported.contains(&text) => None,
            text => Some(FieldError::not_supported(list.at.clone(), text, supported)),
        };
        errors.extend(about(&resource, &["cpu", "memory"]));
        errors.extend(about(&restart, &["NotRequired", "RestartContainer"]));
        if spec.node.get("restartPolicy").is("Never") && !restart.is("NotRequired") {
            let why = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            errors.push(FieldError::invalid(list.at.clone(), restart.text(), why));
        }
    }
}

/// A relative path that does not climb.
pub(in crate::kinds) fn descending(path: &str, at: &str, errors: &mut Errors) {
    if path.starts_with('/') {
        errors.push(FieldError::invalid(at, path, "must be a relative path"));
    }
    no_backsteps(path, at, errors);
}

/// A path that does not climb.
pub(in crate::kinds) fn no_backsteps(path: &str, at: &str, errors: &mut Errors) {
    if path.split('/').any(|part| part == "..") {
        errors.push(FieldError::invalid(at, path, "must not contain '..'"));
    }
}
