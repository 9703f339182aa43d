//! Persistent volumes.
//!
//! Source: `ValidatePersistentVolume` in `pkg/apis/core/validation` and `pkg/api/persistentvolume`, release 1.35.

use proofmark_json::{Map, Value, json};
use proofmark_status::FieldError;

use crate::kinds::volume_source::{self, Owner};
use crate::kinds::{claim, pod};
use crate::node::{Errors, Node};
use crate::{check, content, diff, internal, meta};

/// Sources of volumes, in the order in which they are looked at.
const SOURCES: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// A new volume is pending since its creation.
pub(super) fn prepare(volume: &mut Value) {
    let since = meta::text(volume, "creationTimestamp").to_owned();
    if let Some(members) = volume.as_object_mut() {
        members.insert("status", json!({"phase": "Pending", "lastPhaseTransitionTime": since}));
    }
}

pub(super) fn validate(new: &Value) -> Errors {
    let mut errors = Errors::new();
    spec(&Node::root(new).get("spec"), meta::text(new, "name"), false, &mut errors);
    errors
}

/// A specification: a volume's, or one inside of an attachment.
pub(super) fn spec(spec: &Node<'_>, name: &str, inline: bool, errors: &mut Errors) {
    let not_inline = "may not be specified in the context of inline volumes";
    let field = |name: &str| spec.get(name);
    if inline {
        for node in [field("claimRef"), field("capacity")].into_iter().filter(Node::filled) {
            errors.push(node.forbidden(not_inline));
        }
        if !field("csi").given() {
            errors.push(field("csi").required("has to be specified in the context of inline volumes"));
        }
    }
    let modes = field("accessModes");
    if modes.len() == 0 {
        errors.push(modes.required(""));
    }
    claim::access_modes(&modes, errors);
    if !inline {
        capacity(&field("capacity"), errors);
    }
    let reclaim = field("persistentVolumeReclaimPolicy");
    if inline && reclaim.filled() && !reclaim.is("Retain") {
        errors.push(reclaim.forbidden("may only be Retain in the context of inline volumes"));
    } else if !inline && reclaim.filled() {
        check::supported_text(&reclaim, &["Delete", "Recycle", "Retain"], errors);
    }
    let affinity = field("nodeAffinity");
    let required = affinity.get("required");
    if affinity.given() && inline {
        errors.push(affinity.forbidden(not_inline));
    } else if required.given() {
        pod::node_selector(&required, errors);
    } else if affinity.given() {
        errors.push(required.required("must specify required node constraints"));
    }
    source(spec, name, errors);
    if spec.get("hostPath.path").is("/") && reclaim.is("Recycle") {
        errors.push(reclaim.forbidden("may not be 'recycle' for a hostPath mount of '/'"));
    }
    let class = field("storageClassName");
    if inline && class.filled() {
        errors.push(class.forbidden(not_inline));
    } else if class.filled() {
        check::shape(&class, content::dns_subdomain, errors);
    }
    let mode = field("volumeMode");
    if inline && mode.given() && !mode.is("Filesystem") {
        errors
            .push(mode.forbidden("may not specify volumeMode other than Filesystem in the context of inline volumes"));
    } else if !inline && mode.given() {
        check::supported_text(&mode, &["Block", "Filesystem"], errors);
    }
    attributes_class(spec, errors);
}

/// A size, and nothing but a size.
fn capacity(capacity: &Node<'_>, errors: &mut Errors) {
    if capacity.len() == 0 {
        errors.push(capacity.required(""));
    }
    if capacity.value.get("storage").is_none() || capacity.len() > 1 {
        errors.push(FieldError::not_supported(capacity.at.clone(), capacity.value.clone(), &["storage"]));
    }
    for (_, amount) in capacity.entries() {
        let Some(quantity) = amount.quantity() else { continue };
        if quantity.sign() < 0 {
            let whole = i64::try_from(quantity.scaled(0).unwrap_or_default()).unwrap_or(i64::MIN);
            errors.push(FieldError::invalid(amount.at.clone(), whole, "must be a valid resource quantity"));
        }
        if quantity.sign() <= 0 {
            errors.push(amount.invalid("must be greater than zero"));
        }
    }
}

fn attributes_class(spec: &Node<'_>, errors: &mut Errors) {
    let class = spec.get("volumeAttributesClassName");
    if !class.given() {
        return;
    }
    if class.filled() {
        check::shape(&class, content::dns_subdomain, errors);
    } else {
        errors.push(class.required("an empty string is disallowed"));
    }
    if !spec.get("csi").given() {
        errors.push(spec.get("csi").required("has to be specified when using volumeAttributesClassName"));
    }
}

fn source(spec: &Node<'_>, name: &str, errors: &mut Errors) {
    let mut seen = false;
    for kind in SOURCES {
        let node = spec.get(kind);
        if !node.given() {
            continue;
        }
        if seen {
            errors.push(node.forbidden("may not specify more than 1 volume type"));
            continue;
        }
        seen = true;
        volume_source::validate(kind, &node, Owner::PersistentVolume(name), errors);
        match kind {
            "hostPath" => pod::volumes::host_path(&node, errors),
            "csi" => csi(&node, errors),
            "local" => {
                let path = node.get("path");
                check::required(&path, errors);
                pod::no_backsteps(path.text(), &path.at, errors);
                if !spec.get("nodeAffinity.required").given() {
                    errors.push(spec.get("nodeAffinity").required("Local volume requires node affinity"));
                }
            }
            _ => {}
        }
    }
    if !seen {
        errors.push(spec.required("must specify a volume type"));
    }
}

