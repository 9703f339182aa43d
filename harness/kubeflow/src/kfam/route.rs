//! Paths and methods, and who may call them.

use http::{Method, Request, Response, StatusCode, header};
use kube::Client;
use proofmark_controllers::kit::{Api, object};
use proofmark_json::Value;

use super::{bindings, body, profiles};
use crate::profile::{Config, PROFILES};

/// Settings: KFAM's flags. The default is what Kubeflow's manifests say: the cluster's administrator has no name, and so is whoever
/// names nobody.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Header, prefix and principals, which it shares with the profile controller.
    pub profiles: Config,
    /// Who may do everything (`-cluster-admin`).
    pub cluster_admin: String,
}

/// The handler panicked: the connection ends without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection ends without an answer, because the body names no user or no role, or the header is too short")]
pub struct Hangup;

/// Access management over a cluster.
#[derive(Clone)]
pub struct Kfam {
    pub(super) api: Api,
    pub(super) settings: Settings,
}

/// What a handler came to: a text, and whether it is of a refusal.
pub(super) type Outcome = Result<String, (StatusCode, String)>;

/// Refused without a word.
pub(super) fn silently(status: StatusCode) -> Outcome {
    Err((status, String::new()))
}

impl Kfam {
    /// Access management with the rights of a client.
    pub fn new(client: Client, settings: Settings) -> Self {
        Self { api: Api::new(client, "access-management"), settings }
    }

    /// Answers a request, whose body has been read.
    ///
    /// # Errors
    /// [`Hangup`] where the real one panics.
    pub async fn answer(&self, request: Request<impl AsRef<[u8]>>) -> Result<Response<String>, Hangup> {
        let (parts, sent) = request.into_parts();
        let user = || self.user(&parts.headers);
        let path = parts.uri.path();
        let query = parts.uri.query().unwrap_or_default();
        let sent = sent.as_ref();
        let outcome = match (path, &parts.method) {
            ("/kfam/", &Method::GET) => Ok("Hello World!".to_owned()),
            ("/kfam/v1/bindings", &Method::GET) => bindings::list(self, query).await,
            ("/kfam/v1/bindings", &Method::POST) => match body::binding(sent) {
                Ok(binding) => bindings::create(self, user()?, &binding).await?,
                Err(problem) => Err((StatusCode::FORBIDDEN, problem)),
            },
            ("/kfam/v1/bindings", &Method::DELETE) => match body::binding(sent) {
                Ok(binding) => bindings::delete(self, user()?, &binding).await?,
                Err(problem) => Err((StatusCode::FORBIDDEN, problem)),
            },
            ("/kfam/v1/profiles", &Method::POST) => match body::profile(sent) {
                Ok(profile) => profiles::create(self, &profile).await,
                Err(problem) => Err((StatusCode::FORBIDDEN, problem)),
            },
            ("/kfam/v1/role/clusteradmin", &Method::GET) => {
                Ok(self.is_cluster_admin(&parameter(query, "user")).to_string())
            }
            (path, method) => match (path.strip_prefix("/kfam/v1/profiles/"), method) {
                (Some(name), &Method::DELETE) if !name.is_empty() && !name.contains('/') => {
                    profiles::delete(self, user()?, name).await
                }
                (Some(name), _) if !name.is_empty() && !name.contains('/') => return Ok(not_allowed()),
                _ if KNOWN.contains(&path) => return Ok(not_allowed()),
                _ if path == "/metrics" => {
                    return Ok(plain(StatusCode::NOT_IMPLEMENTED, "metrics are not simulated\n"));
                }
                _ => return Ok(plain(StatusCode::NOT_FOUND, "404 page not found\n")),
            },
        };
        let (status, text) = outcome.map_or_else(|refusal| refusal, |text| (StatusCode::OK, text));
        Ok(respond(status, "application/json; charset=UTF-8", text))
    }

    /// Whom the header names, which is what stands after as many bytes as the prefix has; nobody without a header.
    fn user<'a>(&self, headers: &'a http::HeaderMap) -> Result<&'a str, Hangup> {
        let Config { userid_header, userid_prefix, .. } = &self.settings.profiles;
        let value = headers.get(userid_header).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.get(userid_prefix.len()..).ok_or(Hangup)
    }

    fn is_cluster_admin(&self, user: &str) -> bool {
        user == self.settings.cluster_admin
    }

    /// Whether somebody may decide over a Profile, which must exist, even for the cluster's administrator.
    pub(super) async fn may_manage(&self, user: &str, profile: &str) -> bool {
        if profile.is_empty() {
            return false;
        }
        let owns = |profile: &Value| object::text(profile, "/spec/owner/name") == user;
        self.api.get(&PROFILES, "", profile).await.is_ok_and(|profile| self.is_cluster_admin(user) || owns(&profile))
    }
}

const KNOWN: [&str; 4] = ["/kfam/", "/kfam/v1/bindings", "/kfam/v1/profiles", "/kfam/v1/role/clusteradmin"];

/// A parameter of a query; empty when it is absent.
pub(super) fn parameter(query: &str, name: &str) -> String {
    let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn not_allowed() -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

fn plain(status: StatusCode, text: &str) -> Response<String> {
    respond(status, "text/plain; charset=utf-8", text.to_owned())
}

fn respond(status: StatusCode, kind: &'static str, text: String) -> Response<String> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
