//! Nodes, namespaces, configuration, quotas and the control plane's own objects.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proofmark_json::{Key, Value};

use super::network::or_unset;
use super::read::{age, cells, condition, filled_or, first_of, flag, int, len, list, name, quantity, text, text_or};
use crate::printer::Row;

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
const ROLE_LABEL: &str = "kubernetes.io/role";

pub(super) fn name_and_age(object: &Value, now: Timestamp) -> Row {
    cells![name(object), age(object, now)]
}

pub(super) fn node(object: &Value, now: Timestamp) -> Row {
    let (status, info) = (&object["status"], &object["status"]["nodeInfo"]);
    // The last condition of a type counts.
    let ready = list(&status["conditions"]).iter().rfind(|c| text(&c["type"]) == "Ready");
    let mut state = match ready.map(|condition| text(&condition["status"])) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if flag(&object["spec"]["unschedulable"]) {
        state.push_str(",SchedulingDisabled");
    }
    let address = |kind: &str| {
        let found = list(&status["addresses"]).iter().find(|address| text(&address["type"]) == kind);
        found.map_or("<none>", |address| text(&address["address"])).to_owned()
    };
    cells![
        name(object),
        state,
        roles(&object["metadata"]["labels"]),
        age(object, now),
        text(&info["kubeletVersion"]),
        address("InternalIP"),
        address("ExternalIP"),
        filled_or(&info["osImage"], "<unknown>"),
        filled_or(&info["kernelVersion"], "<unknown>"),
        filled_or(&info["containerRuntimeVersion"], "<unknown>"),
    ]
}

fn roles(labels: &Value) -> String {
    let roles: BTreeSet<&str> = labels
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| key.strip_prefix(ROLE_PREFIX).or((key == ROLE_LABEL).then(|| text(value))))
        .filter(|role| !role.is_empty())
        .collect();
    if roles.is_empty() { "<none>".to_owned() } else { roles.into_iter().collect::<Vec<_>>().join(",") }
}

pub(super) fn namespace(object: &Value, now: Timestamp) -> Row {
    cells![name(object), text(&object["status"]["phase"]), age(object, now)]
}

pub(super) fn secret(object: &Value, now: Timestamp) -> Row {
    cells![name(object), text(&object["type"]), len(&object["data"]), age(object, now)]
}

pub(super) fn config_map(object: &Value, now: Timestamp) -> Row {
    cells![name(object), len(&object["data"]) + len(&object["binaryData"]), age(object, now)]
}

pub(super) fn resource_quota(object: &Value, now: Timestamp) -> Row {
    let status = &object["status"];
    let mut hard: Vec<(&Key, &Value)> = status["hard"].as_object().into_iter().flatten().collect();
    hard.sort_by_key(|(resource, _)| *resource);
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (resource, limit) in hard {
        let used = quantity(&status["used"][resource.as_str()]);
        let column = if resource.starts_with("limits.") { &mut limits } else { &mut requests };
        column.push(format!("{resource}: {used}/{}", quantity(limit)));
    }
    cells![name(object), requests.join(", "), limits.join(", "), age(object, now)]
}

pub(super) fn component_status(object: &Value, _now: Timestamp) -> Row {
    match condition(&object["conditions"], "Healthy") {
        None => cells![name(object), "Unknown", "", ""],
        Some(healthy) => {
            let state = if text(&healthy["status"]) == "True" { "Healthy" } else { "Unhealthy" };
            cells![name(object), state, text(&healthy["message"]), text(&healthy["error"])]
        }
    }
}

pub(super) fn priority_class(object: &Value, now: Timestamp) -> Row {
    cells![
        name(object),
        int(&object["value"]),
        flag(&object["globalDefault"]),
        age(object, now),
        text(&object["preemptionPolicy"]),
    ]
}

pub(super) fn runtime_class(object: &Value, now: Timestamp) -> Row {
    cells![name(object), text(&object["handler"]), age(object, now)]
}

pub(super) fn lease(object: &Value, now: Timestamp) -> Row {
    cells![name(object), text(&object["spec"]["holderIdentity"]), age(object, now)]
}

pub(super) fn lease_candidate(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    cells![
        name(object),
        text(&spec["leaseName"]),
        text(&spec["binaryVersion"]),
        text(&spec["emulationVersion"]),
        age(object, now),
    ]
}

pub(super) fn flow_schema(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    cells![
        name(object),
        text(&spec["priorityLevelConfiguration"]["name"]),
        int(&spec["matchingPrecedence"]),
        text_or(&spec["distinguisherMethod"]["type"], "<none>"),
        age(object, now),
        condition(&object["status"]["conditions"], "Dangling").map_or("?", |c| text(&c["status"])),
    ]
}

pub(super) fn priority_level(object: &Value, now: Timestamp) -> Row {
    let limited = &object["spec"]["limited"];
    let queuing = &limited["limitResponse"]["queuing"];
    let number = |of: &Value, field: &str| match of.is_object() {
        true => Value::from(int(&of[field])),
        false => Value::from("<none>"),
    };
    cells![
        name(object),
        text(&object["spec"]["type"]),
        number(limited, "nominalConcurrencyShares"),
        number(queuing, "queues"),
        number(queuing, "handSize"),
        number(queuing, "queueLengthLimit"),
        age(object, now),
    ]
}

pub(super) fn storage_version(object: &Value, now: Timestamp) -> Row {
    let status = &object["status"];
    let servers: Vec<String> = list(&status["storageVersions"])
        .iter()
        .map(|server| format!("{}={}", text(&server["apiServerID"]), text(&server["encodingVersion"])))
        .collect();
    cells![
        name(object),
        text_or(&status["commonEncodingVersion"], "<unset>"),
        or_unset(first_of(&servers, 3, ",")),
        age(object, now),
    ]
}

/// Source: `k8s.io/kube-aggregator/pkg/registry/apiservice/etcd`.
pub(super) fn api_service(object: &Value, now: Timestamp) -> Row {
    let service = &object["spec"]["service"];
    let location = if service.is_object() {
        format!("{}/{}", text(&service["namespace"]), text(&service["name"]))
    } else {
        "Local".to_owned()
    };
    let available = match condition(&object["status"]["conditions"], "Available") {
        None => "Unknown".to_owned(),
        Some(condition) => match (text(&condition["status"]), text(&condition["reason"])) {
            (status @ "True", _) | (status, "") => status.to_owned(),
            (status, reason) => format!("{status} ({reason})"),
        },
    };
    cells![name(object), location, available, age(object, now)]
}
