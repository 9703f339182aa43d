//! Pod specifications as JSON: a runtime's and a service's merged, as a strategic merge patch would merge them.

use proofmark_builtin::decode;
use proofmark_controllers::kit::object;
use proofmark_json::{Map, Value, json};
use proofmark_merge::strategic_merge;
use proofmark_types::Type;

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

/// The fields of workers that are not a pod's.
const NOT_POD_OF_WORKERS: &[&str] = &["pipelineParallelSize", "tensorParallelSize"];

/// The fields of a runtime that become a pod's. `hostIPC` is one that runtimes may state and that nothing comes of.
const RUNTIME_POD: &[&str] = &["containers", "volumes", "nodeSelector", "affinity", "tolerations", "imagePullSecrets"];

/// The fields of a model that are not a container's.
const NOT_CONTAINER: &[&str] =
    &["modelFormat", "runtime", "storageUri", "storageUris", "storage", "protocolVersion", "runtimeVersion"];

/// The fields of an explainer that are not a container's, beside those of a model.
const NOT_CONTAINER_OF_EXPLAINER: &[&str] = &["type", "config"];

/// The specification of a pod, by its Go name.
const POD: &str = "v1.PodSpec";

/// What a block is, beside fields of KServe's own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// The specification of a pod, and how a component is deployed.
    Component,
    /// The specification of the workers' pods.
    Worker,
    /// A container: a model, the block of a framework or of an explainer.
    Container,
}

/// Makes of a block what a Go program writes that has read it. What does not fit stays as it is, for the schema to refuse.
pub(crate) fn marshal(block: &mut Map, part: Part) {
    let (ty, own): (_, &[&[&str]]) = match part {
        Part::Component => (POD, &[NOT_POD]),
        Part::Worker => (POD, &[NOT_POD, NOT_POD_OF_WORKERS]),
        Part::Container => ("v1.Container", &[NOT_CONTAINER, NOT_CONTAINER_OF_EXPLAINER]),
    };
    let is_own = |field: &str| own.iter().any(|own| own.contains(&field));
    let (mut all, theirs): (Map, Map) = std::mem::take(block).into_iter().partition(|(field, _)| is_own(field));
    match written(&Value::Object(theirs.clone()), ty) {
        Some(Value::Object(mut written)) => {
            // KServe's copy of the type, where no containers are needed, leaves them out.
            if written.get("containers").is_some_and(|list| list.as_array().is_none_or(Vec::is_empty)) {
                written.shift_remove("containers");
            }
            all.extend(written);
        }
        _ => all.extend(theirs),
    }
    if let Some(strategy) = all.get_mut("deploymentStrategy")
        && let Some(written) = written(strategy, "v1.DeploymentStrategy")
    {
        *strategy = written;
    }
    *block = all;
}

/// A value as Go writes it that has read it as a type; none if it does not fit.
fn written(value: &Value, go_name: &str) -> Option<Value> {
    decode::decode(value, proofmark_builtin::named(go_name)?, false).ok().map(|decoded| decoded.value)
}

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
    let spec = proofmark_builtin::named(POD).and_then(|ty| match proofmark_builtin::types().get(ty) {
        Type::Struct(of) => Some(&of.fields),
        _ => None,
    });
    NOT_POD.contains(&field) || spec.is_none_or(|spec| spec.contains_key(field))
}

/// What of a component is a pod specification.
pub(crate) fn of_component(block: &Value) -> Value {
    without(block, NOT_POD)
}

fn of_runtime(runtime: &Value, behaviour: Behaviour) -> Value {
    let fields = runtime["spec"].as_object().into_iter().flatten();
    Value::Object(
        fields
            .filter(|(field, _)| {
                RUNTIME_POD.contains(&field.as_str())
                    || behaviour.runtime_schedulers && field.as_str() == "schedulerName"
            })
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
            .collect::<Map>(),
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
pub(crate) fn of_model(runtime: &Value, predictor: &Value, data: &Value, behaviour: Behaviour) -> Result<Value, Unfit> {
    let containers = object::list(runtime, "/spec/containers");
    if containers.is_empty() {
        return Err(Unfit::NoContainers);
    }
    let server = containers
        .iter()
        .find(|container| object::text(container, "/name") == SERVER_CONTAINER)
        .ok_or(Unfit::NoServer)?;
    let over = container_of_model(&predictor["model"]);
    let mut container = merge_container(server, &over, behaviour).map_err(Unfit::Container)?;
    // Arguments are appended.
    let args: Vec<Value> = [server, &over].iter().flat_map(|of| object::list(of, "/args").to_vec()).collect();
    if !args.is_empty() {
        container["args"] = Value::Array(args);
    }
    let container = fill_in(&container, data)?;
    let mut own = of_component(predictor);
    let beside = own.as_object_mut().and_then(|own| own.shift_remove("containers"));
    let mut of_runtime = of_runtime(runtime, behaviour);
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

/// A container over another, as a strategic merge patch: it keeps the name of the other unless it has its own. A variable that has a value in one and a
/// reference in the other has both then, which no pod may have; later releases let the upper one win.
pub(crate) fn merge_container(under: &Value, over: &Value, behaviour: Behaviour) -> Result<Value, String> {
    let mut named = over.clone();
    named["name"] = under["name"].clone();
    let merged = merge_pod(&json!({"containers": [under]}), &json!({"containers": [named]}))?;
    let mut merged = merged.pointer("/containers/0").cloned().unwrap_or_default();
    if !object::text(over, "/name").is_empty() {
        merged["name"] = over["name"].clone();
    }
    if behaviour.whole_variables {
        for variable in merged.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
            let own = object::list(over, "/env").iter().find(|own| own.get("name") == variable.get("name"));
            if let (Some(own), Some(fields)) = (own, variable.as_object_mut()) {
                if own.get("valueFrom").is_some_and(Value::is_object) {
                    fields.shift_remove("value");
                } else if !object::text(own, "/value").is_empty() {
                    fields.shift_remove("valueFrom");
                }
            }
        }
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
    proofmark_json::from_str(&filled).map_err(|error| Unfit::Template(error.to_string()))
}
