//! The router of a graph: its pod, and what surrounds it.

use proofmark_builtin::decode::is_zero;
use proofmark_controllers::kit::object;
use proofmark_json::{Key, Map, Value, json};
use proofmark_text::go_json;

use crate::behaviour::Behaviour;
use crate::config::Container;
use crate::controllers::children;
use crate::controllers::inferenceservice::fill_in;
use crate::names::{GRAPH_LABEL, KNATIVE_AUTOSCALING_CLASS, KNATIVE_MAX_SCALE, KNATIVE_MIN_SCALE, kinds};
use crate::podspec::{self, Part};

/// How a field is held, and so when it is left out of what is written.
#[derive(Clone, Copy)]
enum Held {
    /// Never.
    Always,
    /// Where there is none.
    Pointer,
    /// Where it is zero.
    Value,
}

/// The fields of a graph, of a node and of a step, in Go's order.
const GRAPH: &[(&str, Held)] = &[
    ("nodes", Held::Always),
    ("resources", Held::Always),
    ("affinity", Held::Pointer),
    ("timeout", Held::Pointer),
    ("minReplicas", Held::Pointer),
    ("maxReplicas", Held::Value),
    ("scaleTarget", Held::Pointer),
    ("scaleMetric", Held::Pointer),
    ("tolerations", Held::Value),
    ("nodeSelector", Held::Value),
    ("nodeName", Held::Value),
    ("serviceAccountName", Held::Value),
];
const NODE: &[(&str, Held)] = &[("routerType", Held::Always), ("steps", Held::Value)];
const STEP: &[(&str, Held)] = &[
    ("name", Held::Value),
    ("nodeName", Held::Value),
    ("serviceName", Held::Value),
    ("serviceUrl", Held::Value),
    ("data", Held::Value),
    ("weight", Held::Pointer),
    ("condition", Held::Value),
    ("dependency", Held::Value),
];

/// Name, labels and annotations of the children.
pub(super) fn metadata(graph: &Value) -> Value {
    let mut labels = object::labels(graph).cloned().unwrap_or_default();
    labels.insert(GRAPH_LABEL.to_owned(), json!(object::name(graph)));
    let mut metadata = json!({"name": object::name(graph), "namespace": object::namespace(graph), "labels": labels});
    if graph["metadata"]["annotations"].is_object() {
        metadata["annotations"] = graph["metadata"]["annotations"].clone();
    }
    metadata
}

/// The pod.
pub(super) fn pod(graph: &Value, settings: &Container, behaviour: Behaviour, raw: bool) -> Value {
    let spec = &graph["spec"];
    let own = spec.get("resources").filter(|own| own.as_object().is_some_and(|own| !own.is_empty()));
    let resources = own.cloned().unwrap_or_else(|| {
        json!({
            "limits": {"cpu": settings.cpu_limit, "memory": settings.memory_limit},
            "requests": {"cpu": settings.cpu_request, "memory": settings.memory_request},
        })
    });
    let mut container = json!({
        "name": if raw { object::name(graph) } else { "" }, "image": settings.image,
        "args": ["--graph-json", go_json::write(&described(spec))], "resources": resources,
    });
    let mut pod = json!({});
    if let Some(propagated) = settings.headers.get("propagate") {
        container["env"] = json!([{"name": "PROPAGATE_HEADERS", "value": propagated.join(",")}]);
    }
    if behaviour.configured_resources {
        if let Some(policy) = &settings.image_pull_policy {
            container["imagePullPolicy"] = json!(policy);
        }
        container["readinessProbe"] = json!({
            "httpGet": {"path": "/readyz", "port": 8080, "scheme": "HTTP"}, "initialDelaySeconds": 5, "timeoutSeconds": 2,
            "periodSeconds": 5, "successThreshold": 1, "failureThreshold": 3,
        });
        for field in ["tolerations", "nodeSelector", "nodeName", "serviceAccountName"] {
            if let Some(value) = spec.get(field) {
                pod[field] = value.clone();
            }
        }
        if !settings.image_pull_secrets.is_empty() {
            let secrets = settings.image_pull_secrets.iter().map(|name| json!({"name": name}));
            pod["imagePullSecrets"] = Value::Array(secrets.collect());
        }
    }
    if behaviour.guarded_routers {
        container["securityContext"] = json!({
            "capabilities": {"drop": ["ALL"]}, "privileged": false, "runAsNonRoot": true, "readOnlyRootFilesystem": true,
            "allowPrivilegeEscalation": false,
        });
        pod["automountServiceAccountToken"] = json!(false);
    }
    if let Some(affinity) = spec.get("affinity") {
        pod["affinity"] = affinity.clone();
    }
    pod["containers"] = json!([container]);
    pod
}

