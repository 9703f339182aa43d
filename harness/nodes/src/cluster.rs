//! Starting and stopping simulated nodes.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use kube::Client;
use proofmark_controllers::Clock;
use proofmark_controllers::kit::{Api, Error, Informer, Selection};
use proofmark_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::kinds::{CLAIMS, NAMESPACES, NODES, PODS, SERVICES};
use crate::kubelet::agent::{Addresses, Agent};
use crate::kubelet::{self, ExecError, LogError, Storage, Views};
use crate::logs::LogQuery;
use crate::node::{self, NodePool};
use crate::process::{ExecOutput, Handler, Images};
use crate::recorder::Recorder;
use crate::scheduler;

/// What is to be simulated.
#[derive(Clone)]
pub struct Options {
    /// Tells the present moment.
    pub clock: Clock,
    /// The nodes.
    pub pools: Vec<NodePool>,
    /// What runs in containers.
    pub images: Images,
    /// How often leases are renewed; never, unless told. Kubelets take 10 seconds.
    pub heartbeat: Option<Duration>,
}

impl Options {
    /// One node on which every image runs until it is stopped.
    pub fn new(clock: Clock) -> Self {
        Self { clock, pools: vec![NodePool::default()], images: Images::default(), heartbeat: None }
    }
}

/// Running nodes and their scheduler. Dropping it ends them: processes are gone, pods stay as they are. Clones are the same nodes.
#[derive(Clone)]
pub struct Nodes(Arc<Inner>);

struct Inner {
    agent: Arc<Agent>,
    informers: Vec<Informer>,
    _stop: DropGuard,
}

/// Nodes that do not keep running because of this. What serves an API server's questions holds them this way, because they are its clients.
#[derive(Clone)]
pub struct WeakNodes(Weak<Inner>);

impl WeakNodes {
    /// The nodes, if they still run.
    pub fn upgrade(&self) -> Option<Nodes> {
        self.0.upgrade().map(Nodes)
    }
}

/// The release whose behaviour they have.
const RELEASE: &str = "v1.35.4";

/// Registers nodes and starts them, with a scheduler, on the current tokio runtime. `client` needs the rights of an administrator.
///
/// # Errors
/// When a node cannot be registered.
pub async fn start(client: Client, options: Options) -> Result<Nodes, Error> {
    let Options { clock, pools, images, heartbeat } = options;
    let api = |component: &str| Api::new(client.clone(), &format!("{component}/{RELEASE} (linux/amd64) proofmark"));
    let stop = CancellationToken::new();
    let spawn = |task: futures_util::future::BoxFuture<'static, ()>| {
        let stop = stop.clone();
        tokio::spawn(async move { stop.run_until_cancelled_owned(task).await });
    };

    let registrations = node::registrations(&pools, clock());
    let (nodes, objects): (Vec<_>, Vec<Value>) = registrations.into_iter().map(|one| (one.node, one.object)).unzip();
    node::register(&api("kubelet"), objects, clock()).await?;
    let nodes: BTreeMap<_, _> = nodes.into_iter().map(|node| (node.name.clone(), Arc::new(node))).collect();
    let names: Vec<String> = nodes.keys().cloned().collect();

    let informer = |selection: Selection| Informer::new(api("proofmark-nodes"), selection);
    let [pods, services, all_nodes, claims] =
        [&PODS, &SERVICES, &NODES, &CLAIMS].map(|kind| informer(Selection::whole(kind.clone())));
    let namespaces = informer(Selection::metadata(NAMESPACES.clone()));

    let (recorder, writing) = Recorder::new(api("kubelet"), clock.clone());
    spawn(Box::pin(writing));
    let agent = Arc::new(Agent {
        api: api("kubelet"),
        clock: clock.clone(),
        recorder,
        images,
        pods: pods.clone(),
        services: services.clone(),
        addresses: Addresses::default(),
        storage: Storage::default(),
        views: Views::default(),
        present: parking_lot::Mutex::default(),
        stop: stop.clone(),
    });
    kubelet::start(&agent, Arc::new(nodes));
    let (recorder, writing) = Recorder::new(api("kube-scheduler"), clock.clone());
    spawn(Box::pin(writing));
    let inputs = scheduler::Inputs {
        api: api("kube-scheduler"),
        clock: clock.clone(),
        recorder,
        pods: pods.clone(),
        nodes: all_nodes.clone(),
        claims: claims.clone(),
        namespaces: namespaces.clone(),
    };
    spawn(Box::pin(scheduler::start(inputs)));
    let informers = vec![services, all_nodes, claims, namespaces, pods];
    for informer in &informers {
        spawn(Box::pin(informer.clone().run()));
    }
    if let Some(every) = heartbeat {
        spawn(Box::pin(node::heartbeats(api("kubelet"), names, clock, every)));
    }
    Ok(Nodes(Arc::new(Inner { agent, informers, _stop: stop.drop_guard() })))
}

impl Nodes {
    /// A handle that does not keep them running.
    pub fn downgrade(&self) -> WeakNodes {
        WeakNodes(Arc::downgrade(&self.0))
    }

    /// Waits until they know what there was when they started.
    pub async fn ready(&self) {
        for informer in &self.0.informers {
            informer.synced().await;
        }
    }

    /// What a container wrote.
    ///
    /// # Errors
    /// When there is no such log, in a kubelet's words.
    pub fn logs(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        query: &LogQuery,
    ) -> Result<impl Stream<Item = Bytes> + Send + use<>, LogError> {
        self.0.agent.views.log(namespace, pod, container, query)
    }

    /// Runs a command in a container.
    ///
    /// # Errors
    /// When the container does not run.
    pub async fn exec(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        command: &[String],
    ) -> Result<ExecOutput, ExecError> {
        self.0.agent.views.execute(namespace, pod, container, command).await
    }

    /// Who serves HTTP on a port of a pod: what a port-forward leads to.
    ///
    /// # Errors
    /// When nobody does.
    pub fn http(&self, namespace: &str, pod: &str, port: u16) -> Result<Handler, ExecError> {
        self.0.agent.views.http(namespace, pod, port)
    }
}
