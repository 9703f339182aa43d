//! Predictors: a model on a runtime, or containers of the user's own.

use proofmark_controllers::kit::{Reason as _, View, object};
use proofmark_json::{Value, json};

use super::component::{self, Component, Deployable, serves_many};
use super::metadata;
use super::model_status;
use super::multinode;
use super::reconcile::Work;
use crate::behaviour::Behaviour;
use crate::names::{MODEL_DIR, SERVER_CONTAINER, kinds};
use crate::podspec::{self, Unfit};
use crate::runtime::{self, Runtimes};

const NO_SERVER: &str = "failed to find kserve-container in ServingRuntime containers";

/// Whether a predictor has containers of the user's own, and none that is named as the server. (The only one is always named so.)
pub(super) fn has_no_server(block: &Value) -> bool {
    let containers = object::list(block, "/containers");
    !block["model"].is_object()
        && !containers.is_empty()
        && containers.iter().all(|container| object::text(container, "/name") != SERVER_CONTAINER)
}

/// What a predictor is deployed from. The error is for the user; the status says why as well.
pub(super) async fn deployable(work: &mut Work<'_>, mut block: Value) -> Result<Deployable, String> {
    let words = |error: proofmark_controllers::kit::Error| error.words();
    let (api, behaviour) = (&work.services.api, work.services.behaviour);
    let kept = work.config.kept().map_err(|error| error.to_string())?;
    let mut annotations = metadata::annotations(work, Component::Predictor, &block, &kept);
    if serves_many(&block, behaviour) {
        metadata::agent(&work.service, &mut annotations);
    }
    metadata::storage(&block, &mut annotations);
    if !block["model"].is_object() {
        let mut pod = podspec::of_component(&block);
        let containers = pod.get_mut("containers").and_then(Value::as_array_mut).map(Vec::as_mut_slice);
        let containers = containers.unwrap_or_default();
        let named = |container: &&Value| object::text(container, "/name") == SERVER_CONTAINER;
        let server = if behaviour.named_servers { containers.iter().find(named) } else { containers.first() }.cloned();
        if let Some(server) = server {
            if let Some(uri) = component::uri_of_container(&server) {
                component::load(work, &uri, &mut annotations).await?;
            }
            // The server comes first, in the place of whatever stood there.
            if let Some(first) = containers.first_mut() {
                *first = server;
            }
        }
        component::name_service(work, Component::Predictor, &mut pod);
        let metadata = metadata::of_children(&work.service, Component::Predictor, &block, None, annotations, &kept);
        return Ok(Deployable { component: Component::Predictor, block, metadata, pod, workers: None });
    }
    // Until v0.15 a URI that cannot be loaded is told of after everything about the runtime.
    let uri = block.pointer("/model/storageUri").and_then(Value::as_str).map(str::to_owned);
    if let Some(uri) = uri.as_deref().filter(|_| behaviour.configured_resources) {
        component::load(work, uri, &mut annotations).await?;
    }
    let own = api.list(&kinds::RUNTIMES, work.namespace(), &[], View::Whole).await.map_err(words)?;
    let cluster = api.list(&kinds::CLUSTER_RUNTIMES, "", &[], View::Whole).await.map_err(words)?;
    let runtimes = Runtimes { own: object::list(&own, "/items"), cluster: object::list(&cluster, "/items") };
    let runtime = runtime::choose(&runtimes, &block, behaviour).map_err(|none| {
        model_status::invalid(&mut work.status, none.reason, none.message);
        none.error
    })?;
    if behaviour.follows_runtimes {
        let own = runtimes.own.iter().any(|of_namespace| std::ptr::eq(of_namespace, runtime));
        work.status.served_by(object::name(runtime), own);
    }
    of_runtime(work, runtime, &mut block);
    if object::text(&block, "/model/protocolVersion").is_empty() {
        block["model"]["protocolVersion"] = json!(runtime::default_protocol(runtime));
    }
    let data = json!({
        "Name": work.name(), "Namespace": work.namespace(), "Labels": work.service["metadata"]["labels"],
        "Annotations": work.service["metadata"]["annotations"],
    });
    let mut pod = podspec::of_model(runtime, &block, &data, behaviour).map_err(|unfit| {
        let (message, error) = match unfit {
            Unfit::NoContainers => (
                "No container configuration found in selected serving runtime",
                "no container configuration found in selected serving runtime".to_owned(),
            ),
            Unfit::NoServer if !behaviour.tells_unfit_runtimes => return NO_SERVER.to_owned(),
            Unfit::NoServer => (NO_SERVER, NO_SERVER.to_owned()),
            Unfit::Container(why) if behaviour.tells_unfit_runtimes => {
                ("", format!("failed to merge container. Detail: {why}"))
            }
            Unfit::Container(why) => {
                ("Failed to get runtime container", format!("failed to get runtime container: {why}"))
            }
            Unfit::Pod(why) if behaviour.tells_unfit_runtimes => {
                ("", format!("failed to consolidate serving runtime PodSpecs. Detail: {why}"))
            }
            Unfit::Pod(why) => (
                "Failed to consolidate serving runtime PodSpecs",
                format!("failed to consolidate serving runtime PodSpecs: {why}"),
            ),
            Unfit::Template(why) if behaviour.tells_unfit_runtimes => {
                let of = format!("serving runtime {} Container {SERVER_CONTAINER}", object::name(runtime));
                let message = format!("failed to replace placeholders in {of}");
                model_status::invalid(&mut work.status, "InvalidPredictorSpec", &message);
                return format!("{message}: {why}");
            }
            Unfit::Template(why) => (
                "Failed to replace placeholders in serving runtime Container",
                format!("failed to replace placeholders in serving runtime Container: {why}"),
            ),
        };
        let told = if behaviour.tells_unfit_runtimes { error.as_str() } else { message };
        model_status::invalid(&mut work.status, "InvalidPredictorSpec", told);
        error
    })?;
    let server = pod.pointer_mut("/containers/0");
    if let Some(server) = server {
        let image = object::text(server, "/image").to_owned();
        match block.pointer("/model/runtimeVersion").and_then(Value::as_str) {
            _ if behaviour.keeps_digests && image.contains("@sha256:") => {}
            Some(version) => server["image"] = json!(with_version(&image, version)),
            None if asks_for_gpus(server)
                && has_gpu_image(object::name(runtime), behaviour)
                && is_tagged(&image)
                && !image.ends_with("-gpu") =>
            {
                server["image"] = json!(format!("{image}-gpu"));
            }
            None => {}
        }
    }
    if let Some(uri) = uri.as_deref().filter(|_| !behaviour.configured_resources) {
        component::load(work, uri, &mut annotations).await?;
    }
    component::name_service(work, Component::Predictor, &mut pod);
    let metadata =
        metadata::of_children(&work.service, Component::Predictor, &block, Some(runtime), annotations, &kept);
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

/// What kind of server a runtime has: as its annotation says in later releases, or else as its name does.
fn server_type(runtime: &Value, behaviour: Behaviour) -> &str {
    let annotated = object::annotation(runtime, "serving.kserve.io/server-type").filter(|_| behaviour.server_types);
    annotated.unwrap_or_else(|| object::name(runtime).strip_prefix("kserve-").unwrap_or_default())
}

/// What some shipped runtimes need to know, as labels that their templates read and as variables.
fn of_runtime(work: &mut Work<'_>, runtime: &Value, block: &mut Value) {
    let format = object::text(block, "/model/modelFormat/name").to_owned();
    // The protocol that is asked for, or the runtime's own.
    let asked = |own: &str, block: &mut Value| {
        if object::text(block, "/model/protocolVersion").is_empty() {
            block["model"]["protocolVersion"] = json!(own);
        }
        object::text(block, "/model/protocolVersion").to_owned()
    };
    let loads = ["storageUri", "storage"].iter().any(|field| !block["model"][*field].is_null());
    match server_type(runtime, work.services.behaviour) {
        "torchserve" => {
            let protocol = asked("v1", block);
            let grpc = work.services.behaviour.envelopes_of_grpc && protocol == "grpc-v2";
            let envelope = if protocol == "v2" || grpc { "kservev2" } else { "kserve" };
            work.service["metadata"]["labels"]["serviceEnvelope"] = json!(envelope);
            let mut env = object::list(block, "/model/env").to_vec();
            env.push(json!({"name": "PROTOCOL_VERSION", "value": protocol}));
            block["model"]["env"] = Value::Array(env);
        }
        "mlserver" => {
            asked("v2", block);
            let class = match format.as_str() {
                "xgboost" => "mlserver_xgboost.XGBoostModel",
                "lightgbm" => "mlserver_lightgbm.LightGBMModel",
                "mlflow" => "mlserver_mlflow.MLflowRuntime",
                _ => "mlserver_sklearn.SKLearnModel",
            };
            work.service["metadata"]["labels"]["modelClass"] = json!(class);
            if loads {
                variable(block, "MLSERVER_MODEL_NAME", object::name(&work.service));
                variable(block, "MLSERVER_MODEL_URI", MODEL_DIR);
            } else {
                variable(block, "MLSERVER_LOAD_MODELS_AT_STARTUP", "false");
            }
        }
        "tritonserver" => {
            asked("v2", block);
            if !loads {
                let mut args = object::list(block, "/model/args").to_vec();
                args.push(json!("--model-control-mode=explicit"));
                block["model"]["args"] = Value::Array(args);
            }
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
