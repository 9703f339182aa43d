//! Raw mode: a Deployment, a Service in front of it, and something that scales it.

use proofmark_controllers::kit::{Api, Error, Reason as _, View, object};
use proofmark_json::{Value, json};

use super::availability;
use super::component::{Component, Deployable};
use super::keda;
use super::model_status::Deployed;
use super::multinode;
use super::reconcile::Work;
use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::controllers::children;
use crate::domain;
use crate::names::{
    AUTOSCALER_CLASS, COMPONENT_LABEL, SERVER_CONTAINER, SERVICE_LABEL, TARGET_UTILIZATION, TRANSFORMER_CONTAINER,
    kinds,
};

/// Where the agent listens, which logs and batches.
const AGENT_PORT: i64 = 9081;
/// Where servers listen unless they say otherwise.
const PORT: i64 = 8080;

/// Deploys a component and puts into the status what became of it.
pub(super) async fn deploy(work: &mut Work<'_>, of: &Deployable) -> Result<Deployed, String> {
    let host = host(&work.config, &work.service, &of.metadata).map_err(|why| unfit(of.component.field(), &why))?;
    let url = format!("http://{host}");
    if let Some(workers) = &of.workers {
        return multinode::deploy(work, of, workers, &url).await;
    }
    let api = &work.services.api;
    let behaviour = work.services.behaviour;
    let words = |error: Error| format!("fails to reconcile {}: {}", of.component.field(), error.words());
    let deployment = deployment(&work.service, &of.metadata, &of.pod, &of.block, behaviour);
    let service = service(&work.service, &of.metadata, &of.pod, &of.block, &work.config);
    if behaviour.services_first {
        front(api, &service).await.map_err(words)?;
    }
    let found = children::deployment(api, &kinds::DEPLOYMENTS, &deployment, behaviour).await.map_err(words)?;
    if !behaviour.services_first {
        front(api, &service).await.map_err(words)?;
    }
    scale(work, of).await.map_err(words)?;
    let deployed = how_far(&found);
    propagate(work, of, &[("", found)], &url);
    if behaviour.named_predictors && of.component == Component::Predictor {
        forget_other_names(work, object::text(&of.metadata, "/name")).await.map_err(words)?;
    }
    Ok(deployed)
}

/// Deletes what a predictor of another name left.
async fn forget_other_names(work: &Work<'_>, name: &str) -> Result<(), Error> {
    let api = &work.services.api;
    let selector = format!("{SERVICE_LABEL}={},{COMPONENT_LABEL}={}", work.name(), Component::Predictor.field());
    for of in [kinds::DEPLOYMENTS, kinds::CORE_SERVICES] {
        let list = api.list(&of, work.namespace(), &[("labelSelector", selector.as_str())], View::Metadata).await?;
        for other in object::list(&list, "/items").iter().map(object::name).filter(|other| *other != name) {
            match api.delete(&of, work.namespace(), other, &json!({})).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// The host of what is deployed, which is told before anything is made.
pub(in crate::controllers) fn host(config: &Config, owner: &Value, metadata: &Value) -> Result<String, String> {
    let settings = config.ingress().map_err(|error| error.to_string())?;
    let host = domain::public(object::text(metadata, "/name"), owner, &settings);
    host.map_err(|error| format!("failed creating host name: {error}"))
}

/// What is said when something cannot even be begun with.
pub(in crate::controllers) fn unfit(of: &str, why: &str) -> String {
    format!("fails to create NewRawKubeReconciler for {of}: {why}")
}

/// Makes the Service in front of a pod.
pub(in crate::controllers) async fn front(api: &Api, service: &Value) -> Result<(), Error> {
    children::replace(api, &kinds::CORE_SERVICES, service, &["/spec/ports", "/spec/selector"]).await.map(|_| ())
}

/// A Deployment that its controller has not seen has no pods.
pub(super) fn how_far(deployment: &Value) -> Deployed {
    match object::count(deployment, "/status/observedGeneration") {
        0 => Deployed::JustNow,
        _ => Deployed::Before,
    }
}

/// What the status says of the Deployments of a component.
pub(super) fn propagate(work: &mut Work<'_>, of: &Deployable, found: &availability::Found, url: &str) {
    let behaviour = work.services.behaviour;
    let Some((_, deployment)) = found.first() else { return };
    let mut component = work.status.component(of.component);
    if !behaviour.no_raw_revisions {
        let revision = object::annotation(deployment, "deployment.kubernetes.io/revision").unwrap_or_default();
        if revision.is_empty() {
            component.as_object_mut().map(|component| component.shift_remove("latestCreatedRevision"));
        } else {
            component["latestCreatedRevision"] = json!(revision);
        }
    }
    if let Some(ready) = availability::readiness(found, behaviour) {
        if ready.status == "True" {
            component["url"] = json!(url);
        }
        work.set(&of.component.ready(), &ready);
    }
    work.status.set_component(of.component, component);
    work.status.observed(object::count(deployment, "/status/observedGeneration"));
}

/// Labels of raw children: those of the component, and the one that Deployments select by.
fn labelled(metadata: &Value) -> Value {
    let mut metadata = metadata.clone();
    metadata["labels"]["app"] = app(&metadata);
    metadata
}

fn app(metadata: &Value) -> Value {
    json!(format!("isvc.{}", object::text(metadata, "/name")))
}

/// The Deployment of a pod.
pub(in crate::controllers) fn deployment(
    owner: &Value,
    metadata: &Value,
    pod: &Value,
    block: &Value,
    behaviour: Behaviour,
) -> Value {
    let metadata = labelled(metadata);
    let mut deployment = children::child(owner, &kinds::DEPLOYMENTS, metadata.clone());
    let default = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}});
    deployment["spec"] = json!({
        "selector": {"matchLabels": {"app": app(&metadata)}},
        "template": {"metadata": metadata, "spec": complete(pod, behaviour)},
        "strategy": block.get("deploymentStrategy").filter(|strategy| strategy.is_object()).unwrap_or(&default),
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    });
    if deployment.pointer("/spec/strategy/type").is_none_or(|of_type| of_type == "") {
        deployment["spec"]["strategy"]["type"] = default["type"].clone();
    }
    if deployment["spec"]["strategy"]["type"] == default["type"]
        && deployment.pointer("/spec/strategy/rollingUpdate").is_none_or(Value::is_null)
    {
        deployment["spec"]["strategy"]["rollingUpdate"] = default["rollingUpdate"].clone();
    }
    // Whoever scales by himself says how many there are; nobody else is told.
    if children::scales_itself(&deployment, behaviour)
        && let Some(replicas) = block.get("minReplicas").and_then(Value::as_i64)
    {
        deployment["spec"]["replicas"] = json!(replicas);
    }
    deployment
}

