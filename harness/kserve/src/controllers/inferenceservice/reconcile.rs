//! One piece of work on a service, in the order of the real controller: what fails ends it, and it is tried again later.

use proofmark_controllers::kit::{Next, Reason as _, View, object};
use proofmark_json::{Value, json};

use super::component::{self, Component};
use super::status::{self, Status};
use super::{Services, gateway, ingress, predictor, serverless, stop};
use crate::conditions::READY;
use crate::config::{Config, Mode};
use crate::controllers::children;
use crate::controllers::watch::Key;
use crate::names::{CONFIG, DEPLOYMENT_MODE, DISABLE_AUTO_UPDATE, FINALIZER, PARENT_LABEL, STOP, kinds};

/// The copy of the configured authorities in the namespaces of services, and the file in it.
const CA_COPY: &str = "global-ca-bundle";
const CA_FILE: &str = "cabundle.crt";

/// What a piece of work is about.
pub(super) struct Work<'a> {
    pub(super) services: &'a Services,
    /// The service as it was read; labels that runtimes add are here alone.
    pub(super) service: Value,
    pub(super) status: Status,
    pub(super) config: Config,
    pub(super) mode: Mode,
}

impl Work<'_> {
    pub(super) fn namespace(&self) -> &str {
        object::namespace(&self.service)
    }

    pub(super) fn name(&self) -> &str {
        object::name(&self.service)
    }

    /// Whether the service is to rest, which at first only serverless ones could.
    pub(super) fn is_stopped(&self) -> bool {
        let behaviour = self.services.behaviour;
        behaviour.stop
            && (self.mode == Mode::Serverless || behaviour.stops_in_every_mode)
            && object::annotation(&self.service, STOP).is_some_and(|stop| stop.eq_ignore_ascii_case("true"))
    }

    /// The same, with a status in which everything that decides has a condition.
    fn begun(mut self) -> Self {
        for of_type in status::DECIDING {
            if crate::conditions::find(&self.status.0, of_type).is_none() {
                self.set(of_type, &crate::conditions::Is::new("Unknown", "", ""));
            }
        }
        self
    }

    /// Sets a condition.
    pub(super) fn set(&mut self, of_type: &str, is: &crate::conditions::Is) {
        let now = (self.services.clock)();
        self.status.set(of_type, is, now, self.services.behaviour);
    }
}

pub(super) async fn reconcile(services: &Services, (namespace, name): &Key) -> Result<Next, String> {
    let words = |error: proofmark_controllers::kit::Error| error.words();
    let Some(service) = children::read(&services.api, &kinds::SERVICES, namespace, name).await.map_err(words)? else {
        return Ok(Next::Done);
    };
    let config = Config::read(&services.api, &services.namespace, services.behaviour).await;
    let config = config.map_err(|error| format!("fails to read {CONFIG}: {}", error.words()))?;
    let mode = mode(services, &service, &config)?;
    if mode == Mode::ModelMesh && !service["spec"]["transformer"].is_object() {
        if services.behaviour.conditions_before_deployment {
            let status = Status::of(&service);
            status::write(&mut Work { services, service, status, config, mode }.begun()).await?;
        }
        return Ok(Next::Done);
    }
    let service = if object::is_being_deleted(&service) {
        return finish(services, service).await.map_err(words);
    } else if object::has_finalizer(&service, FINALIZER) {
        service
    } else {
        let mut service = service;
        let mut finalizers: Vec<&str> = object::finalizers(&service).collect();
        finalizers.push(FINALIZER);
        service["metadata"]["finalizers"] = json!(finalizers);
        services.api.update(&kinds::SERVICES, &service).await.map_err(words)?
    };
    if services.behaviour.rests_when_ready
        && object::annotation(&service, DISABLE_AUTO_UPDATE) == Some("true")
        && crate::conditions::is_true(&service["status"], READY)
    {
        return Ok(Next::Done);
    }
    let looks = mode == Mode::Serverless && services.behaviour.looks_for_kinds;
    if looks && !serverless::is_available(&services.api).await.map_err(words)? {
        let named = mode.name(services.behaviour);
        let told = format!("It is not possible to use {named} deployment mode when Knative Services are not available");
        services.recorder.warning(&service, "ServerlessModeRejected", told);
        if services.behaviour.conditions_before_deployment {
            let status = Status::of(&service);
            status::write(&mut Work { services, service, status, config, mode }.begun()).await?;
        }
        // Trying again would change nothing.
        return Ok(Next::Done);
    }
    let mut service = service;
    if mode == Mode::Serverless && services.behaviour.configured_resources {
        let zero = serverless::starts_at_zero(&services.api).await?;
        serverless::first_scale(&mut service, zero);
    }
    let status = Status::of(&service);
    let mut work = Work { services, service, status, config, mode };
    if services.behaviour.conditions_before_deployment {
        work = work.begun();
    }
    if let Err(error) = authorities(&work).await {
        if services.behaviour.conditions_before_deployment {
            status::write(&mut work).await?;
        }
        return Err(error);
    }
    model_config(&work).await.map_err(words)?;
    if services.behaviour.collocation && predictor::has_no_server(&work.service["spec"]["predictor"]) {
        // What the original looks for is not there, and it does not ask: nothing is told to anybody.
        return Err("panic: runtime error: invalid memory address or nil pointer dereference [recovered]".to_owned());
    }
    for component in Component::ALL {
        if work.service["spec"][component.field()].is_object()
            && let Err(error) = component::reconcile(&mut work, component).await
        {
            services.recorder.warning(&work.service, "InternalError", &error);
            status::write(&mut work).await?;
            return Err(format!("fails to reconcile component: {error}"));
        }
    }
    stop::tell(&mut work);
    if mode == Mode::Serverless {
        serverless::sum_up(&mut work);
    }
    let settings = work.config.ingress().map_err(|error| error.to_string())?;
    if services.behaviour.without_mesh && !settings.disable_istio_virtual_host {
        serverless::miss_mesh(&work).await.map_err(words)?;
    }
    let entered = match mode {
        Mode::Serverless => serverless::ingress(&mut work, &settings).await,
        _ if work.is_stopped() => stop::way_in(&mut work, &settings).await,
        _ if settings.enable_gateway_api => match gateway::reconcile(&mut work, &settings).await {
            // The next change of a route goes on from here.
            Ok(false) => return Ok(Next::Done),
            entered => entered.map(|_| ()),
        },
        _ => ingress::reconcile(&mut work, &settings).await,
    };
    entered.map_err(|error| format!("fails to reconcile ingress: {error}"))?;
    if let Err(error) = status::write(&mut work).await {
        services.recorder.warning(&work.service, "InternalError", &error);
        return Err(error);
    }
    Ok(Next::Done)
}

