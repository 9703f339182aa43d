//! Predictors: a model on a runtime, or containers of the user's own.

use proofmark_controllers::kit::{Reason as _, View, object};
use serde_json::{Value, json};

use super::component::{Component, Deployable, serves_many, storage_of_container};
use super::metadata;
use super::model_status;
use super::multinode;
use super::reconcile::Work;
use crate::behaviour::Behaviour;
use crate::names::{MODEL_DIR, kinds};
use crate::podspec::{self, Unfit};
use crate::runtime::{self, Runtimes};
use crate::storage;

/// What a predictor is deployed from. The error is for the user; the status says why as well.
pub(super) async fn deployable(work: &mut Work<'_>, mut block: Value) -> Result<Deployable, String> {
    let words = |error: proofmark_controllers::kit::Error| error.words();
    let (api, behaviour) = (&work.services.api, work.services.behaviour);
    let mut annotations = metadata::annotations(&work.service, &block);
    if serves_many(&block) {
        metadata::agent(&work.service, &mut annotations);
    }
    let uri = block.pointer("/model/storageUri").and_then(Value::as_str).map(str::to_owned);
    if let Some(uri) = &uri {
        let containers = if behaviour.storage_containers {
            let list = api.list(&kinds::STORAGE_CONTAINERS, "", &[], View::Whole).await.map_err(words)?;
            object::list(&list, "/items").to_vec()
        } else {
            Vec::new()
        };
        storage::check(uri, &containers, behaviour)?;
        if !block["model"]["storage"].is_null() {
            return Err("must provide only one of storageUri and storage.path".to_owned());
        }
    }
    metadata::storage(&block, uri.as_deref(), &mut annotations);
    if !block["model"].is_object() {
        let mut pod = podspec::of_component(&block);
        let containers = pod.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten();
        for container in containers {
            storage_of_container(container, &mut annotations);
        }
        let metadata = metadata::of_children(&work.service, Component::Predictor, &block, None, annotations);
        return Ok(Deployable { component: Component::Predictor, block, metadata, pod, workers: None });
    }
    let own = api.list(&kinds::RUNTIMES, work.namespace(), &[], View::Whole).await.map_err(words)?;
    let cluster = api.list(&kinds::CLUSTER_RUNTIMES, "", &[], View::Whole).await.map_err(words)?;
    let runtimes = Runtimes { own: object::list(&own, "/items"), cluster: object::list(&cluster, "/items") };
    let runtime = runtime::choose(&runtimes, &block, behaviour).map_err(|none| {
        model_status::invalid(&mut work.status, none.reason, none.message);
        none.error
    })?;
    if object::text(&block, "/model/protocolVersion").is_empty() {
        block["model"]["protocolVersion"] = json!(runtime::default_protocol(runtime));
    }
    of_runtime(work, runtime, &mut block);
    let data = json!({
        "Name": work.name(), "Namespace": work.namespace(), "Labels": work.service["metadata"]["labels"],
        "Annotations": work.service["metadata"]["annotations"],
    });
    let mut pod = podspec::of_model(runtime, &block, &data).map_err(|unfit| {
        let (message, error) = match unfit {
            Unfit::NoContainers => (
                "No container configuration found in selected serving runtime",
                "no container configuration found in selected serving runtime".to_owned(),
            ),
            Unfit::NoServer => return "failed to find kserve-container in ServingRuntime containers".to_owned(),
            Unfit::Merge(why) => ("Failed to get runtime container", why),
            Unfit::Template(why) => ("Failed to replace placeholders in serving runtime Container", why),
        };
        let small = message.replacen('F', "f", 1);
        let message = if behaviour.small_letters && message.starts_with("Failed") { small } else { message.to_owned() };
        model_status::invalid(&mut work.status, "InvalidPredictorSpec", &message);
        error
    })?;
    let server = pod.pointer_mut("/containers/0");
    if let Some(server) = server {
        let image = object::text(server, "/image").to_owned();
        match block.pointer("/model/runtimeVersion").and_then(Value::as_str) {
            Some(version) => server["image"] = json!(with_version(&image, version)),
            None if asks_for_gpus(server) && has_gpu_image(object::name(runtime), behaviour) && is_tagged(&image) => {
                server["image"] = json!(format!("{image}-gpu"));
            }
            None => {}
        }
    }
    let metadata = metadata::of_children(&work.service, Component::Predictor, &block, Some(runtime), annotations);
    let mut deployable = Deployable { component: Component::Predictor, block, metadata, pod, workers: None };
    if behaviour.worker_spec && deployable.block["workerSpec"].is_object() {
        deployable.workers = Some(multinode::workers(work, runtime, &mut deployable)?);
    }
    Ok(deployable)
}

fn asks_for_gpus(container: &Value) -> bool {
    container.pointer("/resources/limits").and_then(|limits| limits.get("nvidia.com/gpu")).is_some()
}

/// Runtimes whose images have a tag for GPUs.
fn has_gpu_image(runtime: &str, behaviour: Behaviour) -> bool {
    ["kserve-tensorflow-serving", "kserve-torchserve"].contains(&runtime)
        || behaviour.hugging_face_gpu && runtime == "kserve-huggingfaceserver"
}

fn is_tagged(image: &str) -> bool {
    image.rsplit_once(':').is_some_and(|(_, tag)| !tag.is_empty() && !tag.contains('/'))
}

/// An image with another tag.
fn with_version(image: &str, version: &str) -> String {
    let name = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    };
    format!("{name}:{version}")
}

/// What some shipped runtimes need to know, as labels that their templates read and as variables.
fn of_runtime(work: &mut Work<'_>, runtime: &Value, block: &mut Value) {
    let format = object::text(block, "/model/modelFormat/name").to_owned();
    let protocol = object::text(block, "/model/protocolVersion").to_owned();
    let loads = ["storageUri", "storage"].iter().any(|field| !block["model"][*field].is_null());
    match object::name(runtime) {
        "kserve-torchserve" => {
            let envelope = if protocol == "v2" { "kservev2" } else { "kserve" };
            work.service["metadata"]["labels"]["serviceEnvelope"] = json!(envelope);
            variable(block, "PROTOCOL_VERSION", &protocol);
        }
        "kserve-mlserver" => {
            let class = match format.as_str() {
                "sklearn" => "mlserver_sklearn.SKLearnModel",
                "xgboost" => "mlserver_xgboost.XGBoostModel",
                "lightgbm" => "mlserver_lightgbm.LightGBMModel",
                "mlflow" => "mlserver_mlflow.MLflowRuntime",
                _ => "",
            };
            if !class.is_empty() {
                work.service["metadata"]["labels"]["modelClass"] = json!(class);
            }
            if loads {
                variable(block, "MLSERVER_MODEL_NAME", object::name(&work.service));
                variable(block, "MLSERVER_MODEL_URI", MODEL_DIR);
            } else {
                variable(block, "MLSERVER_LOAD_MODELS_AT_STARTUP", "false");
            }
        }
        "kserve-tritonserver" if !loads => {
            let mut args = object::list(block, "/model/args").to_vec();
            args.push(json!("--model-control-mode=explicit"));
            block["model"]["args"] = Value::Array(args);
        }
        _ => {}
    }
}

/// Sets a variable of the server unless the user did.
fn variable(block: &mut Value, name: &str, value: &str) {
    let mut env = object::list(block, "/model/env").to_vec();
    if !env.iter().any(|variable| object::text(variable, "/name") == name) {
        env.push(json!({"name": name, "value": value}));
        block["model"]["env"] = Value::Array(env);
    }
}
