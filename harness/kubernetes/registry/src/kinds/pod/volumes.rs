//! Volumes of pods.
//!
//! Source: `ValidateVolumes` in `pkg/apis/core/validation`, release 1.35.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_json::Value;
use proofmark_status::FieldError;

use super::containers::{descending, no_backsteps};
use super::env;
use super::spec::Context;
use crate::defaults::is_zero;
use crate::kinds::claim;
use crate::kinds::volume_source::{self, Owner};
use crate::node::{Errors, Node};
use crate::{check, content};

/// Sources in the order in which they are looked at.
const SOURCES: [&str; 30] = [
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Complaints about the volumes; those that are in order, by name.
pub(super) fn volumes<'a>(spec: &Context<'a>, errors: &mut Errors) -> BTreeMap<&'a str, &'a Value> {
    let list = spec.node.get("volumes");
    let made: BTreeSet<String> = list
        .items()
        .filter(|v| !spec.name.is_empty() && v.get("ephemeral").given())
        .map(|v| format!("{}-{}", spec.name, v.get("name").text()))
        .collect();
    let mut fine = BTreeMap::new();
    for volume in list.items() {
        let before = errors.len();
        source(&volume, spec, errors);
        let name = volume.get("name");
        check::required_shape(&name, content::dns_label, errors);
        if fine.contains_key(name.text()) {
            errors.push(FieldError::duplicate(name.at.clone(), name.text()));
        }
        if errors.len() == before {
            fine.insert(name.text(), volume.value);
        }
        let claim = volume.get("persistentVolumeClaim.claimName");
        if made.contains(claim.text()) {
            errors.push(claim.invalid("must not reference a PVC that gets created for an ephemeral volume"));
        }
    }
    fine
}

fn source(volume: &Node<'_>, spec: &Context<'_>, errors: &mut Errors) {
    let mut seen = false;
    for kind in SOURCES {
        let node = volume.get(kind);
        if !node.given() {
            continue;
        }
        if seen {
            // Two names are misspelt upstream.
            let shown = match kind {
                "cephfs" => "cephFS",
                "downwardAPI" => "downwarAPI",
                other => other,
            };
            errors.push(FieldError::forbidden(volume.child(shown), "may not specify more than 1 volume type"));
            continue;
        }
        seen = true;
        volume_source::validate(kind, &node, Owner::Pod, errors);
        match kind {
            "emptyDir" => {
                let limit = node.get("sizeLimit");
                if limit.quantity().is_some_and(|q| q.sign() < 0) {
                    errors.push(limit.forbidden("SizeLimit field must be a valid resource quantity"));
                }
            }
            "hostPath" => host_path(&node, errors),
            "persistentVolumeClaim" => check::required(&node.get("claimName"), errors),
            "secret" | "configMap" => {
                check::required(&node.get(if kind == "secret" { "secretName" } else { "name" }), errors);
                mode(&node.get("defaultMode"), errors);
                for item in node.get("items").items() {
                    key_to_path(&item, errors);
                }
            }
            "downwardAPI" => {
                mode(&node.get("defaultMode"), errors);
                for file in node.get("items").items() {
                    downward_file(&file, &node.at, errors);
                }
            }
            "projected" => projected(&node, errors),
            "csi" => {
                driver_name(&node.get("driver"), errors);
                let secret = node.get("nodePublishSecretRef");
                if secret.given() {
                    check::required_shape(&secret.get("name"), content::dns_subdomain, errors);
                }
            }
            "ephemeral" => ephemeral(volume, &node, spec, errors),
            "image" => {
                if spec.is_pod {
                    check::required(&node.get("reference"), errors);
                }
                check::one_of(&node.get("pullPolicy"), &["Always", "IfNotPresent", "Never"], errors);
            }
            _ => {}
        }
    }
    if !seen {
        errors.push(volume.required("must specify a volume type"));
    }
}

/// The name of a CSI driver.
pub(in crate::kinds) fn driver_name(node: &Node<'_>, errors: &mut Errors) {
    if !node.filled() {
        errors.push(node.required(""));
        return;
    }
    if node.text().len() > 63 {
        errors.push(FieldError::too_long(node.at.clone(), 63));
    }
    let complaints = content::dns_subdomain(&node.text().to_lowercase());
    errors.extend(complaints.into_iter().map(|why| node.invalid(why)));
}

/// A path of the node.
pub(in crate::kinds) fn host_path(node: &Node<'_>, errors: &mut Errors) {
    let (path, kind) = (node.get("path"), node.get("type"));
    if !path.filled() {
        errors.push(path.required(""));
        return;
    }
    no_backsteps(path.text(), &path.at, errors);
    let kinds = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    if kind.given() {
        check::supported_text(&kind, &kinds, errors);
    }
}

fn mode(node: &Node<'_>, errors: &mut Errors) {
    if !(0..=0o777).contains(&node.number()) {
        errors.push(node.invalid("must be a number between 0 and 0777 (octal), both inclusive"));
    }
}

fn local_path(path: &str, at: &str, errors: &mut Errors) {
    descending(path, at, errors);
    if path.starts_with("..") && !path.starts_with("../") {
        errors.push(FieldError::invalid(at, path, "must not start with '..'"));
    }
}

fn key_to_path(item: &Node<'_>, errors: &mut Errors) {
    check::required(&item.get("key"), errors);
    let path = item.get("path");
    check::required(&path, errors);
    local_path(path.text(), &path.at, errors);
    mode(&item.get("mode"), errors);
}