/// What is left open in a pod, where the control plane's choice is not the API server's.
fn complete(pod: &Value, behaviour: Behaviour) -> Value {
    let mut pod = pod.clone();
    let containers = pod.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten();
    for container in containers {
        if object::text(container, "/imagePullPolicy").is_empty() {
            container["imagePullPolicy"] = json!("IfNotPresent");
        }
        let name = object::text(container, "/name");
        let probed = name == SERVER_CONTAINER || behaviour.transformers_in_front && name == TRANSFORMER_CONTAINER;
        if probed && container.get("readinessProbe").is_none_or(Value::is_null) {
            let port = object::number(container, "/ports/0/containerPort").unwrap_or(PORT);
            container["readinessProbe"] = json!({
                "tcpSocket": {"port": port}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
            });
        }
    }
    pod
}

/// The Service in front of a pod. It leads to the agent where the component asks for one, whether or not the pod has it.
pub(in crate::controllers) fn service(
    owner: &Value,
    metadata: &Value,
    pod: &Value,
    block: &Value,
    config: &Config,
) -> Value {
    let metadata = labelled(metadata);
    let containers = object::list(pod, "/containers");
    let beside = containers.iter().find(|container| object::text(container, "/name") == TRANSFORMER_CONTAINER);
    let beside = beside.filter(|_| config.behaviour.transformers_in_front);
    let front = beside.or_else(|| containers.first());
    let ports = front.map(|front| object::list(front, "/ports")).unwrap_or_default();
    let name = object::text(&metadata, "/name");
    let mut all = Vec::new();
    match ports.first() {
        Some(first) => {
            let number = object::count(first, "/containerPort");
            let protocol = object::text(first, "/protocol");
            let mut port = json!({"port": 80, "targetPort": number, "protocol": if protocol.is_empty() { "TCP" } else { protocol }});
            port["name"] = json!(object::text(first, "/name"));
            speak(&mut port, config.behaviour);
            all.push(port);
            for other in ports.iter().skip(1) {
                let number = object::count(other, "/containerPort");
                let protocol = object::text(other, "/protocol");
                let mut port = json!({
                    "name": object::text(other, "/name"), "port": number, "targetPort": number,
                    "protocol": if protocol.is_empty() { "TCP" } else { protocol },
                });
                speak(&mut port, config.behaviour);
                all.push(port);
            }
        }
        None => all.push(json!({"name": name, "port": 80, "targetPort": PORT, "protocol": "TCP"})),
    }
    if (block["logger"].is_object() || block["batcher"].is_object())
        && let Some(first) = all.first_mut()
    {
        first["targetPort"] = json!(AGENT_PORT);
    }
    let mut service = children::child(owner, &kinds::CORE_SERVICES, metadata.clone());
    service["spec"] = json!({"ports": all, "selector": {"app": app(&metadata)}});
    if config.headless() {
        service["spec"]["clusterIP"] = json!("None");
    }
    service
}

