//! The nodes themselves: what they say they are, and that they are still there.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use proofmark_controllers::Clock;
use proofmark_controllers::kit::{Api, Error, Reason as _};
use proofmark_json::{Value, json};

use crate::kinds::{LEASES, NODES};
use crate::kubelet::agent::Node;
use crate::recorder::{micros, seconds};

/// The namespace of the nodes' leases.
const LEASE_NAMESPACE: &str = "kube-node-lease";
/// How long a lease counts (seconds), four times as long as kubelets wait between renewals.
const LEASE: u32 = 40;
/// So many nodes are written at once.
const AT_ONCE: usize = 16;

/// Nodes that are alike.
#[derive(Debug, Clone, PartialEq)]
pub struct NodePool {
    /// How many.
    pub count: u32,
    /// Their names: this and a number, counted from 1; just this for a single node.
    pub name: String,
    /// What each has, by resource name, as quantities (`cpu`, `memory`, `pods`, `nvidia.com/gpu`).
    pub capacity: BTreeMap<String, String>,
    /// Labels besides those that kubelets set.
    pub labels: BTreeMap<String, String>,
    /// Taints, as the API has them: `{"key", "value", "effect"}`.
    pub taints: Vec<Value>,
}

impl Default for NodePool {
    /// One node with 16 CPUs and 64 GiB of memory.
    fn default() -> Self {
        let amount = |(name, amount): (&str, &str)| (name.to_owned(), amount.to_owned());
        let capacity = [("cpu", "16"), ("memory", "64Gi"), ("ephemeral-storage", "256Gi"), ("pods", "110")];
        Self {
            count: 1,
            name: "node".to_owned(),
            capacity: capacity.into_iter().map(amount).collect(),
            labels: BTreeMap::new(),
            taints: Vec::new(),
        }
    }
}

impl NodePool {
    /// So many nodes.
    pub fn of(count: u32) -> Self {
        Self { count, ..Self::default() }
    }

    /// Adds a resource, or changes how much of it there is.
    #[must_use]
    pub fn with(mut self, resource: impl Into<String>, amount: impl Into<String>) -> Self {
        self.capacity.insert(resource.into(), amount.into());
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Calls the nodes this.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Adds a taint.
    #[must_use]
    pub fn taint(mut self, key: &str, value: &str, effect: &str) -> Self {
        self.taints.push(json!({"key": key, "value": value, "effect": effect}));
        self
    }
}

/// A node and the object that describes it.
pub(crate) struct Registration {
    pub(crate) node: Node,
    pub(crate) object: Value,
}

/// The nodes of these pools.
pub(crate) fn registrations(pools: &[NodePool], now: Timestamp) -> Vec<Registration> {
    let mut made = Vec::new();
    for pool in pools {
        for number in 1..=pool.count {
            let name = if pool.count == 1 { pool.name.clone() } else { format!("{}-{number}", pool.name) };
            let serial = u32::try_from(made.len()).unwrap_or(u32::MAX);
            // 10.128.0.0/9 has room for eight million.
            let ip = IpAddr::from(Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 128, 0, 2)).wrapping_add(serial)));
            let allocatable = pool.capacity.iter().map(|(name, amount)| (name.clone(), Quantity(amount.clone())));
            let object = describe(pool, &name, ip, now);
            made.push(Registration { node: Node { name, ip, allocatable: allocatable.collect() }, object });
        }
    }
    made
}

fn describe(pool: &NodePool, name: &str, ip: IpAddr, now: Timestamp) -> Value {
    let mut labels = json!({
        "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
    });
    for (key, value) in &pool.labels {
        labels[key] = json!(value);
    }
    let at = seconds(now);
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": at, "lastTransitionTime": at,
        })
    };
    let conditions = [
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ];
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": pool.taints},
        "status": {
            "capacity": pool.capacity, "allocatable": pool.capacity, "conditions": conditions,
            "addresses": [{"type": "InternalIP", "address": ip}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "simulated",
                "osImage": "simulated by proofmark", "containerRuntimeVersion": "proofmark://0",
                "kubeletVersion": "v1.35.4", "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": "amd64",
            },
        },
    })
}

fn lease(name: &str, now: Timestamp) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": name, "namespace": LEASE_NAMESPACE},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": LEASE, "renewTime": micros(now)},
    })
}

/// Registers nodes with their leases. One that is there already is taken over.
pub(crate) async fn register(api: &Api, nodes: Vec<Value>, now: Timestamp) -> Result<(), Error> {
    let one = |node: Value| {
        let api = api.clone();
        async move { register_one(&api, &node, now).await }
    };
    let mut done = stream::iter(nodes).map(one).buffer_unordered(AT_ONCE);
    while let Some(result) = done.next().await {
        result?;
    }
    Ok(())
}

/// A server taints a new node until it is ready, which this one is at once.
async fn register_one(api: &Api, node: &Value, now: Timestamp) -> Result<(), Error> {
    let name = node["metadata"]["name"].as_str().unwrap_or_default();
    match api.create(&NODES, node).await {
        Err(error) if error.is_already_exists() => {
            api.patch_status(&NODES, "", name, &json!({"status": node["status"]})).await?;
        }
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    api.merge_patch(&NODES, "", name, &json!({"spec": {"taints": node["spec"]["taints"]}})).await?;
    match api.create(&LEASES, &lease(name, now)).await {
        Err(error) if !error.is_already_exists() => Err(error),
        _ => Ok(()),
    }
}

/// Renews the nodes' leases, for ever.
pub(crate) async fn heartbeats(api: Api, names: Vec<String>, clock: Clock, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let renewal = json!({"spec": {"renewTime": micros(clock())}});
        let beat = |name: String| {
            let (api, renewal) = (api.clone(), renewal.clone());
            async move { api.merge_patch(&LEASES, LEASE_NAMESPACE, &name, &renewal).await }
        };
        let mut beats = stream::iter(names.clone()).map(beat).buffer_unordered(AT_ONCE);
        while let Some(result) = beats.next().await {
            if let Err(error) = result {
                tracing::debug!(%error, "a lease could not be renewed");
            }
        }
    }
}
