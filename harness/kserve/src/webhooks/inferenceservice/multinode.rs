//! What the validator says of services that several nodes serve (`workerSpec`).

use proofmark_controllers::kit::object;
use serde_json::Value;

use crate::names::AUTOSCALER_CLASS;

/// Variables that the control plane sets itself.
const SIZES: [&str; 2] = ["PIPELINE_PARALLEL_SIZE", "TENSOR_PARALLEL_SIZE"];

/// Checks a service that has a worker specification.
pub(super) fn check(service: &Value) -> Result<(), String> {
    let Some(worker) = service.pointer("/spec/predictor/workerSpec").filter(|worker| worker.is_object()) else {
        return Ok(());
    };
    let invalid = |why: String| Err(format!("the InferenceService \"{}\" is invalid: {why}", object::name(service)));
    let model = &service["spec"]["predictor"]["model"];
    let own = object::list(service, "/spec/predictor/containers").iter().flat_map(|c| object::list(c, "/env"));
    let workers = object::list(worker, "/containers").iter().flat_map(|c| object::list(c, "/env"));
    for variable in object::list(model, "/env").iter().chain(own).chain(workers) {
        let name = object::text(variable, "/name");
        if SIZES.contains(&name) {
            return invalid(format!("setting {name} in environment variables is not allowed"));
        }
    }
    for (field, name) in
        [("pipelineParallelSize", "PipelineParallelSize"), ("tensorParallelSize", "TensorParallelSize")]
    {
        if let Some(size) = worker.get(field).and_then(Value::as_i64).filter(|size| *size < 1) {
            return invalid(format!("WorkerSpec.{name} cannot be less than 1({size})"));
        }
    }
    if let Some(class) = object::annotation(service, AUTOSCALER_CLASS).filter(|class| *class != "none") {
        return invalid(format!("Multinode only supports 'none' autoscaler({class})"));
    }
    let uri = object::text(model, "/storageUri");
    match uri.split_once("://") {
        Some((scheme, _)) if scheme != "pvc" => {
            invalid(format!("Multinode only supports 'pvc' Storage Protocol({scheme})"))
        }
        _ => Ok(()),
    }
}