/// The graph as the router reads it: as Go writes it, in the order of its types.
fn described(spec: &Value) -> Value {
    let mut all = spec.as_object().cloned().unwrap_or_default();
    for (part, fields) in [
        (Part::Component, ["affinity", "tolerations", "nodeSelector"].as_slice()),
        (Part::Container, ["resources"].as_slice()),
    ] {
        let mut of_pod: Map =
            fields.iter().filter_map(|field| Some(((*field).to_owned(), all.shift_remove(*field)?))).collect();
        podspec::marshal(&mut of_pod, part);
        all.extend(fields.iter().filter_map(|field| Some(((*field).to_owned(), of_pod.shift_remove(*field)?))));
    }
    let mut graph = ordered(&Value::Object(all), GRAPH);
    let nodes = spec["nodes"].as_object().into_iter().flatten();
    let sorted: std::collections::BTreeMap<&Key, &Value> = nodes.collect();
    let nodes = sorted.into_iter().map(|(name, node)| {
        let mut described = ordered(node, NODE);
        let steps = described.get_mut("steps").and_then(Value::as_array_mut).into_iter().flatten();
        steps.for_each(|step| *step = ordered(step, STEP));
        (name.clone(), described)
    });
    graph["nodes"] = Value::Object(nodes.collect());
    graph
}

/// An object's fields in Go's order, without those that are held by value and are zero.
fn ordered(of: &Value, fields: &[(&str, Held)]) -> Value {
    let fields = fields.iter().filter_map(|(field, held)| {
        let value = of.get(*field)?;
        let left_out = match held {
            Held::Always => false,
            Held::Pointer => value.is_null(),
            Held::Value => is_zero(value),
        };
        (!left_out).then(|| ((*field).to_owned(), value.clone()))
    });
    Value::Object(fields.collect())
}

/// The Knative Service.
pub(super) fn knative(owner: &Value, graph: &Value, pod: Value, behaviour: Behaviour) -> Value {
    let number = |field: &str| graph["spec"].get(field).and_then(Value::as_i64);
    let mut annotations = graph["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    annotations.insert(KNATIVE_MIN_SCALE.to_owned(), json!(number("minReplicas").unwrap_or(1).to_string()));
    if let Some(max) = number("maxReplicas").filter(|max| *max != 0) {
        annotations.insert(KNATIVE_MAX_SCALE.to_owned(), json!(max.to_string()));
    }
    annotations.entry(KNATIVE_AUTOSCALING_CLASS).or_insert_with(|| json!("kpa.autoscaling.knative.dev"));
    let mut labels = object::labels(graph).cloned().unwrap_or_default();
    labels.insert(GRAPH_LABEL.to_owned(), json!(object::name(graph)));
    if behaviour.configured_resources {
        labels.insert("serving.kserve.io/kind", json!("InferenceGraph"));
    }
    let mut metadata = json!({"name": object::name(graph), "namespace": object::namespace(graph)});
    if let Some(own) = object::labels(graph) {
        metadata["labels"] = json!(own);
    }
    let mut knative = children::child(owner, &kinds::KNATIVE_SERVICES, metadata);
    knative["spec"] = json!({"template": {"metadata": {"annotations": annotations, "labels": labels}, "spec": pod}});
    if !behaviour.leaves_defaults_to_knative {
        fill_in(&mut knative["spec"]);
    }
    if !behaviour.omits_null_times {
        knative["spec"]["template"]["metadata"]["creationTimestamp"] = Value::Null;
    }
    knative
}
