//! A component as a Knative Service, and what Knative says of it.

use std::collections::BTreeMap;

use proofmark_controllers::kit::{Api, Reason as _, object};
use proofmark_json::{Value, json};

use super::fill_in;
use crate::behaviour::Behaviour;
use crate::conditions::Is;
use crate::config::Kept;
use crate::controllers::children;
use crate::controllers::inferenceservice::component::Deployable;
use crate::controllers::inferenceservice::model_status::Deployed;
use crate::controllers::inferenceservice::reconcile::Work;
use crate::names::{KNATIVE_AUTOSCALING_CLASS, KNATIVE_MAX_SCALE, KNATIVE_MIN_SCALE, KNATIVE_ROLLOUT, kinds};

/// What a client says of a kind that it was not told of.
pub(in crate::controllers) const UNKNOWN_KIND: &str =
    "no kind is registered for the type v1.Service in scheme \"pkg/runtime/scheme.go:100\"";
const FAILS: &str = "fails to reconcile knative service: ";
const TARGET: &str = "autoscaling.knative.dev/target";
const METRIC: &str = "autoscaling.knative.dev/metric";
const FIRST_SCALE: &str = "autoscaling.knative.dev/initial-scale";
/// Gives each share of the traffic a host of its own.
const TAGS: &str = "serving.kserve.io/enable-tag-routing";

/// Deploys a component and puts into the status what became of it.
pub(in crate::controllers::inferenceservice) async fn deploy(
    work: &mut Work<'_>,
    of: &Deployable,
) -> Result<Deployed, String> {
    if !work.services.scheme.knows_knative() {
        let fails = if work.services.behaviour.leaves_defaults_to_knative { FAILS } else { "" };
        return Err(format!("{fails}{UNKNOWN_KIND}"));
    }
    let api = &work.services.api;
    let rolled_out = work.status.component(of.component);
    let kept = work.config.kept().map_err(|error| error.to_string())?;
    let behaviour = work.services.behaviour;
    let mut wanted = wanted(&work.service, of, object::text(&rolled_out, "/latestRolledoutRevision"), &kept, behaviour);
    let parts = ["/spec", "/metadata/labels", "/metadata/annotations"];
    let found = children::read(api, &kinds::KNATIVE_SERVICES, work.namespace(), object::name(&wanted)).await;
    if let Some(found) = found.map_err(|error| error.words())?
        && let Some(annotations) = found["metadata"]["annotations"].as_object()
    {
        // Knative notes there who made and changed it.
        for (key, value) in annotations.iter().filter(|(key, _)| key.starts_with("serving.knative.dev/")) {
            if wanted["metadata"]["annotations"].get(key).is_none() {
                wanted["metadata"]["annotations"][key] = value.clone();
            }
        }
    }
    let found =
        children::ensure(api, &kinds::KNATIVE_SERVICES, &wanted, &parts).await.map_err(|error| error.words())?;
    propagate(work, of, &found["status"]);
    let refuses = |condition: &Value| object::text(condition, "/status") == "False";
    Ok(match object::list(&found, "/status/conditions").iter().any(refuses) {
        true => Deployed::Refused,
        false => Deployed::Before,
    })
}

/// Whether Knative's own settings, which have to be there, let services start without replicas.
pub(in crate::controllers) async fn starts_at_zero(api: &Api) -> Result<bool, String> {
    let (namespace, name) = ("knative-serving", "config-autoscaler");
    let fails = "failed to retrieve the knative autoscaler configuration";
    let settings = api.get(&kinds::CONFIG_MAPS, namespace, name).await.map_err(|error| {
        format!("{fails}: fails to retrieve the {name} configmap from the {namespace} namespace.: {}", error.words())
    })?;
    match settings["data"].get("allow-zero-initial-scale").and_then(Value::as_str) {
        None | Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Ok(false),
        Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Ok(true),
        Some(other) => Err(format!("{fails}: strconv.ParseBool: parsing {other:?}: invalid syntax")),
    }
}

/// Drops how many replicas a service asks to start with if that is no number, or none where none is not allowed.
pub(in crate::controllers) fn first_scale(service: &mut Value, zero: bool) {
    let asked = object::annotation(service, FIRST_SCALE).map(str::parse::<i64>);
    if asked.is_some_and(|asked| asked.is_err() || asked == Ok(0) && !zero)
        && let Some(annotations) = service["metadata"]["annotations"].as_object_mut()
    {
        annotations.shift_remove(FIRST_SCALE);
    }
}

