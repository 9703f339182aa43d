//! Pods with names and claims of their own: StatefulSets.

use proofmark_json::{Value, json};
use proofmark_status::FieldError;

use super::shared::{collisions, forever, non_negative, picked, selector, shown, status};
use crate::kinds::{claim, pod};
use crate::node::{Errors, Node};
use crate::{check, content, internal};

/// What of a StatefulSet may change.
const STATEFUL_MUTABLE: [&str; 7] = [
    "replicas",
    "template",
    "updateStrategy",
    "minReadySeconds",
    "ordinals",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
];

pub(super) fn validate(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    let policy = spec.get("podManagementPolicy");
    match policy.text() {
        "" => errors.push(policy.required("")),
        "OrderedReady" | "Parallel" => {}
        _ => errors.push(policy.invalid("must be 'OrderedReady' or 'Parallel'")),
    }
    stateful_strategy(new, &spec.get("updateStrategy"), &mut errors);
    let retention = spec.get("persistentVolumeClaimRetentionPolicy");
    if retention.given() {
        check::supported_text(&retention.get("whenDeleted"), &["Retain", "Delete"], &mut errors);
        check::supported_text(&retention.get("whenScaled"), &["Retain", "Delete"], &mut errors);
    }
    if old.is_none() {
        for template in spec.get("volumeClaimTemplates").items() {
            claim::spec(&template.get("spec"), &mut errors);
        }
    }
    non_negative(&spec, &["replicas", "minReadySeconds", "ordinals.start"], &mut errors);
    let service = spec.get("serviceName");
    if old.is_none() && service.filled() {
        check::shape(&service, content::dns_label, &mut errors);
    }
    selector(&spec, "statefulset", true, &mut errors);
    let node = spec.get("selector");
    if node.given() && check::unusable_selector(node.value) {
        errors.push(FieldError::invalid(node.at.clone(), shown(&node), ""));
    } else {
        // Pods get the claims' volumes, and names of their own.
        let whole = with_claims(new);
        picked(&whole, &Node::root(&whole).get("spec"), true, &mut errors);
    }
    // The labels are checked once more.
    let labels = spec.get("template.metadata.labels");
    check::labels(&Node { at: "spec.template.labels".to_owned(), ..labels }, &mut errors);
    forever(&spec, "StatefulSet", &mut errors);
    if let Some(old) = old {
        let rest = |o: &Value| {
            let mut spec = o.get("spec").and_then(Value::as_object).cloned().unwrap_or_default();
            spec.retain(|name, _| !STATEFUL_MUTABLE.contains(&name.as_str()));
            Value::Object(spec)
        };
        if !check::same(&rest(new), &rest(old)) {
            let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
            errors.push(FieldError::forbidden("spec", why));
        }
    }
    let counts = [
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ];
    let parts = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
    status(new, &counts, &parts, "status.readyReplicas", &mut errors);
    collisions(new, old, &mut errors);
    errors
}

fn stateful_strategy(object: &Value, strategy: &Node<'_>, errors: &mut Errors) {
    let rolling = strategy.get("rollingUpdate");
    match strategy.get("type").text() {
        "" => errors.push(strategy.required("")),
        "OnDelete" if rolling.given() => {
            let shown = internal::show(object, "/spec/updateStrategy/rollingUpdate");
            errors.push(FieldError::invalid(
                rolling.at.clone(),
                shown,
                "only allowed for updateStrategy 'RollingUpdate'",
            ));
        }
        "OnDelete" => {}
        "RollingUpdate" => {
            check::non_negative(&rolling.get("partition"), errors);
            let unavailable = rolling.get("maxUnavailable");
            if unavailable.given() {
                check::int_or_percent(&unavailable, errors);
                if check::int_or_percent_value(&unavailable) == 0 {
                    errors.push(unavailable.invalid("cannot be 0"));
                }
                check::at_most_all(&unavailable, errors);
            }
        }
        _ => {
            let shown = internal::show(object, "/spec/updateStrategy");
            errors.push(FieldError::invalid(strategy.at.clone(), shown, "must be 'RollingUpdate' or 'OnDelete'"));
        }
    }
}

/// A StatefulSet with its claims among the volumes of its template.
fn with_claims(set: &Value) -> Value {
    let mut whole = set.clone();
    let claims = set.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let names: Vec<String> = claims
        .into_iter()
        .flatten()
        .map(|c| c.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned())
        .collect();
    let Some(pod) = whole.pointer_mut("/spec/template/spec").and_then(Value::as_object_mut) else { return whole };
    pod.shift_remove("subdomain");
    pod.shift_remove("hostname");
    if names.is_empty() {
        return whole;
    }
    let mut volumes: Vec<Value> =
        names.iter().map(|name| json!({"name": name, "persistentVolumeClaim": {"claimName": name}})).collect();
    let own = pod.get("volumes").and_then(Value::as_array).cloned().unwrap_or_default();
    volumes.extend(own.into_iter().filter(|v| !names.iter().any(|n| v["name"] == n.as_str())));
    pod.insert("volumes", Value::Array(volumes));
    whole
}

/// What a client hears about a set that is accepted all the same.
pub(super) fn warnings(new: &Value, old: Option<&Value>) -> Vec<String> {
    let mut out = pod::template_warnings(new, old, "spec.template");
    let spec = Node::root(new).get("spec");
    for template in spec.get("volumeClaimTemplates").items() {
        // After a change the path says `Spec`, as upstream's does.
        let at = if old.is_some() { template.child("Spec") } else { template.at.clone() };
        out.extend(claim::spec_warnings(&Node { at, ..template.get("spec") }));
    }
    if spec.get("revisionHistoryLimit").number() < 0 {
        let why = "a negative value retains all historical revisions; a value >= 0 is recommended";
        out.push(format!("spec.revisionHistoryLimit: {why}"));
    }
    out
}
