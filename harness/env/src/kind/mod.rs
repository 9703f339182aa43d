//! The environment of kind: a cluster in containers of this machine, made for one run and gone after it.
//!
//! Everything that happens to the cluster is a command of `kind` or `kubectl`, which the user has: see [`plan`] for the list and [`command`] for how one
//! is run. What a user wants on it (cert-manager, Istio, Knative, KServe, an object store) is given as files and URLs of his own and installed by kubectl in the order given; nothing
//! here knows where a release is to be had. Then the cluster is played on like any other (see [`kubeconfig`](crate::kubeconfig)).
//!
//! The cluster is deleted when [`Kind`] is dropped, also after an error and after Ctrl-C. A run that is killed leaves it; `kind get clusters` shows it then.

mod command;
mod plan;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use tempfile::TempDir;
use thiserror::Error;
use tokio::runtime::Runtime;

use crate::kubeconfig::Kubeconfig;
use crate::{EnvError, Environment, Plan, Universe, real_runtime};
use command::{Commands, Failure};
pub use plan::{DeploymentMode, KindPlan};

/// The oldest kind that this was written for: its node images are of Kubernetes 1.27, whose oldest neighbour still serves all that is asked of it here.
const OLDEST: (u32, u32) = (0, 20);

/// Why there is no cluster.
#[derive(Debug, Error)]
pub enum KindError {
    /// A program is not there.
    #[error("`{0}` is not on the path")]
    Absent(String),
    /// A kind that is too old, or says something that is no version.
    #[error("kind says {0:?}, but 0.20 or later is needed")]
    Version(String),
    /// There is nothing that kind could run containers with.
    #[error("kind reaches no container engine: {0}")]
    NoEngine(String),
    /// The name is taken.
    #[error("there is a kind cluster {0:?} already")]
    Taken(String),
    /// A command failed.
    #[error("{what} failed: {why}")]
    Failed {
        /// What was being done.
        what: String,
        /// The command's last words.
        why: String,
    },
    /// A command took too long.
    #[error("{what} was not done after {minutes} minutes: {why}")]
    TooLong {
        /// What was being done.
        what: String,
        /// How long it was waited for.
        minutes: u64,
        /// The command's last words.
        why: String,
    },
    /// Somebody wants the run to end.
    #[error("interrupted")]
    Interrupted,
    /// The machine refuses something, or the cluster cannot be used.
    #[error(transparent)]
    Environment(#[from] EnvError),
}

impl KindError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Absent(program) if program == "kind" => {
                Some("https://kind.sigs.k8s.io tells how to install it".to_owned())
            }
            Self::Absent(_) => Some("https://kubernetes.io/docs/tasks/tools tells how to install it".to_owned()),
            Self::Version(_) => Some("https://kind.sigs.k8s.io tells how to install a newer one".to_owned()),
            Self::NoEngine(_) => Some(
                "start Docker, or name another engine with KIND_EXPERIMENTAL_PROVIDER=podman or nerdctl".to_owned(),
            ),
            Self::Taken(name) => Some(format!(
                "choose another name with --cluster-name, or delete that one with `kind delete cluster --name {name}`"
            )),
            _ => None,
        }
    }
}

impl From<Failure> for KindError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Absent(program) => Self::Absent(program),
            Failure::Failed { what, why } => Self::Failed { what, why },
            Failure::TooLong { what, minutes, why } => Self::TooLong { what, minutes, why },
            Failure::Interrupted => Self::Interrupted,
        }
    }
}

/// Who is told what is being done, a line at a time.
pub type Told = Arc<dyn Fn(&str) + Send + Sync>;

/// A cluster that kind made. Dropping it deletes it, unless it shall stay.
pub struct Kind {
    cluster: Kubeconfig,
    _standing: Standing,
}

/// A cluster that stands.
struct Standing {
    plan: KindPlan,
    told: Told,
    folder: TempDir,
}

