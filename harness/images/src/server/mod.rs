//! Model servers: one simulated server that behaves like several.
//!
//! | module | what it is |
//! |---|---|
//! | [`Model`] | a linear model in a small JSON format, and its predictions |
//! | `program` | what differs between servers: arguments, where models lie, words |
//! | `repository` | the models that a server has loaded |
//! | `v1`, `v2` | the two prediction protocols |
//! | `answer` | answers and errors |
//!
//! A server reads JSON of our own in place of its framework's format: a file that would be `model.joblib` holds a [`Model`]. What the file may be called, and
//! what happens when there is none, several, or one that cannot be read, is as in the original. Sources: `kserve` (`python/kserve/kserve/protocol`,
//! `python/sklearnserver`), the Open Inference Protocol.

mod answer;
mod model;
mod program;
mod repository;
mod v1;
mod v2;

pub use model::{Model, ModelError};
pub(crate) use program::{PROGRAMS, Program};

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use proofmark_nodes::process::{Container, Exit, Process, Running};

use answer::Failure;
use program::{Layout, Settings};
use repository::{LoadError, Repository};

/// A model server as a container.
pub(crate) struct ModelServer(pub(crate) &'static Program);

impl Process for ModelServer {
    fn run(&self, container: Container) -> Running {
        Box::pin(serve(self.0, container))
    }
}

/// A server that has started.
struct Server {
    program: &'static Program,
    container: Container,
    models: Repository,
}

async fn serve(program: &'static Program, container: Container) -> Exit {
    let settings = (program.settings)(&container);
    let log = container.log.clone();
    let models = Repository::new(program, &settings, container.clone());
    if let Err(error) = start(program, &settings, &models).await {
        error.traceback().iter().for_each(|line| log.stderr(line));
        return Exit::code(1);
    }
    for name in models.names() {
        log.stderr(&format!("Registering model: {name}"));
    }
    log.stderr(&format!("INFO:     Uvicorn running on http://0.0.0.0:{} (Press CTRL+C to quit)", settings.port));
    let server = Arc::new(Server { program, container: container.clone(), models });
    let answering = server.clone();
    container.ports.serve(settings.port, move |request| {
        let server = answering.clone();
        async move { server.answer(&request).await }
    });
    container.stopped().await;
    Exit::code(0)
}

/// Loads what there is at the start.
async fn start(program: &Program, settings: &Settings, models: &Repository) -> Result<(), LoadError> {
    match program.layout {
        Layout::File(_) => match models.load_at(&settings.name, &settings.directory).await {
            Err(LoadError::Missing) => {
                let (name, directory) = (&settings.name, &settings.directory);
                let told = format!("fail to locate model file for model {name} under dir {directory},");
                models.log().stderr(&format!("{told}trying loading from model repository."));
                models.load_all().await
            }
            other => other,
        },
        Layout::Repository => models.load_all().await,
    }
}

impl Server {
    fn model(&self, name: &str) -> Result<Arc<Model>, Failure> {
        self.models.get(name).ok_or_else(|| Failure::unknown_model((self.program.unknown)(name)))
    }

    /// Predictions, or probabilities if the server was started to tell those.
    fn predictions(&self, model: &Model, rows: &[Vec<f64>]) -> Result<Vec<proofmark_json::Value>, Failure> {
        let wanted = self.container.env.get("PREDICT_PROBA").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let made = if wanted && model.classifies() { model.probabilities(rows) } else { model.predict(rows) };
        made.map_err(Failure::inference)
    }

    async fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let (method, path) = (request.method(), request.uri().path());
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let answered = match parts.as_slice() {
            [""] if method == Method::GET && self.program.v1 => Ok(proofmark_json::json!({"status": "alive"})),
            ["v1", rest @ ..] if self.program.v1 => v1::answer(self, method, rest, request.body()),
            ["v2", rest @ ..] => v2::answer(self, method, rest, request.body()).await,
            _ => Err(Failure::no_route()),
        };
        let response = answer::of(answered);
        // There are no connections between pods, so nobody's address.
        let (status, reason) = (response.status().as_u16(), response.status().canonical_reason().unwrap_or_default());
        let line = format!("INFO:     127.0.0.1:0 - \"{method} {path} HTTP/1.1\" {status} {reason}");
        self.container.log.stdout(&line);
        response
    }
}
