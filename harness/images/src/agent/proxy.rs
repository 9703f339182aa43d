//! Stands before the server: requests go on to it, and probes ask it whether it is ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use proofmark_json::Value;
use proofmark_nodes::process::{Container, Dial, Listener};

use super::batcher::{Batcher, Forward};
use super::logger::Logger;

/// The header that says which of Knative's parts a probe is for, and the one that is answered.
const PROBED: &str = "k-network-probe";
const QUEUE: &str = "queue";

/// How the server is asked whether it is ready.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Probe {
    /// It always is.
    None,
    /// In a way that the agent cannot: it never is.
    Unknown,
    Tcp(Option<u16>),
    Http {
        port: Option<u16>,
        path: String,
        headers: Vec<(String, String)>,
    },
}

impl Probe {
    /// Reads a probe of a container.
    ///
    /// # Errors
    /// When it is no JSON.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::None);
        }
        let probe: Value = proofmark_json::from_slice(text.as_bytes()).map_err(|error| error.to_string())?;
        // A name is that of the server's only port.
        let port = |action: &Value| action.get("port").and_then(Value::as_u64).and_then(|port| port.try_into().ok());
        if let Some(get) = probe.get("httpGet") {
            let text =
                |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let headers = get.get("httpHeaders").and_then(Value::as_array).into_iter().flatten();
            let headers = headers.map(|header| (text(header, "name"), text(header, "value"))).collect();
            let path = format!("/{}", text(get, "path").trim_start_matches('/'));
            return Ok(Self::Http { port: port(get), path, headers });
        }
        Ok(probe.get("tcpSocket").map_or(Self::Unknown, |tcp| Self::Tcp(port(tcp))))
    }
}

pub(super) struct Proxy {
    container: Container,
    /// Where the server listens.
    component: u16,
    probe: Probe,
    draining: AtomicBool,
    batcher: Option<Arc<Batcher>>,
    logger: Option<Arc<Logger>>,
}

impl Proxy {
    pub(super) fn new(
        container: Container,
        component: u16,
        probe: Probe,
        batcher: Option<Batcher>,
        logger: Option<Logger>,
    ) -> Self {
        let (batcher, logger) = (batcher.map(Arc::new), logger.map(Arc::new));
        Self { container, component, probe, draining: AtomicBool::new(false), batcher, logger }
    }

    /// Answers probes with no from now on.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.container.ports.changed();
    }

    pub(super) async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let says = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let agent = says(header::USER_AGENT.as_str());
        let probes = agent.starts_with("kube-probe/") || agent.starts_with("Knative-Activator-Probe");
        if probes || request.headers().contains_key("k-kubelet-probe") {
            return match says(PROBED) {
                _ if self.draining.load(Ordering::Relaxed) => text(StatusCode::SERVICE_UNAVAILABLE, "shutting down\n"),
                QUEUE if self.is_ready().await => text(StatusCode::OK, QUEUE),
                QUEUE => text(StatusCode::SERVICE_UNAVAILABLE, ""),
                other => text(StatusCode::BAD_REQUEST, format!("unexpected probe header value: {other}\n")),
            };
        }
        let Some(logger) = &self.logger else { return self.pass(request).await };
        let batched = self.batcher.is_some() && Batcher::takes(&request);
        let asked = logger.request(&request);
        let answer = self.pass(request).await;
        // Of a batch's answer only a failure has its status written.
        logger.response(asked, &answer, !batched || answer.status() != StatusCode::OK);
        answer
    }

    /// Asks the server, by way of the batcher where that takes such requests.
    async fn pass(&self, request: Request<Bytes>) -> Response<Bytes> {
        match &self.batcher {
            Some(batcher) if Batcher::takes(&request) => {
                let (container, component) = (self.container.clone(), self.component);
                let forward: Forward =
                    Arc::new(move |request| Box::pin(forward(container.clone(), component, request)));
                batcher.answer(request, forward).await
            }
            _ => forward(self.container.clone(), self.component, request).await,
        }
    }

    async fn is_ready(&self) -> bool {
        match &self.probe {
            Probe::None => true,
            Probe::Unknown => {
                self.container.log.stderr("no probe found");
                false
            }
            Probe::Tcp(port) => !matches!(self.container.dial(port.unwrap_or(self.component)), Dial::Refused),
            Probe::Http { port, path, headers } => match self.container.dial(port.unwrap_or(self.component)) {
                Dial::Anything => true,
                Dial::Open(Listener::Http(handler)) => {
                    let request = Request::builder().method(Method::GET).uri(path).header("user-agent", "kube-probe/");
                    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
                    let Ok(request) = request.body(Bytes::new()) else { return false };
                    (200..400).contains(&handler(request).await.status().as_u16())
                }
                Dial::Open(_) | Dial::Refused => false,
            },
        }
    }
}

/// Passes a request on to the server.
async fn forward(container: Container, component: u16, request: Request<Bytes>) -> Response<Bytes> {
    match container.dial(component) {
        Dial::Open(Listener::Http(handler)) => handler(request).await,
        Dial::Open(_) | Dial::Anything => text(StatusCode::BAD_GATEWAY, "EOF\n"),
        Dial::Refused => {
            let why = format!("dial tcp 127.0.0.1:{component}: connect: connection refused\n");
            text(StatusCode::BAD_GATEWAY, why)
        }
    }
}

pub(super) fn text(status: StatusCode, words: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(words.into());
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("", Ok(Probe::None))]
    #[case("null", Ok(Probe::Unknown))]
    #[case(r#"{"tcpSocket": {"port": 8080}}"#, Ok(Probe::Tcp(Some(8080))))]
    #[case(r#"{"tcpSocket": {"port": "http"}}"#, Ok(Probe::Tcp(None)))]
    #[case(
        r#"{"httpGet": {"path": "v1/models/m", "port": 80, "httpHeaders": [{"name": "a", "value": "b"}]}}"#,
        Ok(Probe::Http { port: Some(80), path: "/v1/models/m".to_owned(), headers: vec![("a".to_owned(), "b".to_owned())] })
    )]
    fn probes_are_read(#[case] text: &str, #[case] probe: Result<Probe, String>) {
        assert_eq!(Probe::read(text), probe);
    }

    #[test]
    fn what_is_no_probe_is_refused() {
        assert!(Probe::read("{").is_err());
    }
}
