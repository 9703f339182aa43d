//! Volumes, and devices.

use jiff::Timestamp;
use proofmark_json::Value;

use super::read::{age, cells, deleted, flag, joined, len, list, name, quantity, text, text_or};
use crate::duration::since;
use crate::printer::Row;

const UNSET: &str = "<unset>";
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
const DEFAULT_CLASS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

pub(super) fn persistent_volume(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let claim = &spec["claimRef"];
    cells![
        name(object),
        quantity(&spec["capacity"]["storage"]),
        access_modes(&spec["accessModes"]),
        text(&spec["persistentVolumeReclaimPolicy"]),
        phase(object),
        if claim.is_object() {
            format!("{}/{}", text(&claim["namespace"]), text(&claim["name"]))
        } else {
            String::new()
        },
        storage_class_name(object),
        text_or(&spec["volumeAttributesClassName"], UNSET),
        text(&status["reason"]),
        age(object, now),
        text_or(&spec["volumeMode"], UNSET),
    ]
}

pub(super) fn persistent_volume_claim(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let volume = text(&spec["volumeName"]);
    let (capacity, modes) = match volume {
        "" => (String::new(), String::new()),
        _ => (quantity(&status["capacity"]["storage"]), access_modes(&status["accessModes"])),
    };
    cells![
        name(object),
        phase(object),
        volume,
        capacity,
        modes,
        storage_class_name(object),
        text_or(&spec["volumeAttributesClassName"], UNSET),
        age(object, now),
        text_or(&spec["volumeMode"], UNSET),
    ]
}

fn phase(object: &Value) -> &str {
    if deleted(object) { "Terminating" } else { text(&object["status"]["phase"]) }
}

fn storage_class_name(object: &Value) -> &str {
    text_or(&object["metadata"]["annotations"][BETA_CLASS], text(&object["spec"]["storageClassName"]))
}

/// Abbreviated, in this order whatever the object's.
fn access_modes(modes: &Value) -> String {
    [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")]
        .into_iter()
        .filter(|(mode, _)| list(modes).iter().any(|given| given == mode))
        .map(|(_, short)| short)
        .collect::<Vec<_>>()
        .join(",")
}

pub(super) fn storage_class(object: &Value, now: Timestamp) -> Row {
    let annotations = &object["metadata"]["annotations"];
    let is_default = DEFAULT_CLASS.into_iter().any(|key| text(&annotations[key]) == "true");
    cells![
        format!("{}{}", name(object), if is_default { " (default)" } else { "" }),
        text(&object["provisioner"]),
        text_or(&object["reclaimPolicy"], "Delete"),
        text_or(&object["volumeBindingMode"], "Immediate"),
        flag(&object["allowVolumeExpansion"]),
        age(object, now),
    ]
}

pub(super) fn volume_attributes_class(object: &Value, now: Timestamp) -> Row {
    cells![name(object), text(&object["driverName"]), age(object, now)]
}

pub(super) fn volume_attachment(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    cells![
        name(object),
        text(&spec["attacher"]),
        text(&spec["source"]["persistentVolumeName"]),
        text(&spec["nodeName"]),
        flag(&object["status"]["attached"]),
        age(object, now),
    ]
}

pub(super) fn csi_node(object: &Value, now: Timestamp) -> Row {
    cells![name(object), len(&object["spec"]["drivers"]), age(object, now)]
}

pub(super) fn csi_driver(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    let requests = match spec["tokenRequests"].as_array() {
        Some(requests) => joined(requests.iter().map(|request| &request["audience"]), ","),
        None => UNSET.to_owned(),
    };
    let modes = joined(list(&spec["volumeLifecycleModes"]), ",");
    cells![
        name(object),
        spec["attachRequired"].as_bool().unwrap_or(true),
        flag(&spec["podInfoOnMount"]),
        flag(&spec["storageCapacity"]),
        requests,
        flag(&spec["requiresRepublish"]),
        if modes.is_empty() { "<none>".to_owned() } else { modes },
        age(object, now),
    ]
}

pub(super) fn resource_claim(object: &Value, now: Timestamp) -> Row {
    let status = &object["status"];
    let allocated = status["allocation"].is_object();
    let states = [
        ("deleted", deleted(object)),
        ("pending", !allocated && !deleted(object)),
        ("allocated", allocated),
        ("reserved", allocated && len(&status["reservedFor"]) > 0),
    ];
    let state = states.into_iter().filter(|(_, is)| *is).map(|(state, _)| state).collect::<Vec<_>>().join(",");
    cells![name(object), state, age(object, now)]
}

pub(super) fn resource_slice(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    cells![name(object), text(&spec["nodeName"]), text(&spec["driver"]), text(&spec["pool"]["name"]), age(object, now)]
}

pub(super) fn device_taint_rule(object: &Value, now: Timestamp) -> Row {
    let taint = &object["spec"]["taint"];
    let added = &taint["timeAdded"];
    cells![
        name(object),
        text(&taint["key"]),
        text(&taint["value"]),
        text(&taint["effect"]),
        if added.is_null() { String::new() } else { since(added, now) },
        age(object, now),
    ]
}
