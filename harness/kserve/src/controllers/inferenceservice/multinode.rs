//! Models too large for one node: a head that is asked, and workers that join it.
//!
//! The runtime says what a worker is, the service how many parts the model is cut into (`workerSpec`): pipeline stages times the tensor parallel
//! size is the number of GPUs in all. Every pod takes as many as its container asks for, one unless told; the head is one of the pods. Parts that
//! do not come out even get one pod more.
//!
//! Everything carries the generation of the service: head and workers of different generations must not meet.

use proofmark_controllers::kit::{Reason as _, object};
use serde_json::{Value, json};

use super::component::Deployable;
use super::model_status::Deployed;
use super::reconcile::Work;
use super::{raw, status};
use crate::conditions::Is;
use crate::controllers::children;
use crate::names::{MODEL_DIR, SERVER_CONTAINER, SOURCE_URI, WORKER_CONTAINER, kinds};
use crate::podspec::{self, Unfit};

const GENERATION: &str = "isvc.generation";
const ROLE: &str = "multinode/role";
/// What containers ask for when they want GPUs; the first is what they get that ask for none.
const GPUS: [&str; 4] = ["nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi"];

/// The workers of a predictor.
pub(super) struct Workers {
    count: i64,
    metadata: Value,
    pod: Value,
}

/// Makes a predictor the head, and says who its workers are.
pub(super) fn workers(work: &mut Work<'_>, runtime: &Value, head: &mut Deployable) -> Result<Workers, String> {
    let own = head.block["workerSpec"].clone();
    let Some(of_runtime) = runtime.pointer("/spec/workerSpec").filter(|spec| spec.is_object()) else {
        let told = "you cannot set WorkerSpec in the InferenceService if the ServingRuntime does not have a WorkerSpec";
        work.set(status::PREDICTOR_READY, &Is::new("False", "InvalidWorkerSpecNotSet", told));
        return Err(told.to_owned());
    };
    let size =
        |field: &str| [&own, of_runtime].iter().find_map(|spec| spec.get(field).and_then(Value::as_i64)).unwrap_or(1);
    let (pipeline, tensor) = (size("pipelineParallelSize"), size("tensorParallelSize"));
    let generation = object::count(&work.service, "/metadata/generation").to_string();
    let (name, service) = (object::text(&head.metadata, "/name").to_owned(), work.name().to_owned());
    let mut pod = podspec::of_workers(of_runtime, &own).map_err(|unfit| match unfit {
        Unfit::Merge(why) | Unfit::Template(why) => why,
        Unfit::NoContainers | Unfit::NoServer => {
            format!("failed to find {WORKER_CONTAINER} in ServingRuntime containers")
        }
    })?;

    let gpus = container(&mut head.pod, SERVER_CONTAINER).map_or(1, with_gpus);
    container(&mut pod, WORKER_CONTAINER).map(with_gpus);
    let all = pipeline.saturating_mul(tensor).max(1);
    let nodes = all / gpus + i64::from(all % gpus != 0);
    let shared = [("RAY_NODE_COUNT", nodes.to_string()), ("REQUEST_GPU_COUNT", gpus.to_string())];
    if let Some(server) = container(&mut head.pod, SERVER_CONTAINER) {
        variable(server, "PIPELINE_PARALLEL_SIZE", &pipeline.to_string());
        variable(server, "TENSOR_PARALLEL_SIZE", &tensor.to_string());
        shared.iter().for_each(|(name, value)| variable(server, name, value));
        variable(server, "MODEL_NAME", &service);
        let uri = head.metadata["annotations"].get(SOURCE_URI).and_then(Value::as_str).unwrap_or_default();
        if uri.starts_with("pvc://") {
            variable(server, "MODEL_DIR", MODEL_DIR);
        }
    }
    if let Some(worker) = container(&mut pod, WORKER_CONTAINER) {
        shared.iter().for_each(|(name, value)| variable(worker, name, value));
        variable(worker, "ISVC_NAME", &service);
        variable(worker, "HEAD_SVC", &head_service(&service, &generation));
    }

    head.metadata["labels"][GENERATION] = json!(generation);
    let mut metadata = head.metadata.clone();
    metadata["name"] = json!(format!("{name}-worker"));
    let of_runtime = runtime.pointer("/spec/annotations").and_then(Value::as_object).into_iter().flatten();
    for (key, _) in of_runtime {
        metadata["annotations"].as_object_mut().map(|annotations| annotations.shift_remove(key));
    }
    Ok(Workers { count: nodes - 1, metadata, pod })
}

