//! Lifecycle hooks (`pkg/kubelet/lifecycle/handlers.go`).

use std::time::Duration;

use k8s_openapi::api::core::v1::{self as core, LifecycleHandler};

use super::probe;
use crate::process::Container;

/// How long an HTTP hook may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a hook; an error says why it failed.
pub(super) async fn run(container: &Container, spec: &core::Container, hook: &LifecycleHandler) -> Result<(), String> {
    if let Some(exec) = &hook.exec {
        let done = container.execute(exec.command.as_deref().unwrap_or_default()).await;
        return if done.code == 0 { Ok(()) } else { Err(done.output) };
    }
    if let Some(get) = &hook.http_get {
        return probe::http(container, spec, get, "lifecycle", PATIENCE).await;
    }
    if let Some(sleep) = &hook.sleep {
        tokio::time::sleep(Duration::from_secs(sleep.seconds.try_into().unwrap_or_default())).await;
    }
    Ok(())
}
