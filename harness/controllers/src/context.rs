//! What every controller is given to start with.

use std::collections::BTreeMap;
use std::future::Future;

use kube::Client;
use tokio_util::sync::CancellationToken;

use crate::Options;
use crate::kit::{Api, Informer, Objects, Reconcile, Recorder, Resource, Selection, Worker, events};
use crate::monitors::Monitors;

/// Kinds that more than one controller watches.
pub(crate) mod kinds {
    use crate::kit::Resource;

    pub(crate) const NAMESPACES: Resource = Resource::cluster("", "v1", "namespaces", "Namespace");
    pub(crate) const NODES: Resource = Resource::cluster("", "v1", "nodes", "Node");
    pub(crate) const SERVICE_ACCOUNTS: Resource = Resource::namespaced("", "v1", "serviceaccounts", "ServiceAccount");
}

/// Tasks that end together. Clones spawn into the same lot.
#[derive(Clone)]
pub(crate) struct Tasks(CancellationToken);

impl Tasks {
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self(stop)
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_until(&self.0, task);
    }

    /// A task that can also be ended by itself.
    pub(crate) fn spawn_stoppable(&self, task: impl Future<Output = ()> + Send + 'static) -> CancellationToken {
        let stop = self.0.child_token();
        self.spawn_until(&stop, task);
        stop
    }

    pub(crate) fn spawn_until(&self, stop: &CancellationToken, task: impl Future<Output = ()> + Send + 'static) {
        let stop = stop.clone();
        tokio::spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }
}

/// What every controller is given to start with: clients, shared informers, and a place to run.
pub(crate) struct Context {
    client: Client,
    options: Options,
    tasks: Tasks,
    /// By kind and field selector: controllers that ask for the same share one.
    informers: BTreeMap<(Resource, &'static str), Informer>,
    monitors: Option<Monitors>,
}

impl Context {
    pub(crate) fn new(client: Client, options: Options, tasks: Tasks) -> Self {
        Self { client, options, tasks, informers: BTreeMap::new(), monitors: None }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// A client under the name that this controller of kube-controller-manager has.
    pub(crate) fn api(&self, controller: &str) -> Api {
        let agent = format!("kube-controller-manager/{RELEASE} (linux/amd64) proofmark/{controller}");
        Api::new(self.client.clone(), &agent)
    }

    /// A client that acts as the service account of this controller of kube-controller-manager.
    pub(crate) fn account(&self, controller: &str) -> Api {
        self.api(controller).impersonating("kube-system", controller)
    }

    /// Tells of objects in the name of a component, with a client of [`Context::account`].
    pub(crate) fn recorder(&self, api: &Api, component: &'static str) -> Recorder {
        let (recorder, scribe) = events::new(api.clone(), component, self.options.clock.clone());
        self.tasks.spawn(scribe.run());
        recorder
    }

    /// The objects of a selection: the cache that all controllers share, and writes by `api`.
    pub(crate) fn objects(&mut self, api: &Api, selection: Selection) -> Objects {
        Objects::new(api.clone(), self.informer(selection))
    }

    /// Has `work` done once the caches are filled.
    pub(crate) fn run<W>(&self, worker: Worker<W::Key>, caches: Vec<Informer>, work: W)
    where
        W: Reconcile + Send + Sync + 'static,
        W::Key: Ord + Clone + std::fmt::Debug + Send + Sync + 'static,
    {
        self.spawn(async move {
            for cache in caches {
                cache.synced().await;
            }
            worker.run(work).await;
        });
    }

    /// The informer of a selection.
    pub(crate) fn informer(&mut self, selection: Selection) -> Informer {
        let key = (selection.resource.clone(), selection.fields);
        let api = self.api("shared-informers");
        self.informers.entry(key).or_insert_with(|| Informer::new(api, selection)).clone()
    }

    /// The monitors of every kind.
    pub(crate) fn monitors(&mut self) -> Monitors {
        if let Some(monitors) = &self.monitors {
            return monitors.clone();
        }
        let monitors = Monitors::new(self);
        self.monitors.insert(monitors).clone()
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Starts the informers, now that every controller listens; what to wait for.
    pub(crate) fn start(self) -> (Vec<Informer>, Option<Monitors>) {
        let informers: Vec<Informer> = self.informers.into_values().collect();
        for informer in &informers {
            self.tasks.spawn(informer.clone().run());
        }
        (informers, self.monitors)
    }
}

/// The release whose behaviour the controllers have.
const RELEASE: &str = "v1.35.4";
