//! ServingRuntimes and ClusterServingRuntimes: priorities must tell runtimes of the same format apart, and what is said of several nodes must hold.

use proofmark_controllers::kit::{View, object};
use proofmark_json::Value;

use super::inferenceservice::python_path_unset;
use super::{Denied, Inner, Review, gpus};
use crate::names::{SERVER_CONTAINER, WORKER_CONTAINER, kinds};
use crate::runtime;

pub(super) async fn validate(hooks: &Inner, review: &Review) -> Result<(), Denied> {
    let new = &review.object;
    if let Some(replicas) = new["spec"].get("replicas").and_then(Value::as_number)
        && replicas.as_u64().is_none_or(|replicas| u16::try_from(replicas).is_err())
    {
        return Err(Denied::unreadable(format!(
            "json: cannot unmarshal number {replicas} into Go struct field ServingRuntimeSpec.spec.replicas of type uint16"
        )));
    }
    if runtime::is_disabled(new) {
        return Ok(());
    }
    let cluster = object::text(new, "/kind") == "ClusterServingRuntime";
    let of = if cluster { &kinds::CLUSTER_RUNTIMES } else { &kinds::RUNTIMES };
    let list = hooks.api.list(of, &review.namespace, &[], View::Whole).await?;
    let small = hooks.behaviour.small_letters;
    let items = object::list(&list, "/items");
    let itself = |other: &&Value| object::name(other) == object::name(new);
    // The first runtime of a scope has nobody to be compared with, and its priorities are not looked at at all.
    if !items.is_empty() && hooks.behaviour.one_priority {
        different(new, cluster, small)?;
    }
    for other in items.iter().filter(|other| !itself(other)) {
        same(other, new, &review.namespace, cluster, small)?;
    }
    if hooks.behaviour.worker_spec {
        nodes(new, items.iter().find(itself)).map_err(|why| {
            Denied::because(format!("the {} {} is invalid: {why}", object::text(new, "/kind"), object::name(new)))
        })?;
    }
    if hooks.behaviour.no_python_path {
        let own = object::list(new, "/spec/containers").iter();
        let all = own.chain(object::list(new, "/spec/workerSpec/containers"));
        all.into_iter().try_for_each(python_path_unset).map_err(|why| {
            Denied::because(format!("the {} {:?} is invalid: {why}", object::text(new, "/kind"), object::name(new)))
        })?;
    }
    Ok(())
}

/// What a runtime says of several nodes; `old` is what it was before.
fn nodes(new: &Value, old: Option<&Value>) -> Result<(), String> {
    let workers = |runtime: &Value| runtime["spec"].get("workerSpec").filter(|spec| spec.is_object()).cloned();
    let Some(worker) = workers(new) else {
        return match old.and_then(workers) {
            Some(_) => Err("removing workerSpec where it already exists is not allowed".to_owned()),
            None => Ok(()),
        };
    };
    let containers = object::list(&worker, "/containers");
    if containers.len() > 1 {
        return Err("setting multiple containers in workerSpec is not allowed".to_owned());
    }
    let kinds = gpus::kinds(new["spec"]["annotations"].get(gpus::KINDS).and_then(Value::as_str))?;
    let asks = |container: &Value| match gpus::unknown(container, &kinds) {
        true => Err(format!("unknown GPU resource type in a container({})", object::text(container, "/name"))),
        false => Ok(()),
    };
    let named = |name: &'static str| move |container: &&Value| object::text(container, "/name") == name;
    for server in object::list(new, "/spec/containers").iter().filter(named(SERVER_CONTAINER)) {
        for size in ["PIPELINE_PARALLEL_SIZE", "TENSOR_PARALLEL_SIZE"] {
            if gpus::sets(server, size) {
                return Err(format!("setting {size} in environment variables is not allowed"));
            }
        }
        asks(server)?;
    }
    containers.iter().filter(named(WORKER_CONTAINER)).try_for_each(asks)?;
    for (field, name) in
        [("pipelineParallelSize", "PipelineParallelSize"), ("tensorParallelSize", "TensorParallelSize")]
    {
        if let Some(size) = worker.get(field).and_then(Value::as_i64).filter(|size| *size < 1) {
            return Err(format!("the WorkerSpec.{name} cannot be less than 1({size})"));
        }
    }
    Ok(())
}

/// A runtime has one priority for a format that it may be chosen for, whatever the versions.
fn different(new: &Value, cluster: bool, small: bool) -> Result<(), Denied> {
    let formats = object::list(new, "/spec/supportedModelFormats");
    let formats: Vec<&Value> = formats.iter().filter(|format| object::flag(format, "/autoSelect")).collect();
    let priority = |format: &Value| object::number(format, "/priority");
    for format in &formats {
        let name = object::text(format, "/name");
        let first = formats.iter().find(|first| object::text(first, "/name") == name);
        if let (Some(first), Some(own)) = (first.and_then(|first| priority(first)), priority(format))
            && first != own
        {
            let (different, kind) = (if small { "different" } else { "Different" }, kind(cluster));
            return Err(Denied::because(format!(
                "{different} priorities assigned for the model format {name} under the {kind} {}",
                object::name(new)
            )));
        }
    }
    Ok(())
}

/// Two runtimes that could be chosen for the same model need different priorities.
fn same(other: &Value, new: &Value, namespace: &str, cluster: bool, small: bool) -> Result<(), Denied> {
    let multi = |runtime: &Value| object::flag(runtime, "/spec/multiModel");
    let protocols = |runtime: &Value| -> Vec<String> {
        object::strings(runtime, "/spec/protocolVersions").map(str::to_owned).collect()
    };
    let (theirs, ours) = (protocols(other), protocols(new));
    if runtime::is_disabled(other) || multi(other) != multi(new) || !theirs.iter().any(|p| ours.contains(p)) {
        return Ok(());
    }
    for format in object::list(new, "/spec/supportedModelFormats") {
        let name = object::text(format, "/name");
        let clash = object::list(other, "/spec/supportedModelFormats").iter().any(|theirs| {
            object::flag(theirs, "/autoSelect")
                && object::flag(format, "/autoSelect")
                && object::text(theirs, "/name").eq_ignore_ascii_case(name)
                && theirs.get("version") == format.get("version")
                && theirs.get("priority").is_some()
                && theirs.get("priority") == format.get("priority")
        });
        if clash {
            let (same, kind) = (if small { "same" } else { "Same" }, kind(cluster));
            let place = if cluster { String::new() } else { format!(" in namespace {namespace}") };
            return Err(Denied::because(format!(
                "{same} priority assigned for the model format {name} in the {kind}s {} and {}{place}",
                object::name(other),
                object::name(new)
            )));
        }
    }
    Ok(())
}

const fn kind(cluster: bool) -> &'static str {
    if cluster { "clusterservingruntime" } else { "servingruntime" }
}
