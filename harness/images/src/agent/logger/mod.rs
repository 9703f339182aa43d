//! Sends what is asked and what is answered to somebody else, as CloudEvents.
//!
//! Nobody waits for it: events queue for a handful of workers, in order, and a failure is a line in the log at most. An answer is sent when its status is
//! 200; since v0.14 one whose status was never said, as those of batches, counts as 0 and is not, and its type is the request's.
//!
//! What it does not: events go over HTTP only (stores of events, since v0.16, are refused), and have no `traceparent` (v0.11). Ids follow from the pod and
//! how many requests it has had; the original's are random.
//!
//! | module | what it is |
//! |---|---|
//! | [`Settings`] | the arguments |
//! | `event` | how an event is written |

mod event;
mod settings;

pub(super) use settings::Settings;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use proofmark_json::json;
use proofmark_model_loader::Release;
use proofmark_model_loader::agent::{Authorities, Unposted, post};
use proofmark_nodes::process::Container;
use tokio::sync::{Mutex, mpsc};

use super::journal::Journal;
use crate::Outside;
use crate::arguments::option;
use crate::host::without_files;
use crate::ids;
use event::{Event, canonical, object};

/// Where the certificates of authorities are mounted.
const AUTHORITIES: &str = "/etc/tls/logger";

/// A request whose answer is awaited.
pub(super) struct Asked {
    id: String,
    content_type: Option<HeaderValue>,
    metadata: String,
}

/// What waits for a worker.
struct Work {
    kind: &'static str,
    id: String,
    content_type: Option<HeaderValue>,
    metadata: String,
    data: Bytes,
}

pub(super) struct Logger {
    settings: Settings,
    release: Release,
    outside: Outside,
    container: Container,
    journal: Journal,
    asked: AtomicU64,
    /// The workers that have nothing to do. Who waits for one waits in line.
    idle: (mpsc::UnboundedSender<usize>, Mutex<mpsc::UnboundedReceiver<usize>>),
}

impl Logger {
    pub(super) fn new(
        settings: Settings,
        release: Release,
        outside: Outside,
        container: Container,
        journal: Journal,
    ) -> Self {
        journal.info("Starting the log dispatcher");
        let (sender, receiver) = mpsc::unbounded_channel();
        for worker in 1..=settings.workers {
            journal.info(&format!("Starting worker {worker}"));
            // The other end is kept beside it.
            let _ = sender.send(worker);
        }
        let idle = (sender, Mutex::new(receiver));
        Self { settings, release, outside, container, journal, asked: AtomicU64::new(0), idle }
    }

