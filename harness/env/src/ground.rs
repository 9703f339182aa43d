//! What a universe stands on: the objects of its plan, installed.
//!
//! What is installed follows from the plan alone, and a run plays many cases on few plans. So in this process a plan's objects are installed once,
//! with Kubernetes' controllers around them until they are at rest, and every universe begins as a fork of that world. Only random names differ.
//! The kinds of a release of KServe, which are most of what a plan's objects weigh, are the same in many plans, whatever else these bring: they are a world
//! below these.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use proofmark_apiserver::{ApiServer, World};
use proofmark_json::Value;
use proofmark_kserve::extras::Project;
use proofmark_kserve::{Flavor, Release};
use proofmark_kubeflow::KubeflowRelease;
use tokio::sync::OnceCell;

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
        Self::complete(cluster, plan, &[]).await
    }

    /// Installs a plan's objects, of KServe's kinds those that are not there yet: all or none.
    async fn complete(cluster: &Cluster, plan: &Plan, there: &[String]) -> Result<Self, EnvError> {
        let objects = if there.is_empty() { plan.objects() } else { plan.beside_kinds() };
        let kinds = objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition");
        let kinds = kinds.filter_map(|object| object["metadata"]["name"].as_str());
        let kinds = kinds.chain(there.iter().map(String::as_str)).map(str::to_owned).collect();
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
    without: Vec<Project>,
    manifests: Vec<Value>,
}

impl Installed {
    fn of(plan: &Plan) -> Self {
        Self {
            kubeflow: plan.kubeflow,
            kserve: plan.kserve,
            control_plane: plan.control_plane,
            extras: plan.extras.clone(),
            without: plan.without.clone(),
            manifests: plan.manifests.clone(),
        }
    }
}

/// Worlds by what is installed in them.
type Kept<K, V> = Mutex<Vec<(K, Arc<OnceCell<V>>)>>;

/// What is kept under a key. Who comes while it is being made waits for it: the cases of a release begin at the same time.
async fn kept<K: PartialEq, V: Clone>(
    worlds: &Kept<K, V>,
    key: K,
    make: impl Future<Output = Result<V, EnvError>>,
) -> Result<V, EnvError> {
    let world = {
        let mut worlds = worlds.lock().unwrap_or_else(PoisonError::into_inner);
        // From the end: what is large to compare is mostly like what came last.
        match worlds.iter().rev().find(|(known, _)| *known == key) {
            Some((_, world)) => world.clone(),
            None => {
                let world = Arc::<OnceCell<V>>::default();
                worlds.push((key, world.clone()));
                world
            }
        }
    };
    world.get_or_try_init(|| make).await.cloned()
}

/// A world in which the plan's objects are installed, and nothing else has happened. Must be called inside a tokio runtime with a paused clock.
///
/// # Errors
/// When an object cannot be installed.
pub(crate) async fn laid(plan: &Plan) -> Result<(World, Ground), EnvError> {
    static WORLDS: Kept<Installed, (World, Ground)> = Mutex::new(Vec::new());
    kept(&WORLDS, Installed::of(plan), async {
        let (world, there) = match plan.kserve {
            Some(release) => kinds(release, plan.flavor()).await?,
            None => (bare().await?, Arc::default()),
        };
        grown(Some(world), async |cluster| Ground::complete(cluster, plan, &there).await).await
    })
    .await
}

/// A world, and the names of the definitions that are in it.
type Kinds = (World, Arc<[String]>);

/// A world in which the kinds of a release of KServe are defined, and their names. Releases that define the same have one world.
async fn kinds(release: Release, flavor: Flavor) -> Result<Kinds, EnvError> {
    static OF_RELEASES: Kept<(Release, Flavor), Kinds> = Mutex::new(Vec::new());
    static WORLDS: Kept<Vec<Value>, Kinds> = Mutex::new(Vec::new());
    kept(&OF_RELEASES, (release, flavor), async {
        let objects = proofmark_kserve::install::kinds(release, flavor);
        let made = async {
            let (world, _) = grown(Some(bare().await?), async |cluster| install(cluster, &objects).await).await?;
            let names = objects.iter().filter_map(|object| object["metadata"]["name"].as_str());
            Ok((world, names.map(str::to_owned).collect()))
        };
        kept(&WORLDS, objects.clone(), made).await
    })
    .await
}

/// A world with what every cluster has.
async fn bare() -> Result<World, EnvError> {
    static WORLDS: Kept<(), World> = Mutex::new(Vec::new());
    let made = async { grown(None, async |_| Ok(())).await.map(|(world, ())| world) };
    kept(&WORLDS, (), made).await
}

/// A world in which this was done after another one, or on an empty server, and Kubernetes' controllers have come to rest.
async fn grown<T>(
    below: Option<World>,
    act: impl AsyncFnOnce(&Cluster) -> Result<T, EnvError>,
) -> Result<(World, T), EnvError> {
    let builder = ApiServer::builder();
    let server = match below {
        Some(world) => builder.world(world),
        None => builder,
    };
    let server = server
        .build()
        .map_err(|error| EnvError::Prepare { what: "the API server".to_owned(), why: error.to_string() })?;
    let cluster = Cluster::new(transport(server.service()), QUIET);
    let site = Site::embedded(&server);
    let controllers = site.controllers().map(|options| proofmark_controllers::start(site.client(), options));
    if let Some(controllers) = &controllers {
        controllers.ready().await;
    }
    let done = act(&cluster).await?;
    cluster.settle().await;
    drop(controllers);
    Ok((server.world(), done))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use proofmark_kubeflow::KubeflowRelease;

    use super::{Ground, Plan, grown};
    use crate::simulated_runtime;

    /// All that a newly installed plan holds, as a file.
    fn installed(plan: &Plan) -> Vec<u8> {
        simulated_runtime().unwrap().block_on(async {
            let (bare, ()) = grown(None, async |_| Ok(())).await.unwrap();
            let lay = async |cluster: &_| Ground::complete(cluster, plan, &[]).await;
            let (world, _) = grown(Some(bare), lay).await.unwrap();
            let mut file = Vec::new();
            world.write(&mut file).unwrap();
            file
        })
    }

    #[test]
    fn a_plan_gives_one_world_every_time() {
        let plan = Plan::kubeflow(KubeflowRelease::latest());
        let worlds = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| installed(&plan))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(worlds.iter().all(|world| *world == worlds[0]), "what is installed differs from time to time");
    }
}
