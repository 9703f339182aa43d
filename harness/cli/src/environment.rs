//! The environment that the command line names.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proofmark_env::envtest::{Assets, Envtest};
use proofmark_env::kind::{self, Kind, KindPlan};
use proofmark_env::kubeconfig::{self, Distribution, Kubeconfig, Needs};
use proofmark_env::{Embedded, EnvError, Environment};
use proofmark_manifests::{ManifestSet, Source, load};
use serde_json::json;

use crate::args::{DeploymentMode, EnvironmentArgs, EnvironmentName, KindArgs};
use crate::error::ExpectedError;
use crate::{random, tell};

/// Where a run is played.
pub(crate) struct Place {
    /// Builds the universes.
    pub(crate) environment: Box<dyn Environment>,
    /// The cluster on which what is played against is installed already.
    pub(crate) installed: Option<Kubeconfig>,
}

/// The environment, ready to build universes. Making one ends early once `interrupted` is set.
pub(crate) fn of(args: &EnvironmentArgs, quiet: bool, interrupted: &Arc<AtomicBool>) -> Result<Place, ExpectedError> {
    let place = |environment| Place { environment, installed: None };
    Ok(match (args.env, &args.kubeconfig) {
        (EnvironmentName::Envtest, _) => place(Box::new(Envtest::new(Assets::find(args.assets.as_deref())?))),
        (EnvironmentName::Kubeconfig, Some(file)) => {
            let cluster = open(file, args.context.as_deref())?;
            check(&cluster, Needs::Install)?;
            place(Box::new(cluster))
        }
        (EnvironmentName::Kind, _) => {
            let told: kind::Told =
                if quiet { Arc::new(|_| {}) } else { Arc::new(|line| tell::line(format_args!("kind: {line}"))) };
            let made = Kind::start(args.kind.plan(), &random::hexadecimal::<6>()?, told, interrupted)?;
            check(made.cluster(), Needs::Install)?;
            let installed = (!args.kind.install.is_empty()).then(|| made.cluster().clone());
            Place { environment: Box::new(made), installed }
        }
        _ => place(Box::new(Embedded)),
    })
}

impl EnvironmentArgs {
    /// An option that only makes sense for kind, if one is given for something else.
    pub(crate) fn misplaced(&self) -> Option<&'static str> {
        let KindArgs { install, deployment_mode: _, load_image, node_image, cluster_name: _, retain, dry_run } =
            &self.kind;
        let given = [
            ("--install", !install.is_empty()),
            ("--load-image", !load_image.is_empty()),
            ("--node-image", node_image.is_some()),
            ("--retain", *retain),
            ("--dry-run", *dry_run),
        ];
        given.into_iter().find(|(_, given)| *given && self.env != EnvironmentName::Kind).map(|(option, _)| option)
    }
}

impl KindArgs {
    /// The cluster that they describe.
    pub(crate) fn plan(&self) -> KindPlan {
        KindPlan {
            name: self.cluster_name.clone(),
            node_image: self.node_image.clone(),
            images: self.load_image.clone(),
            install: self.install.clone(),
            deployment_mode: self.deployment_mode.map(|mode| match mode {
                DeploymentMode::Raw => kind::DeploymentMode::Raw,
                DeploymentMode::Knative => kind::DeploymentMode::Knative,
            }),
            retain: self.retain,
        }
    }
}

/// A cluster, by its kubeconfig, for a run whose name nobody has used before.
pub(crate) fn open(file: &Path, context: Option<&str>) -> Result<Kubeconfig, ExpectedError> {
    Ok(Kubeconfig::open(file, context, random::hexadecimal::<6>()?)?)
}

/// Refuses a cluster on which something that is needed is not allowed, before anything is made there.
pub(crate) fn check(cluster: &Kubeconfig, needs: Needs) -> Result<(), ExpectedError> {
    let missing = within(cluster, async || kubeconfig::missing(&cluster.cluster()?, needs).await)?;
    if missing.is_empty() { Ok(()) } else { Err(ExpectedError::NotAllowed { cluster: cluster.url(), missing, needs }) }
}

/// What a cluster has, as read from it and as manifests.
pub(crate) fn distribution(cluster: &Kubeconfig) -> Result<(Distribution, ManifestSet), ExpectedError> {
    let distribution = within(cluster, async || kubeconfig::read(&cluster.cluster()?).await)?;
    let list = json!({"apiVersion": "v1", "kind": "List", "items": distribution.objects});
    let manifests = load(&[Source::Stdin(list.to_string())]).map_err(ExpectedError::Manifests)?;
    Ok((distribution, manifests))
}

/// Does something in the environment's own runtime.
pub(crate) fn within<T>(
    cluster: &Kubeconfig,
    work: impl AsyncFnOnce() -> Result<T, EnvError>,
) -> Result<T, ExpectedError> {
    let runtime = cluster.runtime().map_err(|source| ExpectedError::System { what: "start a runtime", source })?;
    runtime.block_on(work()).map_err(|error| match error {
        EnvError::Transport(why) => ExpectedError::Unreachable { cluster: cluster.url(), why },
        other => other.into(),
    })
}
