//! The app: the order in which a request is checked and answered.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::failure::{Failure, NO_SUCH_METHOD};
use crate::handlers;
use crate::incoming::{self, Incoming};
use crate::metrics::Metrics;
use crate::outgoing::{self, Answer, Body};
use crate::page::{Assets, Tokens};
use crate::python::Style;
use crate::release::{Behaviour, Flaws};
use crate::route::{self, Endpoint, Match};
use crate::settings::Settings;
use crate::stream::Hub;

/// As much as a body may take: more than the API server takes, which is the one to say so.
const BODY_LIMIT: usize = 8 << 20;

/// The Models Web App over a cluster. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    cluster: Cluster,
    settings: Settings,
    assets: Assets,
    tokens: Tokens,
    metrics: Metrics,
    hub: Hub,
}

impl App {
    /// The app with the rights of a client, with Proofmark's own pages and tokens that nobody guesses.
    pub fn new(client: kube::Client, settings: Settings) -> Self {
        Self::with(client, settings, Assets::embedded(), Tokens::secret())
    }

    /// The app with other files for browsers, or with tokens that follow from a seed.
    pub fn with(client: kube::Client, settings: Settings, assets: Assets, tokens: Tokens) -> Self {
        let cluster = Cluster::new(client, settings.release.behaviour());
        let (metrics, hub) = (Metrics::default(), Hub::default());
        Self(Arc::new(Inner { cluster, settings, assets, tokens, metrics, hub }))
    }

    pub(crate) fn cluster(&self) -> &Cluster {
        &self.0.cluster
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn assets(&self) -> &Assets {
        &self.0.assets
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub(crate) fn behaviour(&self) -> &'static Behaviour {
        self.settings().release.behaviour()
    }

    pub(crate) fn flaws(&self) -> &'static Flaws {
        &self.behaviour().flaws
    }

    /// Answers a request, whose body has been read.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Body> {
        if let Some(refused) = self.too_large(&request) {
            return refused;
        }
        let (head, body) = request.into_parts();
        let method = head.method.clone();
        let style = if self.settings().development { Style::Indented } else { Style::Compact };
        let path = percent_decode_str(head.uri.path()).decode_utf8_lossy().into_owned();
        let found = route::find(self.behaviour(), self.settings().metrics, &method, &path);
        let user = incoming::user(&head.headers, self.settings());
        let known = self.admit(&method, &head.headers, user.as_deref(), found.as_ref());
        let (rule, untracked) = found
            .as_ref()
            .map_or(("None", false), |found| (found.route.rule, matches!(found.route.endpoint, Endpoint::Metrics)));
        // The clock of the metrics starts behind the checks, so what they refuse has no duration.
        let started = known.is_ok().then(Instant::now);
        let answered = match (known, found) {
            (Err(failure), _) => Err(failure),
            (Ok(()), Some(_)) if method == Method::OPTIONS => Ok(Answer::written(self.options(&path))),
            (Ok(()), None) => Err(Failure::refused(StatusCode::METHOD_NOT_ALLOWED, NO_SUCH_METHOD)),
            (Ok(()), Some(Match { route, names })) => {
                let request = Incoming { head, body, user: user.clone(), names };
                handlers::answer(self, route.endpoint, &request).await
            }
        };
        let response = match answered {
            Ok(answer) => answer.write(user.as_deref(), style),
            Err(failure) => {
                if let Failure::Crash(why) | Failure::Unreachable(why) = &failure {
                    tracing::warn!(%path, why, "a request failed");
                }
                outgoing::failed(&self.told(failure), user.as_deref(), style)
            }
        };
        if !(untracked && started.is_some()) {
            let duration = started.map(|started| started.elapsed());
            self.metrics().observe(method.as_str(), response.status().as_u16(), rule, duration);
        }
        if method == Method::HEAD { outgoing::without_body(response) } else { response }
    }

    /// A failure as the release tells it.
    fn told(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Unreachable(why) if !self.flaws().outages_hidden => {
                Failure::refused(StatusCode::BAD_GATEWAY, format!("The API server does not answer: {why}"))
            }
            other => other,
        }
    }

    /// Whether a request has a user, where one is needed, and the token against forged requests.
    fn admit(
        &self,
        method: &Method,
        headers: &http::HeaderMap,
        user: Option<&str>,
        found: Option<&Match>,
    ) -> Result<(), Failure> {
        let open = found.is_some_and(|found| match found.route.endpoint {
            Endpoint::Liveness | Endpoint::Readiness => true,
            Endpoint::Metrics => self.behaviour().open_metrics,
            _ => false,
        });
        if self.settings().authorize && !open && user.is_none() {
            return Err(Failure::refused(StatusCode::UNAUTHORIZED, "No user detected."));
        }
        incoming::check_token(method, headers, self.flaws().empty_is_something)
    }

    fn options(&self, path: &str) -> Response<Body> {
        let methods = route::methods(self.behaviour(), self.settings().metrics, path);
        let mut response = outgoing::whole(StatusCode::OK, "text/html; charset=utf-8", "");
        outgoing::set(&mut response, header::ALLOW, &methods.join(", "));
        response
    }

    /// What the web server in front of the app (gunicorn) refuses by its limits, in its words.
    fn too_large(&self, request: &Request<Bytes>) -> Option<Response<Body>> {
        let Settings { header_limit, line_limit, .. } = *self.settings();
        let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        let line = request.method().as_str().len() + target + " ".len() + " HTTP/1.1".len();
        if line_limit > 0 && line > line_limit {
            let why = format!("Request Line is too large ({line} &gt; {line_limit})");
            return Some(page_of_server(StatusCode::URI_TOO_LONG, "URI Too Long", &why));
        }
        let long = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            name.as_str().len() + ": \r\n".len() + value.len() > header_limit
        };
        if header_limit > 0 && request.headers().iter().any(long) {
            let why = "Error parsing headers: &#x27;limit request headers fields size&#x27;";
            let title = "Request Header Fields Too Large";
            return Some(page_of_server(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, title, why));
        }
        None
    }
}

fn page_of_server(status: StatusCode, title: &str, why: &str) -> Response<Body> {
    let page = format!(
        "<html>\n  <head>\n    <title>{title}</title>\n  </head>\n  <body>\n    <h1><p>{title}</p></h1>\n    {why}\n  </body>\n</html>\n"
    );
    outgoing::whole(status, "text/html", page)
}

/// For sockets and clients in this process.
impl<B> tower::Service<Request<B>> for App
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let app = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            Ok(match Limited::new(body, BODY_LIMIT).collect().await {
                Ok(body) => app.answer(Request::from_parts(head, body.to_bytes())).await,
                Err(error) => {
                    let user = incoming::user(&head.headers, app.settings());
                    let words = format!("The body was not read: {error}");
                    let failure = Failure::refused(StatusCode::PAYLOAD_TOO_LARGE, words);
                    outgoing::failed(&failure, user.as_deref(), Style::Compact)
                }
            })
        })
    }
}
