//! A watch on the `metadata` of every object in the cluster, of built-in and of custom kinds.
//!
//! The garbage collector and the namespace controller both need to know of objects of kinds that come and go. Kinds are read from discovery, at
//! the start and whenever a CustomResourceDefinition or an APIService changes. A real server's discovery lags a little behind its
//! CustomResourceDefinitions: as long as the two disagree, discovery is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use proofmark_json::{Value, json};
use proofmark_latest as latest;
use tokio_util::sync::CancellationToken;

use crate::context::{Context, Tasks};
use crate::discovery::Kinds;
use crate::kit::{Api, Change, Error, Informer, Next, Queue, Reconcile, Resource, Selection, object, queue};

/// CustomResourceDefinitions.
const CRDS: Resource =
    Resource::cluster("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition");

/// How long the first lists may take: one kind whose conversion webhook is down must not stop everything else.
const FIRST_LISTS: Duration = Duration::from_secs(30);

/// What can be heard of the cluster.
pub(crate) enum Heard<'a> {
    /// An object of this kind came, changed or went. `metadata` only.
    Changed(&'a Resource, &'a Change),
    /// Every object of this kind that there was has been told.
    Listed,
    /// The kind is no longer served, nor are its objects.
    Gone { group: &'a str, kind: &'a str },
    /// Discovery was read again.
    Discovered,
}

