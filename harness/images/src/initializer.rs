//! The storage initializer as a container: `<uri> <directory> ...` in, files and an exit code out.

use std::sync::Arc;

use proofmark_model_loader::{Output, run};
use proofmark_nodes::process::{Container, Exit, Process, Running};

use crate::Outside;
use crate::host::host;
use crate::tag;

/// Loads models as the release that the image's tag names does.
pub(crate) struct StorageInitializer(pub(crate) Outside);

impl Process for StorageInitializer {
    fn run(&self, container: Container) -> Running {
        Box::pin(initialize(self.0.clone(), container))
    }
}

/// Python, as the first process of a container, does not react to SIGTERM: nothing here listens to it.
async fn initialize(outside: Outside, container: Container) -> Exit {
    let (release, remark) = tag::release("storage initializer", &container.image, outside.release);
    if let Some(remark) = remark {
        container.log.stderr(&remark);
    }
    let host = match host(&outside, &container).await {
        Ok(host) => host,
        Err(error) => {
            container.log.stderr(&error.to_string());
            return Exit::code(1);
        }
    };
    let log = container.log.clone();
    let sink = move |output: Output, line: &str| match output {
        Output::Stdout => log.stdout(line),
        Output::Stderr => log.stderr(line),
    };
    Exit::code(run(release, &container.args, &host, Arc::new(sink)).await.exit)
}
