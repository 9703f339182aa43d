//! Pods of components, their containers and logs.

use http::StatusCode;
use indexmap::IndexMap;
use proofmark_json::{Value, json};

use super::Outcome;
use crate::app::App;
use crate::cluster::SERVICES;
use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::mode::Mode;
use crate::outgoing::Answer;
use crate::python::{Json, loads, text};

/// Knative's label of the revision to which a pod belongs.
const REVISION: &str = "serving.knative.dev/revision";
/// The label that KFServing set; KServe has not since 0.7.
const OLD_SERVICE: &str = "serving.kubeflow.org/inferenceservice";
const SERVICE: &str = "serving.kserve.io/inferenceservice";
/// The container that serves the model.
pub(crate) const MAIN: &str = "kserve-container";

/// The containers of a component's latest pod, the one that serves first.
pub(super) async fn containers(app: &App, request: &Incoming) -> Outcome {
    let pod = latest(app, request).await?;
    let names = |field: &str| {
        let containers = pod.pointer(field).and_then(Value::as_array);
        let names = containers.into_iter().flatten().filter_map(|container| container.get("name")?.as_str());
        names.map(str::to_owned).collect::<Vec<String>>()
    };
    let mut all = names("/spec/initContainers");
    all.extend(names("/spec/containers"));
    if let Some(main) = all.iter().position(|name| name == MAIN) {
        let main = all.remove(main);
        all.insert(0, main);
    }
    Ok(Answer::field("containers", all))
}

/// The log of one container of a component's latest pod.
pub(super) async fn logs(app: &App, request: &Incoming) -> Outcome {
    let pod = latest(app, request).await?;
    Ok(Answer::field("logs", lines(app, request.namespace(), name(&pod), request.name("container")).await?))
}

/// `?logs=true`: the logs of all pods of the components that were asked for.
pub(super) async fn service_logs(app: &App, request: &Incoming, service: &Value) -> Outcome {
    let annotations = service.pointer("/metadata/annotations");
    if annotations.is_none() && app.flaws().unready_crashes {
        return Err(Failure::Crash("'annotations'".to_owned()));
    }
    let raw = annotations.and_then(|all| all.get("serving.kubeflow.org/raw")).is_some_and(|raw| raw == "true");
    let mode = if raw { Mode::Standard } else { Mode::Serverless };
    let pods = by_component(app, service, mode, &request.parameters("component")).await?;
    let mut logs = json!({});
    for (component, pods) in pods {
        let mut of_component = Vec::new();
        for pod in pods {
            let lines = lines(app, request.namespace(), &pod, MAIN).await?;
            of_component.push(json!({"podName": pod, "logs": lines}));
        }
        logs[component] = Value::Array(of_component);
    }
    Ok(Answer::field("serviceLogs", logs))
}

/// A log in lines. The client library of the original takes a log that is one JSON value for that value.
pub(crate) async fn lines(app: &App, namespace: &str, pod: &str, container: &str) -> Result<Vec<String>, Failure> {
    let log = app.cluster().log(namespace, pod, container).await?;
    let log = match loads(&log) {
        Ok(value) if app.flaws().logs_are_parsed => match value {
            Json::Null => return Err(Failure::Crash("'NoneType' object has no attribute 'split'".to_owned())),
            value => text(&value),
        },
        _ => log,
    };
    Ok(log.split('\n').map(str::to_owned).collect())
}

/// The names of the pods that belong to the ready revisions of components (of all pods where there are no revisions).
pub(crate) async fn by_component(
    app: &App,
    service: &Value,
    mode: Mode,
    components: &[String],
) -> Result<IndexMap<String, Vec<String>>, Failure> {
    let text = |path: &str| service.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let (namespace, service_name) = (text("/metadata/namespace"), text("/metadata/name"));
    let mut found: IndexMap<String, Vec<String>> = IndexMap::new();
    match mode {
        Mode::Serverless => {
            if service.get("status").is_none() && app.flaws().unready_crashes {
                return Err(Failure::Crash("'status'".to_owned()));
            }
            let ready = |component: &str| {
                let status = service.pointer("/status/components")?.get(component)?;
                status.get("latestReadyRevision")?.as_str()
            };
            // Two components of one revision: the last one has it.
            let revisions: IndexMap<&str, &String> =
                components.iter().filter_map(|component| Some((ready(component)?, component))).collect();
            if revisions.is_empty() {
                return Ok(found);
            }
            for pod in app.cluster().pods(namespace, None).await? {
                let Some(component) = label(app, &pod, REVISION)?.and_then(|revision| revisions.get(revision)) else {
                    continue;
                };
                found.entry((*component).clone()).or_default().push(name(&pod).to_owned());
            }
        }
        Mode::Standard => {
            let label_of_services = if app.flaws().old_labels_only { OLD_SERVICE } else { SERVICE };
            for pod in app.cluster().pods(namespace, Some((label_of_services, service_name))).await? {
                let component = label(app, &pod, "component")?.unwrap_or_default();
                if components.iter().any(|wanted| wanted == component) {
                    found.entry(component.to_owned()).or_default().push(name(&pod).to_owned());
                }
            }
        }
        Mode::ModelMesh => {
            let managed = Some(("app.kubernetes.io/managed-by", "modelmesh-controller"));
            let pods: Vec<String> =
                app.cluster().pods(namespace, managed).await?.iter().map(|pod| name(pod).to_owned()).collect();
            if !pods.is_empty() {
                found.extend(components.iter().map(|component| (component.clone(), pods.clone())));
            }
        }
    }
    Ok(found)
}

/// The first pod of the revision that was created last.
async fn latest(app: &App, request: &Incoming) -> Result<Value, Failure> {
    app.ensure_here(request, "get", &SERVICES.resource).await?;
    let (namespace, component) = (request.namespace(), request.name("component"));
    let service = app.cluster().object(&SERVICES.resource, namespace, request.name("name")).await?;
    let none =
        || Failure::refused(StatusCode::NOT_FOUND, format!("couldn't find latest pod for component: {component}"));
    let status = service.pointer("/status/components").and_then(|components| components.get(component));
    let revision = status.and_then(|status| status.get("latestCreatedRevision")).and_then(Value::as_str);
    let Some(revision) = revision.filter(|revision| !revision.is_empty()) else {
        if app.flaws().old_labels_only || Mode::of(&service, app.flaws()) != Mode::Standard {
            return Err(none());
        }
        let pods = app.cluster().pods(namespace, Some((SERVICE, request.name("name")))).await?;
        let fits = |pod: &Value| label(app, pod, "component").is_ok_and(|label| label == Some(component));
        let newest = pods.into_iter().filter(fits).max_by_key(|pod| {
            pod.pointer("/metadata/creationTimestamp").and_then(Value::as_str).unwrap_or_default().to_owned()
        });
        return newest.ok_or_else(none);
    };
    for pod in app.cluster().pods(namespace, None).await? {
        if label(app, &pod, REVISION)? == Some(revision) {
            return Ok(pod);
        }
    }
    Err(none())
}

/// A label of a pod. Pods without any end the original's search.
fn label<'p>(app: &App, pod: &'p Value, key: &str) -> Result<Option<&'p str>, Failure> {
    match pod.pointer("/metadata/labels") {
        Some(labels) => Ok(labels.get(key).and_then(Value::as_str)),
        None if app.flaws().unlabelled_pods_crash => {
            Err(Failure::Crash("argument of type 'NoneType' is not iterable".to_owned()))
        }
        None => Ok(None),
    }
}

fn name(pod: &Value) -> &str {
    pod.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}
