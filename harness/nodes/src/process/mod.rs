//! What runs in containers.
//!
//! [`Images`] says by an image's name what a container of it does: a [`Process`], which is a [`Script`] or any async function. The process gets its
//! [`Container`]: environment, arguments, files, a log to write to, ports to open, the signal to stop. It ends with an [`Exit`].
//!
//! ```
//! use proofmark_nodes::process::{Container, Exit, Image, Images, Script};
//! use std::time::Duration;
//!
//! let images = Images::default()
//!     .with("example.com/crash:*", Image::new(Script::new().log("no model").after(Duration::from_secs(2)).exit(1)))
//!     .with("example.com/copy", Image::new(|container: Container| async move {
//!         match container.files.read("/etc/source/config").await {
//!             Ok(bytes) => { container.log.stdout(&String::from_utf8_lossy(&bytes)); Exit::code(0) }
//!             Err(error) => { container.log.stderr(&error.to_string()); Exit::code(1) }
//!         }
//!     }))
//!     .with("*/gone/*", Image::missing("manifest unknown"));
//! # drop(images);
//! ```

mod container;
mod files;
mod image;
mod neighbours;
mod ports;
mod script;

pub use container::{Container, ContainerParts, Exec, ExecOutput, PodIdentity};
pub use files::{FileError, Files};
pub(crate) use files::{Memory, Mount, Refresh, Refreshed, Volume, clean};
pub(crate) use image::repository;
pub use image::{Image, Images, Pull};
pub(crate) use neighbours::Neighbours;
pub use ports::{Dial, Handler, HttpFuture, Listener, Ports};
pub use script::Script;

use std::future::Future;
use std::pin::Pin;

/// A process that runs.
pub type Running = Pin<Box<dyn Future<Output = Exit> + Send>>;

/// What a container's image runs.
pub trait Process: Send + Sync + 'static {
    /// Runs in a container until it ends by itself. When it is killed (SIGKILL) the future is dropped where it stands.
    fn run(&self, container: Container) -> Running;
}

impl<F, R> Process for F
where
    F: Fn(Container) -> R + Send + Sync + 'static,
    R: Future<Output = Exit> + Send + 'static,
{
    fn run(&self, container: Container) -> Running {
        Box::pin(self(container))
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// 0 is success; 128 + n means ended by signal n.
    pub code: i32,
    /// Whether the kernel killed it for its memory.
    pub out_of_memory: bool,
}

impl Exit {
    /// Ended by itself.
    pub fn code(code: i32) -> Self {
        Self { code, out_of_memory: false }
    }

    /// Killed for using more memory than its limit.
    pub fn out_of_memory() -> Self {
        Self { code: 137, out_of_memory: true }
    }

    /// Ended by SIGKILL.
    pub(crate) fn killed() -> Self {
        Self::code(137)
    }

    /// The word in a container's status.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self { out_of_memory: true, .. } => "OOMKilled",
            Self { code: 0, .. } => "Completed",
            Self { .. } => "Error",
        }
    }
}
