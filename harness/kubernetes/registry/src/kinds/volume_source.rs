//! Where volumes come from: the sources that pods and persistent volumes have in common, most of them of storage plugins that
//! are gone from Kubernetes but not from its API.
//!
//! Source: the `validate...VolumeSource` functions of `pkg/apis/core/validation`, release 1.35.

use proofmark_status::FieldError;

use super::pod;
use crate::node::{Errors, Node};
use crate::{check, content};

/// Who names a source: secrets of persistent volumes say their namespace, those of pods are in the pod's own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner<'a> {
    Pod,
    /// A persistent volume of this name.
    PersistentVolume(&'a str),
}

/// Fields that must be there, by source, in the order of complaints.
const REQUIRED: &[(&str, &[&str])] = &[
    ("gitRepo", &["repository"]),
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("nfs", &["server", "path"]),
    ("iscsi", &["targetPortal"]),
    ("glusterfs", &["endpoints", "path"]),
    ("rbd", &["monitors", "image"]),
    ("cinder", &["volumeID"]),
    ("cephfs", &["monitors"]),
    ("flexVolume", &["driver"]),
    ("azureFile", &["secretName", "shareName"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
];

/// Complaints about the source `kind` at `node`; none about sources that only one of the owners has.
pub(super) fn validate(kind: &str, node: &Node<'_>, owner: Owner<'_>, errors: &mut Errors) {
    // Complaints know this one by an older name.
    let renamed = Node { at: node.at.replace(".gcePersistentDisk", ".persistentDisk"), ..node.clone() };
    let node = if kind == "gcePersistentDisk" { &renamed } else { node };
    let required = REQUIRED.iter().find(|(name, _)| *name == kind).map(|(_, fields)| *fields);
    for field in required.unwrap_or_default() {
        if !node.get(field).filled() {
            errors.push(node.get(field).required(""));
        }
    }
    match kind {
        "gitRepo" => pod::descending(node.get("directory").text(), &node.child("directory"), errors),
        "gcePersistentDisk" | "awsElasticBlockStore" => {
            let partition = node.get("partition");
            if !(0..=255).contains(&partition.number()) {
                errors.push(partition.invalid("must be between 1 and 255, inclusive"));
            }
        }
        "nfs" => {
            let path = node.get("path");
            if !path.text().starts_with('/') {
                errors.push(FieldError::invalid(path.at.clone(), path.text(), "must be an absolute path"));
            }
        }
        "iscsi" => iscsi(node, owner, errors),
        "glusterfs" => endpoints_namespace(&node.get("endpointsNamespace"), errors),
        "flocker" => flocker(node, errors),
        "cinder" => secret(&node.get("secretRef"), owner, errors),
        "quobyte" => quobyte(node, errors),
        "fc" => fibre_channel(node, errors),
        "flexVolume" => options(&node.get("options"), errors),
        "azureFile" => {
            let namespace = node.get("secretNamespace");
            if namespace.given() && !namespace.filled() {
                errors.push(namespace.required(""));
            }
        }
        "azureDisk" => azure_disk(node, errors),
        "storageos" => {
            check::required_shape(&node.get("volumeName"), content::dns_label, errors);
            if node.get("volumeNamespace").filled() {
                check::shape(&node.get("volumeNamespace"), content::dns_label, errors);
            }
            secret(&node.get("secretRef"), owner, errors);
        }
        _ => {}
    }
}

/// A secret that must have a name, and a namespace where its owner has none.
fn secret(node: &Node<'_>, owner: Owner<'_>, errors: &mut Errors) {
    if !node.given() {
        return;
    }
    check::required(&node.get("name"), errors);
    if owner != Owner::Pod {
        check::required(&node.get("namespace"), errors);
    }
}

/// The longest session name of an iSCSI volume with an initiator of its own (bytes).
const SESSION_MAX: usize = 64;

fn iscsi(node: &Node<'_>, owner: Owner<'_>, errors: &mut Errors) {
    let (name, initiator, portal) = (node.get("iqn"), node.get("initiatorName"), node.get("targetPortal"));
    if let Owner::PersistentVolume(volume) = owner
        && initiator.given()
        && volume.len() + 1 + portal.text().len() > SESSION_MAX
    {
        let why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
        errors.push(FieldError::invalid(node.child("targetportal"), portal.text(), why));
    }
    if name.filled() {
        qualified(&name, &name.at, owner, errors)
    } else {
        errors.push(name.required(""))
    }
    let unit = node.get("lun");
    if !(0..=255).contains(&unit.number()) {
        errors.push(unit.invalid("must be between 0 and 255, inclusive"));
    }
    let credentials = node.get("secretRef");
    if (node.get("chapAuthDiscovery").on() || node.get("chapAuthSession").on()) && !credentials.given() {
        errors.push(credentials.required(""));
    }
    if owner != Owner::Pod && credentials.given() {
        check::required(&credentials.get("name"), errors);
    }
    if initiator.given() {
        qualified(&initiator, &node.child("initiatorname"), owner, errors);
    }
}

/// An iSCSI name: `iqn.<date>.<domain>:<text>`, or `eui.` and `naa.` with an identifier of a fixed length.
fn qualified(name: &Node<'_>, at: &str, owner: Owner<'_>, errors: &mut Errors) {
    let text = name.text();
    // What stands between the kind and the identifier may be anything.
    let identifier = |rest: &str, length: usize| {
        let mut letters = rest.chars();
        letters.next().is_some() && letters.clone().count() == length && letters.all(|c| c.is_ascii_alphanumeric())
    };
    let fits = match text.split_at_checked(3) {
        Some(("iqn", rest)) => is_dated_name(rest),
        Some(("eui", rest)) => identifier(rest, 16),
        Some(("naa", rest)) => identifier(rest, 32),
        _ if owner == Owner::Pod => {
            let why = "must be valid format starting with iqn, eui, or naa";
            errors.push(FieldError::invalid(at, text, why));
            return;
        }
        _ => false,
    };
    if !fits {
        errors.push(FieldError::invalid(at, text, "must be valid format"));
    }
}

/// `.2015-02.example.com:disk`
fn is_dated_name(rest: &str) -> bool {
    let Some((date, rest)) = rest.strip_prefix('.').and_then(|r| r.split_once('.')) else { return false };
    let Some((domain, text)) = rest.split_once(':') else { return false };
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    let dated = date.split_once('-').is_some_and(|(year, month)| digits(year, 4) && digits(month, 2));
    let named = !domain.is_empty() && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    dated && named && !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || ",;*&$|".contains(c))
}

fn endpoints_namespace(node: &Node<'_>, errors: &mut Errors) {
    if node.filled() {
        check::shape(node, content::dns_label, errors);
    } else if node.given() {
        errors.push(node.invalid("if the endpointnamespace is set, it must be a valid namespace name"));
    }
}

fn flocker(node: &Node<'_>, errors: &mut Errors) {
    let (name, id) = (node.get("datasetName"), node.get("datasetUUID"));
    match (name.filled(), id.filled()) {
        (false, false) => errors.push(node.required("one of datasetName and datasetUUID is required")),
        (true, true) => {
            let why = "datasetName and datasetUUID can not be specified simultaneously";
            errors.push(FieldError::invalid(node.at.clone(), "resource", why));
        }
        _ => {}
    }
    if name.text().contains('/') {
        errors.push(name.invalid("must not contain '/'"));
    }
}

fn quobyte(node: &Node<'_>, errors: &mut Errors) {
    let why = "must be a host:port pair or multiple pairs separated by commas";
    let (registry, tenant) = (node.get("registry"), node.get("tenant"));
    // A bracketed address has colons of its own.
    let pair = |text: &str| match text.strip_prefix('[') {
        Some(address) => address.split_once("]:").is_some_and(|(_, port)| !port.contains(':')),
        None => text.matches(':').count() == 1,
    };
    if !registry.filled() {
        errors.push(registry.required(why));
    } else if tenant.text().len() > 64 {
        errors.push(tenant.required("must be a UUID and may not exceed a length of 64 characters"));
    } else {
        let wrong = registry.text().split(',').filter(|text| !pair(text));
        errors.extend(wrong.map(|_| registry.invalid(why)));
    }
    check::required(&node.get("volume"), errors);
}

fn fibre_channel(node: &Node<'_>, errors: &mut Errors) {
    let (ports, ids, unit) = (node.get("targetWWNs"), node.get("wwids"), node.get("lun"));
    match (ports.len(), ids.len()) {
        (0, 0) => errors.push(ports.required("must specify either targetWWNs or wwids, but not both")),
        (0, _) | (_, 0) => {}
        _ => errors.push(ports.invalid("targetWWNs and wwids can not be specified simultaneously")),
    }
    if ports.len() == 0 {
        return;
    }
    if !unit.given() {
        errors.push(unit.required("lun is required if targetWWNs is specified"));
    } else if !(0..=255).contains(&unit.number()) {
        errors.push(unit.invalid("must be between 0 and 255, inclusive"));
    }
}

/// Options of drivers, whose names are not Kubernetes' own.
fn options(list: &Node<'_>, errors: &mut Errors) {
    for (key, option) in list.entries() {
        let namespace = key.split_once('/').map_or(key, |(namespace, _)| namespace);
        let dotted = format!(".{}", namespace.to_lowercase());
        if dotted.ends_with(".kubernetes.io") || dotted.ends_with(".k8s.io") {
            let why = "kubernetes.io and k8s.io namespaces are reserved";
            errors.push(FieldError::invalid(option.at.clone(), key, why));
        }
    }
}

fn azure_disk(node: &Node<'_>, errors: &mut Errors) {
    let (caching, kind, uri) = (node.get("cachingMode"), node.get("kind"), node.get("diskURI"));
    if caching.given() {
        check::supported_text(&caching, &["None", "ReadOnly", "ReadWrite"], errors);
    }
    if !kind.given() {
        return;
    }
    check::supported_text(&kind, &["Dedicated", "Managed", "Shared"], errors);
    let (prefix, form) = if kind.is("Managed") {
        (
            "/subscriptions/",
            "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
        )
    } else {
        ("https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd")
    };
    if !uri.text().starts_with(prefix) {
        errors.push(uri.not_supported(&[form]));
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn iscsi_names_have_three_forms() {
        let complaints = |iqn: &str, owner: Owner<'_>| {
            let source = json!({"targetPortal": "10.0.0.1", "iqn": iqn, "lun": 0});
            let mut errors = Errors::new();
            validate("iscsi", &Node::root(&source), owner, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        for fine in ["iqn.2015-02.example.com:disk", "eui.0123456789abcdef"] {
            assert!(complaints(fine, Owner::Pod).is_empty(), "{fine}");
        }
        assert_eq!(complaints("iqn.bad", Owner::Pod), ["iqn: Invalid value: \"iqn.bad\": must be valid format"]);
        let volume = complaints("disk", Owner::PersistentVolume("v"));
        assert_eq!(volume, ["iqn: Invalid value: \"disk\": must be valid format"]);
        let pod = complaints("disk", Owner::Pod);
        assert_eq!(pod, ["iqn: Invalid value: \"disk\": must be valid format starting with iqn, eui, or naa"]);
    }
}