type Listener = Box<dyn Fn(&Heard<'_>) + Send + Sync>;
/// A resource regardless of its version: group and plural.
type Name = (String, String);

#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    #[error("discovery failed")]
    Request(#[from] Error),
    #[error("discovery does not show {0} as its definition does")]
    Behind(String),
}

/// Monitors of every kind. Clones share them.
#[derive(Clone)]
pub(crate) struct Monitors(Arc<Inner>);

struct Inner {
    api: Api,
    tasks: Tasks,
    definitions: Informer,
    kinds: RwLock<Kinds>,
    running: Mutex<BTreeMap<Name, Monitor>>,
    listeners: RwLock<Vec<Listener>>,
    /// Resources that a definition brought, to notice that discovery still shows them when it is gone.
    custom: Mutex<BTreeSet<Name>>,
    ready: latest::Sender<bool>,
    changed: Queue<()>,
}

struct Monitor {
    informer: Informer,
    stop: CancellationToken,
}

impl Monitors {
    /// Monitors that begin once [`Context::start`] is called.
    pub(crate) fn new(context: &mut Context) -> Self {
        let definitions = context.informer(Selection::whole(CRDS).trimmed(keep_what_is_served));
        let (changed, worker) = queue::new();
        let monitors = Self(Arc::new(Inner {
            api: context.api("generic-garbage-collector"),
            tasks: context.tasks().clone(),
            definitions: definitions.clone(),
            kinds: RwLock::default(),
            running: Mutex::default(),
            listeners: RwLock::default(),
            custom: Mutex::default(),
            ready: latest::Sender::new(false),
            changed: changed.clone(),
        }));
        let queue = changed.clone();
        definitions.on_change(move |_| queue.add(()));
        let this = monitors.clone();
        context.spawn(async move {
            let _last = Unheard(this.0.clone());
            this.0.definitions.synced().await;
            changed.add(());
            worker.run(this).await;
        });
        monitors
    }

    /// Has `listener` called with everything that is heard from now on.
    pub(crate) fn listen(&self, listener: impl Fn(&Heard<'_>) + Send + Sync + 'static) {
        self.0.listeners.write().push(Box::new(listener));
    }

    /// The resource of a kind as owner references name it.
    pub(crate) fn find(&self, api_version: &str, kind: &str) -> Option<Resource> {
        self.0.kinds.read().find(api_version, kind).cloned()
    }

    /// The resource of a kind in whatever version its group prefers.
    pub(crate) fn of_kind(&self, group: &str, kind: &str) -> Option<Resource> {
        self.0.kinds.read().of_kind(group, kind).cloned()
    }

    /// A resource by its plural name in whatever version its group prefers.
    pub(crate) fn of_plural(&self, group: &str, plural: &str) -> Option<Resource> {
        self.0.kinds.read().of_plural(group, plural).cloned()
    }

    /// Waits until every object of the kinds that there were at first has been told, or half a minute has passed.
    pub(crate) async fn ready(&self) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self.0.ready.subscribe().wait_for(|ready| *ready).await;
    }

    fn tell(&self, heard: &Heard<'_>) {
        for listener in self.0.listeners.read().iter() {
            listener(heard);
        }
    }

    /// Reads discovery and has exactly the kinds watched that it shows.
    async fn refresh(&self) -> Result<Next, RefreshError> {
        let kinds = Kinds::discover(&self.0.api).await?;
        let behind = self.difference(&kinds);
        let wanted: BTreeMap<Name, Resource> = kinds
            .preferred()
            .filter(|served| served.has(&["delete", "list", "watch"]) && served.resource.plural != "events")
            .map(|served| (name(&served.resource.group, &served.resource.plural), served.resource.clone()))
            .collect();
        // A group whose own server does not answer just now keeps its monitors.
        let partial = kinds.failure().is_some();
        *self.0.kinds.write() = kinds;
        let mut ended = Vec::new();
        let mut started = Vec::new();
        {
            let mut running = self.0.running.lock();
            running.retain(|at, monitor| {
                let keep = wanted.get(at).map_or(partial, |resource| resource == monitor.informer.resource());
                if !keep {
                    monitor.stop.cancel();
                    if !wanted.contains_key(at) {
                        ended.push(monitor.informer.resource().clone());
                    }
                }
                keep
            });
            for (at, resource) in wanted {
                running.entry(at).or_insert_with(|| {
                    let monitor = self.monitor(resource);
                    started.push(monitor.informer.clone());
                    monitor
                });
            }
        }
        for resource in &ended {
            self.tell(&Heard::Gone { group: &resource.group, kind: &resource.kind });
        }
        self.tell(&Heard::Discovered);
        if !*self.0.ready.borrow() {
            let this = self.clone();
            self.0.tasks.spawn(async move {
                let all = async {
                    for informer in started {
                        informer.synced().await;
                    }
                };
                if tokio::time::timeout(FIRST_LISTS, all).await.is_err() {
                    tracing::warn!("some kinds cannot be listed; going on without them");
                }
                this.0.ready.send_replace(true);
            });
        }
        behind.map_or(Ok(Next::Done), |resource| Err(RefreshError::Behind(resource)))
    }

    /// A custom resource that discovery and its definition do not agree on.
    fn difference(&self, kinds: &Kinds) -> Option<String> {
        let versions = kinds.versions();
        let mut custom = self.0.custom.lock();
        let definitions = self.0.definitions.all();
        let mut expected: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for definition in &definitions {
            let at =
                (object::text(definition, "/spec/group"), object::text(definition, "/status/acceptedNames/plural"));
            let established = object::list(definition, "/status/conditions");
            let established = established
                .iter()
                .any(|c| object::text(c, "/type") == "Established" && object::text(c, "/status") == "True");
            if established {
                custom.insert(name(at.0, at.1));
                let served = object::list(definition, "/spec/versions")
                    .iter()
                    .filter(|v| v.get("served") == Some(&Value::Bool(true)));
                expected.insert(at, served.map(|version| object::text(version, "/name")).collect());
            }
        }
        let none = BTreeSet::new();
        let differs = |at: &&Name| {
            let at = (at.0.as_str(), at.1.as_str());
            versions.get(&at).unwrap_or(&none) != expected.get(&at).unwrap_or(&none)
        };
        let difference = custom.iter().find(differs).map(|(group, plural)| format!("{plural}.{group}"));
        custom.retain(|(group, plural)| {
            let at = (group.as_str(), plural.as_str());
            expected.contains_key(&at) || versions.contains_key(&at)
        });
        difference
    }

    fn monitor(&self, resource: Resource) -> Monitor {
        let api_service = resource.group == "apiregistration.k8s.io" && resource.kind == "APIService";
        let informer = Informer::new(self.0.api.clone(), Selection::metadata(resource));
        let (this, of) = (self.clone(), informer.resource().clone());
        informer.on_change(move |change| {
            if api_service {
                this.0.changed.add(());
            }
            this.tell(&Heard::Changed(&of, change));
        });
        let stop = self.0.tasks.spawn_stoppable(informer.clone().run());
        let (this, listed) = (self.clone(), informer.clone());
        self.0.tasks.spawn_until(&stop, async move {
            listed.synced().await;
            this.tell(&Heard::Listed);
        });
        Monitor { informer, stop }
    }
}

/// Lets listeners go: they usually hold the monitors that hold them.
struct Unheard(Arc<Inner>);

impl Drop for Unheard {
    fn drop(&mut self) {
        self.0.listeners.write().clear();
    }
}

impl Reconcile for Monitors {
    type Key = ();
    type Error = RefreshError;

    async fn reconcile(&self, (): &()) -> Result<Next, RefreshError> {
        self.refresh().await
    }
}

fn name(group: &str, plural: &str) -> Name {
    (group.to_owned(), plural.to_owned())
}

/// Schemas are the bulk of a definition, and nobody here reads them.
fn keep_what_is_served(definition: &mut Value) {
    let versions: Vec<Value> = object::list(definition, "/spec/versions")
        .iter()
        .map(|version| json!({"name": version["name"], "served": version["served"]}))
        .collect();
    *definition = json!({
        "metadata": {"name": definition["metadata"]["name"], "resourceVersion": definition["metadata"]["resourceVersion"], "uid": definition["metadata"]["uid"]},
        "spec": {"group": definition["spec"]["group"], "versions": versions},
        "status": {"acceptedNames": {"plural": definition["status"]["acceptedNames"]["plural"]}, "conditions": definition["status"]["conditions"]},
    });
}
