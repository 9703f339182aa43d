//! Whether the manager knows the kinds of Knative and Istio.
//!
//! Since v0.13 it looks which kinds there are. Before, its configuration says so when it starts: where services are deployed serverlessly unless told
//! otherwise, its controllers wait for Knative's and Istio's kinds; where they are deployed raw, it never learns of these kinds. A manager that
//! waited for two minutes ends, and reads its configuration anew when it is started again.
//!
//! Source: `main` and `SetupWithManager` of KServe v0.11.2 and v0.12.1; the time is controller-runtime's for caches.

use std::sync::Arc;
use std::time::Duration;

use proofmark_controllers::kit::{Api, Informer};
use tokio::sync::OnceCell;

use crate::config::{Config, Mode};
use crate::control_plane::Context;
use crate::names::kinds;

/// For how long kinds are waited for until the configuration is read again.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the manager knows. Clones know the same.
#[derive(Clone)]
pub(crate) struct Scheme {
    knows: Arc<OnceCell<bool>>,
    api: Api,
    namespace: String,
    behaviour: crate::behaviour::Behaviour,
    crds: Informer,
}

impl Scheme {
    pub(super) fn of(context: &Context) -> Self {
        Self {
            knows: Arc::new(OnceCell::new_with(context.behaviour.looks_for_kinds.then_some(true))),
            api: context.api.clone(),
            namespace: context.options.namespace.clone(),
            behaviour: context.behaviour,
            crds: context.crds.clone(),
        }
    }

    /// Waits until it is decided. Nothing that may need these kinds is worked on before.
    pub(crate) async fn settled(&self) {
        self.knows.get_or_init(|| self.decide()).await;
    }

    /// Whether it knows Knative's kinds.
    pub(crate) fn knows_knative(&self) -> bool {
        self.knows.get() != Some(&false)
    }

    async fn decide(&self) -> bool {
        loop {
            match self.wanted().await {
                Some((Mode::Raw, _)) => return false,
                Some((Mode::Serverless, mesh)) => {
                    let names = [&kinds::KNATIVE_SERVICES, &kinds::VIRTUAL_SERVICES].map(super::watch::definition);
                    let names = if mesh { &names[..] } else { &names[..1] };
                    let there = self.crds.wait_until(|_| names.iter().all(|name| self.crds.get("", name).is_some()));
                    if tokio::time::timeout(PATIENCE, there).await.is_ok() {
                        return true;
                    }
                }
                // The manager does not start, and is started again.
                Some((Mode::ModelMesh, _)) | None => tokio::time::sleep(PATIENCE).await,
            }
        }
    }

    /// How services are deployed by default, and whether Istio shall lead to them; nothing where the configuration does not say.
    async fn wanted(&self) -> Option<(Mode, bool)> {
        let config = Config::read(&self.api, &self.namespace, self.behaviour).await.ok()?;
        Some((config.default_mode().ok()?, !config.ingress().ok()?.disable_istio_virtual_host))
    }
}
