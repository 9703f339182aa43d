//! A pod of a DaemonSet: bound to its node by affinity, so that the scheduler places it, and tolerating what befalls nodes.

use proofmark_json::{Value, json};

use super::{DAEMON_SETS, HASH};
use crate::kit::object;
use crate::workloads::template::{self, set_label};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// The tolerations that every pod of a DaemonSet has.
pub(super) fn tolerations(spec: &Value) -> Vec<Value> {
    let all = [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ];
    let host = object::flag(spec, "/hostNetwork").then_some(("network-unavailable", "NoSchedule"));
    let toleration = |(key, effect): (&str, &str)| json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": effect});
    all.into_iter().chain(host).map(toleration).collect()
}

/// A pod for a node.
pub(super) fn draft(set: &Value, node: &str, hash: &str) -> Value {
    let mut pod = template::pod(&set["spec"]["template"], set, &DAEMON_SETS);
    if let Some(generation) = object::annotation(set, "deprecated.daemonset.template.generation") {
        set_label(&mut pod, "pod-template-generation", generation);
    }
    set_label(&mut pod, HASH, hash);
    let spec = &mut pod["spec"];
    let mut tolerated = object::list(spec, "/tolerations").to_vec();
    for toleration in tolerations(spec) {
        let same = |present: &Value| ["key", "operator", "effect"].iter().all(|f| present[*f] == toleration[*f]);
        if !tolerated.iter().any(same) {
            tolerated.push(toleration);
        }
    }
    spec["tolerations"] = json!(tolerated);
    let by_name = json!([{"key": "metadata.name", "operator": "In", "values": [node]}]);
    let mut terms = object::list(spec, &format!("/affinity/nodeAffinity/{REQUIRED}/nodeSelectorTerms")).to_vec();
    if terms.is_empty() {
        terms.push(json!({}));
    }
    // Terms that the template has keep what they say of labels; the name takes the place of other fields.
    for term in &mut terms {
        term["matchFields"] = by_name.clone();
    }
    if !spec["affinity"].is_object() {
        spec["affinity"] = json!({});
    }
    if !spec["affinity"]["nodeAffinity"].is_object() {
        spec["affinity"]["nodeAffinity"] = json!({});
    }
    spec["affinity"]["nodeAffinity"][REQUIRED] = json!({"nodeSelectorTerms": terms});
    pod
}

/// The node that a pod is on, or is meant for.
pub(super) fn node(pod: &Value) -> Option<&str> {
    let on = object::text(pod, "/spec/nodeName");
    if !on.is_empty() {
        return Some(on);
    }
    let terms = object::list(
        pod,
        "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms",
    );
    let fields = terms.iter().flat_map(|term| object::list(term, "/matchFields"));
    let mut named = fields.filter(|field| field["key"] == "metadata.name" && field["operator"] == "In");
    object::strings(named.next()?, "/values").next()
}

/// The revision that a pod is of.
pub(super) fn hash(pod: &Value) -> &str {
    object::labels(pod).and_then(|labels| labels.get(HASH)?.as_str()).unwrap_or_default()
}
