//! InferenceGraphs: a router in front of several services, told its graph as an argument.

mod router;

use proofmark_controllers::kit::{Api, Error, Next, Reason as _, Reconcile, Recorder, Selection, object, queue};
use proofmark_json::{Value, json};

use super::children;
use super::inferenceservice::{
    UNKNOWN_KIND, autoscaler, deployment, endpoint, ensure_autoscaler, first_scale, front, host, is_available,
    rest_autoscaler, service, starts_at_zero, unfit,
};
use super::scheme::Scheme;
use super::watch::{self, Key};
use crate::behaviour::Behaviour;
use crate::conditions::is_true;
use crate::config::{Config, Mode};
use crate::control_plane::{Clock, Context};
use crate::names::{CONFIG, DEPLOYMENT_MODE, STOP, kinds};

pub(super) fn start(context: &mut Context, scheme: &Scheme) {
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
        scheme: scheme.clone(),
        clock: context.options.clock.clone(),
        recorder: context.recorder("InferenceGraphController"),
    };
    let scheme = scheme.clone();
    context.run(worker, caches, async move { scheme.settled().await }, graphs);
}

struct Graphs {
    api: Api,
    namespace: String,
    behaviour: Behaviour,
    scheme: Scheme,
    clock: Clock,
    recorder: Recorder,
}

/// The condition of a graph that rests, and why it is not ready.
const STOPPED: &str = "Stopped";

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
        let tells = self.behaviour.stops_in_every_mode;
        let stopped = tells && object::annotation(&graph, STOP).is_some_and(|stop| stop.eq_ignore_ascii_case("true"));
        if !stopped {
            self.resolve(&mut graph).await?;
        }
        let default = config.default_mode().map_err(|error| format!("fails to create DeployConfig: {error}"))?;
        let asked = object::annotation(&graph, DEPLOYMENT_MODE).and_then(|mode| Mode::read(mode, self.behaviour));
        let mode = asked.unwrap_or(default);
        if mode != Mode::Raw {
            if !self.scheme.knows_knative() {
                return Err(format!("fails to reconcile inference graph ksvc: {UNKNOWN_KIND}"));
            }
            if self.behaviour.looks_for_kinds && !is_available(&self.api).await.map_err(words)? {
                let named = Mode::Serverless.name(self.behaviour);
                let told = format!(
                    "It is not possible to use {named} deployment mode when Knative Services are not available"
                );
                self.recorder.warning(&graph, "ServerlessModeRejected", told);
                return Ok(Next::Done);
            }
            if self.behaviour.configured_resources {
                first_scale(&mut graph, starts_at_zero(&self.api).await?);
            }
        }
        if stopped {
            self.stop(&stored, mode).await.map_err(words)?;
            return Ok(Next::Done);
        }
        if mode == Mode::Raw && !self.behaviour.raw_graphs {
            return Err("RawDeployment mode is not supported for InferenceGraph".to_owned());
        }
        let pod = router::pod(&graph, &settings, self.behaviour, mode == Mode::Raw);
        let status = match mode {
            Mode::Raw => self.raw(&stored, &graph, &pod, &config).await?,
            _ => Some(self.serverless(&stored, &graph, pod).await.map_err(words)?),
        };
        if let Some(mut status) = status {
            if tells {
                let mut conditions = object::list(&status, "/conditions").to_vec();
                conditions.push(self.condition(STOPPED, "False", ""));
                status["conditions"] = Value::Array(conditions);
            }
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
                    let protocol = self.protocol(&service).await?;
                    let url = endpoint(&service, protocol.as_deref(), self.behaviour);
                    let url = url.ok_or_else(|| format!("service {name} is not ready: service {name} is not ready"))?;
                    step["serviceUrl"] = json!(url);
                }
            }
        }
        Ok(())
    }

    /// The protocol of the runtime that a service states, of those that graphs speak.
    async fn protocol(&self, service: &Value) -> Result<Option<String>, String> {
        let runtime = object::text(service, "/spec/predictor/model/runtime");
        if runtime.is_empty() || !self.behaviour.asks_runtimes || service["spec"]["transformer"].is_object() {
            return Ok(None);
        }
        let words = |error: Error| error.words();
        let namespace = object::namespace(service);
        let own = children::read(&self.api, &kinds::RUNTIMES, namespace, runtime).await.map_err(words)?;
        let found = match own {
            None => children::read(&self.api, &kinds::CLUSTER_RUNTIMES, "", runtime).await.map_err(words)?,
            own => own,
        };
        let none = || format!("No ServingRuntimes or ClusterServingRuntimes with the name: {runtime}");
        let found = found.ok_or_else(none)?;
        let protocols: Vec<&str> = object::strings(&found, "/spec/protocolVersions").collect();
        match protocols.iter().find(|protocol| ["v1", "v2"].contains(protocol)) {
            None if !protocols.is_empty() => {
                Err("the runtime does not support a protocol compatible with Inference Graphs".to_owned())
            }
            protocol => Ok(protocol.map(|protocol| (*protocol).to_owned())),
        }
    }

    /// Takes the router away.
    async fn stop(&self, graph: &Value, mode: Mode) -> Result<(), Error> {
        let metadata = router::metadata(graph);
        let kinds = match mode {
            Mode::Raw => vec![kinds::DEPLOYMENTS, kinds::CORE_SERVICES],
            _ => vec![kinds::KNATIVE_SERVICES],
        };
        for of in kinds {
            children::remove(&self.api, &of, graph, object::text(&metadata, "/name")).await?;
        }
        if mode == Mode::Raw {
            let scaler = autoscaler(graph, &metadata, &graph["spec"], self.behaviour);
            rest_autoscaler(&self.api, graph, &scaler, self.behaviour).await?;
        }
        let conditions = [self.condition(STOPPED, "True", ""), self.condition("Ready", "False", STOPPED)];
        self.write(graph, json!({"conditions": conditions})).await
    }

    fn condition(&self, of_type: &str, status: &str, reason: &str) -> Value {
        let now = object::stamp((self.clock)());
        let mut condition = json!({"type": of_type, "status": status, "lastTransitionTime": now});
        if !reason.is_empty() {
            condition["reason"] = json!(reason);
        }
        condition
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
        ensure_autoscaler(&self.api, &scaler, self.behaviour).await.map_err(words)?;
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
