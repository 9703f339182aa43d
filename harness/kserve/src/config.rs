//! The settings of the control plane: the ConfigMap `inferenceservice-config`, each of whose values is JSON.
//!
//! It is read anew for every piece of work, as the real control plane does, so that a change holds from the next reconcile on. Each part is read
//! only where it is needed: a broken part breaks what needs it and nothing else.

use std::collections::BTreeMap;

use proofmark_controllers::kit::{Api, Error, Reason as _};
use proofmark_json::Value;
use proofmark_text::go_json;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::behaviour::Behaviour;
use crate::names::{self, kinds};

/// How a component is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As a Knative Service.
    Serverless,
    /// As a Deployment.
    Raw,
    /// By ModelMesh, another project: left alone.
    ModelMesh,
}

impl Mode {
    /// The mode of this name; `None` for names that no release knows.
    pub(crate) fn read(text: &str, behaviour: Behaviour) -> Option<Self> {
        match text {
            "Serverless" => Some(Self::Serverless),
            "RawDeployment" => Some(Self::Raw),
            "ModelMesh" => Some(Self::ModelMesh),
            "Knative" if behaviour.new_mode_names => Some(Self::Serverless),
            "Standard" if behaviour.new_mode_names => Some(Self::Raw),
            _ => None,
        }
    }

    pub(crate) const fn name(self, behaviour: Behaviour) -> &'static str {
        match (self, behaviour.new_mode_names) {
            (Self::Serverless, false) => "Serverless",
            (Self::Serverless, true) => "Knative",
            (Self::Raw, false) => "RawDeployment",
            (Self::Raw, true) => "Standard",
            (Self::ModelMesh, _) => "ModelMesh",
        }
    }
}

/// Why a part of the configuration could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{}", .0.words())]
    Api(#[from] Error),
    #[error("unable to parse {part} config json: {why}")]
    Json { part: String, why: String },
    #[error("{0}")]
    Rule(String),
}

/// The ConfigMap as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    data: Value,
    pub(crate) behaviour: Behaviour,
}

/// `ingress`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Ingress {
    pub(crate) enable_gateway_api: bool,
    pub(crate) kserve_ingress_gateway: String,
    pub(crate) ingress_gateway: String,
    pub(crate) local_gateway: String,
    pub(crate) local_gateway_service: String,
    /// Until v0.14.0: where requests come in.
    pub(crate) ingress_service: String,
    /// Where Knative's gateway within the cluster is, when it is not the local gateway.
    pub(crate) knative_local_gateway_service: String,
    pub(crate) ingress_domain: String,
    pub(crate) ingress_class_name: Option<String>,
    pub(crate) additional_ingress_domains: Vec<String>,
    pub(crate) domain_template: String,
    pub(crate) url_scheme: String,
    pub(crate) disable_istio_virtual_host: bool,
    pub(crate) disable_ingress_creation: bool,
    #[serde(rename = "disableHTTPRouteTimeout")]
    pub(crate) disable_http_route_timeout: bool,
    pub(crate) path_template: String,
}

/// Image and resources of a container that the control plane adds: `storageInitializer`, `agent`, `logger`, `batcher`, `router`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Container {
    pub(crate) image: String,
    pub(crate) cpu_request: String,
    pub(crate) cpu_limit: String,
    pub(crate) memory_request: String,
    pub(crate) memory_limit: String,
    pub(crate) image_pull_policy: Option<String>,
    pub(crate) image_pull_secrets: Vec<String>,
    pub(crate) headers: BTreeMap<String, Vec<String>>,
    pub(crate) default_url: String,
    pub(crate) ca_bundle: String,
    pub(crate) ca_cert_file: String,
    pub(crate) tls_skip_verify: bool,
    pub(crate) ca_bundle_config_map_name: String,
    pub(crate) ca_bundle_volume_mount_path: String,
    pub(crate) enable_direct_pvc_volume_mount: bool,
    pub(crate) enable_modelcar: bool,
    pub(crate) cpu_modelcar: String,
    pub(crate) memory_modelcar: String,
    pub(crate) uid_modelcar: Option<i64>,
}