/// The mode of a service: the one that it has, or else the one that it asks for, or else the configured one.
fn mode(services: &Services, service: &Value, config: &Config) -> Result<Mode, String> {
    let default = config.default_mode().map_err(|error| format!("fails to create DeployConfig: {error}"))?;
    let had = object::text(service, "/status/deploymentMode");
    let asked = object::annotation(service, DEPLOYMENT_MODE).unwrap_or_default();
    let had = Mode::read(had, services.behaviour).filter(|_| services.behaviour.sticky_mode);
    Ok(had.or(Mode::read(asked, services.behaviour)).unwrap_or(default))
}

/// Deletes the models that joined the service, and lets it go.
async fn finish(services: &Services, mut service: Value) -> Result<Next, proofmark_controllers::kit::Error> {
    if !object::has_finalizer(&service, FINALIZER) {
        return Ok(Next::Done);
    }
    let (namespace, name) = (object::namespace(&service).to_owned(), object::name(&service).to_owned());
    let selector = format!("{PARENT_LABEL}={name}");
    let query = [("labelSelector", selector.as_str())];
    let models = services.api.list(&kinds::TRAINED_MODELS, &namespace, &query, View::Metadata).await?;
    for model in object::list(&models, "/items") {
        let options = json!({"propagationPolicy": "Background"});
        services.api.delete(&kinds::TRAINED_MODELS, &namespace, object::name(model), &options).await?;
    }
    let finalizers: Vec<&str> = object::finalizers(&service).filter(|finalizer| *finalizer != FINALIZER).collect();
    service["metadata"]["finalizers"] = json!(finalizers);
    match services.api.update(&kinds::SERVICES, &service).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(Next::Done),
    }
}

/// Copies the configured authorities into the service's namespace.
async fn authorities(work: &Work<'_>) -> Result<(), String> {
    let services = work.services;
    if !services.behaviour.ca_bundles {
        return Ok(());
    }
    let settings = work.config.initializer().map_err(|error| error.to_string())?;
    let name = &settings.ca_bundle_config_map_name;
    if name.is_empty() || work.namespace() == services.namespace {
        return Ok(());
    }
    let fails = "fails to get cabundle configmap for creating to user namespace";
    let source = services.api.get(&kinds::CONFIG_MAPS, &services.namespace, name).await;
    let source = source
        .map_err(|error| format!("{fails}: failed to get configmap {name} from the cluster: {}", error.words()))?;
    let Some(authorities) = source.pointer(&format!("/data/{CA_FILE}")) else {
        return Err(format!("{fails}: specified cabundle file {CA_FILE} not found in cabundle configmap {name}"));
    };
    let mut data = json!({});
    data[CA_FILE] = authorities.clone();
    let copy = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": CA_COPY, "namespace": work.namespace()}, "data": data,
    });
    let ensured = children::ensure(&services.api, &kinds::CONFIG_MAPS, &copy, &["/data"]).await;
    ensured.map(|_| ()).map_err(|error| format!("fails to reconcile cabundle configmap: {}", error.words()))
}

/// Makes the list of models that a server for several of them reads. Its entries are the TrainedModels' business.
async fn model_config(work: &Work<'_>) -> Result<(), proofmark_controllers::kit::Error> {
    if !component::serves_many(&work.service["spec"]["predictor"], work.services.behaviour) {
        return Ok(());
    }
    let name = component::model_config_name(work.name());
    if children::read(&work.services.api, &kinds::CONFIG_MAPS, work.namespace(), &name).await?.is_some() {
        return Ok(());
    }
    let metadata = json!({"name": name, "namespace": work.namespace(), "labels": work.service["metadata"]["labels"]});
    let mut map = children::child(&work.service, &kinds::CONFIG_MAPS, metadata);
    map["data"] = json!({"models.json": "[]"});
    work.services.api.create(&kinds::CONFIG_MAPS, &map).await.map(|_| ())
}