/// The Knative Service of a component.
fn wanted(service: &Value, of: &Deployable, rolled_out: &str, kept: &Kept, behaviour: Behaviour) -> Value {
    let block = &of.block;
    let number = |field: &str| block.get(field).and_then(Value::as_i64);
    let mut annotations = of.metadata["annotations"].clone();
    annotations[KNATIVE_MIN_SCALE] = json!(number("minReplicas").unwrap_or(1).to_string());
    if let Some(max) = number("maxReplicas").filter(|max| *max != 0) {
        annotations[KNATIVE_MAX_SCALE] = json!(max.to_string());
    }
    if annotations.get(KNATIVE_AUTOSCALING_CLASS).is_none() {
        annotations[KNATIVE_AUTOSCALING_CLASS] = json!("kpa.autoscaling.knative.dev");
    }
    if let Some(target) = number("scaleTarget") {
        annotations[TARGET] = json!(target.to_string());
    }
    if let Some(metric) = block.get("scaleMetric").and_then(Value::as_str) {
        annotations[METRIC] = json!(metric);
    }
    let mut metadata = of.metadata.clone();
    metadata.as_object_mut().map(|metadata| metadata.shift_remove("annotations"));
    if let Some(rollout) = annotations.as_object_mut().and_then(|annotations| annotations.shift_remove(KNATIVE_ROLLOUT))
    {
        metadata["annotations"][KNATIVE_ROLLOUT] = rollout;
    }
    let mut labels = of.metadata["labels"].clone();
    if let Some(labels) = labels.as_object_mut() {
        labels.retain(|label, _| !kept.labels.iter().any(|kept| kept == label));
    }
    let mut revision = pod(&of.pod);
    for (field, value) in [
        ("containerConcurrency", number("containerConcurrency")),
        ("timeoutSeconds", number("timeout")),
        ("responseStartTimeoutSeconds", number("timeout").filter(|_| behaviour.limits_first_answers)),
    ] {
        if let Some(value) = value {
            revision[field] = json!(value);
        }
    }
    let tagged = annotations.get(TAGS).is_some_and(|tags| tags == "true");
    let mut knative = children::child(service, &kinds::KNATIVE_SERVICES, metadata);
    knative["spec"] = json!({
        "template": {"metadata": {"annotations": annotations, "labels": labels}, "spec": revision},
        "traffic": traffic(number("canaryTrafficPercent"), rolled_out, tagged),
    });
    if !behaviour.leaves_defaults_to_knative {
        fill_in(&mut knative["spec"]);
    }
    if !behaviour.omits_null_times {
        knative["spec"]["template"]["metadata"]["creationTimestamp"] = Value::Null;
    }
    knative
}

/// The pod as Go writes it: containers have names and resources even when these are empty.
fn pod(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if container.get("name").is_none() {
                container["name"] = json!("");
            }
            if container.get("resources").is_none() {
                container["resources"] = json!({});
            }
        }
    }
    spec
}

/// Who gets how much: all goes to the newest revision, but for a canary.
fn traffic(canary: Option<i64>, rolled_out: &str, tagged: bool) -> Value {
    let tag = |mut target: Value, tag: &str| {
        if tagged {
            target["tag"] = json!(tag);
        }
        target
    };
    match canary.filter(|_| !rolled_out.is_empty()) {
        Some(percent) => {
            let mut targets = vec![tag(json!({"latestRevision": true, "percent": percent}), "latest")];
            if percent < 100 {
                let rest = json!({"revisionName": rolled_out, "latestRevision": false, "percent": 100 - percent, "tag": "prev"});
                targets.push(rest);
            }
            json!(targets)
        }
        None => json!([tag(json!({"latestRevision": true, "percent": 100}), "latest")]),
    }
}

/// What the status says of a Knative Service.
fn propagate(work: &mut Work<'_>, of: &Deployable, knative: &Value) {
    let text = |at: &str| object::text(knative, at).to_owned();
    let mut component = work.status.component(of.component);
    let set = |component: &mut Value, field: &str, value: &str| {
        if value.is_empty() {
            component.as_object_mut().map(|component| component.shift_remove(field));
        } else {
            component[field] = json!(value);
        }
    };
    let (created, ready) = (text("/latestCreatedRevisionName"), text("/latestReadyRevisionName"));
    set(&mut component, "latestCreatedRevision", &created);
    let traffic = object::list(knative, "/traffic");
    let mut shares: BTreeMap<&str, i64> = BTreeMap::new();
    for target in traffic {
        *shares.entry(object::text(target, "/revisionName")).or_default() += object::count(target, "/percent");
    }
    for target in traffic {
        if object::text(target, "/revisionName") != ready || !object::flag(target, "/latestRevision") {
            continue;
        }
        let percent = object::number(target, "/percent");
        let before = object::text(&component, "/latestRolledoutRevision").to_owned();
        let previous = object::text(&component, "/previousRolledoutRevision").to_owned();
        if before != ready {
            if percent == Some(100) {
                set(&mut component, "previousRolledoutRevision", &before);
                set(&mut component, "latestRolledoutRevision", &ready);
            }
        } else if ready == created && percent.is_some_and(|percent| percent < 100) {
            // Rolled back, unless both shares go to the same revision.
            let whole = shares.get(ready.as_str()) == Some(&100);
            if !whole && !previous.is_empty() {
                set(&mut component, "latestRolledoutRevision", &previous);
            }
        }
    }
    set(&mut component, "latestReadyRevision", &ready);
    let condition = |of_type: &str| {
        let found = object::list(knative, "/conditions").iter().find(|c| object::text(c, "/type") == of_type);
        found.map(Is::read)
    };
    let is_ready = condition("Ready");
    if is_ready.as_ref().is_some_and(|is| is.status == "True") {
        for field in ["address", "url"] {
            if let Some(value) = knative.get(field) {
                component[field] = value.clone();
            }
        }
    }
    if traffic.is_empty() {
        component.as_object_mut().map(|component| component.shift_remove("traffic"));
    } else {
        component["traffic"] = json!(traffic);
    }
    work.status.set_component(of.component, component);
    for (is, of_type) in [
        (is_ready, of.component.ready()),
        (condition("RoutesReady"), of.component.routed()),
        (condition("ConfigurationsReady"), of.component.configured()),
    ] {
        if let Some(is) = is {
            work.set(&of_type, &is);
        }
    }
    work.status.observed(object::count(knative, "/observedGeneration"));
}