    /// Sends what is asked.
    pub(super) fn request(self: &Arc<Self>, request: &Request<Bytes>) -> Asked {
        let headers = request.headers();
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let id = headers.get("ce-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
        let id = id.map_or_else(
            || ids::uuid([self.container.pod.uid.as_bytes(), b"event", &number.to_be_bytes()]),
            str::to_owned,
        );
        let asked =
            Asked { id, content_type: headers.get(header::CONTENT_TYPE).cloned(), metadata: self.metadata(headers) };
        if self.settings.requests {
            self.send(Work {
                id: asked.id.clone(),
                kind: "org.kubeflow.serving.inference.request",
                content_type: asked.content_type.clone(),
                metadata: asked.metadata.clone(),
                data: request.body().clone(),
            });
        }
        asked
    }

    /// The headers that are passed on.
    fn metadata(&self, headers: &HeaderMap) -> String {
        let mut found = Vec::new();
        // Go keeps the host apart.
        for name in headers.keys().filter(|name| **name != header::HOST) {
            let shown = canonical(name);
            if self.settings.headers.contains(&shown) {
                let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
                found.push((shown, json!(values.collect::<Vec<_>>())));
            }
        }
        object(found)
    }

    /// Sends what is answered. `said` tells whether the status was written at all, or is that of answers about which nothing is said.
    pub(super) fn response(self: &Arc<Self>, asked: Asked, response: &Response<Bytes>, said: bool) {
        let streams = self.release >= Release::V0_14;
        let status = if said || !streams { response.status().as_u16() } else { 0 };
        if status != 200 {
            let fields = [("logger", json!("Logger")), ("status code", json!(status))];
            self.journal.info_with("Failed to proxy request", fields.into_iter().collect());
            return;
        }
        if !self.settings.responses {
            return;
        }
        let content_type =
            if streams { asked.content_type } else { response.headers().get(header::CONTENT_TYPE).cloned() };
        let metadata = if self.release >= Release::V0_16 { asked.metadata } else { "null".to_owned() };
        let kind = "org.kubeflow.serving.inference.response";
        self.send(Work { id: asked.id, kind, content_type, metadata, data: response.body().clone() });
    }

    fn send(self: &Arc<Self>, work: Work) {
        let this = self.clone();
        tokio::spawn(async move {
            let (sender, receiver) = &this.idle;
            let Some(worker) = receiver.lock().await.recv().await else { return };
            let (url, id) = (&this.settings.url, &work.id);
            this.journal.info(&format!("Received work request {worker}, url: {url}, requestId: {id}"));
            this.deliver(work).await;
            let _ = sender.send(worker);
        });
    }

    async fn deliver(&self, work: Work) {
        let url = &self.settings.url;
        let reports = self.release >= Release::V0_14;
        let failed = |why: &str| self.journal.error(&format!("{why}Failed to send cloud event, url: %s{url}"));
        if self.release >= Release::V0_16 && !url.starts_with("http") {
            let configured = option(&self.container.args, "log-store-path").is_some_and(|path| !path.is_empty());
            return self.journal.error(match configured {
                true => "proofmark: there are no stores of events here",
                false => "Logger store not configured, cannot store event",
            });
        }
        let pem = match url.starts_with("https://") && reports {
            true => self.authority().await,
            false => None,
        };
        let authorities = match &pem {
            Some(_) if self.settings.trusting => Authorities::Anyone,
            Some(pem) => Authorities::Pem(pem),
            None => Authorities::System,
        };
        let event = self.event(work);
        let headers = match event.headers() {
            Ok(headers) => headers,
            Err(name) => {
                let why = format!("Post \"{url}\": net/http: invalid header field value for \"{name}\"");
                return self.journal.info(&format!("Send did not return an HTTP response: {why}"));
            }
        };
        let host = without_files(&self.outside, &self.container);
        match post(&host, url, headers, event.data, authorities).await {
            Err(Unposted::NoAuthority) => failed("while parsing CA certificate"),
            Ok(status) if reports => {
                let error = if status == 200 { "<nil>" } else { "" };
                self.journal.info(&format!("Sent with status code {status}, error: {error}"));
            }
            Err(Unposted::Unanswered(why)) if reports => {
                self.journal.info(&format!("Send did not return an HTTP response: {why}"));
            }
            // v0.12 and v0.13 say nothing.
            _ if self.release > Release::V0_11 => {}
            Ok(status) if (200..300).contains(&status) => {}
            Ok(status) => {
                let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
                let told = format!("{status} {}", reason.unwrap_or_default());
                failed(&format!("while sending event: error sending cloudevent: {told}"));
            }
            Err(Unposted::Unanswered(why)) => failed(&format!("while sending event: {why}")),
        }
    }

    /// The authorities of a logger that is reached by TLS.
    async fn authority(&self) -> Option<Bytes> {
        let file = format!("{AUTHORITIES}/{}", self.settings.authority);
        let pem = self.container.files.read(&file).await.ok();
        if pem.is_none() {
            self.journal.warning(&format!("using https endpoint but could not find CA cert file {file}"));
        }
        pem
    }

    fn event(&self, work: Work) -> Event {
        let Work { kind, id, content_type, metadata, data } = work;
        let mut attributes = self.settings.attributes.clone();
        if self.release >= Release::V0_14 {
            attributes.push(("metadata", metadata));
        }
        Event { id, kind, time: self.container.now().to_string(), attributes, content_type, data }
    }
}
