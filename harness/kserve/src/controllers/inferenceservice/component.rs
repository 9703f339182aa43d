//! The components of a service, and what each comes down to: metadata and a pod, deployed in the service's mode.

use proofmark_controllers::kit::{View, object};
use serde_json::{Map, Value, json};

use super::multinode::Workers;
use super::reconcile::Work;
use super::{metadata, model_status, predictor, raw, serverless};
use crate::conditions::Is;
use crate::config::Mode;
use crate::names::{SERVER_CONTAINER, kinds};
use crate::podspec;

/// A component of an InferenceService.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Predictor,
    Transformer,
    Explainer,
}

impl Component {
    /// In the order in which they are looked at.
    pub(super) const ALL: [Self; 3] = [Self::Predictor, Self::Transformer, Self::Explainer];

    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Predictor => "predictor",
            Self::Transformer => "transformer",
            Self::Explainer => "explainer",
        }
    }

    /// What the names of its conditions begin with.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Predictor => "Predictor",
            Self::Transformer => "Transformer",
            Self::Explainer => "Explainer",
        }
    }

    pub(super) fn ready(self) -> String {
        format!("{}Ready", self.title())
    }

    /// The name of its children.
    pub(super) fn child_name(self, service: &str) -> String {
        format!("{service}-{}", self.field())
    }
}

/// What a component is deployed from.
pub(super) struct Deployable {
    pub(super) component: Component,
    /// The component's block in the service.
    pub(super) block: Value,
    /// Name, namespace, labels and annotations.
    pub(super) metadata: Value,
    /// The pod's specification.
    pub(super) pod: Value,
    /// Who joins the pod, where a model takes several nodes.
    pub(super) workers: Option<Workers>,
}

/// Deploys a component and puts into the status what became of it. The error is for the user.
pub(super) async fn reconcile(work: &mut Work<'_>, component: Component) -> Result<(), String> {
    let block = work.service["spec"][component.field()].clone();
    let deployable = match component {
        Component::Predictor => predictor::deployable(work, block).await?,
        Component::Transformer | Component::Explainer => custom(work, component, block)?,
    };
    if work.is_stopped() {
        serverless::stop(work, component).await.map_err(|error| error.to_string())?;
        return Ok(());
    }
    let fails = |error: String| format!("fails to reconcile {}: {error}", component.field());
    let deployed = match work.mode {
        Mode::Serverless => serverless::deploy(work, &deployable).await.map_err(fails)?,
        _ => raw::deploy(work, &deployable).await.map_err(fails)?,
    };
    if component == Component::Predictor {
        model_status::propagate(work, &deployable, deployed)
            .await
            .map_err(|error| format!("fails to list inferenceservice pods by label: {error}"))?;
    }
    Ok(())
}

/// A transformer or an explainer: containers of the user's own, told where the predictor is.
fn custom(work: &Work<'_>, component: Component, block: Value) -> Result<Deployable, String> {
    let mut annotations = metadata::annotations(&work.service, &block);
    let mut pod = podspec::of_component(&block);
    let name = work.name().to_owned();
    let host = format!("{}.{}", Component::Predictor.child_name(&name), work.namespace());
    if component == Component::Explainer && block["art"].is_object() {
        let explainers = work.config.raw("explainers").map_err(|error| error.to_string())?;
        pod = json!({"containers": [art(&block["art"], &explainers)]});
    }
    let told = work.mode != Mode::ModelMesh;
    if let Some(first) = pod.pointer_mut("/containers/0").filter(|_| told) {
        storage_of_container(first, &mut annotations);
        let given: Vec<String> = object::strings(first, "/args").map(str::to_owned).collect();
        let mut args = given.clone();
        for (flag, value) in
            [("--model_name", name.as_str()), ("--predictor_host", host.as_str()), ("--http_port", "8080")]
        {
            let there = given.iter().any(|arg| arg == flag || arg.starts_with(&format!("{flag}=")));
            if !there {
                args.extend([flag.to_owned(), value.to_owned()]);
            }
        }
        first["args"] = json!(args);
    }
    let metadata = metadata::of_children(&work.service, component, &block, None, annotations);
    Ok(Deployable { component, block, metadata, pod, workers: None })
}

/// The container of an explainer that the configuration knows.
fn art(block: &Value, explainers: &Value) -> Value {
    let mut container = podspec::container_of_model(block);
    if let Some(fields) = container.as_object_mut() {
        fields.shift_remove("type");
        fields.shift_remove("config");
    }
    let version = match object::text(block, "/runtimeVersion") {
        "" => object::text(explainers, "/art/defaultImageVersion"),
        version => version,
    };
    if object::text(&container, "/image").is_empty() {
        container["image"] = json!(format!("{}:{version}", object::text(explainers, "/art/image")));
    }
    let kind = object::text(block, "/type").to_owned();
    let mut args = object::list(&container, "/args").to_vec();
    args.extend([json!("--adversary_type"), json!(kind)]);
    container["args"] = Value::Array(args);
    container["name"] = json!(SERVER_CONTAINER);
    container
}

/// A container may name its model by a variable; the initializer loads it, and the variable then says where it is.
pub(super) fn storage_of_container(container: &mut Value, annotations: &mut Map<String, Value>) {
    let env = container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten();
    for variable in env.filter(|variable| object::text(variable, "/name") == "STORAGE_URI") {
        annotations.insert(crate::names::SOURCE_URI.to_owned(), variable["value"].clone());
        variable["value"] = json!(crate::names::MODEL_DIR);
    }
}

/// Whether a predictor serves models that join it: it has none of its own.
pub(in crate::controllers) fn serves_many(predictor: &Value) -> bool {
    let model = &predictor["model"];
    if !model.is_object() {
        let env = object::list(predictor, "/containers/0/env");
        return env.iter().any(|variable| variable["name"] == "MULTI_MODEL_SERVER" && variable["value"] == "true");
    }
    let loads = ["storageUri", "storage", "storageUris"].iter().any(|field| !model[*field].is_null());
    !loads && object::text(model, "/modelFormat/name") != "huggingface"
}

/// The list of models of a server for several.
pub(in crate::controllers) fn model_config_name(service: &str) -> String {
    format!("modelconfig-{service}-0")
}

/// Pods of a deployed component, newest first.
pub(super) async fn pods(
    work: &Work<'_>,
    label: &str,
    value: &str,
) -> Result<Vec<Value>, proofmark_controllers::kit::Error> {
    let selector = format!("{label}={value}");
    let query = [("labelSelector", selector.as_str())];
    let list = work.services.api.list(&kinds::PODS, work.namespace(), &query, View::Whole).await?;
    let mut pods = object::list(&list, "/items").to_vec();
    pods.sort_by(|a, b| {
        object::text(b, "/metadata/creationTimestamp").cmp(object::text(a, "/metadata/creationTimestamp"))
    });
    Ok(pods)
}

/// The condition that a way in does not lead anywhere yet.
pub(super) fn no_ingress(component: Component, status: &str) -> Is {
    Is::new(status, &format!("{} ingress not created", component.title()), "")
}
