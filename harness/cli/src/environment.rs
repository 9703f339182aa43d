//! The environment that the command line names.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proofmark_env::envtest::{Assets, Envtest};
use proofmark_env::kind::{self, Kind, KindPlan};
use proofmark_env::kubeconfig::{self, Distribution, Kubeconfig, Needs};
use proofmark_env::{Embedded, EnvError, Environment};
use proofmark_json::Value;
use proofmark_manifests::{ManifestSet, Source, load, to_yaml};
use proofmark_replay::Target;

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

impl Place {
    /// Takes away what cases have left for each other.
    pub(crate) fn finish(&self) -> Result<(), ExpectedError> {
        let failed = |source| ExpectedError::System { what: "start a runtime", source };
        let finished = self.environment.runtime().map_err(failed)?.block_on(self.environment.finish());
        finished.map_err(ExpectedError::NotLeftAsFound)
    }
}

/// The environment, ready to build universes for these targets. Making one ends early once `interrupted` is set.
pub(crate) fn of(
    args: &EnvironmentArgs,
    targets: &[Target],
    quiet: bool,
    interrupted: &Arc<AtomicBool>,
) -> Result<Place, ExpectedError> {
    let place = |environment| Place { environment, installed: None };
    Ok(match (args.env, &args.kubeconfig) {
        (EnvironmentName::Envtest, _) => place(Box::new(Envtest::new(Assets::find(args.assets.as_deref())?))),
        (EnvironmentName::Kubeconfig, Some(file)) => {
            let cluster = open(file, args.context.as_deref(), random::hexadecimal::<6>()?)?;
            let cluster = args.reached_at.iter().fold(cluster, Kubeconfig::reached_at);
            if args.read_only {
                let cluster = cluster.read_only();
                Place { environment: Box::new(cluster.clone()), installed: Some(cluster) }
            } else {
                check(&cluster, Needs::Install)?;
                check_free(&cluster, targets)?;
                place(Box::new(cluster))
            }
        }
        (EnvironmentName::Kind, _) => {
            let told: kind::Told =
                if quiet { Arc::new(|_| {}) } else { Arc::new(|line| tell::line(format_args!("kind: {line}"))) };
            let made = Kind::start(args.kind.plan(), &random::hexadecimal::<6>()?, told, interrupted)?;
            let made = args.reached_at.iter().fold(made, Kind::reached_at);
            check(made.cluster(), Needs::Install)?;
            let installed = (!args.kind.install.is_empty()).then(|| made.cluster().clone());
            Place { environment: Box::new(made), installed }
        }
        _ => place(Box::new(Embedded)),
    })
}

impl EnvironmentArgs {
    /// An option that makes no sense where it is played, and where it would.
    pub(crate) fn misplaced(&self) -> Option<(&'static str, &'static str)> {
        let KindArgs { install, deployment_mode: _, load_image, node_image, cluster_name: _, retain, dry_run } =
            &self.kind;
        let options = [
            ("--kubeconfig", self.kubeconfig.is_some(), "kubeconfig"),
            ("--context", self.context.is_some(), "kubeconfig"),
            ("--read-only", self.read_only, "kubeconfig"),
            ("--reached-at", self.reached_at.is_some(), "kubeconfig or kind"),
            ("--install", !install.is_empty(), "kind"),
            ("--load-image", !load_image.is_empty(), "kind"),
            ("--node-image", node_image.is_some(), "kind"),
            ("--retain", *retain, "kind"),
            ("--dry-run", *dry_run, "kind"),
        ];
        let fits = |wanted: &str| match self.env {
            EnvironmentName::Kubeconfig => wanted.starts_with("kubeconfig"),
            EnvironmentName::Kind => wanted.ends_with("kind"),
            EnvironmentName::Embedded | EnvironmentName::Envtest => false,
        };
        let (option, _, wanted) = options.into_iter().find(|(_, given, wanted)| *given && !fits(wanted))?;
        Some((option, wanted))
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

/// A cluster, by its kubeconfig, for a run of this name, which nobody has used before.
pub(crate) fn open(file: &Path, context: Option<&str>, run: String) -> Result<Kubeconfig, ExpectedError> {
    std::fs::File::open(file).map_err(|source| ExpectedError::Read { file: file.to_owned(), source })?;
    Kubeconfig::open(file, context, run).map_err(|error| match error {
        EnvError::Kubeconfig(why) => ExpectedError::NoCluster(why),
        other => other.into(),
    })
}

/// Refuses a cluster on which something that is needed is not allowed, or on which an earlier run left something, before anything is made there.
pub(crate) fn check(cluster: &Kubeconfig, needs: Needs) -> Result<(), ExpectedError> {
    let missing = within(cluster, async || kubeconfig::missing(&cluster.cluster()?, needs).await)?;
    if !missing.is_empty() {
        return Err(ExpectedError::NotAllowed { cluster: cluster.url(), missing, needs });
    }
    let left = within(cluster, async || kubeconfig::find(&cluster.cluster()?, None, Some(needs)).await)?.objects;
    if left.is_empty() {
        return Ok(());
    }
    let runs: BTreeSet<&str> = left.iter().map(|leftover| leftover.run.as_str()).collect();
    let runs = runs.into_iter().collect::<Vec<_>>().join(", ");
    Err(ExpectedError::LeftBehind { cluster: cluster.url(), objects: left.len(), runs })
}

/// Refuses a cluster that has what would be installed.
fn check_free(cluster: &Kubeconfig, targets: &[Target]) -> Result<(), ExpectedError> {
    let plans = targets.iter().map(|target| &target.plan).filter(|plan| !plan.installed);
    let taken = within(cluster, async || kubeconfig::taken(&cluster.cluster()?, plans).await)?;
    let Some(kind) = taken.first().cloned() else { return Ok(()) };
    Err(ExpectedError::Installed { cluster: cluster.url(), kind, others: taken.len() - 1 })
}

/// What a cluster has, as read from it and as manifests.
pub(crate) fn distribution(cluster: &Kubeconfig) -> Result<(Distribution, ManifestSet), ExpectedError> {
    let distribution = within(cluster, async || kubeconfig::read(&cluster.cluster()?).await)?;
    let sources: Vec<Source> = distribution.objects.iter().map(source).collect();
    let manifests = load(&sources).map_err(ExpectedError::Manifests)?;
    Ok((distribution, manifests))
}

/// An object of a cluster as `kubectl get -o yaml` shows it, so that a finding's line is one that can be looked up.
fn source(object: &Value) -> Source {
    let part = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let name = match part("/metadata/namespace") {
        "" => format!("{}/{}", part("/kind"), part("/metadata/name")),
        namespace => format!("{}/{namespace}/{}", part("/kind"), part("/metadata/name")),
    };
    Source::Text(name.into(), to_yaml(object))
}

/// Does something in the environment's own runtime.
pub(crate) fn within<T>(
    cluster: &Kubeconfig,
    work: impl AsyncFnOnce() -> Result<T, EnvError>,
) -> Result<T, ExpectedError> {
    let runtime = cluster.runtime().map_err(|source| ExpectedError::System { what: "start a runtime", source })?;
    runtime.block_on(work()).map_err(|error| match error {
        EnvError::Transport(why) => ExpectedError::Unreachable { cluster: cluster.url(), why },
        EnvError::Kubeconfig(why) => ExpectedError::NoCluster(why),
        EnvError::Refused { what, status, message } => {
            ExpectedError::Refused { cluster: cluster.url(), status, why: format!("{what}: {status}: {message}") }
        }
        other => other.into(),
    })
}
