//! The environment that the command line names.

use std::path::Path;

use proofmark_env::envtest::{Assets, Envtest};
use proofmark_env::kubeconfig::{self, Kubeconfig, Needs};
use proofmark_env::{Embedded, Environment};

use crate::args::{EnvironmentArgs, EnvironmentName};
use crate::error::ExpectedError;
use crate::random;

/// The environment, ready to build universes.
pub(crate) fn of(args: &EnvironmentArgs) -> Result<Box<dyn Environment>, ExpectedError> {
    Ok(match (args.env, &args.kubeconfig) {
        (EnvironmentName::Envtest, _) => Box::new(Envtest::new(Assets::find(args.assets.as_deref())?)),
        (EnvironmentName::Kubeconfig, Some(file)) => {
            let cluster = open(file, args.context.as_deref())?;
            check(&cluster, Needs::Install)?;
            Box::new(cluster)
        }
        _ => Box::new(Embedded),
    })
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

/// Does something in the environment's own runtime.
pub(crate) fn within<T>(
    cluster: &Kubeconfig,
    work: impl AsyncFnOnce() -> Result<T, proofmark_env::EnvError>,
) -> Result<T, ExpectedError> {
    let runtime = cluster.runtime().map_err(|source| ExpectedError::System { what: "start a runtime", source })?;
    Ok(runtime.block_on(work())?)
}