/// Ports whose names speak of gRPC are said to speak it.
fn speak(port: &mut Value, behaviour: Behaviour) {
    let name = object::text(port, "/name");
    if behaviour.configured_resources && (name.contains("grpc") || name.contains("h2c")) {
        port["appProtocol"] = json!("kubernetes.io/h2c");
    }
}

/// Makes what scales a component, or takes it away.
async fn scale(work: &Work<'_>, of: &Deployable) -> Result<(), Error> {
    let api = &work.services.api;
    let metadata = labelled(&of.metadata);
    let name = object::text(&metadata, "/name");
    let class = metadata["annotations"].get(AUTOSCALER_CLASS).and_then(Value::as_str).unwrap_or("hpa");
    if class == "keda" && work.services.behaviour.keda {
        return keda::ensure(work, &metadata, &of.block).await;
    }
    if class == "external" || class == "none" {
        return children::remove(api, &kinds::AUTOSCALERS, &work.service, name).await;
    }
    let behaviour = work.services.behaviour;
    ensure_autoscaler(api, &autoscaler(&work.service, &metadata, &of.block, behaviour), behaviour).await
}

/// Makes an autoscaler, or corrects one.
pub(in crate::controllers) async fn ensure_autoscaler(
    api: &Api,
    wanted: &Value,
    behaviour: Behaviour,
) -> Result<(), Error> {
    let parts = [
        "/spec/metrics",
        "/spec/minReplicas",
        "/spec/maxReplicas",
        "/spec/scaleTargetRef",
        "/metadata/annotations",
        "/metadata/labels",
    ];
    let compared = if behaviour.compares_autoscalers { &parts[..] } else { &parts[..3] };
    children::replace(api, &kinds::AUTOSCALERS, wanted, compared).await.map(|_| ())
}

/// The autoscaler of a component.
pub(in crate::controllers) fn autoscaler(
    owner: &Value,
    metadata: &Value,
    block: &Value,
    behaviour: Behaviour,
) -> Value {
    let metadata = labelled(metadata);
    let (min, max) = replicas(block);
    let annotated = metadata["annotations"].get(TARGET_UTILIZATION).and_then(Value::as_str);
    let annotated = annotated.filter(|_| !behaviour.keda);
    let annotated = annotated.map(|target| target.parse::<i64>().unwrap_or_default());
    let utilization = block.get("scaleTarget").and_then(Value::as_i64).or(annotated).unwrap_or(80);
    let metric = block.get("scaleMetric").and_then(Value::as_str).unwrap_or("cpu");
    let by = |name: &str, target: Value| json!({"type": "Resource", "resource": {"name": name, "target": target}});
    let utilized = json!({"type": "Utilization", "averageUtilization": utilization});
    let metrics = match block.get("autoScaling").filter(|_| behaviour.keda) {
        Some(scaling) => object::list(scaling, "/metrics")
            .iter()
            .filter_map(|metric| {
                let (name, target) = (object::text(metric, "/resource/name"), metric.pointer("/resource/target")?);
                let amount = target.get("averageUtilization").cloned();
                match (name, object::text(target, "/type")) {
                    ("cpu", _) => {
                        let amount = amount.unwrap_or_else(|| json!(80));
                        Some(by(name, json!({"type": "Utilization", "averageUtilization": amount})))
                    }
                    ("memory", "Utilization") => {
                        Some(by(name, json!({"type": "Utilization", "averageUtilization": amount})))
                    }
                    ("memory", "AverageValue") => {
                        Some(by(name, json!({"type": "AverageValue", "averageValue": target["averageValue"]})))
                    }
                    ("memory", _) => Some(by(name, json!({"type": ""}))),
                    _ => None,
                }
            })
            .collect(),
        // Of memory nothing is presumed.
        None if behaviour.keda && metric == "memory" && block.get("scaleTarget").is_none() => Vec::new(),
        None if behaviour.keda && !matches!(metric, "cpu" | "memory") => Vec::new(),
        None => vec![by(metric, utilized)],
    };
    let mut autoscaler = children::child(owner, &kinds::AUTOSCALERS, metadata.clone());
    autoscaler["spec"] = json!({
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": object::text(&metadata, "/name")},
        "minReplicas": min, "maxReplicas": max, "behavior": {},
    });
    if !metrics.is_empty() {
        autoscaler["spec"]["metrics"] = json!(metrics);
    }
    autoscaler
}

/// How many replicas there are at least and at most.
pub(super) fn replicas(block: &Value) -> (i64, i64) {
    let number = |field: &str| block.get(field).and_then(Value::as_i64);
    let min = number("minReplicas").unwrap_or(1).max(1);
    (min, number("maxReplicas").unwrap_or_default().max(min))
}