/// `inferenceService.resource`: what containers get that ask for nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Resources {
    pub(crate) cpu_limit: String,
    pub(crate) memory_limit: String,
    pub(crate) cpu_request: String,
    pub(crate) memory_request: String,
}

/// `inferenceService`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Services {
    resource: Resources,
    service_annotation_disallowed_list: Option<Vec<String>>,
    service_label_disallowed_list: Option<Vec<String>>,
}

/// What stays with a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// Annotations that nothing made for the service gets.
    pub(crate) annotations: Vec<String>,
    /// Labels that revisions of Knative do not get.
    pub(crate) labels: Vec<String>,
}

/// The name of the part about the storage initializer.
pub(crate) const INITIALIZER: &str = "storageInitializer";
/// The name of the part about services in general.
const SERVICES: &str = "inferenceService";
/// Annotations that stay with a service in every release.
const KEPT_ANNOTATIONS: &[&str] = &[
    names::KNATIVE_MIN_SCALE,
    names::KNATIVE_MAX_SCALE,
    names::SOURCE_URI,
    "kubectl.kubernetes.io/last-applied-configuration",
];
/// The format of a service's model, which stays with it as well where services are annotated with it.
pub(crate) const FORMAT: &str = "modelFormat";
/// Labels that stay with a service in every release.
const KEPT_LABELS: &[&str] = &[names::KNATIVE_VISIBILITY];

/// `localModel`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LocalModel {
    pub(crate) enabled: bool,
    /// Where models are downloaded.
    pub(crate) job_namespace: String,
    /// Whether volumes for services are somebody else's business.
    pub(crate) disable_volume_management: bool,
}

/// The gateway that requests within the cluster come by.
const MESH_GATEWAY: &str = "knative-local-gateway";
const DEFAULT_DOMAIN_TEMPLATE: &str = "{{ .Name }}-{{ .Namespace }}.{{ .IngressDomain }}";

impl Config {
    /// Reads it from the control plane's namespace.
    pub(crate) async fn read(api: &Api, namespace: &str, behaviour: Behaviour) -> Result<Self, Error> {
        let map = api.get(&kinds::CONFIG_MAPS, namespace, names::CONFIG).await?;
        Ok(Self { data: map.get("data").cloned().unwrap_or_default(), behaviour })
    }

    /// A part of it; the default when there is none.
    fn part<T: DeserializeOwned + Default>(&self, part: &str) -> Result<T, ConfigError> {
        let Some(text) = self.data.get(part).and_then(Value::as_str) else { return Ok(T::default()) };
        proofmark_json::from_str(text).map_err(|error| {
            let why = go_json::problem(text.as_bytes()).unwrap_or_else(|| error.to_string());
            ConfigError::Json { part: part.to_owned(), why }
        })
    }

