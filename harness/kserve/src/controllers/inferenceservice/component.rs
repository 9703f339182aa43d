//! The components of a service, and what each comes down to: metadata and a pod, deployed in the service's mode.

use std::collections::BTreeMap;

use proofmark_controllers::kit::{Reason as _, View, object};
use proofmark_json::{Key, Map, Value, json};

use super::model_status::Deployed;
use super::multinode::Workers;
use super::reconcile::Work;
use super::{metadata, model_status, predictor, raw, serverless, stop};
use crate::behaviour::Behaviour;
use crate::conditions::Is;
use crate::config::Mode;
use crate::names::{MODEL_DIR, SERVER_CONTAINER, SOURCE_URI, kinds};
use crate::{podspec, storage};

/// The variable that tells a server of which service it is.
const SERVICE_VARIABLE: &str = "INFERENCE_SERVICE_NAME";

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

    /// The condition about its route; that of explainers is named in the plural.
    pub(super) fn routed(self) -> String {
        format!("{}Route{}Ready", self.title(), if self == Self::Explainer { "s" } else { "" })
    }

    /// The condition about its configuration.
    pub(super) fn configured(self) -> String {
        format!("{}ConfigurationReady", self.title())
    }

    /// The name of its children. A predictor may have one of its own.
    pub(super) fn child_name(self, service: &Value) -> String {
        let (name, field) = (object::name(service), self.field());
        match object::text(service, "/spec/predictor/name") {
            own if self == Self::Predictor && !own.is_empty() => format!("{name}-{own}-{field}"),
            _ => format!("{name}-{field}"),
        }
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
        Component::Transformer | Component::Explainer => custom(work, component, block).await?,
    };
    let checked = work.config.check_initializer();
    if work.is_stopped() && checked.is_ok() {
        return stop::component(work, &deployable).await.map_err(|error| error.to_string());
    }
    let fails = |error: String| format!("fails to reconcile {}: {error}", component.field());
    let deployed = match work.mode {
        _ if checked.is_err() => checked.map(|()| Deployed::JustNow),
        Mode::Serverless => serverless::deploy(work, &deployable).await.map_err(fails),
        _ => raw::deploy(work, &deployable).await,
    };
    let deployed = deployed.inspect_err(|why| {
        if work.services.behaviour.tells_failed_components {
            let known = work.status.component(component);
            work.status.set_component(component, known);
            work.set(&component.ready(), &Is::new("False", "ReconcileFailed", why));
        }
    })?;
    if component == Component::Predictor {
        model_status::propagate(work, &deployable, deployed)
            .await
            .map_err(|error| format!("fails to list inferenceservice pods by label: {error}"))?;
    }
    Ok(())
}

/// Tells all containers of a predictor, and the first of a transformer, of which service they are.
pub(super) fn name_service(work: &Work<'_>, component: Component, pod: &mut Value) {
    if !work.services.behaviour.names_service {
        return;
    }
    let service = work.name();
    let containers = pod.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten();
    let told = match component {
        Component::Predictor => usize::MAX,
        Component::Transformer => 1,
        Component::Explainer => 0,
    };
    for container in containers.take(told) {
        let mut env = object::list(container, "/env").to_vec();
        match env.iter_mut().find(|variable| object::text(variable, "/name") == SERVICE_VARIABLE) {
            Some(there) => there["value"] = json!(service),
            None => env.push(json!({"name": SERVICE_VARIABLE, "value": service})),
        }
        container["env"] = Value::Array(env);
    }
}

/// A transformer or an explainer: a container that is told where the predictor is.
async fn custom(work: &Work<'_>, component: Component, block: Value) -> Result<Deployable, String> {
    let kept = work.config.kept().map_err(|error| error.to_string())?;
    let mut annotations = metadata::annotations(work, component, &block, &kept);
    let mut pod = podspec::of_component(&block);
    let blocks: &[&str] = if work.services.behaviour.no_alibi { &["art"] } else { &["alibi", "art"] };
    let known = blocks.iter().find(|explainer| component == Component::Explainer && block[**explainer].is_object());
    let uri = if let Some(explainer) = known {
        Some(object::text(&block[*explainer], "/storageUri").to_owned()).filter(|uri| !uri.is_empty())
    } else {
        object::list(&pod, "/containers").first().and_then(uri_of_container)
    };
    if let Some(uri) = uri {
        load(work, &uri, &mut annotations).await?;
    }
    let predictor = format!("{}.{}", Component::Predictor.child_name(&work.service), work.namespace());
    if let Some(explainer) = known {
        let settings = work.config.raw("explainers").map_err(|error| error.to_string())?;
        let server = explaining(explainer, &block, &settings[*explainer], work.name(), &predictor);
        match pod.pointer_mut("/containers/0") {
            Some(first) => *first = server,
            None => pod["containers"] = json!([server]),
        }
    } else if let Some(first) = pod.pointer_mut("/containers/0").filter(|_| work.mode != Mode::ModelMesh) {
        let mut args: Vec<String> = object::strings(first, "/args").map(str::to_owned).collect();
        let workers = block.get("containerConcurrency").and_then(Value::as_i64).map(|limit| limit.to_string());
        for (flag, value) in [
            ("--model_name", Some(work.name().to_owned())),
            ("--predictor_host", Some(predictor)),
            ("--http_port", Some("8080".to_owned())),
            ("--workers", workers),
        ] {
            // Explainers get the port even when they state one.
            let stated = args.iter().any(|arg| arg.starts_with(flag));
            let repeated = component == Component::Explainer && flag == "--http_port";
            if let Some(value) = value.filter(|_| !stated || repeated) {
                args.extend([flag.to_owned(), value]);
            }
        }
        first["args"] = json!(args);
    }
    name_service(work, component, &mut pod);
    let metadata = metadata::of_children(&work.service, component, &block, None, annotations, &kept);
    Ok(Deployable { component, block, metadata, pod, workers: None })
}