/// A file with a field of the pod. Complaints name the volume's source, not the item.
fn downward_file(file: &Node<'_>, at: &str, errors: &mut Errors) {
    let at = Node { value: file.value, at: at.to_owned() };
    let (path, field, resource) = (at.get("path"), at.get("fieldRef"), at.get("resourceFieldRef"));
    check::required(&path, errors);
    local_path(path.text(), &path.at, errors);
    if field.given() {
        env::field(&field, &env::FILE_FIELDS, errors);
        if resource.given() {
            let why = "fieldRef and resourceFieldRef can not be specified simultaneously";
            errors.push(FieldError::invalid(at.at.clone(), "resource", why));
        }
    } else if resource.given() {
        env::resource(&resource, true, errors);
    } else {
        errors.push(at.required("one of fieldRef and resourceFieldRef is required"));
    }
    mode(&at.get("mode"), errors);
}

fn projected(node: &Node<'_>, errors: &mut Errors) {
    mode(&node.get("defaultMode"), errors);
    let mut paths = BTreeSet::new();
    let mut place = |path: &str, shown: &str, errors: &mut Errors| {
        if !path.is_empty() && !paths.insert(path.to_owned()) {
            errors.push(FieldError::invalid(node.at.clone(), shown, "conflicting duplicate paths"));
        }
    };
    for source in node.get("sources").items() {
        let mut kinds = 0;
        for kind in ["secret", "configMap"] {
            let part = source.get(kind);
            if !part.given() {
                continue;
            }
            kinds += 1;
            check::required(&part.get("name"), errors);
            for item in part.get("items").items() {
                key_to_path(&item, errors);
                place(item.get("path").text(), part.get("name").text(), errors);
            }
        }
        let downward = source.get("downwardAPI");
        if downward.given() {
            kinds += 1;
            for file in downward.get("items").items() {
                downward_file(&file, &downward.at, errors);
                let path = file.get("path").text();
                place(path, path, errors);
            }
        }
        let token = source.get("serviceAccountToken");
        if token.given() {
            kinds += 1;
            let seconds = token.get("expirationSeconds");
            let complain = |why: &str| FieldError::invalid(seconds.at.clone(), seconds.number(), why);
            if seconds.number() < 600 {
                errors.push(complain("may not specify a duration less than 10 minutes"));
            }
            if seconds.number() > 1 << 32 {
                errors.push(complain("may not specify a duration larger than 2^32 seconds"));
            }
            // These paths lack the source, as upstream's do.
            match token.get("path").text() {
                "" => errors.push(FieldError::required(node.child("path"), "")),
                path => local_path(path, &node.child("path"), errors),
            }
        }
        let bundle = source.get("clusterTrustBundle");
        if bundle.given() {
            kinds += 1;
            trust_bundle(&bundle, errors);
            let path = bundle.get("path").text();
            place(path, path, errors);
        }
        let certificate = source.get("podCertificate");
        if certificate.given() {
            kinds += 1;
            pod_certificate(&certificate, errors);
            for field in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
                let path = certificate.get(field).text();
                place(path, path, errors);
            }
        }
        if kinds > 1 {
            errors.push(source.forbidden("may not specify more than 1 volume type per source"));
        }
    }
}

fn trust_bundle(bundle: &Node<'_>, errors: &mut Errors) {
    let (name, signer, selector) = (bundle.get("name"), bundle.get("signerName"), bundle.get("labelSelector"));
    match (name.given(), signer.given()) {
        (true, true) => errors.push(bundle.invalid("only one of name and signerName may be used")),
        (true, false) => {
            if !name.filled() {
                errors.push(name.required("must be a valid object name"));
            }
            if selector.given() {
                errors.push(selector.invalid("labelSelector must be unset if name is specified"));
            }
        }
        (false, true) => {
            if !signer.filled() {
                errors.push(signer.required("must be a valid signer name"));
            }
            check::selector(&selector, errors);
        }
        (false, false) => errors.push(bundle.required("either name or signerName must be specified")),
    }
    let path = bundle.get("path");
    check::required(&path, errors);
    local_path(path.text(), &path.at, errors);
}

fn pod_certificate(certificate: &Node<'_>, errors: &mut Errors) {
    let kinds = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];
    check::supported_text(&certificate.get("keyType"), &kinds, errors);
    let paths = ["credentialBundlePath", "keyPath", "certificateChainPath"].map(|field| certificate.get(field));
    for path in paths.iter().filter(|p| p.filled()) {
        local_path(path.text(), &path.at, errors);
    }
    if !paths.iter().any(Node::filled) {
        let why = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath";
        errors.push(certificate.required(why));
    }
}

fn ephemeral(volume: &Node<'_>, node: &Node<'_>, spec: &Context<'_>, errors: &mut Errors) {
    let template = node.get("volumeClaimTemplate");
    if !template.given() {
        errors.push(template.required(""));
        return;
    }
    check::labels(&template.get("metadata.labels"), errors);
    let metadata = template.get("metadata");
    for (field, _) in metadata.value.as_object().into_iter().flatten().filter(|(_, value)| !is_zero(value)) {
        if !matches!(field.as_str(), "labels" | "annotations") {
            errors.push(metadata.get(field).forbidden("cannot be set"));
        }
    }
    claim::spec(&template.get("spec"), errors);
    let name = volume.get("name");
    if !spec.name.is_empty() && name.filled() {
        let made = format!("{}-{}", spec.name, name.text());
        for why in content::dns_subdomain(&made) {
            let why = format!("PVC name {}: {why}", proofmark_status::quote(&made));
            errors.push(FieldError::invalid(name.at.clone(), name.text(), why));
        }
    }
}
