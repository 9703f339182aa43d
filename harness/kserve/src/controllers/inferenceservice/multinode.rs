//! Models too large for one node: a head that is asked, and workers that join it.
//!
//! The runtime says what a worker is, the service how many parts the model is cut into (`workerSpec`): pipeline stages times the tensor parallel
//! size is the number of GPUs in all. Every pod takes as many as its container asks for, one unless told; the head is one of the pods and takes what
//! the workers leave.
//!
//! Everything carries the generation of the service: head and workers of different generations must not meet.

use proofmark_controllers::kit::{Reason as _, object};
use proofmark_json::{Value, json};

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
        Unfit::Container(why) | Unfit::Pod(why) | Unfit::Template(why) => why,
        Unfit::NoContainers | Unfit::NoServer => {
            format!("failed to find {WORKER_CONTAINER} in ServingRuntime containers")
        }
    })?;

    let asked = |pod: &Value| object::list(pod, "/containers").first().map_or(0, requested);
    let all = pipeline.saturating_mul(tensor);
    let shares = share(all, asked(&head.pod), asked(&pod)).inspect_err(|why| {
        work.set(status::PREDICTOR_READY, &Is::new("False", "InvalidGPUAllocation", why));
        let component = work.status.component(head.component);
        work.status.set_component(head.component, component);
    })?;
    if let Some(server) = container(&mut head.pod, SERVER_CONTAINER) {
        give(server, shares.head);
    }
    if let Some(worker) = container(&mut pod, WORKER_CONTAINER) {
        give(worker, shares.worker);
    }
    let behaviour = work.services.behaviour;
    let nodes = ("RAY_NODE_COUNT", shares.nodes);
    if let Some(server) = container(&mut head.pod, SERVER_CONTAINER) {
        variable(server, "PIPELINE_PARALLEL_SIZE", &pipeline.to_string());
        variable(server, "TENSOR_PARALLEL_SIZE", &tensor.to_string());
        for (name, value) in [nodes, ("REQUEST_GPU_COUNT", shares.head)] {
            variable(server, name, &value.to_string());
        }
        variable(server, "MODEL_NAME", &service);
        let uri = head.metadata["annotations"].get(SOURCE_URI).and_then(Value::as_str).unwrap_or_default();
        if uri.starts_with("pvc://") || behaviour.workers_of_images && uri.starts_with("oci://") {
            variable(server, "MODEL_DIR", MODEL_DIR);
        }
    }
    if let Some(worker) = container(&mut pod, WORKER_CONTAINER) {
        for (name, value) in [nodes, ("REQUEST_GPU_COUNT", shares.worker)] {
            variable(worker, name, &value.to_string());
        }
        if behaviour.workers_find_each_other {
            variable(worker, "PIPELINE_PARALLEL_SIZE", &pipeline.to_string());
            variable(worker, "TENSOR_PARALLEL_SIZE", &tensor.to_string());
        }
        variable(worker, "ISVC_NAME", &service);
        variable(worker, "HEAD_SVC", &head_service(&service, &generation));
        if behaviour.workers_find_each_other {
            variable(worker, "WORKER_SVC", &worker_service(&service, &generation));
        }
    }

    head.metadata["labels"][GENERATION] = json!(generation);
    let mut metadata = head.metadata.clone();
    metadata["name"] = json!(format!("{name}-worker"));
    let of_runtime = runtime.pointer("/spec/annotations").and_then(Value::as_object).into_iter().flatten();
    for (key, _) in of_runtime {
        metadata["annotations"].as_object_mut().map(|annotations| annotations.shift_remove(key));
    }
    Ok(Workers { count: shares.nodes - 1, metadata, pod })
}

/// Makes the Deployments of head and workers, and the Service by which the workers find the head. What came of it goes into the status.
pub(super) async fn deploy(
    work: &mut Work<'_>,
    head: &Deployable,
    workers: &Workers,
    url: &str,
) -> Result<Deployed, String> {
    let words = |error: proofmark_controllers::kit::Error| error.words();
    let api = work.services.api.clone();
    let behaviour = work.services.behaviour;
    let mut of_head = raw::deployment(&work.service, &head.metadata, &head.pod, &head.block, behaviour);
    of_head["spec"]["replicas"] = json!(1);
    let strategy = json!({
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "0%", "maxSurge": "100%"}},
    });
    let mut of_workers = raw::deployment(&work.service, &workers.metadata, &workers.pod, &strategy, behaviour);
    of_workers["spec"]["replicas"] = json!(workers.count);
    let mut found = Vec::new();
    for (title, wanted) in [("predictor-container", of_head), (WORKER_CONTAINER, of_workers)] {
        found.push((title, children::deployment(&api, &kinds::DEPLOYMENTS, &wanted, behaviour).await.map_err(words)?));
    }
    let generation = object::text(&head.metadata["labels"], &format!("/{GENERATION}")).to_owned();
    let mut finder = raw::service(&work.service, &head.metadata, &head.pod, &head.block, &work.config);
    finder["metadata"]["name"] = json!(head_service(work.name(), &generation));
    finder["metadata"]["labels"][ROLE] = json!("head");
    let mut selector = finder["spec"]["selector"].clone();
    selector[GENERATION] = json!(generation);
    finder["spec"] = json!({"selector": selector, "clusterIP": "None", "publishNotReadyAddresses": true});
    let front = raw::service(&work.service, &head.metadata, &head.pod, &head.block, &work.config);
    let mut services = vec![front, finder];
    if behaviour.workers_find_each_other {
        let mut finder = services[1].clone();
        finder["metadata"]["name"] = json!(worker_service(work.name(), &generation));
        finder["metadata"]["labels"][ROLE] = json!("worker");
        finder["spec"]["selector"]["app"] = json!(format!("isvc.{}", object::text(&workers.metadata, "/name")));
        services.push(finder);
    }
    for service in services {
        raw::front(&api, &service).await.map_err(words)?;
    }
    raw::propagate(work, head, &found, url);
    Ok(found.first().map_or(Deployed::JustNow, |(_, head)| raw::how_far(head)))
}

