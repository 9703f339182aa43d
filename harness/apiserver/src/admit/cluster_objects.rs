//! TaintNodesByCondition and what a certificate request says of its author.
//!
//! Source: `plugin/pkg/admission/nodetaint` and `pkg/registry/certificates/certificates`, release 1.35.

use proofmark_json::{Map, Value, json};

use super::is_core;
use crate::handlers::Target;
use crate::server::Call;

/// A new node is not ready until somebody says so.
pub(super) fn taint(target: &Target<'_>, object: &mut Value) {
    if !is_core(target, "nodes") {
        return;
    }
    let Some(members) = object.as_object_mut() else { return };
    let spec = members.entry("spec").or_insert_with(|| json!({}));
    let Some(spec) = spec.as_object_mut() else { return };
    let taints = spec.entry("taints").or_insert_with(|| json!([]));
    if taints.is_null() {
        *taints = json!([]);
    }
    let taint = json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"});
    if let Some(list) = taints.as_array_mut()
        && !list.iter().any(|t| t["key"] == taint["key"] && t["effect"] == taint["effect"])
    {
        list.push(taint);
    }
}

/// Who asks for a certificate is who sends the request, whatever it says.
pub(super) fn sign(call: &Call<'_>, target: &Target<'_>, object: &mut Value) {
    if target.resource.group != "certificates.k8s.io" || target.resource.plural != "certificatesigningrequests" {
        return;
    }
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    for field in ["username", "uid", "groups", "extra"] {
        spec.shift_remove(field);
    }
    let user = call.user;
    spec.insert("username", json!(user.name));
    if !user.uid.is_empty() {
        spec.insert("uid", json!(user.uid));
    }
    if !user.groups.is_empty() {
        spec.insert("groups", json!(user.groups));
    }
    if !user.extra.is_empty() {
        let extra: Map = user.extra.iter().map(|(key, values)| (key.clone(), json!(values))).collect();
        spec.insert("extra", Value::Object(extra));
    }
}
