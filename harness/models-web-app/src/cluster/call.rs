//! One call and its answer.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kube::client::Body;
use proofmark_json::Value;

use super::path::{collapse, escape};
use super::{Child, Resource};
use crate::failure::{ApiFailure, Failure};
use crate::release::{Behaviour, Flaws};

/// The cluster, with the app's own rights.
#[derive(Clone)]
pub(crate) struct Cluster {
    client: kube::Client,
    behaviour: &'static Behaviour,
}

impl Cluster {
    pub(crate) fn new(client: kube::Client, behaviour: &'static Behaviour) -> Self {
        Self { client, behaviour }
    }

    fn flaws(&self) -> &'static Flaws {
        &self.behaviour.flaws
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        parse(&self.bytes(Method::GET, path, None).await?)
    }

    /// One object.
    pub(crate) async fn object(&self, resource: &Resource, namespace: &str, name: &str) -> Result<Value, Failure> {
        self.get(&self.path(resource, namespace, Some(name))).await
    }

    pub(crate) async fn create(&self, resource: &Resource, namespace: &str, body: String) -> Result<(), Failure> {
        self.bytes(Method::POST, &self.path(resource, namespace, None), Some(body)).await.map(drop)
    }

    pub(crate) async fn replace(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        body: String,
    ) -> Result<(), Failure> {
        self.bytes(Method::PUT, &self.path(resource, namespace, Some(name)), Some(body)).await.map(drop)
    }

    /// Deletes an object after everything that it owns.
    pub(crate) async fn delete(&self, resource: &Resource, namespace: &str, name: &str) -> Result<(), Failure> {
        let path = self.path(resource, namespace, Some(name)) + "?propagationPolicy=Foreground";
        self.bytes(Method::DELETE, &path, None).await.map(drop)
    }

    pub(super) async fn post(&self, path: &str, body: String) -> Result<Value, Failure> {
        parse(&self.bytes(Method::POST, path, Some(body)).await?)
    }

    /// All pods of a namespace, or those with a label.
    pub(crate) async fn pods(&self, namespace: &str, label: Option<(&str, &str)>) -> Result<Vec<Value>, Failure> {
        let mut path = format!("/api/v1/namespaces/{}/pods", escape(namespace));
        if let Some((key, value)) = label {
            path += &format!("?labelSelector={}", escape(&format!("{key}={value}")));
        }
        Ok(items(self.get(&path).await?))
    }

    /// The whole log of a container, as text.
    pub(crate) async fn log(&self, namespace: &str, pod: &str, container: &str) -> Result<String, Failure> {
        let (namespace, pod, container) = (escape(namespace), escape(pod), escape(container));
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}");
        let bytes = self.bytes(Method::GET, &path, None).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Opens a watch.
    pub(crate) async fn watch(&self, path: &str) -> Result<Lines, Failure> {
        let response = self.send(Method::GET, path, None).await?;
        if response.status().is_success() {
            return Ok(Lines { body: response.into_body(), rest: Vec::new() });
        }
        Err(refusal(response).await)
    }

    /// Where a collection is, or an object of it.
    pub(crate) fn path(&self, resource: &Resource, namespace: &str, name: Option<&str>) -> String {
        let Resource { group, version, plural } = *resource;
        let core = group.is_empty();
        // The released ones reach objects of the core group through the client for custom objects.
        let broken = *resource == Child::SERVICE.resource && self.flaws().core_path_broken;
        let root = if core && !broken { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let name = name.map(|name| format!("/{}", escape(name))).unwrap_or_default();
        format!("{root}/namespaces/{}/{plural}{name}", escape(namespace))
    }

    /// The answer's body, if it is no refusal.
    async fn bytes(&self, method: Method, path: &str, body: Option<String>) -> Result<Bytes, Failure> {
        let response = self.send(method, path, body).await?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        let collected = response.into_body().collect().await;
        collected.map(http_body_util::Collected::to_bytes).map_err(|error| Failure::Unreachable(error.to_string()))
    }

    async fn send(&self, method: Method, path: &str, body: Option<String>) -> Result<http::Response<Body>, Failure> {
        let path = if self.flaws().dots_collapse { collapse(path) } else { path.to_owned() };
        let mut request = Request::builder().method(method).uri(path).header(header::ACCEPT, "application/json");
        request = request.header(header::USER_AGENT, self.behaviour.agent);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Body::from(body.unwrap_or_default().into_bytes()));
        let request = request.map_err(|error| Failure::Unreachable(error.to_string()))?;
        self.client.send(request).await.map_err(|error| Failure::Unreachable(error.to_string()))
    }
}

/// A refusal, in the API server's words.
async fn refusal(response: http::Response<Body>) -> Failure {
    let status = response.status();
    match response.into_body().collect().await {
        Ok(body) => Failure::Api(told(status, &body.to_bytes())),
        Err(error) => Failure::Unreachable(error.to_string()),
    }
}

fn told(status: StatusCode, body: &[u8]) -> ApiFailure {
    let parsed: Option<Value> = proofmark_json::from_slice(body).ok();
    let message = parsed.as_ref().and_then(|body| body.get("message")).and_then(Value::as_str).map(str::to_owned);
    ApiFailure { status, message, body: String::from_utf8_lossy(body).into_owned() }
}

fn parse(bytes: &[u8]) -> Result<Value, Failure> {
    proofmark_json::from_slice(bytes).map_err(|error| Failure::Unreachable(error.to_string()))
}

/// The objects of a list.
pub(crate) fn items(mut list: Value) -> Vec<Value> {
    match list.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// The events of a watch.
pub(crate) struct Lines {
    body: Body,
    rest: Vec<u8>,
}

impl Lines {
    /// The next one; none when the watch has ended.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, Failure> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                if line.trim_ascii().is_empty() {
                    continue;
                }
                return parse(&line).map(Some);
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(Failure::Unreachable(error.to_string())),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.rest.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}
