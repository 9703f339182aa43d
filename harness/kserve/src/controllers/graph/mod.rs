//! InferenceGraphs: a router in front of several services, told its graph as an argument.

mod router;

use proofmark_controllers::kit::{Api, Error, Next, Reason as _, Reconcile, Recorder, Selection, object, queue};
use proofmark_json::{Value, json};

use super::children;
use super::inferenceservice::{
    autoscaler, deployment, endpoint, ensure_autoscaler, first_scale, front, host, is_available, service,
    starts_at_zero, unfit,
};
use super::watch::{self, Key};
use crate::behaviour::Behaviour;
use crate::conditions::is_true;
use crate::config::{Config, Mode};
use crate::control_plane::Context;
use crate::names::{CONFIG, DEPLOYMENT_MODE, kinds};

pub(super) fn start(context: &mut Context) {
    let (queue, worker) = queue::new();
    let caches = vec![
        watch::own(context, Selection::metadata(kinds::GRAPHS), &queue),
        watch::owned(context, kinds::DEPLOYMENTS, kinds::GRAPHS, &queue),
    ];
    watch::owned_if_there(context, kinds::KNATIVE_SERVICES, kinds::GRAPHS, &queue);
    let graphs = Graphs {
        api: context.api.clone(),
        namespace: context.options.namespace.clone(),
        behaviour: context.behaviour,
        recorder: context.recorder("InferenceGraphController"),
    };
    context.run(worker, caches, graphs);
}

struct Graphs {
    api: Api,
    namespace: String,
    behaviour: Behaviour,
    recorder: Recorder,
}

impl Reconcile for Graphs {
    type Key = Key;
    type Error = String;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, String> {
        let words = |error: Error| error.words();
        let Some(mut graph) = children::read(&self.api, &kinds::GRAPHS, namespace, name).await.map_err(words)? else {
            return Ok(Next::Done);
        };
        if object::is_being_deleted(&graph) {
            return Ok(Next::Done);
        }
        let config = Config::read(&self.api, &self.namespace, self.behaviour).await;
        let config = config.map_err(|error| format!("fails to read {CONFIG}: {}", error.words()))?;
        let settings = config.container("router").map_err(|error| error.to_string())?;
        let stored = graph.clone();
        self.resolve(&mut graph).await?;
        let default = config.default_mode().map_err(|error| format!("fails to create DeployConfig: {error}"))?;
        let asked = object::annotation(&graph, DEPLOYMENT_MODE).and_then(|mode| Mode::read(mode, self.behaviour));
        let mode = asked.unwrap_or(default);
        if mode != Mode::Raw {
            if !is_available(&self.api).await.map_err(words)? {
                let named = Mode::Serverless.name(self.behaviour);
                let told = format!(
                    "It is not possible to use {named} deployment mode when Knative Services are not available"
                );
                self.recorder.warning(&graph, &format!("{named}ModeRejected"), told);
                return Ok(Next::Done);
            }
            if self.behaviour.configured_resources {
                first_scale(&mut graph, starts_at_zero(&self.api).await?);
            }
        }
        let pod = router::pod(&graph, &settings, self.behaviour, mode == Mode::Raw);
        let status = match mode {
            Mode::Raw => self.raw(&stored, &graph, &pod, &config).await?,
            _ => Some(self.serverless(&stored, &graph, pod).await.map_err(words)?),
        };
        if let Some(status) = status {
            self.write(&stored, status).await.map_err(words)?;
        }
        Ok(Next::Done)
    }
}

