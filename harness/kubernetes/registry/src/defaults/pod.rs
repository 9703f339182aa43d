//! Defaults of pods that depend on other fields.

use proofmark_json::{Map, Value, json};

use crate::image;

/// Whatever runs: requests follow limits, service links are on, host networking fixes the ports, a pod takes no time below zero to go.
pub(super) fn pod(pod: &mut Map) {
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let host = spec.get("hostNetwork") == Some(&json!(true));
    for list in ["containers", "initContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            if let Some(resources) = container.get_mut("resources").and_then(Value::as_object_mut) {
                request_limits(resources);
            }
            if host {
                publish_ports(container);
            }
        }
    }
    if let Some(resources) = spec.get_mut("resources").and_then(Value::as_object_mut) {
        request_limits(resources);
    }
    if spec.get("terminationGracePeriodSeconds").and_then(Value::as_i64).is_some_and(|seconds| seconds < 0) {
        spec.insert("terminationGracePeriodSeconds", json!(1));
    }
    spec.entry("enableServiceLinks").and_modify(unset_to(json!(true))).or_insert(json!(true));
}

fn unset_to(value: Value) -> impl FnOnce(&mut Value) {
    move |v| {
        if v.is_null() {
            *v = value;
        }
    }
}

/// A limit without a request is the request.
fn request_limits(resources: &mut Map) {
    let Some(Value::Object(limits)) = resources.get("limits").cloned() else { return };
    if resources.get("requests").is_none_or(Value::is_null) {
        resources.insert("requests", json!({}));
    }
    let Some(requests) = resources.get_mut("requests").and_then(Value::as_object_mut) else { return };
    for (name, limit) in limits {
        requests.entry(name).or_insert(limit);
    }
    requests.sort_keys();
}

/// A container in the host's network listens on the host.
fn publish_ports(container: &mut Value) {
    let ports = container.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        let unset = port.get("hostPort").and_then(Value::as_i64).unwrap_or(0) == 0;
        if unset && let Some(number) = port.get("containerPort").cloned() {
            port.insert("hostPort", number);
        }
    }
}

/// The account has an old name and a new one; the new one counts.
pub(super) fn account(spec: &mut Map) {
    let text = |spec: &Map, name: &str| spec.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (mut name, old) = (text(spec, "serviceAccountName"), text(spec, "serviceAccount"));
    if name.is_empty() {
        name = old;
    }
    if !name.is_empty() {
        spec.insert("serviceAccountName", json!(name));
        spec.insert("serviceAccount", json!(name));
    }
}

/// A pod's address is the first of its addresses.
pub(super) fn addresses(status: &mut Map) {
    let one = status.get("podIP").and_then(Value::as_str).unwrap_or_default().to_owned();
    let first = status.get("podIPs").and_then(|l| l.get(0)?.get("ip")?.as_str()).unwrap_or_default().to_owned();
    if !one.is_empty() && one != first {
        status.insert("podIPs", json!([{"ip": one}]));
    } else if one.is_empty() && !first.is_empty() {
        status.insert("podIP", json!(first));
    }
}

/// `latest` is pulled every time.
pub(super) fn container(container: &mut Map) {
    let given = container.get("imagePullPolicy").and_then(Value::as_str).unwrap_or_default();
    if given.is_empty() {
        let name = container.get("image").and_then(Value::as_str).unwrap_or_default();
        container.insert("imagePullPolicy", json!(image::pull_policy(name)));
    }
}

/// A volume without a source is an empty directory.
pub(super) fn volume(volume: &mut Map) {
    if volume.iter().all(|(name, value)| name == "name" || value.is_null()) {
        volume.insert("emptyDir", json!({}));
    }
    if let Some(source) = volume.get_mut("image").and_then(Value::as_object_mut) {
        let given = source.get("pullPolicy").and_then(Value::as_str).unwrap_or_default();
        if given.is_empty() {
            let name = source.get("reference").and_then(Value::as_str).unwrap_or_default();
            source.insert("pullPolicy", json!(image::pull_policy(name)));
        }
    }
}
