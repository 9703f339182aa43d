//! What KServe's container images do on simulated nodes.
//!
//! | module | image | what its containers do |
//! |---|---|---|
//! | `initializer` | `kserve/storage-initializer` | loads a model with the code of [`proofmark_model_loader`], release by release |
//! | `agent` | `kserve/agent` | pulls the models of TrainedModels, and passes requests on |
//! | `web_app` | `kserve/models-web-app` | the backend of [`proofmark_models_web_app`], release by release |
//! | `server` | `kserve/sklearnserver` and its like, MLServer, Triton | serves predictions of [linear models](server::Model) over the V1 and V2 protocols |
//!
//! [`known`] is the table of them, but for [`models_web_app`], which needs clients of the API server. Neither nodes nor the loader know of each other: here a container's files, log, variables and clock become a
//! loader's host. The network is given, because what is beyond a pod depends on the world it runs in.
//!
//! Servers of other frameworks are known by name and cannot be pulled: their pods wait, and the reason says that they are not simulated.

mod agent;
mod arguments;
mod host;
mod ids;
mod initializer;
pub mod server;
mod tag;
mod web_app;

pub use web_app::{Clients, models_web_app};

use std::fmt;
use std::sync::Arc;

use proofmark_model_loader::Release;
use proofmark_model_loader::net::Network;
use proofmark_nodes::process::{Image, Images};
use rustls::pki_types::CertificateDer;

/// What containers find outside of their pod.
#[derive(Clone)]
pub struct Outside {
    /// Connections to hosts by name.
    pub network: Arc<dyn Network>,
    /// The certificate authorities that images trust.
    pub authorities: Arc<[CertificateDer<'static>]>,
    /// The release of KServe that images without a version of their own (`latest`) are of; the newest, unless told.
    pub release: Option<Release>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("release", &self.release).finish_non_exhaustive()
    }
}

/// Servers of KServe's built-in runtimes that cannot be played.
const NOT_SIMULATED: [&str; 11] = [
    "*kserve/paddleserver",
    "*kserve/pmmlserver",
    "*kserve/huggingfaceserver",
    "*kserve/predictiveserver",
    "*kserve/autogluonserver",
    "*kserve/aiffairness",
    "*kserve/art-explainer",
    "*pytorch/torchserve-kfs",
    "*tensorflow/serving",
    "*openvino/model_server",
    "*vllm/vllm-openai",
];

/// The images that are known, for nodes in a world of this kind.
pub fn known(outside: &Outside) -> Images {
    let initializer = Image::new(initializer::StorageInitializer(outside.clone()));
    let agent = Image::new(agent::Agent(outside.clone()));
    let mut images = Images::default().with("*kserve/storage-initializer", initializer).with("*kserve/agent", agent);
    for (pattern, program) in server::PROGRAMS {
        images = images.with(pattern, Image::new(server::ModelServer(program)));
    }
    NOT_SIMULATED.into_iter().fold(images, |images, pattern| {
        let name = pattern.trim_start_matches('*');
        images.with(pattern, Image::missing(format!("{name} is not simulated: nothing here can run it")))
    })
}
