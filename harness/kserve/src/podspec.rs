//! Pod specifications as JSON: a runtime's and a service's merged, as a strategic merge patch would merge them.

use proofmark_controllers::kit::object;
use proofmark_merge::strategic_merge;
use proofmark_types::Type;
use serde_json::{Map, Value, json};

use crate::behaviour::Behaviour;
use crate::names::SERVER_CONTAINER;
use crate::template::{self, Called};

/// The fields of a component that are not a pod's.
const NOT_POD: &[&str] = &[
    "model",
    "sklearn",
    "xgboost",
    "tensorflow",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
    "art",
    "workerSpec",
    "minReplicas",
    "maxReplicas",
    "scaleTarget",
    "scaleMetric",
    "scaleMetricType",
    "containerConcurrency",
    "timeout",
    "canaryTrafficPercent",
    "logger",
    "batcher",
    "labels",
    "annotations",
    "deploymentStrategy",
    "autoScaling",
];

/// The fields of a runtime that become a pod's. `hostIPC` is one that runtimes may state and that nothing comes of.
const RUNTIME_POD: &[&str] = &["containers", "volumes", "nodeSelector", "affinity", "tolerations", "imagePullSecrets"];

/// The fields of a model that are not a container's.
const NOT_CONTAINER: &[&str] =
    &["modelFormat", "runtime", "storageUri", "storageUris", "storage", "protocolVersion", "runtimeVersion"];

/// Whether a component has a field of this name.
pub(crate) fn is_field_of_component(field: &str, behaviour: Behaviour) -> bool {
    let known = match field {
        "workerSpec" => behaviour.worker_block,
        "autoScaling" | "scaleMetricType" => behaviour.keda,
        _ => true,
    };
    if !known {
        return false;
    }
    let types = proofmark_builtin::types();
    let fields = |ty| match types.get(ty) {
        Type::Struct(of) => Some(&of.fields),
        _ => None,
    };
    let pod = proofmark_builtin::type_of("", "v1", "Pod").and_then(fields);
    let spec = pod.and_then(|pod| fields(pod.get("spec")?.ty));
    NOT_POD.contains(&field) || spec.is_none_or(|spec| spec.contains_key(field))
}

/// What of a component is a pod specification.
pub(crate) fn of_component(block: &Value) -> Value {
    without(block, NOT_POD)
}

fn of_runtime(runtime: &Value) -> Value {
    let fields = runtime["spec"].as_object().into_iter().flatten();
    Value::Object(
        fields
            .filter(|(field, _)| RUNTIME_POD.contains(&field.as_str()))
            .map(|(f, v)| (f.clone(), v.clone()))
            .collect(),
    )
}

/// What of a model is a container.
pub(crate) fn container_of_model(model: &Value) -> Value {
    without(model, NOT_CONTAINER)
}

fn without(block: &Value, left_out: &[&str]) -> Value {
    let fields = block.as_object().into_iter().flatten();
    Value::Object(
        fields
            .filter(|(field, _)| !left_out.contains(&field.as_str()))
            .map(|(f, v)| (f.clone(), v.clone()))
            .collect::<Map<_, _>>(),
    )
}

/// Why a runtime makes no pod.
#[derive(Debug)]
pub(crate) enum Unfit {
    NoContainers,
    NoServer,
    /// The container and what the service says of it do not go together.
    Container(String),
    /// The same of the rest of the pod.
    Pod(String),
    Template(String),
}

