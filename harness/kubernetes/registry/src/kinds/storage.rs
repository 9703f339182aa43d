//! Persistent volumes and storage classes.
//!
//! Source: `pkg/apis/core/validation` and `pkg/apis/storage/validation`, release 1.35.

use proofmark_status::FieldError;
use serde_json::{Map, Value, json};

use super::{claim, pod};
use crate::node::{Errors, Node};
use crate::strategy::{BASE, Repeats};
use crate::{Strategy, check, content, diff, internal, meta};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        resource: "persistentvolumes",
        repeats: Repeats::Object,
        status: true,
        returns_deleted: true,
        prepare_create: prepare_volume,
        validate: volume,
        validate_update: volume_update,
        ..BASE
    },
    Strategy {
        group: "storage.k8s.io",
        resource: "storageclasses",
        returns_deleted: true,
        validate: class,
        validate_update: class_update,
        ..BASE
    },
    Strategy {
        group: "storage.k8s.io",
        resource: "csidrivers",
        returns_deleted: true,
        unconditional_update: false,
        generation: true,
        ..BASE
    },
    Strategy {
        group: "storage.k8s.io",
        resource: "csinodes",
        returns_deleted: true,
        unconditional_update: false,
        ..BASE
    },
    Strategy {
        group: "storage.k8s.io",
        resource: "volumeattachments",
        returns_deleted: true,
        unconditional_update: false,
        status: true,
        ..BASE
    },
    Strategy { group: "storage.k8s.io", resource: "csistoragecapacities", unconditional_update: false, ..BASE },
    Strategy { group: "storage.k8s.io", resource: "volumeattributesclasses", returns_deleted: true, ..BASE },
];

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
fn prepare_volume(volume: &mut Value) {
    let since = meta::text(volume, "creationTimestamp").to_owned();
    if let Some(members) = volume.as_object_mut() {
        members.insert("status".to_owned(), json!({"phase": "Pending", "lastPhaseTransitionTime": since}));
    }
}

fn volume(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let spec = root.get("spec");
    let modes = spec.get("accessModes");
    if modes.len() == 0 {
        errors.push(modes.required(""));
    }
    claim::access_modes(&modes, &mut errors);
    let capacity = spec.get("capacity");
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
    let reclaim = spec.get("persistentVolumeReclaimPolicy");
    if reclaim.filled() {
        check::supported_text(&reclaim, &["Delete", "Recycle", "Retain"], &mut errors);
    }
    let affinity = spec.get("nodeAffinity");
    if affinity.given() {
        let required = affinity.get("required");
        if required.given() {
            pod::node_selector(&required, &mut errors);
        } else {
            errors.push(required.required("must specify required node constraints"));
        }
    }
    source(&spec, &mut errors);
    if spec.get("hostPath.path").is("/") && reclaim.is("Recycle") {
        errors.push(reclaim.forbidden("may not be 'recycle' for a hostPath mount of '/'"));
    }
    if spec.get("storageClassName").filled() {
        check::shape(&spec.get("storageClassName"), content::dns_subdomain, &mut errors);
    }
    if spec.get("volumeMode").given() {
        check::supported_text(&spec.get("volumeMode"), &["Block", "Filesystem"], &mut errors);
    }
    let attributes = spec.get("volumeAttributesClassName");
    if attributes.given() {
        if attributes.filled() {
            check::shape(&attributes, content::dns_subdomain, &mut errors);
        } else {
            errors.push(attributes.required("an empty string is disallowed"));
        }
        if !spec.get("csi").given() {
            errors.push(spec.get("csi").required("has to be specified when using volumeAttributesClassName"));
        }
    }
    errors
}

fn source(spec: &Node<'_>, errors: &mut Errors) {
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
        match kind {
            "hostPath" => pod::volumes::host_path(&node, errors),
            "csi" => {
                pod::volumes::driver_name(&node.get("driver"), errors);
                check::required(&node.get("volumeHandle"), errors);
            }
            "local" => {
                check::required(&node.get("path"), errors);
                if !spec.get("nodeAffinity.required").given() {
                    errors.push(spec.get("nodeAffinity").required("Local volume requires node affinity"));
                }
            }
            "nfs" => {
                check::required(&node.get("server"), errors);
                check::required(&node.get("path"), errors);
                if node.get("path").filled() && !node.get("path").text().starts_with('/') {
                    errors.push(node.get("path").invalid("must be an absolute path"));
                }
            }
            _ => {}
        }
    }
    if !seen {
        errors.push(spec.required("must specify a volume type"));
    }
}

fn volume_update(new: &Value, old: &Value) -> Errors {
    let mut errors = volume(new);
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
            let part: Map<String, Value> = members
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
        errors.push(FieldError::invalid("nodeAffinity", shown, check::IMMUTABLE));
    }
    let class = "volumeAttributesClassName";
    if !field(old, class).is_null() && field(new, class).is_null() {
        let why = "update from non-nil value to nil is forbidden";
        errors.push(FieldError::forbidden(format!("spec.{class}"), why));
    }
    errors
}

/// The largest number of parameters, and their largest size together (bytes).
const PARAMETERS_MAX: (usize, usize) = (512, 256 * 1024);

fn class(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let provisioner = root.get("provisioner");
    if provisioner.filled() {
        let text = provisioner.text().to_lowercase();
        let complaints = content::qualified_name(&text);
        errors
            .extend(complaints.into_iter().map(|why| FieldError::invalid(provisioner.at.clone(), text.as_str(), why)));
    } else {
        errors.push(provisioner.required(""));
    }
    let parameters = root.get("parameters");
    if parameters.len() > PARAMETERS_MAX.0 {
        errors.push(FieldError::too_long(parameters.at.clone(), PARAMETERS_MAX.0));
    } else {
        let size: usize = parameters.entries().map(|(key, value)| key.len() + value.text().len()).sum();
        if parameters.entries().any(|(key, _)| key.is_empty()) {
            errors.push(FieldError::invalid(parameters.at.clone(), "", "field can not be empty."));
        }
        if size > PARAMETERS_MAX.1 {
            errors.push(FieldError::too_long(parameters.at.clone(), PARAMETERS_MAX.1));
        }
    }
    let reclaim = root.get("reclaimPolicy");
    if reclaim.filled() {
        check::supported_text(&reclaim, &["Delete", "Retain"], &mut errors);
    }
    let mode = root.get("volumeBindingMode");
    if mode.given() {
        check::supported_text(&mode, &["Immediate", "WaitForFirstConsumer"], &mut errors);
    } else {
        errors.push(mode.required(""));
    }
    for term in root.get("allowedTopologies").items() {
        let mut keys: Vec<&str> = Vec::new();
        for requirement in term.get("matchLabelExpressions").items() {
            let (key, values) = (requirement.get("key"), requirement.get("values"));
            if values.len() == 0 {
                errors.push(values.required(""));
            }
            check::shape(&key, content::qualified_name, &mut errors);
            if keys.contains(&key.text()) {
                errors.push(key.duplicate());
            }
            keys.push(key.text());
        }
    }
    errors
}

fn class_update(new: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    let (now, before) = (Node::root(new), Node::root(old));
    for field in ["parameters", "provisioner", "reclaimPolicy"] {
        let node = now.get(field);
        if !check::same(node.value, before.get(field).value) {
            errors.push(node.forbidden(format!("updates to {field} are forbidden.")));
        }
    }
    check::immutable(&now.get("volumeBindingMode"), &before.get("volumeBindingMode"), &mut errors);
    errors
}
