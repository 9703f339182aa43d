//! InferenceServices and InferenceGraphs: list, get, create, update, delete.

use proofmark_json::{Value, json};

use super::{Outcome, bodies, pods};
use crate::app::App;
use crate::cluster::{Kind, SERVICES, items};
use crate::incoming::Incoming;
use crate::mode::Mode;
use crate::outgoing::Answer;
use crate::python::dumps;
use crate::release::Part;

pub(super) async fn list(app: &App, request: &Incoming, kind: &Kind) -> Outcome {
    app.ensure_here(request, "list", &kind.resource).await?;
    let list = app.cluster().get(&app.cluster().path(&kind.resource, request.namespace(), None)).await?;
    Ok(Answer::field(kind.many, Value::Array(items(list))))
}

pub(super) async fn get(app: &App, request: &Incoming, kind: &Kind) -> Outcome {
    app.ensure_here(request, "get", &kind.resource).await?;
    let mut object = app.cluster().object(&kind.resource, request.namespace(), request.name("name")).await?;
    let is_service = kind.resource == SERVICES.resource;
    let newer = app.behaviour().has(Part::Children);
    if is_service && !newer && request.parameters("logs").first().is_some_and(|logs| logs == "true") {
        return pods::service_logs(app, request, &object).await;
    }
    if is_service && newer {
        mark(app, &mut object);
    }
    Ok(Answer::field(kind.one, object))
}

/// Says of a service how it is deployed.
pub(crate) fn mark(app: &App, service: &mut Value) {
    let mode = Mode::of(service, app.flaws());
    if let Some(members) = service.as_object_mut() {
        members.insert("deploymentMode", json!(mode.name()));
    }
}

pub(super) async fn create(app: &App, request: &Incoming, kind: &Kind) -> Outcome {
    let body = bodies::object(app, request)?;
    app.ensure_here(request, "create", &kind.resource).await?;
    if kind.resource != SERVICES.resource && app.flaws().reviews_twice {
        app.ensure_here(request, "create", &kind.resource).await?;
    }
    app.cluster().create(&kind.resource, request.namespace(), dumps(&body)).await?;
    Ok(Answer::field("message", format!("{} successfully created.", kind.name)))
}

pub(super) async fn update(app: &App, request: &Incoming, kind: &Kind) -> Outcome {
    let body = bodies::object(app, request)?;
    app.ensure_here(request, "update", &kind.resource).await?;
    app.cluster().replace(&kind.resource, request.namespace(), request.name("name"), dumps(&body)).await?;
    Ok(Answer::field("message", format!("{} successfully updated", kind.name)))
}

pub(super) async fn delete(app: &App, request: &Incoming, kind: &Kind) -> Outcome {
    app.ensure_here(request, "delete", &kind.resource).await?;
    let (namespace, name) = (request.namespace(), request.name("name"));
    app.cluster().delete(&kind.resource, namespace, name).await?;
    Ok(Answer::field("message", format!("{} {namespace}/{name} successfully deleted.", kind.name)))
}