impl Graphs {
    /// Tells the router where the services of the steps are. All of them must be there, and have an address unless the step names one.
    async fn resolve(&self, graph: &mut Value) -> Result<(), String> {
        let namespace = object::namespace(graph).to_owned();
        let nodes = graph.pointer_mut("/spec/nodes").and_then(Value::as_object_mut);
        let nodes: std::collections::BTreeMap<&proofmark_json::Key, &mut Value> = nodes.into_iter().flatten().collect();
        for node in nodes.into_values() {
            let steps = node.get_mut("steps").and_then(Value::as_array_mut).into_iter().flatten();
            for step in steps.filter(|step| !object::text(step, "/serviceName").is_empty()) {
                let name = object::text(step, "/serviceName").to_owned();
                let service = self.api.get(&kinds::SERVICES, &namespace, &name).await;
                let service =
                    service.map_err(|error| format!("Failed to find graph service {name}: {}", error.words()))?;
                if object::text(step, "/serviceUrl").is_empty() {
                    let url = endpoint(&service, self.behaviour);
                    let url = url.ok_or_else(|| format!("service {name} is not ready: service {name} is not ready"))?;
                    step["serviceUrl"] = json!(url);
                }
            }
        }
        Ok(())
    }

    /// The router as a Deployment; its status, once something is said of its availability.
    async fn raw(&self, owner: &Value, graph: &Value, pod: &Value, config: &Config) -> Result<Option<Value>, String> {
        let words = |error: Error| error.words();
        let metadata = router::metadata(graph);
        let host = host(config, graph, &metadata).map_err(|why| unfit("inference graph", &why))?;
        let wanted = deployment(owner, &metadata, pod, &json!({}), self.behaviour);
        let made =
            children::deployment(&self.api, &kinds::DEPLOYMENTS, &wanted, self.behaviour).await.map_err(words)?;
        front(&self.api, &service(owner, &metadata, pod, &graph["spec"], config)).await.map_err(words)?;
        let scaler = autoscaler(owner, &metadata, &graph["spec"], self.behaviour);
        ensure_autoscaler(&self.api, &scaler).await.map_err(words)?;
        // Whatever is said of its availability, the graph counts as ready.
        if object::condition(&made, "Available").is_none() {
            return Ok(None);
        }
        let mut status = json!({"url": format!("http://{host}")});
        status["conditions"] = json!([{"type": "Ready", "status": "True"}]);
        let generation = object::count(&made, "/status/observedGeneration");
        if generation != 0 {
            status["observedGeneration"] = json!(generation);
        }
        Ok(Some(status))
    }

    /// The router as a Knative Service; its status.
    async fn serverless(&self, owner: &Value, graph: &Value, pod: Value) -> Result<Value, Error> {
        let wanted = router::knative(owner, graph, pod, self.behaviour);
        let made = children::ensure(&self.api, &kinds::KNATIVE_SERVICES, &wanted, &["/spec"]).await?;
        let mut status = json!({});
        let known = made.pointer("/status/conditions").is_some();
        if known {
            let conditions = object::list(&made, "/status/conditions").iter();
            let conditions: Vec<Value> = conditions
                .map(|c| {
                    let mut c = c.clone();
                    c.as_object_mut().map(|c| c.shift_remove("lastTransitionTime"));
                    c
                })
                .collect();
            status["conditions"] = json!(conditions);
        }
        if let Some(url) = made.pointer("/status/url") {
            status["url"] = url.clone();
        }
        Ok(status)
    }

    async fn write(&self, graph: &Value, status: Value) -> Result<(), Error> {
        let before = graph.get("status").cloned().unwrap_or_default();
        let bare = |status: &Value| {
            let mut status = status.clone();
            for condition in status.get_mut("conditions").and_then(Value::as_array_mut).into_iter().flatten() {
                condition.as_object_mut().map(|condition| condition.shift_remove("lastTransitionTime"));
            }
            status
        };
        if object::same(&bare(&before), &bare(&status)) {
            return Ok(());
        }
        let mut updated = graph.clone();
        updated["status"] = status;
        self.api.update_subresource(&kinds::GRAPHS, &updated, "status").await?;
        let name = object::name(graph);
        match (is_true(&before, "Ready"), is_true(&updated["status"], "Ready")) {
            (false, true) => {
                self.recorder.normal(graph, "InferenceGraphReady", format!("InferenceGraph [{name}] is Ready"))
            }
            (true, false) => {
                self.recorder.warning(
                    graph,
                    "InferenceGraphNotReady",
                    format!("InferenceGraph [{name}] is no longer Ready"),
                );
            }
            _ => {}
        }
        Ok(())
    }
}
