//! What a universe stands on: the objects of its plan, installed.
//!
//! What is installed follows from the plan alone, and a run plays many cases on few plans. So in this process a plan's objects are installed once,
//! with Kubernetes' controllers around them until they are at rest, and every universe begins as a fork of that world. Only random names differ.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use proofmark_apiserver::{ApiServer, World};
use proofmark_kserve::extras::Project;
use proofmark_kserve::{Flavor, Release};
use proofmark_kubeflow::KubeflowRelease;
use serde_json::Value;

use crate::embedded::QUIET;
use crate::{Cluster, EnvError, LeftOut, Plan, Site, install, transport};

/// What is installed.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    /// The kinds that are defined: `profiles.kubeflow.org`.
    kinds: BTreeSet<String>,
    /// What was not installed, and why.
    pub(crate) left_out: Vec<LeftOut>,
}

impl Ground {
    /// Installs a plan's objects.
    ///
    /// # Errors
    /// When an object cannot be installed.
    pub(crate) async fn lay(cluster: &Cluster, plan: &Plan) -> Result<Self, EnvError> {
        let objects = plan.objects();
        let kinds = objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition");
        let kinds = kinds.filter_map(|object| object["metadata"]["name"].as_str()).map(str::to_owned).collect();
        let left_out = if objects.is_empty() { Vec::new() } else { install(cluster, &objects).await? };
        Ok(Self { kinds, left_out })
    }

    /// Whether a kind is defined.
    pub(crate) fn defines(&self, name: &str) -> bool {
        self.kinds.contains(name)
    }
}

/// All of a plan that decides what is installed.
#[derive(Debug, Clone, PartialEq)]
struct Installed {
    kubeflow: Option<KubeflowRelease>,
    kserve: Option<Release>,
    control_plane: Option<Flavor>,
    extras: Vec<Project>,
    manifests: Vec<Value>,
}

impl Installed {
    fn of(plan: &Plan) -> Self {
        Self {
            kubeflow: plan.kubeflow,
            kserve: plan.kserve,
            control_plane: plan.control_plane,
            extras: plan.extras.clone(),
            manifests: plan.manifests.clone(),
        }
    }
}

/// A world in which the plan's objects are installed, and nothing else has happened. Must be called inside a tokio runtime with a paused clock.
///
/// # Errors
/// When an object cannot be installed.
pub(crate) async fn laid(plan: &Plan) -> Result<(World, Ground), EnvError> {
    static WORLDS: Mutex<Vec<(Installed, World, Ground)>> = Mutex::new(Vec::new());
    let installed = Installed::of(plan);
    let known = |worlds: &[(Installed, World, Ground)]| {
        let found = worlds.iter().find(|(other, ..)| *other == installed);
        found.map(|(_, world, ground)| (world.clone(), ground.clone()))
    };
    if let Some(found) = known(&WORLDS.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Ok(found);
    }
    // Others may do the same meanwhile, and come to the same.
    let (world, ground) = make(plan).await?;
    let mut worlds = WORLDS.lock().unwrap_or_else(PoisonError::into_inner);
    if known(&worlds).is_none() {
        worlds.push((installed, world.clone(), ground.clone()));
    }
    Ok((world, ground))
}

async fn make(plan: &Plan) -> Result<(World, Ground), EnvError> {
    let server = ApiServer::builder().build();
    let server =
        server.map_err(|error| EnvError::Prepare { what: "the API server".to_owned(), why: error.to_string() })?;
    let cluster = Cluster::new(transport(server.service()), QUIET);
    let site = Site::embedded(&server);
    let controllers = site.controllers().map(|options| proofmark_controllers::start(site.client(), options));
    if let Some(controllers) = &controllers {
        controllers.ready().await;
    }
    let ground = Ground::lay(&cluster, plan).await?;
    cluster.settle().await;
    drop(controllers);
    Ok((server.world(), ground))
}
