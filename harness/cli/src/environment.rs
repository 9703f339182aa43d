//! The environment that the command line names.

use proofmark_env::envtest::{Assets, Envtest};
use proofmark_env::{Embedded, Environment};

use crate::args::{EnvironmentArgs, EnvironmentName};
use crate::error::ExpectedError;

/// The environment, ready to build universes.
pub(crate) fn of(args: &EnvironmentArgs) -> Result<Box<dyn Environment>, ExpectedError> {
    Ok(match args.env {
        EnvironmentName::Embedded => Box::new(Embedded),
        EnvironmentName::Envtest => Box::new(Envtest::new(Assets::find(args.assets.as_deref())?)),
    })
}
