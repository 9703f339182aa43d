//! Where a run's clusters come from.

use std::any::Any;
use std::future;
use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use proofmark_mesh::Gateway;
use tokio::runtime::Runtime;

use crate::{Aws, Cluster, EnvError, LeftOut, Plan, Web};

/// A disposable world: one cluster, perhaps a cloud, and whatever runs beside them. [`Universe::end`] ends it.
pub struct Universe {
    /// The way in.
    pub cluster: Cluster,
    /// The cloud beside it, if the plan asks for one.
    pub cloud: Option<Aws>,
    /// The way into its pods, if it runs any.
    pub gateway: Option<Gateway>,
    /// What of the plan was not installed.
    pub left_out: Vec<LeftOut>,
    _keep: Box<dyn Any>,
    ending: Option<Ending>,
}

/// What is left to do when a universe ends.
type Ending = Box<dyn FnOnce() -> LocalBoxFuture<'static, Result<(), EnvError>>>;

impl Universe {
    /// A universe around a cluster. `keep` is what must live as long as it does, such as running controllers.
    pub fn new(cluster: Cluster, keep: impl Any) -> Self {
        Self { cluster, cloud: None, gateway: None, left_out: Vec::new(), _keep: Box::new(keep), ending: None }
    }

    /// The same, with something left to do at its end.
    #[must_use]
    pub fn ending(mut self, ending: impl FnOnce() -> LocalBoxFuture<'static, Result<(), EnvError>> + 'static) -> Self {
        self.ending = Some(Box::new(ending));
        self
    }

    /// HTTP to its pods, if it runs any.
    pub fn web(&self) -> Option<Web> {
        self.gateway.as_ref().map(|gateway| Web::new(gateway.clone(), &self.cluster))
    }

    /// Ends it. Where dropping it would do, this is the same; a cluster that stays is cleaned up.
    ///
    /// # Errors
    /// [`EnvError::LeftBehind`] when something could not be taken away.
    pub async fn end(self) -> Result<(), EnvError> {
        match self.ending {
            Some(ending) => ending().await,
            None => Ok(()),
        }
    }
}

/// Builds universes.
pub trait Environment: Send + Sync {
    /// The tokio runtime that one universe lives in: of the calling thread, and with a clock of its own where time is simulated.
    ///
    /// # Errors
    /// When the operating system refuses what the runtime needs.
    fn runtime(&self) -> io::Result<Runtime>;

    /// How many universes there may be at once; any number unless told.
    fn at_once(&self) -> Option<NonZeroUsize> {
        None
    }

    /// How long a case may take, on a real clock: what waits for an answer that never comes must not keep the others from being played. None where time is
    /// simulated, which costs nothing.
    fn case_limit(&self) -> Option<Duration> {
        None
    }

    /// Builds a universe; called inside [`Environment::runtime`].
    ///
    /// # Errors
    /// [`EnvError::Prepare`] when a part of it does not come up, [`EnvError::Unsupported`] when the plan asks for what there is none of here.
    fn prepare(&self, plan: Plan) -> LocalBoxFuture<'_, Result<Universe, EnvError>>;

    /// Takes away what was left for further universes, where none of them come any more; called inside [`Environment::runtime`].
    ///
    /// # Errors
    /// [`EnvError::LeftBehind`] when something could not be taken away.
    fn finish(&self) -> LocalBoxFuture<'_, Result<(), EnvError>> {
        future::ready(Ok(())).boxed_local()
    }
}

/// A runtime of the calling thread whose clock stands still while there is work and then jumps to the next timer.
///
/// # Errors
/// When the operating system refuses what the runtime needs.
pub fn simulated_runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
}

/// A runtime of the calling thread on the real clock, with sockets.
///
/// # Errors
/// When the operating system refuses what the runtime needs.
pub(crate) fn real_runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