/// Makes the Deployments of head and workers, and the Service by which the workers find the head. What came of it goes into the status.
pub(super) async fn deploy(work: &mut Work<'_>, head: &Deployable, workers: &Workers) -> Result<Deployed, String> {
    let words = |error: proofmark_controllers::kit::Error| error.words();
    let api = work.services.api.clone();
    let mut of_head = raw::deployment(&work.service, &head.metadata, &head.pod, &head.block);
    of_head["spec"]["replicas"] = json!(1);
    let strategy = json!({
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "0%", "maxSurge": "100%"}},
    });
    let mut of_workers = raw::deployment(&work.service, &workers.metadata, &workers.pod, &strategy);
    of_workers["spec"]["replicas"] = json!(workers.count);
    let mut found = Vec::new();
    for (title, wanted) in [("predictor-container", of_head), (WORKER_CONTAINER, of_workers)] {
        found.push((title, children::deployment(&api, &kinds::DEPLOYMENTS, &wanted).await.map_err(words)?));
    }
    let generation = object::text(&head.metadata["labels"], &format!("/{GENERATION}")).to_owned();
    let mut finder = raw::service(&work.service, &head.metadata, &head.pod);
    finder["metadata"]["name"] = json!(head_service(work.name(), &generation));
    finder["metadata"]["labels"][ROLE] = json!("head");
    let mut selector = finder["spec"]["selector"].clone();
    selector[GENERATION] = json!(generation);
    finder["spec"] = json!({"selector": selector, "clusterIP": "None", "publishNotReadyAddresses": true});
    let front = raw::service(&work.service, &head.metadata, &head.pod);
    for service in [front, finder] {
        children::ensure(&api, &kinds::CORE_SERVICES, &service, &["/spec/ports", "/spec/selector"])
            .await
            .map_err(words)?;
    }
    if let Some(available) = available(&found) {
        work.set(&head.component.ready(), &available);
    }
    let observed = found.first().map_or(0, |(_, head)| object::count(head, "/status/observedGeneration"));
    work.status.observed(observed);
    let component = work.status.component(head.component);
    work.status.set_component(head.component, component);
    Ok(found.first().map_or(Deployed::JustNow, |(_, head)| raw::how_far(head)))
}

/// Both have to be available; each says its own of it.
fn available(found: &[(&str, Value)]) -> Option<Is> {
    let mut all = Vec::new();
    for (title, deployment) in found {
        all.push((*title, Is::read(object::condition(deployment, "Available")?)));
    }
    if all.iter().all(|(_, is)| is.status == "True") {
        return Some(Is::new("True", "", ""));
    }
    let told: Vec<String> = all
        .iter()
        .filter(|(_, is)| is.status != "True")
        .map(|(title, is)| format!("{title}: {}", is.message))
        .collect();
    Some(Is::new("False", "", &told.join(", ")))
}

fn head_service(service: &str, generation: &str) -> String {
    format!("{service}-head-{generation}")
}

fn container<'p>(pod: &'p mut Value, name: &str) -> Option<&'p mut Value> {
    let containers = pod.get_mut("containers")?.as_array_mut()?;
    containers.iter_mut().find(|container| object::text(container, "/name") == name)
}

/// How many GPUs a container gets; one that asks for none gets one.
fn with_gpus(container: &mut Value) -> i64 {
    let asked = |kind: &&str| container["resources"]["limits"].get(*kind).cloned();
    let (kind, count) = GPUS.iter().find_map(|kind| Some((*kind, asked(kind)?))).unwrap_or((GPUS[0], json!("1")));
    for part in ["limits", "requests"] {
        container["resources"][part][kind] = count.clone();
    }
    let count = count.as_i64().or_else(|| count.as_str()?.parse().ok());
    count.filter(|count| *count > 0).unwrap_or(1)
}

/// Sets a variable, whatever it was.
fn variable(container: &mut Value, name: &str, value: &str) {
    let mut env = object::list(container, "/env").to_vec();
    match env.iter_mut().find(|variable| object::text(variable, "/name") == name) {
        Some(there) => there["value"] = json!(value),
        None => env.push(json!({"name": name, "value": value})),
    }
    container["env"] = Value::Array(env);
}
