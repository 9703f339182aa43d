//! Between the app and the API server: says who the app is, and keeps what it asks.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use kube::client::Body;
use proofmark_apiserver::ApiServer;
use proofmark_json::{Value, json};
use tower::{Service, ServiceExt as _};

/// With which credentials the app speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// Those of a user or of a service account.
    User(&'static str),
    /// A token that nobody knows.
    Unknown,
    /// None: the server is away.
    Away,
}

/// The connection.
#[derive(Clone)]
pub(crate) struct Calls {
    server: ApiServer,
    credentials: Credentials,
    made: Arc<Mutex<Vec<Value>>>,
}

impl Calls {
    pub(crate) fn new(server: ApiServer, credentials: Credentials) -> Self {
        Self { server, credentials, made: Arc::default() }
    }

    /// The calls since the last time.
    pub(crate) fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.made.lock().expect("not poisoned"))
    }
}

impl Service<Request<Body>> for Calls {
    type Response = Response<proofmark_apiserver::Body>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let calls = self.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            match calls.credentials {
                Credentials::Away => return Err(std::io::Error::other("connection refused")),
                Credentials::User(user) => impersonate(&mut head.headers, user),
                Credentials::Unknown => {
                    head.headers.insert(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer unknown"));
                }
            }
            let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
            let mut call = json!({"method": head.method.as_str(), "path": head.uri.to_string()});
            if !body.is_empty() {
                match proofmark_json::from_slice::<Value>(&body) {
                    Ok(body) => call["body"] = body,
                    Err(_) => call["bodyText"] = json!(String::from_utf8_lossy(&body)),
                }
                call["contentType"] = json!(head.headers.get("content-type").and_then(|kind| kind.to_str().ok()));
            }
            // The call is put down where it began: a watch has no end.
            let at = {
                let mut made = calls.made.lock().expect("not poisoned");
                made.push(call);
                made.len() - 1
            };
            let answer = calls.server.service().oneshot(Request::from_parts(head, Body::from(body))).await;
            let answer = answer.map_err(std::io::Error::other)?;
            if let Some(call) = calls.made.lock().expect("not poisoned").get_mut(at) {
                call["code"] = json!(answer.status().as_u16());
            }
            Ok(answer)
        })
    }
}

fn impersonate(headers: &mut http::HeaderMap, user: &'static str) {
    let set = |headers: &mut http::HeaderMap, name, value| {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    set(headers, "impersonate-user", user);
    set(headers, "impersonate-group", "system:authenticated");
    if user.starts_with("system:serviceaccount:") {
        set(headers, "impersonate-group", "system:serviceaccounts");
        set(headers, "impersonate-group", "system:serviceaccounts:kserve");
    }
}
