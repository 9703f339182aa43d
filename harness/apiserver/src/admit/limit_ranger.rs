//! LimitRanger: containers get the default amounts of their namespace, and nothing asks for less or more than it allows.
//!
//! Source: `plugin/pkg/admission/limitranger`, release 1.35. A LimitRange counts from when it is stored to when it is removed;
//! kube-apiserver may remember a removed one for half a minute.

use std::sync::Arc;

use proofmark_builtin::quantity::Quantity;
use proofmark_json::{Map, Value, json};
use proofmark_registry::usage::{self, Amounts};

use super::{forbidden, is_core, stored};
use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;
use crate::store::Object;

/// Says what was filled in.
const ANNOTATION: &str = "kubernetes.io/limit-ranger";

fn ranges(call: &Call<'_>, target: &Target<'_>) -> Vec<Arc<Object>> {
    stored(call, "", "v1", "limitranges", &format!("{}/", target.namespace))
}

fn items(range: &Object) -> &[Value] {
    range.value.pointer("/spec/limits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Gives a new pod's containers the default amounts.
pub(super) fn mutate(call: &Call<'_>, target: &Target<'_>, object: &mut Value) {
    if !is_core(target, "pods") {
        return;
    }
    for range in ranges(call, target) {
        let (mut requests, mut limits) = (Map::new(), Map::new());
        for item in items(&range).iter().filter(|i| i["type"] == "Container") {
            let list = |name: &str| item.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
            requests.extend(list("defaultRequest"));
            limits.extend(list("default"));
        }
        let mut notes = Vec::new();
        for (list, what) in [("containers", "container"), ("initContainers", "init container")] {
            let containers = object.pointer_mut(&format!("/spec/{list}")).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
                let name = container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                let resources = container.entry("resources").or_insert_with(|| json!({}));
                let Some(resources) = resources.as_object_mut() else { continue };
                let set_limits = fill(resources, "limits", &limits);
                let set_requests = fill(resources, "requests", &requests);
                for (set, kind) in [(set_requests, "request"), (set_limits, "limit")] {
                    if !set.is_empty() {
                        notes.push(format!("{} {kind} for {what} {name}", set.join(", ")));
                    }
                }
            }
        }
        if !notes.is_empty() {
            let meta = proofmark_registry::meta::of_mut(object);
            let annotations = meta.entry("annotations").or_insert_with(|| json!({}));
            if let Some(annotations) = annotations.as_object_mut() {
                let note = format!("LimitRanger plugin set: {}", notes.join("; "));
                annotations.insert(ANNOTATION.to_owned(), json!(note));
                annotations.sort_keys();
            }
        }
    }
}

/// Fills in amounts that are missing, and names them in order.
fn fill(resources: &mut Map, list: &str, defaults: &Map) -> Vec<String> {
    if defaults.is_empty() {
        return Vec::new();
    }
    let amounts = resources.entry(list).or_insert_with(|| json!({}));
    if amounts.is_null() {
        *amounts = json!({});
    }
    let Some(amounts) = amounts.as_object_mut() else { return Vec::new() };
    let mut set = Vec::new();
    for (name, amount) in defaults {
        if !amounts.contains_key(name) {
            amounts.insert(name.clone(), amount.clone());
            set.push(name.to_string());
        }
    }
    amounts.sort_keys();
    set.sort_unstable();
    set
}

/// Refuses what asks for less or more than allowed.
pub(super) fn validate(call: &Call<'_>, target: &Target<'_>, object: &Value) -> Result<(), Refusal> {
    let (is_pod, is_claim) = (is_core(target, "pods"), is_core(target, "persistentvolumeclaims"));
    if !is_pod && !is_claim {
        return Ok(());
    }
    for range in ranges(call, target) {
        let mut problems = Vec::new();
        for item in items(&range) {
            match item.get("type").and_then(Value::as_str).unwrap_or_default() {
                "Container" if is_pod => {
                    for list in ["containers", "initContainers"] {
                        let containers = object.pointer(&format!("/spec/{list}")).and_then(Value::as_array);
                        for container in containers.into_iter().flatten() {
                            let of = |kind: &str| usage::amounts(container.pointer(&format!("/resources/{kind}")));
                            bounds(item, "Container", &of("requests"), Some(&of("limits")), &mut problems);
                        }
                    }
                }
                "Pod" if is_pod => {
                    let of = |kind: &str| usage::of_pod(object, kind);
                    bounds(item, "Pod", &of("requests"), Some(&of("limits")), &mut problems);
                }
                "PersistentVolumeClaim" if is_claim => {
                    let requests = usage::amounts(object.pointer("/spec/resources/requests"));
                    bounds(item, "PersistentVolumeClaim", &requests, None, &mut problems);
                }
                _ => {}
            }
        }
        if !problems.is_empty() {
            return Err(forbidden(target, object, &aggregate(&problems)));
        }
    }
    Ok(())
}

/// One problem stands alone, several in brackets; each once.
fn aggregate(problems: &[String]) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for problem in problems {
        if !seen.contains(&problem.as_str()) {
            seen.push(problem);
        }
    }
    match seen.as_slice() {
        [one] => (*one).to_owned(),
        many => format!("[{}]", many.join(", ")),
    }
}

/// An item's bounds against amounts. Claims have no limits: their requests are measured against the maximum.
fn bounds(item: &Value, kind: &str, requests: &Amounts, limits: Option<&Amounts>, problems: &mut Vec<String>) {
    let none = Amounts::new();
    let limit_of = |name: &str| limits.unwrap_or(&none).get(name);
    for (name, least) in usage::amounts(item.get("min")) {
        let text = format!("minimum {name} usage per {kind} is {least}");
        match (requests.get(&name), limit_of(&name)) {
            (None, _) => problems.push(format!("{text}.  No request is specified")),
            (Some(request), _) if *request < least => problems.push(format!("{text}, but request is {request}")),
            (_, Some(limit)) if *limit < least => problems.push(format!("{text}, but limit is {limit}")),
            _ => {}
        }
    }
    for (name, most) in usage::amounts(item.get("max")) {
        let text = format!("maximum {name} usage per {kind} is {most}");
        let request = requests.get(&name);
        let over = |amount: Option<&Quantity>| amount.is_some_and(|a| *a > most);
        match limit_of(&name) {
            None if limits.is_some() => problems.push(format!("{text}.  No limit is specified")),
            None if request.is_none() => problems.push(format!("{text}.  No request is specified")),
            Some(limit) if *limit > most => problems.push(format!("{text}, but limit is {limit}")),
            _ if over(request) => {
                problems
                    .push(format!("{text}, but request is {}", request.map(ToString::to_string).unwrap_or_default()));
            }
            _ => {}
        }
    }
    if limits.is_none() {
        return;
    }
    for (name, most) in usage::amounts(item.get("maxLimitRequestRatio")) {
        let text = format!("{name} max limit to request ratio per {kind} is {most}");
        let milli = |amount: Option<&Quantity>| amount.and_then(|a| a.scaled(-3)).unwrap_or(0);
        let (request, limit) = (milli(requests.get(&name)), milli(limit_of(&name)));
        if request == 0 {
            problems.push(format!("{text}, but no request is specified or request is 0"));
        } else if limit == 0 {
            problems.push(format!("{text}, but no limit is specified or limit is 0"));
        } else if limit * 1000 > milli(Some(&most)) * request {
            problems.push(format!("{text}, but provided ratio is {:.6}", to_f64(limit) / to_f64(request)));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "the ratio is only printed")]
fn to_f64(number: i128) -> f64 {
    number as f64
}