/// The pod of a predictor with a model, served by `runtime`. `data` fills the runtime's templates.
pub(crate) fn of_model(runtime: &Value, predictor: &Value, data: &Value) -> Result<Value, Unfit> {
    let containers = object::list(runtime, "/spec/containers");
    if containers.is_empty() {
        return Err(Unfit::NoContainers);
    }
    let server = containers
        .iter()
        .find(|container| object::text(container, "/name") == SERVER_CONTAINER)
        .ok_or(Unfit::NoServer)?;
    let mut container = merge_container(server, &container_of_model(&predictor["model"]))?;
    container["name"] = json!(SERVER_CONTAINER);
    let container = fill_in(&container, data)?;
    let mut own = of_component(predictor);
    let beside = own.as_object_mut().and_then(|own| own.shift_remove("containers"));
    let mut of_runtime = of_runtime(runtime);
    if let Some(fields) = of_runtime.as_object_mut() {
        fields.shift_remove("containers");
    }
    let mut spec = merge_pod(&of_runtime, &own).map_err(Unfit::Pod)?;
    let mut all = vec![container];
    let others: Vec<Value> =
        containers.iter().filter(|c| object::text(c, "/name") != SERVER_CONTAINER).cloned().collect();
    let others = match &beside {
        Some(beside) if !object::list(beside, "").is_empty() => merge_lists(&others, beside)?,
        _ => others,
    };
    all.extend(others);
    spec["containers"] = Value::Array(all);
    Ok(spec)
}

/// The pod of a worker: the runtime's, and what the service says of it.
pub(crate) fn of_workers(of_runtime: &Value, own: &Value) -> Result<Value, Unfit> {
    let pod = |spec: &Value| without(spec, &["pipelineParallelSize", "tensorParallelSize"]);
    merge_pod(&pod(of_runtime), &pod(own)).map_err(Unfit::Pod)
}

fn merge_lists(containers: &[Value], over: &Value) -> Result<Vec<Value>, Unfit> {
    let merged =
        merge_pod(&json!({"containers": containers}), &json!({"containers": over})).map_err(Unfit::Container)?;
    Ok(object::list(&merged, "/containers").to_vec())
}

/// A container over another of the same name: arguments are appended, everything else is merged.
fn merge_container(runtime: &Value, over: &Value) -> Result<Value, Unfit> {
    let mut over = over.clone();
    let name = runtime.get("name").cloned().unwrap_or_default();
    over["name"] = name;
    let args: Vec<Value> = [runtime, &over].iter().flat_map(|c| object::list(c, "/args").to_vec()).collect();
    if let Some(fields) = over.as_object_mut() {
        fields.shift_remove("args");
    }
    let merged =
        merge_pod(&json!({"containers": [runtime]}), &json!({"containers": [over]})).map_err(Unfit::Container)?;
    let mut merged = merged.pointer("/containers/0").cloned().unwrap_or_default();
    if !args.is_empty() {
        merged["args"] = Value::Array(args);
    }
    Ok(merged)
}

fn merge_pod(spec: &Value, over: &Value) -> Result<Value, String> {
    let types = proofmark_builtin::types();
    let pod = proofmark_builtin::type_of("", "v1", "Pod").ok_or("no such type")?;
    let merged = strategic_merge(&json!({"spec": spec}), &json!({"spec": over}), types, pod);
    merged.map(|mut pod| pod["spec"].take()).map_err(|error| error.to_string())
}

/// What the template of containers is called.
const TEMPLATE: Called = Called { name: "container-tmpl", of: "v1.ObjectMeta" };

/// Go's order of what comes first in a container, for the places in errors.
const ORDER: [&str; 9] = ["name", "image", "command", "args", "workingDir", "ports", "envFrom", "env", "resources"];

/// Fills in a container: its whole JSON is the template, as in the original.
fn fill_in(container: &Value, data: &Value) -> Result<Value, Unfit> {
    let fields = container.as_object().into_iter().flatten();
    let (mut first, mut others) = (Map::new(), Map::new());
    for field in ORDER {
        if let Some(value) = container.get(field) {
            first.insert(field.to_owned(), value.clone());
        }
    }
    others.extend(fields.filter(|(field, _)| !ORDER.contains(&field.as_str())).map(|(f, v)| (f.clone(), v.clone())));
    first.extend(others);
    let text = Value::Object(first).to_string();
    if !text.contains("{{") {
        return Ok(container.clone());
    }
    let filled = template::fill_in(&text, data, TEMPLATE).map_err(|error| Unfit::Template(error.to_string()))?;
    serde_json::from_str(&filled).map_err(|error| Unfit::Template(error.to_string()))
}
