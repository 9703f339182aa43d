//! What the validator says of services that several nodes serve (`workerSpec`).

use proofmark_controllers::kit::object;
use proofmark_json::Value;

use crate::behaviour::Behaviour;
use crate::names::AUTOSCALER_CLASS;
use crate::webhooks::gpus;

/// Variables that the control plane sets itself.
const SIZES: [&str; 2] = ["PIPELINE_PARALLEL_SIZE", "TENSOR_PARALLEL_SIZE"];

/// Checks a service that has a worker specification.
pub(super) fn check(service: &Value, behaviour: Behaviour) -> Result<(), String> {
    let Some(worker) = service.pointer("/spec/predictor/workerSpec").filter(|worker| worker.is_object()) else {
        return Ok(());
    };
    let invalid = |why: &str| format!("the InferenceService {:?} is invalid: {why}", object::name(service));
    let containers = object::list(worker, "/containers");
    if containers.len() > 1 {
        return Err(invalid("setting multiple containers in workerSpec is not allowed"));
    }
    let kinds = gpus::kinds(object::annotation(service, gpus::KINDS))?;
    let asks = |container: &Value| match gpus::unknown(container, &kinds) {
        true => Err(invalid(&format!(
            "Unknown GPU resource type. Set '{}' annotation to use custom gpu resource type",
            gpus::KINDS
        ))),
        false => Ok(()),
    };
    let model = &service["spec"]["predictor"]["model"];
    if model.is_object() {
        for size in SIZES {
            if gpus::sets(model, size) {
                return Err(invalid(&format!("setting {size} in environment variables is not allowed")));
            }
        }
        asks(model)?;
        let Some(uri) = model.get("storageUri").and_then(Value::as_str) else {
            return Err(invalid("StorageURI must be set for multinode enabled"));
        };
        let scheme = uri.split("://").next().unwrap_or_default();
        let (loads, told) = match behaviour.workers_of_images {
            true => (["pvc", "oci"].as_slice(), "'pvc' and 'oci'"),
            false => (["pvc"].as_slice(), "'pvc'"),
        };
        if !loads.contains(&scheme) {
            return Err(invalid(&format!("Multinode only supports {told} Storage Protocol({scheme})")));
        }
        // The class that leaves scaling alone had another name at first, and the message already the new one.
        let alone = if behaviour.removes_from_deployments { "none" } else { "external" };
        let class = object::annotation(service, AUTOSCALER_CLASS).unwrap_or_default();
        if class != alone {
            return Err(invalid(&format!("Multinode only supports '{alone}' autoscaler({class})")));
        }
    }
    let least = if behaviour.removes_from_deployments { 1 } else { 2 };
    for (field, name, least) in
        [("pipelineParallelSize", "PipelineParallelSize", least), ("tensorParallelSize", "TensorParallelSize", 1)]
    {
        if let Some(size) = worker.get(field).and_then(Value::as_i64).filter(|size| *size < least) {
            return Err(invalid(&format!("WorkerSpec.{name} cannot be less than {least}({size})")));
        }
    }
    containers.iter().try_for_each(asks)
}
