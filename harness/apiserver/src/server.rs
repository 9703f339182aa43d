//! The server itself: what it holds, how it is built, and how a request walks through it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use jiff::Timestamp;
use parking_lot::Mutex;
use proofmark_identity::{Authority, TokenSigner};
use proofmark_rbac::UserInfo;

use crate::admit::policy::Compiled;
use crate::audit::{Audit, RequestLog};
use crate::authn::{self, StaticTokens};
use crate::authz::Rbac;
use crate::body::Body;
use crate::encode::{self, Negotiated};
use crate::handlers::Reply;
use crate::kubelet::Kubelet;
use crate::random::Random;
use crate::refusal::Refusal;
use crate::request::{Query, RequestInfo};
use crate::resource::Catalog;
use crate::store::Store;
use crate::webhook::{Endpoint, Webhook, Webhooks};
use crate::{bootstrap, handlers, route};
use proofmark_clock::Clock;

/// The version that the server says it is: the Kubernetes release whose behaviour it has.
pub const VERSION: &str = "v1.35.4";

/// The issuer of its service account tokens unless told otherwise.
pub const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

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
}

/// Settings of a server.
#[derive(Debug, Clone)]
pub struct Builder {
    seed: u64,
    real_clock: bool,
    address: String,
    issuer: String,
    signing_key: Option<String>,
    admin_token: Option<String>,
    webhooks: Webhooks,
}

/// A server that cannot be built as asked.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The certificate authority could not be made.
    #[error("failed to make the certificate authority")]
    Authority(#[source] proofmark_identity::CertError),
    /// The signing key of service account tokens is not usable.
    #[error("failed to read the service account signing key")]
    SigningKey(#[source] proofmark_identity::KeyError),
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            seed: 0,
            real_clock: false,
            address: "127.0.0.1:6443".to_owned(),
            issuer: ISSUER.to_owned(),
            signing_key: None,
            admin_token: None,
            webhooks: Webhooks::default(),
        }
    }
}

impl Builder {
    /// Everything random (uids, suffixes, tokens) follows from this.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Begins at the machine's own time instead of the fixed date of simulated runs.
    #[must_use]
    pub fn real_clock(mut self) -> Self {
        self.real_clock = true;
        self
    }

    /// `host:port` under which clients reach the server.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// The issuer of service account tokens (an URL).
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// An RSA key (PKCS#8 PEM) that signs service account tokens instead of the simulator's public one.
    #[must_use]
    pub fn signing_key(mut self, pem: impl Into<String>) -> Self {
        self.signing_key = Some(pem.into());
        self
    }

    /// The bearer token of the administrator; one is made from the seed otherwise.
    #[must_use]
    pub fn admin_token(mut self, token: impl Into<String>) -> Self {
        self.admin_token = Some(token.into());
        self
    }

    /// Lets a webhook in this process answer at an endpoint, without a socket. [`ApiServer::webhooks`] does so later.
    #[must_use]
    pub fn webhook(self, endpoint: Endpoint, webhook: impl Webhook) -> Self {
        self.webhooks.register(endpoint, webhook);
        self
    }

    /// Builds the server with what every cluster starts with: system namespaces, default roles, the API's own service.
    ///
    /// Must be called inside a tokio runtime: the server's time is tokio's.
    pub fn build(self) -> Result<ApiServer, BuildError> {
        let clock = if self.real_clock { Clock::real() } else { Clock::simulated() };
        let random = Random::seeded(self.seed);
        let signer = match &self.signing_key {
            Some(pem) => TokenSigner::from_pkcs8_pem(pem).map_err(BuildError::SigningKey)?,
            None => TokenSigner::simulator(),
        };
        let authority = if self.real_clock {
            Authority::generate("kubernetes", clock.now()).map_err(BuildError::Authority)?
        } else {
            Authority::simulator()
        };
        let admin = self.admin_token.unwrap_or_else(|| random.hex(32));
        let server = ApiServer(Arc::new(Inner {
            store: Store::new(),
            catalog: Catalog::default(),
            tokens: StaticTokens::new(admin),
            rbac: Rbac::default(),
            log: RequestLog::default(),
            issuer: self.issuer,
            kubelet: OnceLock::new(),
            address: self.address,
            webhooks: self.webhooks,
            policies: Compiled::default(),
            clock,
            random,
            authority,
            signer,
        }));
        bootstrap::fill(&server.0);
        Ok(server)
    }
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
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let raw_path = parts.uri.path();
        let path = crate::request::decode_path(raw_path);
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let info = RequestInfo::new(&parts.method, &path, &query);
        let exchange =
            Exchange { method: &parts.method, headers: &parts.headers, query: &query, info: &info, body: &body };
        let mut audit = Audit::new(&info);
        let notes = Mutex::default();
        let outcome = self.answer(&exchange, &parts.extensions, &mut audit, &notes).await;
        let negotiated = Negotiated::of(&parts.headers);
        let mut response = match outcome {
            Ok(reply) => encode::reply(&self.0, &exchange, &negotiated, reply),
            Err(refusal) => encode::refusal(&negotiated, refusal),
        };
        let notes: Notes = notes.into_inner();
        encode::warn(&mut response, &notes.warnings);
        audit.annotations = notes.annotations;
        if parts.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        audit.status = response.status().as_u16();
        self.0.log.push(audit.clone());
        response.extensions_mut().insert(audit);
        response
    }

    /// authenticate -> authorize -> route (admit, validate and store happen behind it).
    async fn answer(
        &self,
        exchange: &Exchange<'_>,
        extensions: &http::Extensions,
        audit: &mut Audit,
        notes: &Mutex<Notes>,
    ) -> Result<Reply, Refusal> {
        check_timeout(exchange)?;
        let caller = authn::authenticate(&self.0, exchange.headers, extensions)?;
        notes.lock().warnings.extend(caller.warnings);
        audit.user = caller.user.clone();
        let user = authn::impersonate(&self.0, caller.user, exchange.headers)?;
        audit.impersonated = (user.name != audit.user.name).then(|| user.clone());
        let decision = self.0.authorize(&user, exchange.info);
        audit.decide(&user, &decision, || self.0.rbac.policy(&self.0.store));
        if !decision.allowed {
            return Err(crate::authz::forbidden(&user, exchange.info, &decision.reason).into());
        }
        let call = Call { server: &self.0, exchange, user: &user, notes };
        route::route(&call).await
    }
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
    pub(crate) body: &'a Bytes,
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
