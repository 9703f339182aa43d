//! A container as what a loader runs on.

mod files;

use std::sync::Arc;

use proofmark_model_loader::files::Memory;
use proofmark_model_loader::{Environment, Host};
use proofmark_nodes::process::{Container, FileError};

use crate::Outside;
use files::ContainerFiles;

/// The container's variables, clock and files, and the network outside of it. What a loader writes is in the container when the host is dropped.
///
/// # Errors
/// When a volume's files cannot be brought up to date.
pub(crate) async fn host(outside: &Outside, container: &Container) -> Result<Host, FileError> {
    let files = Arc::new(ContainerFiles::of(&container.files).await?);
    Ok(Host { files, ..without_files(outside, container) })
}

/// The same for who works without files: there are none.
pub(crate) fn without_files(outside: &Outside, container: &Container) -> Host {
    let clock = container.clone();
    Host {
        environment: Environment::from_iter(container.env.clone()),
        files: Arc::new(Memory::default()),
        network: outside.network.clone(),
        clock: Arc::new(move || clock.now()),
        authorities: outside.authorities.clone(),
    }
}
