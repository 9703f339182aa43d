//! Server-sent events, since v1.0.0: what a page shows, kept up to date.
//!
//! | module | what it does |
//! |---|---|
//! | `subject` | what can be followed: a namespace's services, one service, its events |
//! | `hub` | who follows what; one watch for all who follow the same |
//! | `watcher` | lists, watches, begins anew |
//! | `client` | a client's queue, as text, with heartbeats |
//! | `logs` | logs, read anew every few seconds for each client |
//!
//! Rights are asked for once, when a stream is opened; it outlives a later change of them.

mod client;
mod hub;
mod logs;
mod subject;
mod watcher;

use std::time::Duration;

use http::{Response, StatusCode, header};
use proofmark_json::{Value, json};

use crate::app::App;
use crate::cluster::{EVENTS, SERVICES};
use crate::handlers::Outcome;
use crate::incoming::Incoming;
use crate::outgoing::{Answer, Body, set, streamed, whole};
use crate::python::{self, Style};

pub(crate) use hub::Hub;
use subject::Subject;

/// How long a stream is silent before it says that it is alive, and how long is waited after a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// How many components' logs one stream gives.
const COMPONENTS: usize = 10;

pub(crate) async fn services(app: &App, request: &Incoming) -> Outcome {
    app.ensure_here(request, "list", &SERVICES.resource).await?;
    app.ensure_here(request, "watch", &SERVICES.resource).await?;
    Ok(follow(app, Subject::Services { namespace: request.namespace().to_owned() }))
}

pub(crate) async fn service(app: &App, request: &Incoming) -> Outcome {
    app.ensure_here(request, "get", &SERVICES.resource).await?;
    app.ensure_here(request, "watch", &SERVICES.resource).await?;
    let (namespace, name) = (request.namespace().to_owned(), request.name("name").to_owned());
    Ok(follow(app, Subject::Service { namespace, name }))
}

pub(crate) async fn events(app: &App, request: &Incoming) -> Outcome {
    app.ensure_here(request, "list", &EVENTS).await?;
    app.ensure_here(request, "watch", &EVENTS).await?;
    let (namespace, name) = (request.namespace().to_owned(), request.name("name").to_owned());
    Ok(follow(app, Subject::Events { namespace, name }))
}

pub(crate) async fn logs(app: &App, request: &Incoming) -> Outcome {
    app.ensure_here(request, "get", &SERVICES.resource).await?;
    let components = request.parameters("component");
    if components.len() > COMPONENTS {
        let error = json!({"error": format!("Too many components requested (max {COMPONENTS})")});
        let error = python::write(&error, Style::Plain);
        return Ok(Answer::written(whole(StatusCode::BAD_REQUEST, "application/json", error)));
    }
    let (namespace, name) = (request.namespace().to_owned(), request.name("name").to_owned());
    Ok(events_stream(logs::stream(app.clone(), namespace, name, components)))
}

fn follow(app: &App, subject: Subject) -> Answer {
    events_stream(client::stream(app.hub().follow(app, subject)))
}

fn events_stream(chunks: impl futures_util::Stream<Item = String> + Send + 'static) -> Answer {
    let mut response: Response<Body> = streamed("text/event-stream; charset=utf-8", chunks);
    set(&mut response, header::CACHE_CONTROL, "no-cache");
    set(&mut response, header::HeaderName::from_static("x-accel-buffering"), "no");
    Answer::written(response)
}

/// A frame of a stream.
fn frame(data: &Value) -> String {
    format!("data: {}\n\n", python::write(data, Style::Plain))
}