/// Secrets of a CSI driver, in the order of complaints.
const SECRETS: [&str; 4] =
    ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"];

fn csi(node: &Node<'_>, errors: &mut Errors) {
    pod::volumes::driver_name(&node.get("driver"), errors);
    check::required(&node.get("volumeHandle"), errors);
    for secret in SECRETS.into_iter().map(|field| node.get(field)).filter(Node::given) {
        check::required_shape(&secret.get("name"), content::dns_subdomain, errors);
        check::required_shape(&secret.get("namespace"), content::dns_label, errors);
    }
}

/// Annotations that became fields.
const ANNOTATIONS: [(&str, &str); 2] = [
    ("volume.beta.kubernetes.io/storage-class", "deprecated since v1.8; use \"storageClassName\" attribute instead"),
    ("volume.beta.kubernetes.io/mount-options", "deprecated since v1.31; use \"mountOptions\" attribute instead"),
];

/// Sources whose plugins are gone, with the name that warnings use.
const GONE: [(&str, &str, &str); 6] = [
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

/// What a client hears about a volume that is accepted all the same.
pub(super) fn warnings(volume: &Value) -> Vec<String> {
    let root = Node::root(volume);
    let (annotations, spec) = (root.get("metadata.annotations"), root.get("spec"));
    let mut out: Vec<String> = ANNOTATIONS
        .into_iter()
        .filter(|(name, _)| annotations.value.get(name).is_some())
        .map(|(name, why)| format!("{}[{name}]: {why}", annotations.at))
        .collect();
    let reclaim = spec.get("persistentVolumeReclaimPolicy");
    if reclaim.is("Recycle") {
        let why = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";
        out.push(format!("{}: {why}", reclaim.at));
    }
    for term in spec.get("nodeAffinity.required.nodeSelectorTerms").items() {
        for key in term.get("matchExpressions").items().map(|requirement| requirement.get("key")) {
            out.extend(pod::deprecated_label(key.text()).map(|why| format!("{}: {} is {why}", key.at, key.text())));
        }
    }
    let gone = GONE.into_iter().filter(|(source, _, _)| spec.get(source).given());
    out.extend(gone.map(|(_, shown, why)| format!("{}: {why}", spec.child(shown))));
    out
}

pub(super) fn validate_update(new: &Value, old: &Value) -> Errors {
    // The whole is checked twice.
    let mut errors = [validate(new), validate(new)].concat();
    let mut kept = new.clone();
    // A secret for expansion may be added.
    let secret = "controllerExpandSecretRef";
    if old.pointer("/spec/csi").is_some_and(|csi| csi.get(secret).is_none_or(Value::is_null))
        && let Some(csi) = kept.pointer_mut("/spec/csi").and_then(Value::as_object_mut)
    {
        csi.shift_remove(secret);
    }
    let sources = |o: &Value| -> Value {
        let spec = o.get("spec").and_then(Value::as_object).cloned().unwrap_or_default();
        Value::Object(spec.into_iter().filter(|(name, _)| SOURCES.contains(&name.as_str())).collect())
    };
    if !check::same(&sources(&kept), &sources(old)) {
        // Internally, the sources are a struct of their own: what stands before the access modes.
        let shown = |o: &Value| -> Value {
            let spec = internal::show(o, "/spec");
            let members = spec.as_object().cloned().unwrap_or_default();
            let part: Map = members
                .into_iter()
                .skip_while(|(k, _)| k == "Capacity")
                .take_while(|(k, _)| k != "AccessModes")
                .collect();
            Value::Object(part)
        };
        let diff = diff::unified(&shown(old), &shown(&kept));
        let why = format!("spec.persistentvolumesource is immutable after creation\n{diff}");
        errors.push(FieldError::forbidden("spec.persistentvolumesource", why));
    }
    let field = |o: &Value, name: &str| check::or_null(o.pointer(&format!("/spec/{name}")));
    let mode = field(new, "volumeMode");
    if mode != field(old, "volumeMode") {
        errors.push(FieldError::invalid("volumeMode", mode, check::IMMUTABLE));
    }
    let affinity = field(new, "nodeAffinity");
    let before = field(old, "nodeAffinity");
    if !before.is_null() && !check::same(&affinity, &before) {
        let shown = internal::show(new, "/spec/nodeAffinity");
        let why = "field is immutable, except for updating from beta label to GA";
        errors.push(FieldError::invalid("nodeAffinity", shown, why));
    }
    let class = "volumeAttributesClassName";
    if !field(old, class).is_null() && field(new, class).is_null() {
        let why = "update from non-nil value to nil is forbidden";
        errors.push(FieldError::forbidden(format!("spec.{class}"), why));
    }
    errors
}
