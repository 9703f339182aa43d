//! What KServe makes of a service.

use http::StatusCode;
use proofmark_json::{Map, Value, json};

use super::Outcome;
use crate::app::App;
use crate::cluster::{Child, RUNTIMES, Resource, SERVICES};
use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::mode::Mode;
use crate::outgoing::Answer;

/// One object, by its name.
pub(super) async fn one(app: &App, request: &Incoming, child: &Child) -> Outcome {
    Ok(Answer::field(child.field, read(app, request, &child.resource, request.name("name")).await?))
}

/// Deployment, Service and autoscaler of a component; null whatever keeps one from being read.
pub(super) async fn standard(app: &App, request: &Incoming) -> Outcome {
    service(app, request, Mode::Standard).await?;
    let name = format!("{}-{}", request.name("name"), request.name("component"));
    let mut found = Map::new();
    for child in [Child::DEPLOYMENT, Child::SERVICE, Child::AUTOSCALER] {
        let object = read(app, request, &child.resource, &name).await.unwrap_or_default();
        found.insert(child.field.to_owned(), object);
    }
    Ok(Answer::field("standardDeploymentObjects", found))
}

/// The status of a component, and the runtime that it shares with others.
pub(super) async fn modelmesh(app: &App, request: &Incoming) -> Outcome {
    let service = service(app, request, Mode::ModelMesh).await?;
    let component = request.name("component");
    let of = |part: &str| service.pointer(part).and_then(|part| part.get(component));
    let status = of("/status/components").cloned().unwrap_or_default();
    let mut found = json!({"predictor": status, "servingRuntime": null, "deployment": null, "service": null});
    let spec = of("/spec");
    let mut runtime = spec.and_then(|spec| spec.get("runtime")).and_then(Value::as_str);
    if !app.flaws().old_labels_only {
        runtime = runtime.or_else(|| spec.and_then(|spec| spec.pointer("/model/runtime")).and_then(Value::as_str));
    }
    if let Some(runtime) = runtime.filter(|runtime| !runtime.is_empty()) {
        let shared = format!("modelmesh-serving-{runtime}");
        found["servingRuntime"] = read(app, request, &RUNTIMES, runtime).await.unwrap_or_default();
        for child in [Child::DEPLOYMENT, Child::SERVICE] {
            found[child.field] = read(app, request, &child.resource, &shared).await.unwrap_or_default();
        }
    }
    Ok(Answer::field("modelmeshObjects", found))
}

async fn read(app: &App, request: &Incoming, resource: &Resource, name: &str) -> Result<Value, Failure> {
    app.ensure_here(request, "get", resource).await?;
    app.cluster().object(resource, request.namespace(), name).await
}

/// The service of the path, which must be in a mode.
async fn service(app: &App, request: &Incoming, wanted: Mode) -> Result<Value, Failure> {
    let service = read(app, request, &SERVICES.resource, request.name("name")).await?;
    if Mode::of(&service, app.flaws()) == wanted {
        return Ok(service);
    }
    let words = format!("InferenceService is not in {} mode", wanted.name());
    Err(if app.flaws().other_mode_crashes {
        Failure::Crash(words)
    } else {
        Failure::refused(StatusCode::BAD_REQUEST, words)
    })
}