fn worker_service(service: &str, generation: &str) -> String {
    format!("{service}-workers-{generation}")
}

fn head_service(service: &str, generation: &str) -> String {
    format!("{service}-head-{generation}")
}

fn container<'p>(pod: &'p mut Value, name: &str) -> Option<&'p mut Value> {
    let containers = pod.get_mut("containers")?.as_array_mut()?;
    containers.iter_mut().find(|container| object::text(container, "/name") == name)
}

/// How many nodes a model takes, and how many GPUs each gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shares {
    nodes: i64,
    head: i64,
    worker: i64,
}

/// Shares GPUs among a head and workers which ask for so many each; 0 asks for none. What workers leave is the head's.
fn share(all: i64, head: i64, worker: i64) -> Result<Shares, String> {
    let nodes_for = |all: i64, each: i64| if each == 0 { 1 } else { all / each + i64::from(all % each > 0) };
    let shares = if worker > 0 {
        let mut nodes = nodes_for(all, worker);
        if head > 0 && nodes_for(all, head) == 1 {
            nodes = 1;
        }
        match nodes {
            1 => Shares { nodes, head: all, worker: 0 },
            _ if head == 0 => Shares { nodes, head: all - worker * (nodes - 1), worker },
            _ => Shares { nodes, head, worker },
        }
    } else if head > 0 {
        let rest = all - head;
        Shares { nodes: if rest > 0 { rest + 1 } else { 1 }, head, worker: 1 }
    } else {
        return Ok(Shares { nodes: all, head: 1, worker: 1 });
    };
    let others = shares.worker * (shares.nodes - 1);
    match all > shares.head + others {
        true => Err(format!(
            "the total required number of GPUs({all}) is less than the number of GPUs assigned to the head node({}) + worker node({others})",
            shares.head
        )),
        false => Ok(shares),
    }
}

/// How many GPUs a container requests.
fn requested(container: &Value) -> i64 {
    let count = GPUS.iter().find_map(|kind| container.pointer("/resources/requests")?.get(*kind));
    count.and_then(|count| count.as_i64().or_else(|| count.as_str()?.parse().ok())).unwrap_or_default()
}

/// Gives a container its GPUs, of the kind that it asks for.
fn give(container: &mut Value, count: i64) {
    let asks = |kind: &&&str| {
        ["limits", "requests"].iter().any(|part| {
            let asked = container["resources"].get(*part).and_then(|asked| asked.get(**kind));
            asked.is_some_and(|asked| *asked != json!(0) && *asked != json!("0"))
        })
    };
    let kind = GPUS.iter().find(asks).copied().unwrap_or(GPUS[0]);
    for part in ["limits", "requests"] {
        container["resources"][part][kind] = json!(count.to_string());
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(4, 0, 0, Ok((4, 1, 1)))]
    #[case(4, 0, 2, Ok((2, 2, 2)))]
    #[case(5, 0, 2, Ok((3, 1, 2)))]
    #[case(4, 4, 1, Ok((1, 4, 0)))]
    #[case(4, 1, 0, Ok((4, 1, 1)))]
    #[case(4, 2, 2, Ok((2, 2, 2)))]
    #[case(4, 1, 2, Err("head node(1) + worker node(2)"))]
    fn gpus_are_shared(
        #[case] all: i64,
        #[case] head: i64,
        #[case] worker: i64,
        #[case] shares: Result<(i64, i64, i64), &str>,
    ) {
        let found = share(all, head, worker).map(|shares| (shares.nodes, shares.head, shares.worker));
        match shares {
            Ok(shares) => assert_eq!(found, Ok(shares)),
            Err(why) => assert!(found.is_err_and(|told| told.ends_with(why))),
        }
    }
}