/// The container of an explainer that the configuration knows: Alibi, or the Adversarial Robustness Toolbox. What the user says of it comes twice at
/// the end, as in the original.
fn explaining(explainer: &str, block: &Value, settings: &Value, service: &str, predictor: &str) -> Value {
    let own = &block[explainer];
    let mut container = podspec::container_of_model(own);
    if let Some(fields) = container.as_object_mut() {
        fields.shift_remove("type");
        fields.shift_remove("config");
    }
    let given: Vec<String> = object::strings(&container, "/args").map(str::to_owned).collect();
    let stated = |flag: &str| given.iter().any(|arg| arg.starts_with(flag));
    let mut args = Vec::new();
    let mut add = |flag: &str, value: &str| args.extend([flag.to_owned(), value.to_owned()]);
    add("--model_name", service);
    add("--http_port", "8080");
    if !stated("--predictor_host") {
        add("--predictor_host", predictor);
    }
    if let Some(limit) = block.get("containerConcurrency").and_then(Value::as_i64).filter(|_| !stated("--workers")) {
        add("--workers", &limit.to_string());
    }
    if !object::text(own, "/storageUri").is_empty() {
        add("--storage_uri", MODEL_DIR);
    }
    let of_type = object::text(own, "/type");
    if explainer == "art" {
        add("--adversary_type", of_type);
    } else {
        args.push(of_type.to_owned());
    }
    let mut add = |flag: &str, value: &str| args.extend([flag.to_owned(), value.to_owned()]);
    let config: BTreeMap<&Key, &Value> = own["config"].as_object().into_iter().flatten().collect();
    for (key, value) in config {
        add(&format!("--{key}"), value.as_str().unwrap_or_default());
    }
    args.extend(given.iter().chain(&given).cloned());
    if object::text(&container, "/image").is_empty() {
        let version = object::text(own, "/runtimeVersion");
        container["image"] = json!(format!("{}:{version}", object::text(settings, "/image")));
    }
    container["args"] = json!(args);
    container["name"] = json!(SERVER_CONTAINER);
    container
}

/// The URI that a container names its model by.
pub(super) fn uri_of_container(container: &Value) -> Option<String> {
    let env = object::list(container, "/env").iter();
    let variable = env.into_iter().find(|variable| object::text(variable, "/name") == "STORAGE_URI")?;
    Some(object::text(variable, "/value").to_owned())
}

/// Has a model loaded from a URI, which must be one that can be.
pub(super) async fn load(work: &Work<'_>, uri: &str, annotations: &mut Map) -> Result<(), String> {
    let behaviour = work.services.behaviour;
    if annotations.contains_key(SOURCE_URI) {
        return Err("must provide only one of storageUri and storage.path".to_owned());
    }
    let list = work.services.api.list(&kinds::STORAGE_CONTAINERS, "", &[], View::Whole).await;
    storage::check(uri, object::list(&list.map_err(|error| error.words())?, "/items"), behaviour)?;
    annotations.insert(SOURCE_URI.to_owned(), json!(uri));
    Ok(())
}

/// Whether a predictor serves models that join it: it has none of its own.
pub(in crate::controllers) fn serves_many(predictor: &Value, behaviour: Behaviour) -> bool {
    let model = &predictor["model"];
    // Containers of the user's own say it themselves, beside a model, too.
    if !model.is_object() || !object::list(predictor, "/containers").is_empty() {
        let env = object::list(predictor, "/containers/0/env");
        return env.iter().any(|variable| variable["name"] == "MULTI_MODEL_SERVER" && variable["value"] == "true");
    }
    let loads = ["storageUri", "storage", "storageUris"].iter().any(|field| !model[*field].is_null());
    let by_name = behaviour.hugging_face_block && object::text(model, "/modelFormat/name") == "huggingface";
    !(loads || by_name)
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
