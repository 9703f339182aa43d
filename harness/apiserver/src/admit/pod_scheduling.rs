//! Priority, DefaultTolerationSeconds and RuntimeClass: what a new pod gets for its place on a node.
//!
//! Source: `plugin/pkg/admission/priority`, `defaulttolerationseconds` and `runtimeclass`, release 1.35.

use std::sync::Arc;

use proofmark_json::{Value, json};
use proofmark_registry::meta;

use super::{find, forbidden, is_core, stored};
use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;

/// The priority of pods where no class is the default.
const NO_CLASS: (&str, i64, &str) = ("", 0, "PreemptLowerPriority");

/// Gives a new pod the priority of its class, and refuses one of its own.
pub(super) fn prioritize(call: &Call<'_>, target: &Target<'_>, object: &mut Value) -> Result<(), Refusal> {
    if !is_core(target, "pods") {
        return Ok(());
    }
    let named = object.pointer("/spec/priorityClassName").and_then(Value::as_str).unwrap_or_default().to_owned();
    let class = if named.is_empty() {
        default_class(call)
    } else {
        let class = find(call, "scheduling.k8s.io", "v1", "priorityclasses", &named);
        let missing = || forbidden(target, object, &format!("no PriorityClass with name {named} was found"));
        Some(class.ok_or_else(missing)?.value.clone())
    };
    let of_class = |field: &str| class.as_ref().and_then(|c| c.get(field));
    let name = class.as_ref().map_or(NO_CLASS.0, |c| meta::text(c, "name")).to_owned();
    let value = of_class("value").and_then(Value::as_i64).unwrap_or(NO_CLASS.1);
    let policy = of_class("preemptionPolicy").and_then(Value::as_str).unwrap_or(NO_CLASS.2).to_owned();
    let end = "given PriorityClass name";
    if let Some(own) = object.pointer("/spec/priority").and_then(Value::as_i64).filter(|own| *own != value) {
        let why = format!(
            "the integer value of priority ({own}) must not be provided in pod spec; priority admission controller computed {value} from the {end}"
        );
        return Err(forbidden(target, object, &why));
    }
    let own = object.pointer("/spec/preemptionPolicy").and_then(Value::as_str).filter(|own| *own != policy);
    if let Some(own) = own {
        let why = format!(
            "the string value of PreemptionPolicy ({own}) must not be provided in pod spec; priority admission controller computed {policy} from the {end}"
        );
        return Err(forbidden(target, object, &why));
    }
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
    if !name.is_empty() {
        spec.insert("priorityClassName", json!(name));
    }
    spec.insert("priority", json!(value));
    spec.insert("preemptionPolicy", json!(policy));
    Ok(())
}

/// An update that says nothing of the priority keeps it.
pub(super) fn keep_priority(target: &Target<'_>, object: &mut Value, old: &Value) {
    if !is_core(target, "pods") {
        return;
    }
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    for field in ["priority", "preemptionPolicy"] {
        let value = old.pointer("/spec").and_then(|spec| spec.get(field)).filter(|v| !v.is_null());
        if let Some(value) = value.filter(|_| spec.get(field).is_none_or(Value::is_null)) {
            spec.insert(field.to_owned(), value.clone());
        }
    }
}

/// The class for pods that name none: the lowest of those that say so.
fn default_class(call: &Call<'_>) -> Option<Arc<Value>> {
    let classes = stored(call, "scheduling.k8s.io", "v1", "priorityclasses", "");
    let defaults = classes.into_iter().filter(|c| c.value.get("globalDefault") == Some(&json!(true)));
    defaults.min_by_key(|c| c.value.get("value").and_then(Value::as_i64)).map(|c| c.value.clone())
}

