//! A cluster with nodes, as a user sees it.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use proofmark_apiserver::ApiServer;
use proofmark_controllers::kit::{Api, Reason as _, Resource, View, object};
use proofmark_json::{Value, json};
use proofmark_nodes::process::{Image, Images, Process};
use proofmark_nodes::{NodePool, Nodes, Options};

pub(crate) static PODS: Resource = Resource::namespaced("", "v1", "pods", "Pod");
pub(crate) static NODES: Resource = Resource::cluster("", "v1", "nodes", "Node");
pub(crate) static CONFIG_MAPS: Resource = Resource::namespaced("", "v1", "configmaps", "ConfigMap");
pub(crate) static SECRETS: Resource = Resource::namespaced("", "v1", "secrets", "Secret");
static ACCOUNTS: Resource = Resource::namespaced("", "v1", "serviceaccounts", "ServiceAccount");
static EVENTS: Resource = Resource::namespaced("", "v1", "events", "Event");

/// A cluster with nodes.
pub(crate) struct World {
    pub(crate) api: Api,
    pub(crate) nodes: Nodes,
    pub(crate) server: ApiServer,
}

/// An image that runs this.
pub(crate) fn image(name: &str, process: impl Process) -> Images {
    Images::default().with(name, Image::new(process))
}

/// A container of an image `c`, with more fields.
pub(crate) fn container(name: &str, image: &str, more: Value) -> Value {
    let mut container = json!({"name": name, "image": image});
    merge(&mut container, more);
    container
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

impl World {
    /// One node.
    pub(crate) async fn new(images: Images) -> Self {
        Self::with(vec![NodePool::default()], images).await
    }

    pub(crate) async fn with(pools: Vec<NodePool>, images: Images) -> Self {
        let server = ApiServer::builder().seed(1).build().expect("a server");
        let client = Client::new(server.service(), "default");
        let api = Api::new(client.clone(), "kubectl");
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": false,
            "metadata": {"name": "default", "namespace": "default"}});
        api.create(&ACCOUNTS, &account).await.expect("an account");
        let clock = server.clone();
        let options = Options { pools, images, ..Options::new(Arc::new(move || clock.now())) };
        let nodes = proofmark_nodes::start(client, options).await.expect("nodes");
        nodes.ready().await;
        Self { api, nodes, server }
    }

    pub(crate) async fn create(&self, of: &Resource, mut object: Value) -> Value {
        object["apiVersion"] = json!(of.api_version());
        object["kind"] = json!(of.kind);
        if of.namespaced {
            object["metadata"]["namespace"] = json!("default");
        }
        self.api.create(of, &object).await.unwrap_or_else(|error| panic!("{object}: {error}"))
    }

    /// A pod of this name and spec.
    pub(crate) async fn run(&self, name: &str, spec: Value) -> Value {
        self.create(&PODS, json!({"metadata": {"name": name}, "spec": spec})).await
    }

    /// Lets time pass, and everything that is due happen.
    pub(crate) async fn after(&self, seconds: f64) {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }

    pub(crate) async fn pod(&self, name: &str) -> Value {
        self.find(name).await.unwrap_or_else(|| panic!("no pod {name}"))
    }

    pub(crate) async fn find(&self, name: &str) -> Option<Value> {
        match self.api.get(&PODS, "default", name).await {
            Err(error) if error.is_not_found() => None,
            pod => Some(pod.expect("readable")),
        }
    }

    /// A pod's phase.
    pub(crate) async fn phase(&self, name: &str) -> String {
        object::text(&self.pod(name).await, "/status/phase").to_owned()
    }

    /// The status of a container.
    pub(crate) async fn status(&self, pod: &str, container: &str) -> Value {
        let pod = self.pod(pod).await;
        let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
        let all = lists.iter().flat_map(|list| object::list(&pod["status"], &format!("/{list}")));
        all.clone()
            .find(|status| status["name"] == container)
            .unwrap_or_else(|| panic!("no {container}: {pod}"))
            .clone()
    }

    /// The state of a container in a word: `running`, `waiting CrashLoopBackOff`, `terminated Error 1`.
    pub(crate) async fn state(&self, pod: &str, container: &str) -> String {
        word(&self.status(pod, container).await["state"])
    }

    /// A condition: its status, reason and message.
    pub(crate) async fn condition(&self, pod: &str, kind: &str) -> String {
        let pod = self.pod(pod).await;
        let conditions = object::list(&pod, "/status/conditions");
        let found = conditions.iter().find(|condition| condition["type"] == kind);
        let found = found.unwrap_or_else(|| panic!("no condition {kind}: {pod}"));
        let parts = ["status", "reason", "message"].map(|part| found[part].as_str().unwrap_or_default());
        parts.join(" ").trim_end().to_owned()
    }

    /// Events about a pod, in order: type, reason, message, and how often if more than once.
    pub(crate) async fn events(&self, pod: &str) -> Vec<String> {
        let list = self.api.list(&EVENTS, "default", &[], View::Whole).await.expect("events");
        let mut events: Vec<&Value> = object::list(&list, "/items").iter().collect();
        events.retain(|event| event["involvedObject"]["name"] == pod);
        events.sort_by_key(|event| object::resource_version(event).parse::<u64>().unwrap_or_default());
        events.sort_by_key(|event| object::text(event, "/metadata/creationTimestamp").to_owned());
        let line = |event: &&Value| {
            let text = |part: &str| event[part].as_str().unwrap_or_default().to_owned();
            let count = event["count"].as_u64().or(event["series"]["count"].as_u64()).unwrap_or(1);
            let times = if count > 1 { format!(" (x{count})") } else { String::new() };
            format!("{} {} {}{times}", text("type"), text("reason"), text("message"))
        };
        events.iter().map(line).collect()
    }

    /// Events of one reason.
    pub(crate) async fn events_of(&self, pod: &str, reason: &str) -> Vec<String> {
        let events = self.events(pod).await;
        events.into_iter().filter(|event| event.split(' ').nth(1) == Some(reason)).collect()
    }

    pub(crate) async fn delete(&self, pod: &str, options: Value) {
        self.api.delete(&PODS, "default", pod, &options).await.expect("deletable");
    }
}

/// A container's state in a word.
pub(crate) fn word(state: &Value) -> String {
    let (kind, state) = state.as_object().and_then(|state| state.iter().next()).expect("a state");
    match kind.as_str() {
        "running" => "running".to_owned(),
        "waiting" => format!("waiting {}", state["reason"].as_str().unwrap_or_default()),
        _ => format!("terminated {} {}", state["reason"].as_str().unwrap_or_default(), state["exitCode"]),
    }
}
