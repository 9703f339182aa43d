//! What Knative's webhook fills in, filled in beforehand: releases that do so compare what they want with what Knative made of it.
//!
//! Source: `SetDefaults` of `knative.dev/serving` 0.37, with the defaults of its own configuration.

use std::collections::BTreeSet;

use proofmark_controllers::kit::object;
use proofmark_json::{Value, json};

/// For how many seconds a revision is waited for that says nothing of it.
const TIMEOUT: i64 = 300;

/// Fills in the specification of a Knative Service.
pub(in crate::controllers) fn fill_in(spec: &mut Value) {
    if object::list(spec, "/traffic").is_empty() {
        spec["traffic"] = json!([{"latestRevision": true, "percent": 100}]);
    }
    let Some(revision) = spec.pointer_mut("/template/spec") else { return };
    if matches!(object::number(revision, "/timeoutSeconds"), None | Some(0)) {
        revision["timeoutSeconds"] = json!(TIMEOUT);
    }
    if revision.get("containerConcurrency").is_none() {
        revision["containerConcurrency"] = json!(0);
    }
    let lists = ["/containers", "/initContainers"];
    let all = lists.iter().flat_map(|at| object::list(revision, at));
    let taken: BTreeSet<String> = all.map(|container| object::text(container, "/name").to_owned()).collect();
    let writable: BTreeSet<String> = object::list(revision, "/volumes")
        .iter()
        .filter(|volume| ["emptyDir", "persistentVolumeClaim"].iter().any(|of| volume.get(of).is_some()))
        .map(|volume| object::text(volume, "/name").to_owned())
        .collect();
    for (at, name) in [("/initContainers", "init-container"), ("/containers", "user-container")] {
        if let Some(containers) = revision.pointer_mut(at).and_then(Value::as_array_mut) {
            give_names(containers, &taken, name);
        }
    }
    let containers = revision.pointer_mut("/containers").and_then(Value::as_array_mut).map(Vec::as_mut_slice);
    let containers = containers.unwrap_or_default();
    let alone = containers.len() == 1;
    for container in containers {
        // Of several, the one that names a port is asked.
        if alone || !object::list(container, "/ports").is_empty() {
            probe(container);
        }
        for mount in container.get_mut("volumeMounts").and_then(Value::as_array_mut).into_iter().flatten() {
            if !writable.contains(object::text(mount, "/name")) {
                mount["readOnly"] = json!(true);
            }
        }
    }
}

/// Names containers that have no name. Several are numbered, past names that are taken.
fn give_names(containers: &mut [Value], taken: &BTreeSet<String>, name: &str) {
    let several = containers.len() > 1 || taken.contains(name);
    let mut numbered = (0..).map(|number| format!("{name}-{number}")).filter(|name| !taken.contains(name));
    for container in containers.iter_mut().filter(|container| object::text(container, "/name").is_empty()) {
        let given = if several { numbered.next() } else { None };
        container["name"] = json!(given.unwrap_or_else(|| name.to_owned()));
    }
}

fn probe(container: &mut Value) {
    let probe = &mut container["readinessProbe"];
    let set = |probe: &Value, field: &str| object::number(probe, &format!("/{field}")).unwrap_or_default() != 0;
    if ["tcpSocket", "httpGet", "exec"].iter().all(|way| probe.get(way).is_none()) {
        probe["tcpSocket"] = json!({"port": 0});
    }
    if !set(probe, "successThreshold") {
        probe["successThreshold"] = json!(1);
    }
    if set(probe, "periodSeconds") {
        for (field, default) in [("failureThreshold", 3), ("timeoutSeconds", 1)] {
            if !set(probe, field) {
                probe[field] = json!(default);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_probes_and_mounts_are_filled_in() {
        let mut spec = json!({"template": {"spec": {
            "containers": [
                {"ports": [{"containerPort": 1}], "readinessProbe": {"periodSeconds": 5},
                 "volumeMounts": [{"name": "scratch"}, {"name": "settings"}]},
                {"name": "user-container-0"},
            ],
            "volumes": [{"name": "scratch", "emptyDir": {}}, {"name": "settings", "configMap": {"name": "s"}}],
        }}});
        fill_in(&mut spec);
        let filled = json!({"template": {"spec": {
            "containers": [
                {"name": "user-container-1", "ports": [{"containerPort": 1}],
                 "readinessProbe": {"periodSeconds": 5, "tcpSocket": {"port": 0}, "successThreshold": 1, "failureThreshold": 3,
                                    "timeoutSeconds": 1},
                 "volumeMounts": [{"name": "scratch"}, {"name": "settings", "readOnly": true}]},
                {"name": "user-container-0"},
            ],
            "volumes": [{"name": "scratch", "emptyDir": {}}, {"name": "settings", "configMap": {"name": "s"}}],
            "timeoutSeconds": 300, "containerConcurrency": 0,
        }}, "traffic": [{"latestRevision": true, "percent": 100}]});
        assert!(object::same(&spec, &filled), "{spec}");
    }
}