/// There is one default class.
pub(super) fn one_default(
    call: &Call<'_>,
    target: &Target<'_>,
    object: &Value,
    old: Option<&Value>,
) -> Result<(), Refusal> {
    let is_class = target.resource.group == "scheduling.k8s.io" && target.resource.plural == "priorityclasses";
    if !is_class || object.get("globalDefault") != Some(&json!(true)) {
        return Ok(());
    }
    let Some(class) = default_class(call) else { return Ok(()) };
    let name = meta::text(&class, "name");
    if old.is_some() && name == meta::text(object, "name") {
        return Ok(());
    }
    let why = format!("PriorityClass {name} is already marked as default. Only one default can exist");
    Err(forbidden(target, object, &why))
}

/// How long a pod stays on a node that is not ready or out of reach.
const TOLERATED: i64 = 300;

/// Pods stay for a while on nodes that fail, unless they say how long.
pub(super) fn tolerate(target: &Target<'_>, object: &mut Value) {
    if !is_core(target, "pods") {
        return;
    }
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let own = spec.get("tolerations").and_then(Value::as_array).cloned().unwrap_or_default();
    let text =
        |toleration: &Value, name: &str| toleration.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut all = own.clone();
    for taint in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerates = |t: &Value| {
            let (key, effect) = (text(t, "key"), text(t, "effect"));
            (key.is_empty() || key == taint) && matches!(effect.as_str(), "" | "NoExecute")
        };
        if !own.iter().any(tolerates) {
            all.push(
                json!({"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": TOLERATED}),
            );
        }
    }
    if !all.is_empty() {
        spec.insert("tolerations", Value::Array(all));
    }
}

/// A new pod takes over what its RuntimeClass says of overhead and nodes.
pub(super) fn run_class(call: &Call<'_>, target: &Target<'_>, object: &mut Value) -> Result<(), Refusal> {
    if !is_core(target, "pods") {
        return Ok(());
    }
    let own = object.pointer("/spec/overhead").filter(|o| !o.is_null()).cloned();
    let named = object.pointer("/spec/runtimeClassName").and_then(Value::as_str).map(str::to_owned);
    let Some(name) = named else {
        return match own {
            Some(_) => {
                let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
                Err(forbidden(target, object, why))
            }
            None => Ok(()),
        };
    };
    let Some(class) = find(call, "node.k8s.io", "v1", "runtimeclasses", &name) else {
        let why = format!("pod rejected: RuntimeClass {} not found", proofmark_status::quote(&name));
        return Err(forbidden(target, object, &why));
    };
    let fixed = class.value.pointer("/overhead/podFixed").filter(|o| !o.is_null());
    match (fixed, own) {
        (Some(fixed), Some(own)) if *fixed != own => {
            return Err(forbidden(
                target,
                object,
                "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
            ));
        }
        (None, Some(_)) => {
            let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
            return Err(forbidden(target, object, why));
        }
        (Some(fixed), None) => {
            if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
                spec.insert("overhead", fixed.clone());
            }
        }
        _ => {}
    }
    schedule_as(target, object, &class.value)
}

fn schedule_as(target: &Target<'_>, object: &mut Value, class: &Value) -> Result<(), Refusal> {
    let wanted = class.pointer("/scheduling/nodeSelector").and_then(Value::as_object).cloned().unwrap_or_default();
    let own = object.pointer("/spec/nodeSelector").and_then(Value::as_object).cloned().unwrap_or_default();
    for (key, value) in &wanted {
        if let Some(given) = own.get(key).filter(|given| *given != value) {
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            let why = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {}; pod.spec.nodeSelector[{key}] = {}",
                text(value),
                text(given)
            );
            return Err(forbidden(target, object, &why));
        }
    }
    let tolerations = class.pointer("/scheduling/tolerations").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
    if !wanted.is_empty() {
        let mut selector = own;
        selector.extend(wanted);
        selector.sort_keys();
        spec.insert("nodeSelector", Value::Object(selector));
    }
    if !tolerations.is_empty() {
        let list = spec.entry("tolerations").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.extend(tolerations.into_iter().filter(|t| !list.contains(t)).collect::<Vec<_>>());
        }
    }
    Ok(())
}
