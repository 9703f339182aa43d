//! The router of a graph: its pod, and what surrounds it.

use proofmark_controllers::kit::object;
use serde_json::{Map, Value, json};

use crate::behaviour::Behaviour;
use crate::config::Container;
use crate::controllers::children;
use crate::names::{GRAPH_LABEL, KNATIVE_AUTOSCALING_CLASS, KNATIVE_MAX_SCALE, KNATIVE_MIN_SCALE, kinds};

/// The fields of a graph, of a node and of a step, in Go's order.
const GRAPH: &[&str] = &[
    "nodes",
    "resources",
    "affinity",
    "timeout",
    "minReplicas",
    "maxReplicas",
    "scaleTarget",
    "scaleMetric",
    "tolerations",
    "nodeSelector",
    "nodeName",
    "serviceAccountName",
];
const NODE: &[&str] = &["routerType", "steps"];
const STEP: &[&str] = &["name", "nodeName", "serviceName", "serviceUrl", "data", "weight", "condition", "dependency"];

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
        "args": ["--graph-json", described(spec).to_string()], "resources": resources,
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

/// The graph as the router reads it.
fn described(spec: &Value) -> Value {
    let mut graph = ordered(spec, GRAPH);
    let nodes = spec["nodes"].as_object().into_iter().flatten();
    let sorted: std::collections::BTreeMap<&String, &Value> = nodes.collect();
    let nodes = sorted.into_iter().map(|(name, node)| {
        let mut described = ordered(node, NODE);
        let steps = object::list(node, "/steps").iter().map(|step| ordered(step, STEP));
        described["steps"] = Value::Array(steps.collect());
        (name.clone(), described)
    });
    graph["nodes"] = Value::Object(nodes.collect());
    if graph.get("resources").is_none() {
        // It is written even when it is empty, after the nodes.
        let mut all = Map::new();
        for (field, value) in graph.as_object().into_iter().flatten() {
            all.insert(field.clone(), value.clone());
            if field == "nodes" {
                all.insert("resources".to_owned(), json!({}));
            }
        }
        graph = Value::Object(all);
    }
    graph
}

fn ordered(of: &Value, fields: &[&str]) -> Value {
    let fields = fields.iter().filter_map(|field| Some(((*field).to_owned(), of.get(*field)?.clone())));
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
        labels.insert("serving.kserve.io/kind".to_owned(), json!("InferenceGraph"));
    }
    let mut metadata = json!({"name": object::name(graph), "namespace": object::namespace(graph)});
    if let Some(own) = object::labels(graph) {
        metadata["labels"] = json!(own);
    }
    let mut knative = children::child(owner, &kinds::KNATIVE_SERVICES, metadata);
    knative["spec"] = json!({
        "template": {"metadata": {"annotations": annotations, "creationTimestamp": null, "labels": labels}, "spec": pod},
    });
    knative
}