impl Kind {
    /// Makes the cluster and installs what the plan says. `run` is the name by which what is made there will be known. Must not be called inside of
    /// a runtime. Once `interrupted` is set, the command that is under way is ended.
    ///
    /// # Errors
    /// [`KindError`]; what was made is taken away then.
    pub fn start(plan: KindPlan, run: &str, told: Told, interrupted: &Arc<AtomicBool>) -> Result<Self, KindError> {
        let failed = |why: io::Error| EnvError::Prepare { what: "kind".to_owned(), why: why.to_string() };
        let folder = tempfile::Builder::new().prefix("proofmark-kind-").tempdir().map_err(failed)?;
        let kubeconfig = folder.path().join("kubeconfig");
        let commands = Commands::new(&kubeconfig, told.clone()).until(interrupted.clone());
        let runtime = real_runtime().map_err(failed)?;
        runtime.block_on(check(&commands, &plan))?;
        // From here on there may be parts of a cluster. They are taken away outside of this runtime.
        let standing = Standing { plan, told, folder };
        runtime.block_on(async {
            for step in standing.plan.build() {
                commands.run(&step).await?;
            }
            Ok::<_, KindError>(())
        })?;
        Ok(Self { cluster: Kubeconfig::open(&kubeconfig, None, run)?, _standing: standing })
    }

    /// Has the cluster call webhooks in this process, which it reaches at this name or address of the machine.
    #[must_use]
    pub fn reached_at(mut self, host: impl Into<String>) -> Self {
        self.cluster = self.cluster.reached_at(host);
        self
    }

    /// The cluster, as one of a kubeconfig.
    pub fn cluster(&self) -> &Kubeconfig {
        &self.cluster
    }
}

/// Refuses what cannot work before anything is made.
async fn check(commands: &Commands, plan: &KindPlan) -> Result<(), KindError> {
    let version = commands.run(&plan::version()).await?;
    if !is_new_enough(&version) {
        return Err(KindError::Version(version.trim().to_owned()));
    }
    commands.run(&plan::client()).await?;
    let clusters = commands.run(&plan::clusters()).await.map_err(|failure| match failure {
        Failure::Failed { why, .. } | Failure::TooLong { why, .. } => KindError::NoEngine(why),
        other => other.into(),
    })?;
    match clusters.lines().any(|line| line == plan.name) {
        true => Err(KindError::Taken(plan.name.clone())),
        false => Ok(()),
    }
}

/// Whether this is what `kind version` says of a kind that will do: `kind v0.29.0 go1.24.2 linux/amd64`.
fn is_new_enough(said: &str) -> bool {
    let version = said.split_whitespace().nth(1).and_then(|word| word.strip_prefix('v')).unwrap_or_default();
    let mut numbers = version.split(['.', '-', '+']).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= OLDEST,
        _ => false,
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        let name = &self.plan.name;
        if self.plan.retain {
            (self.told)(&format!("kept the cluster: `kind export kubeconfig --name {name}` leads to it"));
            return;
        }
        let commands = Commands::new(&self.folder.path().join("kubeconfig"), self.told.clone());
        let deleted = real_runtime().map_err(|error| error.to_string()).and_then(|runtime| {
            runtime.block_on(commands.run(&self.plan.delete())).map_err(|failure| KindError::from(failure).to_string())
        });
        if let Err(why) = deleted {
            (self.told)(&format!("left behind: {why}; `kind delete cluster --name {name}` takes it away"));
        }
    }
}

impl Environment for Kind {
    fn runtime(&self) -> io::Result<Runtime> {
        self.cluster.runtime()
    }

    fn prepare(&self, plan: Plan) -> LocalBoxFuture<'_, Result<Universe, EnvError>> {
        self.cluster.prepare(plan)
    }

    fn at_once(&self) -> Option<NonZeroUsize> {
        self.cluster.at_once()
    }

    fn case_limit(&self) -> Option<Duration> {
        Environment::case_limit(&self.cluster)
    }

    fn finish(&self) -> LocalBoxFuture<'_, Result<(), EnvError>> {
        self.cluster.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_kinds_are_refused() {
        let table = [
            ("kind v0.20.0 go1.20.4 linux/amd64\n", true),
            ("kind v0.32.0-alpha+1 go1.26 darwin/arm64\n", true),
            ("kind v1.0.0 go1.26 linux/amd64", true),
            ("kind v0.19.0 go1.20.4 linux/amd64", false),
            ("0.29.0", false),
            ("", false),
        ];
        for (said, enough) in table {
            assert_eq!(is_new_enough(said), enough, "{said}");
        }
    }
}
