//! The server itself: what it holds, and how a request walks through it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use jiff::Timestamp;
use parking_lot::Mutex;
use proofmark_handover::{Offered, Welcome};
use proofmark_identity::{Authority, TokenSigner};
use proofmark_json::Value;
use proofmark_rbac::UserInfo;

use crate::admit::policy::Compiled;
use crate::audit::{Audit, RequestLog};
use crate::authn::{self, StaticTokens};
use crate::authz::Rbac;
use crate::body::Body;
use crate::builder::Builder;
use crate::decode;
use crate::encode::{self, Negotiated};
use crate::faults::{self, ConnectionReset, Faults, NoReply};
use crate::handlers;
use crate::handlers::Reply;
use crate::kubelet::Kubelet;
use crate::random::Random;
use crate::refusal::Refusal;
use crate::request::{Query, RequestInfo};
use crate::resource::Catalog;
use crate::store::Store;
use crate::webhook::Webhooks;
use proofmark_clock::Clock;
use tokio::time::Instant;

/// The version that the server says it is: the Kubernetes release whose behaviour it has.
pub const VERSION: &str = "v1.35.4";
/// Its minor release, as OpenAPI documents name it.
pub(crate) const MINOR_VERSION: &str = "1.35";

/// An embedded Kubernetes API server. Cloning gives another handle to the same server.
#[derive(Clone)]
pub struct ApiServer(pub(crate) Arc<Inner>);

/// What a server holds.
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) authority: Authority,
    pub(crate) signer: TokenSigner,
    pub(crate) tokens: StaticTokens,
    pub(crate) rbac: Rbac,
    pub(crate) log: RequestLog,
    pub(crate) issuer: String,
    /// What answers for the nodes, once they are there.
    pub(crate) kubelet: OnceLock<Arc<dyn Kubelet>>,
    /// `host:port` as discovery and JWKS documents name it.
    pub(crate) address: String,
    /// Webhooks in this process.
    pub(crate) webhooks: Webhooks,
    /// Admission policies, compiled.
    pub(crate) policies: Compiled,
    /// What goes wrong on purpose.
    pub(crate) faults: Faults,
}

impl ApiServer {
    /// Settings of a new server.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The present moment on the server's clock.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The certificate authority that signed the server's certificate and signs its clients'.
    pub fn authority(&self) -> &Authority {
        &self.0.authority
    }

    /// What signs the server's service account tokens.
    pub fn signer(&self) -> &TokenSigner {
        &self.0.signer
    }

    /// The bearer token of the administrator (`admin` in `system:masters`).
    pub fn admin_token(&self) -> &str {
        self.0.tokens.admin_token()
    }

    /// `host:port` under which clients reach the server.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// The webhooks in this process that the server calls.
    pub fn webhooks(&self) -> &Webhooks {
        &self.0.webhooks
    }

    /// Has requests on what runs in pods (logs) answered by these nodes. They are clients of this server, so they can only come after it;
    /// the first ones stay.
    pub fn serve_nodes(&self, kubelet: Arc<dyn Kubelet>) {
        let _ = self.0.kubelet.set(kubelet);
    }

    /// What was asked so far, by whom, and what was decided.
    pub fn requests(&self) -> &RequestLog {
        &self.0.log
    }

    /// What goes wrong on purpose; nothing unless told.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Forgets the history of every resource: watches and list continuations from before get 410 Gone.
    pub fn compact(&self) {
        self.0.store.compact();
    }

    /// The server as a `tower` service for clients in this process, who are the administrator unless they impersonate
    /// somebody or bring credentials of their own.
    pub fn service(&self) -> crate::Service {
        crate::Service::new(self.clone())
    }

    /// Answers one request.
    ///
    /// # Errors
    /// When a fault resets the connection.
    pub async fn handle(&self, request: Request<Bytes>) -> Result<Response<Body>, ConnectionReset> {
        let (parts, body) = request.into_parts();
        let raw_path = parts.uri.path();
        let path = crate::request::decode_path(raw_path);
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let info = RequestInfo::new(&parts.method, &path, &query);
        let written;
        let body = match parts.extensions.get().filter(|_| body.is_empty()) {
            None => Sent::Text(&body),
            Some(Offered(value)) if decode::is_as_read(value) => Sent::Value(value),
            Some(Offered(value)) => {
                written = value.to_string();
                Sent::Text(written.as_bytes())
            }
        };
        let exchange = Exchange { method: &parts.method, headers: &parts.headers, query: &query, info: &info, body };
        let welcome = parts.extensions.get::<Welcome>().is_some();
        let arrived = Instant::now();
        let mut audit = Audit::new(&info, self.now());
        let notes = Mutex::default();
        let outcome = if info.unreadable {
            Err(unreadable(&parts.uri).into())
        } else {
            self.answer(&exchange, &parts.extensions, &mut audit, &notes).await
        };
        let notes: Notes = notes.into_inner();
        audit.annotations = notes.annotations;
        audit.duration = arrived.elapsed();
        let negotiated = Negotiated::of(&parts.headers).for_people(&query, &parts.headers);
        let mut response = match outcome {
            Ok(reply) => {
                let write = |reply| encode::reply(&self.0, &exchange, &negotiated, reply);
                if welcome { encode::hand_over(reply).unwrap_or_else(|reply| write(*reply)) } else { write(reply) }
            }
            Err(NoReply::Refused(refusal)) => encode::refusal(&negotiated, refusal),
            Err(NoReply::Reset) => {
                self.0.log.push(Arc::new(audit));
                return Err(ConnectionReset);
            }
        };
        encode::warn(&mut response, &notes.warnings);
        if parts.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        audit.status = response.status().as_u16();
        let audit = Arc::new(audit);
        self.0.log.push(audit.clone());
        response.extensions_mut().insert(audit);
        Ok(response)
    }

