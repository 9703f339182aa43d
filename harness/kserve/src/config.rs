//! The settings of the control plane: the ConfigMap `inferenceservice-config`, each of whose values is JSON.
//!
//! It is read anew for every piece of work, as the real control plane does, so that a change holds from the next reconcile on. Each part is read
//! only where it is needed: a broken part breaks what needs it and nothing else.

use proofmark_controllers::kit::{Api, Error, Reason as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

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
    pub(crate) ingress_domain: String,
    pub(crate) ingress_class_name: Option<String>,
    pub(crate) additional_ingress_domains: Vec<String>,
    pub(crate) domain_template: String,
    pub(crate) url_scheme: String,
    pub(crate) disable_istio_virtual_host: bool,
    pub(crate) disable_ingress_creation: bool,
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
    pub(crate) default_url: String,
    pub(crate) max_batch_size: String,
    pub(crate) max_latency: String,
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

/// `localModel`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LocalModel {
    pub(crate) enabled: bool,
    pub(crate) job_namespace: String,
    pub(crate) default_job_image: String,
    pub(crate) fs_group: Option<i64>,
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
        serde_json::from_str(text).map_err(|error| ConfigError::Json { part: part.to_owned(), why: in_go(&error) })
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
        let invalid = |what: &str| Err(ConfigError::Rule(format!("invalid ingress config - {what}")));
        if ingress.ingress_gateway.is_empty() {
            return match self.behaviour.gateway_api {
                true => invalid("ingressGateway is required"),
                false => invalid("ingressGateway and ingressService are required"),
            };
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
        or(&mut ingress.local_gateway_service, &format!("{MESH_GATEWAY}.istio-system.svc.cluster.local"));
        or(&mut ingress.url_scheme, "http");
        Ok(ingress)
    }

    /// `storageInitializer` for what does not make its container: quantities are not looked at.
    pub(crate) fn initializer(&self) -> Result<Container, ConfigError> {
        self.part("storageInitializer")
    }

    /// `storageInitializer`, `agent`, `logger`, `batcher` or `router`. Quantities are checked: the error names the part.
    pub(crate) fn container(&self, part: &str) -> Result<Container, ConfigError> {
        let container: Container = self.part(part)?;
        let given = [&container.memory_request, &container.memory_limit, &container.cpu_request, &container.cpu_limit];
        for quantity in given {
            if let Err(error) = proofmark_text::quantity::Quantity::parse(quantity) {
                let why = format!("Failed to parse resource configuration for {part:?}: {:?}", error.to_string());
                return Err(ConfigError::Rule(why));
            }
        }
        Ok(container)
    }

    /// The default resources of containers.
    pub(crate) fn resources(&self) -> Result<Resources, ConfigError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct InferenceService {
            resource: Resources,
        }
        if self.behaviour.configured_resources {
            return Ok(self.part::<InferenceService>("inferenceService")?.resource);
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

/// The words of Go's decoder for the mistakes that people make.
pub(crate) fn in_go(error: &serde_json::Error) -> String {
    if error.is_eof() { "unexpected end of JSON input".to_owned() } else { error.to_string() }
}
