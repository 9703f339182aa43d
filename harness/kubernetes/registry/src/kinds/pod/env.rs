//! Environment variables, and the fields of the pod that they and volumes may show.

use proofmark_builtin::quantity::Quantity;
use proofmark_status::FieldError;

use super::containers::no_backsteps;
use crate::node::{Errors, Node};
use crate::{check, content};

/// Fields of the pod that a variable may hold.
const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Fields of the pod that a file may hold.
pub(super) const FILE_FIELDS: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// Fields that the API's own labels know beside those of variables and files.
const LABELS: [&str; 3] = ["spec.restartPolicy", "spec.schedulerName", "status.phase"];

const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

const DIVISORS: [&str; 13] = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/// `env`
pub(super) fn variables(list: &Node<'_>, errors: &mut Errors) {
    for variable in list.items() {
        check::required_shape(&variable.get("name"), content::env_name, errors);
        let from = variable.get("valueFrom");
        if from.given() {
            value_from(&from, variable.get("value").filled(), errors);
        }
    }
}

fn value_from(from: &Node<'_>, has_value: bool, errors: &mut Errors) {
    let mut sources = 0;
    for source in ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] {
        let node = from.get(source);
        if !node.given() {
            continue;
        }
        sources += 1;
        match source {
            "fieldRef" => field(&node, &FIELDS, errors),
            "resourceFieldRef" => resource(&node, false, errors),
            "fileKeyRef" => {
                check::required_shape(&node.get("key"), content::env_name, errors);
                check::required_shape(&node.get("volumeName"), content::dns_label, errors);
                check::required(&node.get("path"), errors);
                no_backsteps(node.get("path").text(), &node.child("path"), errors);
            }
            _ => {
                check::shape(&node.get("name"), content::dns_subdomain, errors);
                check::required_shape(&node.get("key"), content::config_key, errors);
            }
        }
    }
    let why = match sources {
        0 => "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        _ if has_value => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errors.push(FieldError::invalid(from.at.clone(), "", why));
}

/// `envFrom`
pub(super) fn sources(list: &Node<'_>, errors: &mut Errors) {
    for source in list.items() {
        let prefix = source.get("prefix");
        if prefix.filled() {
            check::shape(&prefix, content::env_name, errors);
        }
        let references: Vec<Node<'_>> =
            ["configMapRef", "secretRef"].into_iter().map(|r| source.get(r)).filter(Node::given).collect();
        for reference in &references {
            check::required_shape(&reference.get("name"), content::dns_subdomain, errors);
        }
        // These paths lack the index, as upstream's do.
        match references.len() {
            0 => errors.push(FieldError::invalid(
                list.at.clone(),
                "",
                "must specify one of: `configMapRef` or `secretRef`",
            )),
            1 => {}
            _ => errors.push(FieldError::invalid(
                list.at.clone(),
                "",
                "may not have more than one field specified at a time",
            )),
        }
    }
}

/// A field of the pod: `metadata.labels['x']`.
pub(super) fn field(node: &Node<'_>, supported: &[&str], errors: &mut Errors) {
    let (version, path) = (node.get("apiVersion"), node.get("fieldPath"));
    for required in [&version, &path] {
        if !required.filled() {
            errors.push(required.required(""));
            return;
        }
    }
    let label = path.text();
    let subscript = label.strip_suffix("']").and_then(|l| l.split_once("['"));
    let known =
        FIELDS.contains(&label) || FILE_FIELDS.contains(&label) || LABELS.contains(&label) || label == "spec.host";
    let problem = match subscript {
        _ if version.text() != "v1" => Some(format!("unsupported pod version: {}", version.text())),
        Some(("metadata.annotations" | "metadata.labels", _)) => None,
        Some(_) => Some(format!("field label does not support subscript: {label}")),
        None if known => None,
        None => Some(format!("field label not supported: {label}")),
    };
    if let Some(problem) = problem {
        errors.push(path.invalid(format!("error converting fieldPath: {problem}")));
        return;
    }
    if let Some((map, key)) = subscript {
        let key = if map == "metadata.annotations" { key.to_ascii_lowercase() } else { key.to_owned() };
        let complaints = content::qualified_name(&key);
        errors.extend(complaints.into_iter().map(|why| FieldError::invalid(node.at.clone(), key.as_str(), why)));
        return;
    }
    let label = if label == "spec.host" { "spec.nodeName" } else { label };
    if !supported.contains(&label) {
        errors.push(FieldError::not_supported(path.at.clone(), label, supported));
    }
}

/// A resource of a container: `limits.cpu`. Files must name the container.
pub(super) fn resource(node: &Node<'_>, in_volume: bool, errors: &mut Errors) {
    let (container, name) = (node.get("containerName"), node.get("resource"));
    let pages = ["limits.hugepages-", "requests.hugepages-"].into_iter().any(|p| name.text().starts_with(p));
    if in_volume && !container.filled() {
        errors.push(container.required(""));
    } else if !name.filled() {
        errors.push(name.required(""));
    } else if !RESOURCES.contains(&name.text()) && !pages {
        errors.push(name.not_supported(&RESOURCES));
    }
    let Some(divisor) = node.get("divisor").quantity().filter(|d| d.sign() != 0) else { return };
    let (supported, words): (&[&str], _) = match name.text().split_once('.').map(|(_, r)| r) {
        Some("cpu") => (&["1m", "1"], "1m and 1 are supported with the cpu resource".to_owned()),
        Some(resource) => {
            let resource = match resource {
                "memory" => "memory",
                "ephemeral-storage" => "local ephemeral storage",
                _ if pages => "hugepages",
                _ => return,
            };
            (&DIVISORS, format!("{} are supported with the {resource} resource", DIVISORS.join(", ")))
        }
        None => return,
    };
    let fits = |text: &&str| Quantity::parse(text).is_ok_and(|q| q.to_string() == divisor.to_string());
    if !supported.iter().any(fits) {
        let why = format!("only divisor's values {words}");
        errors.push(FieldError::invalid(node.child("divisor"), name.text(), why));
    }
}
