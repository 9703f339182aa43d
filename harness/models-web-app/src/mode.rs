//! How a service is deployed, as far as the app can tell.

use proofmark_json::Value;

use crate::release::Flaws;

/// A deployment mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Serverless,
    /// Deployments and Services; KServe before 0.16 says RawDeployment.
    Standard,
    ModelMesh,
}

impl Mode {
    /// As the app names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Serverless => "Serverless",
            Self::Standard => "Standard",
            Self::ModelMesh => "ModelMesh",
        }
    }

    /// The mode of a service. The released ones look at annotations alone and know nothing of the cluster's default; KServe writes into
    /// the status what it came to.
    pub(crate) fn of(service: &Value, flaws: &Flaws) -> Self {
        let annotation = |name: &str| service.pointer("/metadata/annotations")?.get(name)?.as_str();
        let status =
            service.pointer("/status/deploymentMode").and_then(Value::as_str).filter(|_| !flaws.old_labels_only);
        let named = |text: &str| match text.to_lowercase().as_str() {
            "modelmesh" => Some(Self::ModelMesh),
            "rawdeployment" | "standard" => Some(Self::Standard),
            _ => None,
        };
        if let Some(mode) = annotation("serving.kserve.io/deploymentMode").and_then(named) {
            return mode;
        }
        if annotation("serving.kubeflow.org/raw").is_some_and(|raw| raw.to_lowercase() == "true") {
            return Self::Standard;
        }
        status.and_then(named).unwrap_or(Self::Serverless)
    }
}