    /// authenticate -> authorize -> faults -> route (admit, validate and store happen behind it).
    async fn answer(
        &self,
        exchange: &Exchange<'_>,
        extensions: &http::Extensions,
        audit: &mut Audit,
        notes: &Mutex<Notes>,
    ) -> Result<Reply, NoReply> {
        check_timeout(exchange)?;
        let caller = authn::authenticate(&self.0, exchange.headers, extensions)?;
        notes.lock().warnings.extend(caller.warnings);
        audit.user = caller.user.clone();
        let user = authn::impersonate(&self.0, caller.user, exchange.headers)?;
        audit.impersonated = (user.name != audit.user.name).then(|| user.clone());
        let decision = self.0.authorize(&user, exchange.info);
        audit.decide(&user, &decision, || self.0.rbac.policy());
        if !decision.allowed {
            return Err(Refusal::from(crate::authz::forbidden(&user, exchange.info, &decision.reason)).into());
        }
        let call = Call { server: &self.0, exchange, user: &user, notes };
        let (answered, faults) = faults::answer(&call).await;
        audit.faults = faults;
        answered
    }
}

/// 500 of a path that cannot be read, before anybody is asked who they are.
fn unreadable(uri: &http::Uri) -> Refusal {
    let asked = proofmark_status::quote(&uri.to_string());
    let why = format!("unable to determine kind and namespace from url, {}", crate::request::decode_path(uri.path()));
    Refusal::Text(500, format!("Internal Server Error: {asked}: failed to create RequestInfo: {why}\n"))
}

/// `?timeout=` must be a duration, whatever the request asks for.
fn check_timeout(exchange: &Exchange<'_>) -> Result<(), Refusal> {
    let long_running = matches!(exchange.info.verb.as_str(), "watch" | "proxy");
    if let Some(text) = exchange.query.get("timeout").filter(|t| !t.is_empty() && !long_running)
        && let Err(error) = crate::request::parse_duration(text)
    {
        let message = format!("invalid timeout specified in the request URL - {error}");
        return Err(handlers::bad_request(message));
    }
    Ok(())
}

/// One request, read but not yet decided.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'a> {
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: &'a Query,
    pub(crate) info: &'a RequestInfo,
    pub(crate) body: Sent<'a>,
}

/// The body of a request.
#[derive(Clone, Copy)]
pub(crate) enum Sent<'a> {
    /// As it came.
    Text(&'a [u8]),
    /// A value of a client in this process, in place of its JSON.
    Value(&'a Value),
}

impl<'a> Sent<'a> {
    /// Whether there is no body.
    pub(crate) fn is_empty(self) -> bool {
        matches!(self, Self::Text([]))
    }

    /// The body as it came, or would have come.
    pub(crate) fn text(self) -> Cow<'a, [u8]> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Value(value) => Cow::Owned(value.to_string().into_bytes()),
        }
    }
}

impl Exchange<'_> {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }
}

/// What is said of a request beside its answer.
#[derive(Debug, Default)]
struct Notes {
    /// For the client.
    warnings: Vec<String>,
    /// For the audit record.
    annotations: BTreeMap<String, String>,
}

/// One request on its way through the rooms behind authorization.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) server: &'a Arc<Inner>,
    pub(crate) exchange: &'a Exchange<'a>,
    pub(crate) user: &'a UserInfo,
    notes: &'a Mutex<Notes>,
}

impl Call<'_> {
    /// Tells the client something by `Warning` headers, whether the request succeeds or not.
    pub(crate) fn warn(&self, warnings: Vec<String>) {
        self.notes.lock().warnings.extend(warnings);
    }

    /// Notes something in the request's audit record; what was noted first under a key stays.
    pub(crate) fn annotate(&self, key: String, value: String) {
        self.notes.lock().annotations.entry(key).or_insert(value);
    }
}
