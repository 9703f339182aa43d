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
use crate::config::Config;
use crate::names::SOURCE_URI;

/// Adds what a pod needs.
pub(super) async fn mutate(hooks: &Inner, review: &Review) -> Result<Option<Value>, Denied> {
    let mut pod = review.object.clone();
    // The namespace of a pod that its controller makes is in the request alone.
    pod["metadata"]["namespace"] = json!(review.namespace);
    let config = Config::read(&hooks.api, &hooks.namespace, hooks.behaviour).await?;
    let initializer = config.container("storageInitializer")?;
    let agent = agent::Settings::read(&config)?;
    let uri = object::annotation(&pod, SOURCE_URI).unwrap_or_default().to_owned();
    let image = uri.strip_prefix("oci://").filter(|_| initializer.enable_modelcar);
    accelerator(&mut pod);
    if image.is_none() {
        storage::inject(hooks, &mut pod, &config, &initializer).await?;
    }
    storage::run_as_istio(&mut pod);
    agent::inject(hooks, &mut pod, &config, &agent).await?;
    metrics::inject(&mut pod, &config)?;
    if let Some(image) = image {
        modelcar::inject(&mut pod, image, &initializer, hooks.behaviour)?;
    }
    Ok(Some(pod))
}

/// A chosen GKE accelerator becomes a node selector.
fn accelerator(pod: &mut Value) {
    if let Some(wanted) = object::annotation(pod, "serving.kserve.io/gke-accelerator").map(str::to_owned) {
        pod["spec"]["nodeSelector"]["cloud.google.com/gke-accelerator"] = json!(wanted);
    }
}
