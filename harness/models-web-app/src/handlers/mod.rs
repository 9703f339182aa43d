//! What each route does.

mod bodies;
mod children;
mod events;
mod namespaces;
mod objects;
mod pods;
mod resources;
mod storage;

use http::StatusCode;
use proofmark_json::{Value, json};

use crate::app::App;
use crate::cluster::Resource;
use crate::failure::{Failure, NO_SUCH_PAGE};
use crate::incoming::Incoming;
use crate::outgoing::{Answer, whole};
use crate::route::Endpoint;
use crate::{page, stream};

pub(crate) use events::typed as typed_event;
pub(crate) use objects::mark;
pub(crate) use pods::{MAIN, by_component, lines};

/// An answer, or why there is none.
pub(crate) type Outcome = Result<Answer, Failure>;

/// Answers a request whose route has been found, and whose user and token are all right.
pub(crate) async fn answer(app: &App, endpoint: Endpoint, request: &Incoming) -> Outcome {
    check_names(app, request)?;
    match endpoint {
        Endpoint::Liveness => Ok(Answer::json(StatusCode::OK, json!("alive"))),
        Endpoint::Readiness => Ok(Answer::json(StatusCode::OK, json!("ready"))),
        Endpoint::Metrics => {
            let text = app.metrics().write(&app.settings().name);
            Ok(Answer::written(whole(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text)))
        }
        Endpoint::Info => Ok(Answer::field("info", json!({}))),
        Endpoint::Namespaces => namespaces::list(app, request).await,
        Endpoint::StorageClasses => storage::list(app).await,
        Endpoint::DefaultStorageClass => storage::default(app).await,
        Endpoint::Config => Ok(Answer::json(StatusCode::OK, config(app))),
        Endpoint::ConfigNamespaces => namespaces::offered(app, request).await,
        Endpoint::List(kind) => objects::list(app, request, kind).await,
        Endpoint::Get(kind) => objects::get(app, request, kind).await,
        Endpoint::Create(kind) => objects::create(app, request, kind).await,
        Endpoint::Update(kind) => objects::update(app, request, kind).await,
        Endpoint::Delete(kind) => objects::delete(app, request, kind).await,
        Endpoint::Events(kind) => events::list(app, request, kind).await,
        Endpoint::Containers => pods::containers(app, request).await,
        Endpoint::ContainerLogs => pods::logs(app, request).await,
        Endpoint::Child(child) => children::one(app, request, child).await,
        Endpoint::Standard => children::standard(app, request).await,
        Endpoint::ModelMesh => children::modelmesh(app, request).await,
        Endpoint::Resources => resources::create(app, request).await,
        Endpoint::StreamList => stream::services(app, request).await,
        Endpoint::StreamOne => stream::service(app, request).await,
        Endpoint::StreamEvents => stream::events(app, request).await,
        Endpoint::StreamLogs => stream::logs(app, request).await,
        Endpoint::Static => page::file(app, request),
        Endpoint::Page => {
            let lost = request.head.uri.path().starts_with("/api/") && !app.flaws().page_for_everything;
            if lost { Err(Failure::refused(StatusCode::NOT_FOUND, NO_SUCH_PAGE)) } else { page::index(app) }
        }
    }
}

/// What the application needs to know of Grafana.
fn config(app: &App) -> Value {
    let grafana = &app.settings().grafana;
    json!({
        "grafanaCpuMemoryDb": grafana.cpu_memory,
        "grafanaHttpRequestsDb": grafana.http_requests,
        "grafanaPrefix": grafana.prefix,
    })
}

/// Names that are no segment of a path mean something else than an object. Words: apimachinery's `IsValidPathSegmentName`.
fn check_names(app: &App, request: &Incoming) -> Result<(), Failure> {
    if app.flaws().dots_collapse {
        return Ok(());
    }
    let odd = request
        .names
        .values()
        .find(|(key, value)| !matches!(*key, "path" | "filename") && matches!(*value, "." | ".."));
    match odd {
        Some((_, value)) => {
            let words = format!("Name parameter invalid: \"{value}\": may not be '{value}'");
            Err(Failure::refused(StatusCode::BAD_REQUEST, words))
        }
        None => Ok(()),
    }
}

impl App {
    /// Refuses a user who may not do this in a namespace. Nobody is asked for where authorization is off.
    pub(crate) async fn ensure(
        &self,
        request: &Incoming,
        verb: &str,
        resource: &Resource,
        namespace: Option<&str>,
    ) -> Result<(), Failure> {
        if !self.settings().authorize {
            return Ok(());
        }
        let user = request.user.as_deref().unwrap_or_default();
        self.cluster().ensure(user, verb, resource, namespace).await
    }

    /// The same in the namespace of the path.
    pub(crate) async fn ensure_here(&self, request: &Incoming, verb: &str, resource: &Resource) -> Result<(), Failure> {
        self.ensure(request, verb, resource, Some(request.namespace())).await
    }
}
