//! KServe's Models Web App: the backend of the image's tag, with the rights of its pod's service account.
//!
//! The environment of the container is that of the real one, with the defaults that its image sets. Answers without an end (server-sent events) are
//! refused with 501: between simulated pods there are no connections.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use proofmark_models_web_app::{App, Assets, Release, Settings, SettingsError, Tokens};
use proofmark_nodes::process::{Container, Exit, Image, Images, PodIdentity, Process, Running};

/// Makes clients of the API server with the rights of a pod's service account.
pub type Clients = Arc<dyn Fn(&PodIdentity) -> kube::Client + Send + Sync>;

/// The images of the Models Web App: those of KServe by their tags, and ours, which has no flaws, as `proofmark/models-web-app`.
pub fn models_web_app(clients: Clients) -> Images {
    let image = |release| Image::new(WebApp { release, clients: clients.clone() });
    let released = Release::ALL.into_iter().filter(|release| *release != Release::Proofmark);
    let images = released.fold(Images::default(), |images, release| {
        images.with(format!("*kserve/models-web-app:v{release}"), image(release))
    });
    let other = "this release of the Models Web App is not simulated: nothing here can run it";
    images
        .with("*kserve/models-web-app", Image::missing(other))
        .with("*proofmark/models-web-app", image(Release::Proofmark))
}

/// The port that the image listens on.
const PORT: u16 = 5000;

/// What the image sets where its Deployment does not.
fn of_image(variable: &str) -> Option<&'static str> {
    match variable {
        "APP_PREFIX" => Some("/models"),
        "APP_VERSION" => Some("v1beta1"),
        _ => None,
    }
}

struct WebApp {
    release: Release,
    clients: Clients,
}

impl Process for WebApp {
    fn run(&self, container: Container) -> Running {
        let client = (self.clients)(&container.pod);
        Box::pin(serve(self.release, client, container))
    }
}

async fn serve(release: Release, client: kube::Client, container: Container) -> Exit {
    let variable = |name: &str| container.env.get(name).cloned().or_else(|| of_image(name).map(str::to_owned));
    let settings = match Settings::read(release, variable) {
        Ok(settings) => settings,
        Err(error) => {
            container.log.stderr(&error.to_string());
            // gunicorn tells by 3 that none of its workers has come up.
            return Exit::code(if matches!(error, SettingsError::Mode(_)) { 3 } else { 1 });
        }
    };
    let app = App::with(client, settings, Assets::embedded(), Tokens::seeded(seed(&container.pod.uid)));
    container.log.stderr(&format!("[INFO] Listening at: http://0.0.0.0:{PORT}"));
    container.ports.serve(PORT, move |request| answer(app.clone(), request));
    container.stopped().await;
    Exit::code(0)
}

async fn answer(app: App, request: Request<Bytes>) -> Response<Bytes> {
    let (head, body) = app.answer(request).await.into_parts();
    if head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        let mut refusal = Response::new(Bytes::from_static(b"streams of events do not leave a simulated pod"));
        *refusal.status_mut() = StatusCode::NOT_IMPLEMENTED;
        return refusal;
    }
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    Response::from_parts(head, body)
}

/// The seed of a pod's tokens against forged requests: simulated pods repeat themselves from run to run.
fn seed(uid: &str) -> u64 {
    let digits: String = uid.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    u64::from_str_radix(&digits, 16).unwrap_or_default()
}