    /// `deploy.defaultDeploymentMode`
    pub(crate) fn default_mode(&self) -> Result<Mode, ConfigError> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Deploy {
            default_deployment_mode: String,
        }
        if self.data.get("deploy").is_none() {
            return Ok(Mode::Serverless);
        }
        let deploy: Deploy = self.part("deploy")?;
        if deploy.default_deployment_mode.is_empty() {
            return Err(ConfigError::Rule("invalid deploy config, defaultDeploymentMode is required".to_owned()));
        }
        Mode::read(&deploy.default_deployment_mode, self.behaviour).ok_or_else(|| {
            let [serverless, raw] = [Mode::Serverless, Mode::Raw].map(|mode| mode.name(self.behaviour));
            let supported = format!("Supported modes are {serverless}, {raw} and ModelMesh");
            ConfigError::Rule(format!("invalid deployment mode. {supported}"))
        })
    }

    pub(crate) fn ingress(&self) -> Result<Ingress, ConfigError> {
        let mut ingress: Ingress = self.part("ingress")?;
        ingress.disable_http_route_timeout &= self.behaviour.grpc_routes;
        let rule = |what: &str| ConfigError::Rule(format!("invalid ingress config - {what}"));
        let invalid = |what: &str| Err(rule(what));
        if self.behaviour.gateway_api && ingress.enable_gateway_api {
            gateway(&ingress.kserve_ingress_gateway).map_err(rule)?;
        }
        if !self.behaviour.knative_gateway {
            if ingress.ingress_gateway.is_empty() || ingress.ingress_service.is_empty() {
                return invalid("ingressGateway and ingressService are required");
            }
            ingress.knative_local_gateway_service.clear();
        } else if ingress.ingress_gateway.is_empty() {
            return invalid("ingressGateway is required");
        }
        if !ingress.path_template.is_empty() && ingress.ingress_domain.is_empty() {
            return invalid("ingressDomain is required if pathTemplate is given");
        }
        let or = |text: &mut String, default: &str| {
            if text.is_empty() {
                *text = default.to_owned();
            }
        };
        or(&mut ingress.domain_template, DEFAULT_DOMAIN_TEMPLATE);
        or(&mut ingress.ingress_domain, "example.com");
        or(&mut ingress.local_gateway, &format!("knative-serving/{MESH_GATEWAY}"));
        // Knative's gateway follows what is written here, not what it defaults to.
        let written = ingress.local_gateway_service.clone();
        or(&mut ingress.knative_local_gateway_service, &written);
        or(&mut ingress.local_gateway_service, &format!("{MESH_GATEWAY}.istio-system.svc.cluster.local"));
        or(&mut ingress.url_scheme, "http");
        Ok(ingress)
    }

    /// `storageInitializer` for what does not make its container: quantities are not looked at.
    pub(crate) fn initializer(&self) -> Result<Container, ConfigError> {
        self.part(INITIALIZER)
    }

    /// Looks at the quantities of the storage initializer, before anything is deployed that may need it.
    pub(crate) fn check_initializer(&self) -> Result<(), String> {
        if !self.behaviour.checks_initializer {
            return Ok(());
        }
        let of = self.initializer().map_err(|error| error.to_string());
        let checked = of.and_then(|of| self.quantities(&of));
        checked.map_err(|why| format!("failed to get StorageInitializer config: {why}"))
    }

    /// Looks at the quantities of the storage initializer, as releases do that look at them first.
    fn quantities(&self, of: &Container) -> Result<(), String> {
        let optional = self.behaviour.optional_modelcar_resources;
        let all = [
            ("memoryRequest", &of.memory_request, false),
            ("memoryLimit", &of.memory_limit, false),
            ("cpuRequest", &of.cpu_request, false),
            ("cpuLimit", &of.cpu_limit, false),
            ("cpuModelcar", &of.cpu_modelcar, optional),
            ("memoryModelcar", &of.memory_modelcar, optional),
        ];
        for (name, quantity, _) in all.into_iter().filter(|(_, quantity, optional)| !(*optional && quantity.is_empty()))
        {
            if let Err(why) = proofmark_text::quantity::Quantity::parse(quantity) {
                let of = format!("{INITIALIZER:?}.{name:?}");
                return Err(format!("failed to parse resource configuration for {of}: {why}"));
            }
        }
        Ok(())
    }

    /// `autoscaler`: for how many seconds scaling up and down waits, as texts of numbers.
    pub(crate) fn stabilization(&self) -> Result<[Option<i64>; 2], ConfigError> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Autoscaler {
            scale_up_stabilization_window_seconds: String,
            scale_down_stabilization_window_seconds: String,
        }
        let of: Autoscaler = self.part("autoscaler")?;
        let windows = [of.scale_up_stabilization_window_seconds, of.scale_down_stabilization_window_seconds];
        Ok(windows.map(|window| window.parse::<i32>().ok().map(i64::from)))
    }

    /// `storageInitializer`, `agent`, `logger`, `batcher` or `router`. Quantities are checked: the error names the part.
    pub(crate) fn container(&self, part: &str) -> Result<Container, ConfigError> {
        let container: Container = self.part(part)?;
        if part == INITIALIZER && self.behaviour.checks_initializer {
            self.quantities(&container).map_err(ConfigError::Rule)?;
            return Ok(container);
        }
        let given = [&container.memory_request, &container.memory_limit, &container.cpu_request, &container.cpu_limit];
        for quantity in given {
            if let Err(error) = proofmark_text::quantity::Quantity::parse(quantity) {
                let why = error.to_string();
                return Err(ConfigError::Rule(match part {
                    "agent" => format!("failed to parse resource configuration for {part:?}: {why}"),
                    "router" => format!("Failed to parse resource configuration for router: {why:?}"),
                    _ => format!("Failed to parse resource configuration for {part:?}: {why:?}"),
                }));
            }
        }
        Ok(container)
    }

    /// Annotations and labels that are not passed on to what services are deployed as.
    pub(crate) fn kept(&self) -> Result<Kept, ConfigError> {
        let own = |given: &[&str], more: Option<Vec<String>>| -> Vec<String> {
            given.iter().map(|key| (*key).to_owned()).chain(more.into_iter().flatten()).collect()
        };
        if !self.behaviour.configured_resources {
            return Ok(Kept { annotations: own(KEPT_ANNOTATIONS, None), labels: own(KEPT_LABELS, None) });
        }
        // Without the part nothing at all is kept back.
        if self.data.get(SERVICES).is_none() {
            return Ok(Kept::default());
        }
        let configured: Services = self.part(SERVICES)?;
        let mut annotations = own(KEPT_ANNOTATIONS, configured.service_annotation_disallowed_list);
        annotations.extend(self.behaviour.annotates_format.then(|| FORMAT.to_owned()));
        Ok(Kept { annotations, labels: own(KEPT_LABELS, configured.service_label_disallowed_list) })
    }

    /// `security.autoMountServiceAccountToken`, where a release asks: whether pods get a token.
    pub(crate) fn mounts_tokens(&self) -> Result<bool, ConfigError> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Security {
            auto_mount_service_account_token: bool,
        }
        if !self.behaviour.token_choice {
            return Ok(true);
        }
        Ok(self.part::<Security>("security")?.auto_mount_service_account_token)
    }

    /// `service.serviceClusterIPNone`: whether raw Services have no address of their own. A mistake there counts as no.
    pub(crate) fn headless(&self) -> bool {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Service {
            #[serde(rename = "serviceClusterIPNone")]
            none: bool,
        }
        self.behaviour.configured_resources && self.part::<Service>("service").is_ok_and(|service| service.none)
    }

    /// The default resources of containers.
    pub(crate) fn resources(&self) -> Result<Resources, ConfigError> {
        if self.behaviour.configured_resources {
            return Ok(self.part::<Services>(SERVICES)?.resource);
        }
        let [cpu, memory] = ["1", "2Gi"].map(str::to_owned);
        Ok(Resources { cpu_limit: cpu.clone(), memory_limit: memory.clone(), cpu_request: cpu, memory_request: memory })
    }

    pub(crate) fn local_model(&self) -> Result<LocalModel, ConfigError> {
        if self.behaviour.local_models { self.part("localModel") } else { Ok(LocalModel::default()) }
    }

    /// The JSON of a part whose fields are looked up one by one: `credentials`, `metricsAggregator`.
    pub(crate) fn raw(&self, part: &str) -> Result<Value, ConfigError> {
        self.part(part)
    }
}

/// Checks `kserveIngressGateway`, which is written `namespace/name`.
fn gateway(written: &str) -> Result<(), &'static str> {
    if written.is_empty() {
        return Err("kserveIngressGateway is required");
    }
    let (namespace, name) = written
        .split_once('/')
        .filter(|(_, name)| !name.contains('/'))
        .ok_or("kserveIngressGateway should be in the format <namespace>/<name>")?;
    let is_label = |text: &str| proofmark_text::content::dns_label(text).is_empty();
    match (is_label(namespace), is_label(name)) {
        (false, _) => Err("kserveIngressGateway gateway namespace is invalid"),
        (_, false) => Err("kserveIngressGateway gateway name is invalid"),
        _ => Ok(()),
    }
}
