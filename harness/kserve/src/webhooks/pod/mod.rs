//! Pods of InferenceServices: what loads the model, what logs and batches requests, and where metrics are read.
//!
//! | module | what it adds |
//! |---|---|
//! | `modelcar` | a model image that runs beside the server |
//! | `storage` | the storage initializer, or a mounted claim |
//! | `credentials` | what the initializer identifies itself with |
//! | `agent` | the container that pulls models, logs and batches |
//! | `metrics` | annotations for Prometheus |

mod agent;
mod credentials;
mod edit;
mod metrics;
mod modelcar;
mod storage;

use proofmark_controllers::kit::object;
use proofmark_json::{Value, json};

use super::{Denied, Inner, Review};
use crate::config::{Config, ConfigError, Container, INITIALIZER};
use crate::names::SOURCE_URI;

/// Adds what a pod needs.
pub(super) async fn mutate(hooks: &Inner, review: &Review) -> Result<Option<Value>, Denied> {
    let mut pod = review.object.clone();
    // The namespace of a pod that its controller makes is in the request alone.
    pod["metadata"]["namespace"] = json!(review.namespace);
    let config = Config::read(&hooks.api, &hooks.namespace, hooks.behaviour).await?;
    let initializer = part(&config, INITIALIZER)?;
    let agent = agent::Settings::read(&config)?;
    let metrics = metrics::Settings::read(&config)?;
    let uri = object::annotation(&pod, SOURCE_URI).unwrap_or_default().to_owned();
    let image = uri.strip_prefix("oci://").filter(|_| initializer.enable_modelcar);
    accelerator(&mut pod);
    if image.is_none() {
        storage::inject(hooks, &mut pod, &config, &initializer).await?;
    }
    storage::run_as_istio(&mut pod, hooks.behaviour)?;
    agent::inject(hooks, &mut pod, &config, &agent).await?;
    metrics::inject(&mut pod, &metrics, hooks.behaviour);
    if let Some(image) = image {
        modelcar::inject(&mut pod, image, &initializer, hooks.behaviour)?;
    }
    Ok(Some(pod))
}

/// A part of the configuration. The original panics where it is no JSON.
fn part(config: &Config, part: &str) -> Result<Container, Denied> {
    config.container(part).map_err(|error| broken(error, part))
}

fn broken(error: ConfigError, part: &str) -> Denied {
    match error {
        ConfigError::Json { why, .. } if part == "agent" => {
            Denied::Panic(format!("unable to unmarshall agent json string due to {why}"))
        }
        ConfigError::Json { why, .. } => {
            Denied::Panic(format!("Unable to unmarshall {part} json string due to {why} "))
        }
        other => other.into(),
    }
}

/// A chosen GKE accelerator becomes a node selector.
fn accelerator(pod: &mut Value) {
    if let Some(wanted) = object::annotation(pod, "serving.kserve.io/gke-accelerator").map(str::to_owned) {
        pod["spec"]["nodeSelector"]["cloud.google.com/gke-accelerator"] = json!(wanted);
    }
}
