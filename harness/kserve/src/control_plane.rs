//! KServe's control plane of a release as a part of a cluster: webhooks and controllers that are plain API clients.
//!
//! It needs what [`crate::install`] brings to be there. [`start`] it, let its [`Webhooks`] answer behind [`SERVICE`], then
//! [register](ControlPlane::register) them: from then on the API server asks.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use kube::Client;
use proofmark_controllers::kit::{
    Api, Error, Informer, Reason as _, Reconcile, Recorder, Resource, Selection, Worker, events,
};
use proofmark_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::behaviour::Behaviour;
use crate::controllers;
use crate::names::kinds;
use crate::release::Release;

pub use crate::webhooks::Webhooks;
pub use crate::webhooks::registration::SERVICE;
use crate::webhooks::registration::registrations;

/// Tells the present moment, for the times in conditions.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a control plane has to know.
#[derive(Clone)]
pub struct Options {
    /// The release that it behaves like.
    pub release: Release,
    /// Where it lives: the namespace of its configuration.
    pub namespace: String,
    /// Tells the present moment.
    pub clock: Clock,
}

/// Where the API server reaches webhooks that no service is in front of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAddress {
    /// Without a path: `https://127.0.0.1:9443`.
    pub url: String,
    /// The authority of its certificate (PEM).
    pub ca_bundle: String,
}

impl WebhookAddress {
    /// Has the webhooks of a configuration called here instead of behind their service.
    fn put_into(&self, configuration: &mut Value) {
        for webhook in configuration["webhooks"].as_array_mut().into_iter().flatten() {
            let path = webhook["clientConfig"]["service"]["path"].as_str().unwrap_or_default();
            let url = format!("{}{path}", self.url);
            webhook["clientConfig"] = json!({"url": url, "caBundle": BASE64.encode(&self.ca_bundle)});
        }
    }
}

/// The name of the real one's program, so that the fields it writes have the same manager.
const USER_AGENT: &str = "manager/proofmark (linux/amd64) kserve";

/// A running control plane. Dropping it stops its controllers.
pub struct ControlPlane {
    options: Options,
    webhooks: Webhooks,
    informers: Vec<Informer>,
    _stop: DropGuard,
}

impl ControlPlane {
    /// The webhooks, to be answered for the API server.
    #[must_use]
    pub fn webhooks(&self) -> Webhooks {
        self.webhooks.clone()
    }

    /// Has the API server ask the webhooks, which must be able to answer by now: behind [`SERVICE`] unless at another address. `client` makes the
    /// configurations.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn register(&self, client: Client, at: Option<&WebhookAddress>) -> Result<(), Error> {
        let service = Resource::namespaced("", "v1", "services", "Service");
        let configuration = |kind: &'static str, plural: &'static str| {
            Resource::cluster("admissionregistration.k8s.io", "v1", plural, kind)
        };
        let api = Api::new(client, USER_AGENT);
        let known = [
            service,
            configuration("MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
            configuration("ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
        ];
        for mut object in registrations(self.options.release, &self.options.namespace) {
            if let Some(address) = at {
                address.put_into(&mut object);
            }
            let Some(of) = known.iter().find(|of| object["kind"] == *of.kind) else { continue };
            match api.create(of, &object).await {
                Err(error) if !error.is_already_exists() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits until every controller knows what there was when it started. What follows from that may still be under way.
    pub async fn ready(&self) {
        for informer in &self.informers {
            informer.synced().await;
        }
    }
}

/// Starts the controllers on the current tokio runtime. `client` needs the rights of an administrator.
pub fn start(client: Client, options: Options) -> ControlPlane {
    let api = Api::new(client, USER_AGENT);
    let behaviour = Behaviour::of(options.release);
    let stop = CancellationToken::new();
    let webhooks = Webhooks::new(api.clone(), options.namespace.clone(), behaviour);
    let crds = Informer::new(api.clone(), Selection::metadata(kinds::CRDS));
    let informers = vec![crds.clone()];
    let mut context =
        Context { api, behaviour, options, crds: crds.clone(), stop: stop.clone(), informers, optional: Vec::new() };
    controllers::start(&mut context);
    for informer in &context.informers {
        context.spawn(informer.clone().run());
    }
    for informer in std::mem::take(&mut context.optional) {
        let crds = crds.clone();
        context.spawn(async move {
            let name = controllers::definition(informer.resource());
            crds.wait_until(|_| crds.get("", &name).is_some()).await;
            informer.run().await;
        });
    }
    ControlPlane { options: context.options, webhooks, informers: context.informers, _stop: stop.drop_guard() }
}

/// What every controller is given to start with.
pub(crate) struct Context {
    pub(crate) api: Api,
    pub(crate) behaviour: Behaviour,
    pub(crate) options: Options,
    /// The kinds that there are.
    pub(crate) crds: Informer,
    stop: CancellationToken,
    informers: Vec<Informer>,
    optional: Vec<Informer>,
}

impl Context {
    /// An informer of a kind of another project, which need not be there: it is started when its kind is, and nothing waits for it.
    pub(crate) fn optional(&mut self, selection: Selection) -> Informer {
        let informer = Informer::new(self.api.clone(), selection);
        self.optional.push(informer.clone());
        informer
    }

    /// An informer that is started when every controller listens.
    pub(crate) fn informer(&mut self, selection: Selection) -> Informer {
        let informer = Informer::new(self.api.clone(), selection);
        self.informers.push(informer.clone());
        informer
    }

    /// Tells of objects in the name of a controller.
    pub(crate) fn recorder(&self, component: &'static str) -> Recorder {
        let (recorder, scribe) = events::new(self.api.clone(), component, self.options.clock.clone());
        let scribe = if self.behaviour.events_name_reporters { scribe } else { scribe.without_reporter() };
        self.spawn(scribe.run());
        recorder
    }

    /// Has work done once what is known to be there is known here, and `first` is done.
    pub(crate) fn run<W>(
        &self,
        worker: Worker<W::Key>,
        caches: Vec<Informer>,
        first: impl Future<Output = ()> + Send + 'static,
        work: W,
    ) where
        W: Reconcile + Send + Sync + 'static,
        W::Key: Ord + Clone + std::fmt::Debug + Send + Sync + 'static,
    {
        self.spawn(async move {
            for cache in caches {
                cache.synced().await;
            }
            first.await;
            worker.run(work).await;
        });
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        tokio::spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }
}
