//! Requests for objects as JSON.
//!
//! Typed clients would drop fields that they do not know, and controllers here serve kinds that come and go. So objects are
//! [`proofmark_json::Value`]s and kinds are [`Resource`]s. A server in the same process hands its objects over as they are ([`proofmark_handover`]).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use http::{HeaderValue, Method, Request, Response, header};
use kube::Client;
use kube::client::Body;
use kube::core::WatchEvent;
use proofmark_handover::{Event, Handed, Offered, Welcome};
use proofmark_json::{Value, json};

use super::object;

/// What went wrong with a request; a refusal by the server is `kube::Error::Api`.
pub type Error = kube::Error;

/// The representation of a list that has no more than `metadata` of each object (KEP-2334).
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// The same for one object and for a watch.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// A kind of object and where the API serves it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// The API group; the core group is the empty string.
    pub group: Cow<'static, str>,
    /// The version: `v1`.
    pub version: Cow<'static, str>,
    /// The plural name in paths: `configmaps`.
    pub plural: Cow<'static, str>,
    /// The kind: `ConfigMap`.
    pub kind: Cow<'static, str>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl Resource {
    /// A namespaced kind known when this was written.
    pub const fn namespaced(
        group: &'static str,
        version: &'static str,
        plural: &'static str,
        kind: &'static str,
    ) -> Self {
        Self::known([group, version, plural, kind], true)
    }

    /// A cluster-scoped kind known when this was written.
    pub const fn cluster(group: &'static str, version: &'static str, plural: &'static str, kind: &'static str) -> Self {
        Self::known([group, version, plural, kind], false)
    }

    const fn known([group, version, plural, kind]: [&'static str; 4], namespaced: bool) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            plural: Cow::Borrowed(plural),
            kind: Cow::Borrowed(kind),
            namespaced,
        }
    }

    /// `group/version`, and just `version` in the core group: what `apiVersion` says.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The path of the collection, in one namespace or, where that is empty, in all of them.
    pub fn path(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        if self.namespaced && !namespace.is_empty() {
            format!("{root}/{}/namespaces/{namespace}/{}", self.api_version(), self.plural)
        } else {
            format!("{root}/{}/{}", self.api_version(), self.plural)
        }
    }

    fn object_path(&self, namespace: &str, name: &str) -> String {
        format!("{}/{name}", self.path(namespace))
    }
}

impl fmt::Display for Resource {
    /// As Go prints a GroupVersionResource, which conditions and errors quote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}, Resource={}", self.group, self.version, self.plural)
    }
}

/// Questions to ask of an [`Error`].
pub trait Reason {
    /// The object, or the whole resource, does not exist.
    fn is_not_found(&self) -> bool;
    /// The object exists already.
    fn is_already_exists(&self) -> bool;
    /// The object changed in the meantime, or is not the one that the precondition names.
    fn is_conflict(&self) -> bool;
    /// The object would not be valid.
    fn is_invalid(&self) -> bool;
    /// The history that was asked for is gone.
    fn is_expired(&self) -> bool;
    /// The resource does not know the verb.
    fn is_method_not_supported(&self) -> bool;
    /// Nothing new may be made in a namespace that is being deleted.
    fn is_namespace_terminating(&self) -> bool;
    /// The server's own words, as events and conditions quote them.
    fn words(&self) -> String;
}

impl Reason for Error {
    fn is_not_found(&self) -> bool {
        matches!(self, Error::Api(status) if status.code == 404)
    }

    fn is_already_exists(&self) -> bool {
        matches!(self, Error::Api(status) if status.reason == "AlreadyExists")
    }

    fn is_conflict(&self) -> bool {
        matches!(self, Error::Api(status) if status.reason == "Conflict")
    }

    fn is_invalid(&self) -> bool {
        matches!(self, Error::Api(status) if status.code == 422)
    }

    fn is_expired(&self) -> bool {
        matches!(self, Error::Api(status) if status.code == 410)
    }

    fn is_method_not_supported(&self) -> bool {
        matches!(self, Error::Api(status) if status.code == 405)
    }

    fn is_namespace_terminating(&self) -> bool {
        let Error::Api(status) = self else { return false };
        let causes = status.details.iter().flat_map(|details| &details.causes);
        causes.into_iter().any(|cause| cause.reason == "NamespaceTerminating")
    }

    fn words(&self) -> String {
        match self {
            Error::Api(status) => status.message.clone(),
            other => other.to_string(),
        }
    }
}

/// How much of an object is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// All of it.
    Whole,
    /// Only `metadata`.
    Metadata,
}

/// An API client that goes by a name of its own.
#[derive(Clone)]
pub struct Api {
    client: Client,
    agent: HeaderValue,
    /// The user that requests are made as; the client's own without one.
    user: Option<HeaderValue>,
    /// Whether the server handed something over, and so takes what is offered.
    handed: Arc<AtomicBool>,
}

impl Api {
    /// A client that names itself `agent`. The part before the first `/` becomes the manager of the fields that it writes.
    pub fn new(client: Client, agent: &str) -> Self {
        let agent = HeaderValue::from_str(agent).unwrap_or(HeaderValue::from_static("unknown"));
        Self { client, agent, user: None, handed: Arc::default() }
    }

    /// The same client, impersonating a service account: what it may do, and what admission sees of it, is that account's.
    #[must_use]
    pub fn impersonating(self, namespace: &str, service_account: &str) -> Self {
        let user = HeaderValue::from_str(&format!("system:serviceaccount:{namespace}:{service_account}")).ok();
        Self { user, ..self }
    }

    /// An object.
    pub async fn get(&self, of: &Resource, namespace: &str, name: &str) -> Result<Value, Error> {
        self.json(self.request(Method::GET, &of.object_path(namespace, name), &[])).await
    }

    /// A subresource of an object (`scale`).
    pub async fn get_subresource(
        &self,
        of: &Resource,
        namespace: &str,
        name: &str,
        subresource: &str,
    ) -> Result<Value, Error> {
        let path = format!("{}/{subresource}", of.object_path(namespace, name));
        self.json(self.request(Method::GET, &path, &[])).await
    }

    /// Replaces a subresource that is an object of its own (`scale`); the object of `of` is the one that it names.
    pub async fn put_subresource(&self, of: &Resource, body: &Value, subresource: &str) -> Result<Value, Error> {
        self.update_part(of, body, &format!("/{subresource}")).await
    }

    /// An object's `metadata` (inside a PartialObjectMetadata).
    pub async fn get_metadata(&self, of: &Resource, namespace: &str, name: &str) -> Result<Value, Error> {
        let request = self.request(Method::GET, &of.object_path(namespace, name), &[]).header(header::ACCEPT, METADATA);
        self.json(request).await
    }

    /// The objects of a collection; `query` as [`Api::watch`]'s.
    pub async fn list(
        &self,
        of: &Resource,
        namespace: &str,
        query: &[(&str, &str)],
        view: View,
    ) -> Result<Value, Error> {
        self.json(self.listing(of, namespace, query, view)).await
    }

    /// The objects of a collection in all namespaces; `query` as [`Api::watch`]'s.
    pub async fn collect(&self, of: &Resource, query: &[(&str, &str)], view: View) -> Result<Collection, Error> {
        let mut response = self.answer(finish(self.listing(of, "", query, view), Vec::new())?).await?;
        if let Some(Handed::List(list)) = response.extensions_mut().remove() {
            return Ok(Collection { version: list.resource_version.clone(), items: list.items.clone(), handed: true });
        }
        let mut list = read(response).await?;
        let version = object::resource_version(&list).to_owned();
        let items = match list.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items.into_iter().map(Arc::new).collect(),
            _ => Vec::new(),
        };
        Ok(Collection { version, items, handed: false })
    }

    /// What happens to a collection of all namespaces from `resource_version` on. `query` narrows it (`fieldSelector`, `labelSelector`). `handed`: whether
    /// its list was handed over, and so will be what happens.
    pub async fn watch(
        &self,
        of: &Resource,
        query: &[(&str, &str)],
        resource_version: &str,
        view: View,
        handed: bool,
    ) -> Result<BoxStream<'static, Result<Event, Error>>, Error> {
        let mut all = vec![("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", resource_version)];
        all.extend_from_slice(query);
        let request = self.request(Method::GET, &of.path(""), &all);
        let request = match view {
            View::Whole => request,
            View::Metadata => request.header(header::ACCEPT, METADATA),
        };
        let request = finish(request, Vec::new())?;
        if handed {
            let mut response = self.answer(request).await?;
            let events = match response.extensions_mut().remove() {
                Some(Handed::Watch(events)) => events.take(),
                _ => None,
            };
            return match events {
                Some(events) => Ok(events.map(refused).boxed()),
                // A refusal; anything else is no watch.
                None => read(response).await.map(|_| stream::empty().boxed()),
            };
        }
        // kube reads what comes as JSON.
        let mut request = request.map(|_| Vec::new());
        request.extensions_mut().remove::<Welcome>();
        let events = self.client.request_events::<Value>(request).await?;
        Ok(events.map(|event: Result<WatchEvent<Value>, Error>| event.and_then(told)).boxed())
    }

    /// Creates an object in the namespace that it names; answers it as stored.
    pub async fn create(&self, of: &Resource, object: &Value) -> Result<Value, Error> {
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
        self.send(self.request(Method::POST, &of.path(namespace), &[]), "application/json", object).await
    }

    /// Replaces an object; its resourceVersion, if any, must be the present one.
    pub async fn update(&self, of: &Resource, object: &Value) -> Result<Value, Error> {
        self.update_part(of, object, "").await
    }

    /// What [`Api::update`] would answer, without anything being stored.
    pub async fn dry_run_update(&self, of: &Resource, object: &Value) -> Result<Value, Error> {
        let text = |at: &str| object.pointer(at).and_then(Value::as_str).unwrap_or_default();
        let path = of.object_path(text("/metadata/namespace"), text("/metadata/name"));
        self.send(self.request(Method::PUT, &path, &[("dryRun", "All")]), "application/json", object).await
    }

    /// Replaces what a subresource (`status`, `finalize`) governs of an object.
    pub async fn update_subresource(&self, of: &Resource, object: &Value, subresource: &str) -> Result<Value, Error> {
        self.update_part(of, object, &format!("/{subresource}")).await
    }

    async fn update_part(&self, of: &Resource, object: &Value, suffix: &str) -> Result<Value, Error> {
        let text = |at: &str| object.pointer(at).and_then(Value::as_str).unwrap_or_default();
        let path = of.object_path(text("/metadata/namespace"), text("/metadata/name")) + suffix;
        self.send(self.request(Method::PUT, &path, &[]), "application/json", object).await
    }

    /// Changes an object by a JSON merge patch (RFC 7396).
    pub async fn merge_patch(&self, of: &Resource, namespace: &str, name: &str, patch: &Value) -> Result<Value, Error> {
        let request = self.request(Method::PATCH, &of.object_path(namespace, name), &[]);
        self.send(request, "application/merge-patch+json", patch).await
    }

    /// Changes an object by a strategic merge patch, which built-in kinds know.
    pub async fn strategic_patch(
        &self,
        of: &Resource,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<Value, Error> {
        let request = self.request(Method::PATCH, &of.object_path(namespace, name), &[]);
        self.send(request, "application/strategic-merge-patch+json", patch).await
    }

    /// Changes an object's status by a strategic merge patch: items of lists with a merge key (conditions by their type) are changed one by one.
    /// What it answers is to be looked at, not to be changed.
    pub async fn patch_status(
        &self,
        of: &Resource,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<Arc<Value>, Error> {
        let request = self.request(Method::PATCH, &format!("{}/status", of.object_path(namespace, name)), &[]);
        self.send_shared(request, "application/strategic-merge-patch+json", patch).await
    }

    /// Creates something below an object (`binding`, `token`, `eviction`); answers what the server answers.
    pub async fn create_subresource(
        &self,
        of: &Resource,
        namespace: &str,
        name: &str,
        subresource: &str,
        body: &Value,
    ) -> Result<Value, Error> {
        let request = self.request(Method::POST, &format!("{}/{subresource}", of.object_path(namespace, name)), &[]);
        self.send(request, "application/json", body).await
    }

    /// Changes an object by server-side apply, taking fields from other managers where they are in the way.
    pub async fn apply(
        &self,
        of: &Resource,
        namespace: &str,
        name: &str,
        manager: &str,
        body: &Value,
    ) -> Result<Value, Error> {
        let query = [("fieldManager", manager), ("force", "true")];
        let request = self.request(Method::PATCH, &of.object_path(namespace, name), &query);
        self.send(request, "application/apply-patch+yaml", body).await
    }

    /// Deletes an object; `options` are the fields of `DeleteOptions`.
    pub async fn delete(&self, of: &Resource, namespace: &str, name: &str, options: &Value) -> Result<Value, Error> {
        let request = self.request(Method::DELETE, &of.object_path(namespace, name), &[]);
        self.send(request, "application/json", &delete_options(options)).await
    }

    /// Deletes every object of a collection in one namespace.
    pub async fn delete_collection(&self, of: &Resource, namespace: &str, options: &Value) -> Result<Value, Error> {
        self.send(self.request(Method::DELETE, &of.path(namespace), &[]), "application/json", &delete_options(options))
            .await
    }

    /// A document by its path, in the given representation.
    pub async fn document(&self, path: &str, accept: &str) -> Result<Arc<Value>, Error> {
        let request = self.request(Method::GET, path, &[]).header(header::ACCEPT, accept);
        read_shared(self.answer(finish(request, Vec::new())?).await?).await
    }

    /// Asks for a collection.
    fn listing(&self, of: &Resource, namespace: &str, query: &[(&str, &str)], view: View) -> http::request::Builder {
        let request = self.request(Method::GET, &of.path(namespace), query);
        match view {
            View::Whole => request,
            View::Metadata => request.header(header::ACCEPT, METADATA_LIST),
        }
    }

    fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> http::request::Builder {
        let mut uri = path.to_owned();
        for (at, (key, value)) in query.iter().enumerate() {
            uri.push(if at == 0 { '?' } else { '&' });
            uri.push_str(key);
            uri.push('=');
            encode(value, &mut uri);
        }
        let request = Request::builder().method(method).uri(uri).header(header::USER_AGENT, &self.agent);
        match &self.user {
            Some(user) => request.header("Impersonate-User", user),
            None => request,
        }
    }

    async fn send(
        &self,
        request: http::request::Builder,
        content_type: &'static str,
        body: &Value,
    ) -> Result<Value, Error> {
        self.send_shared(request, content_type, body).await.map(Arc::unwrap_or_clone)
    }

    async fn send_shared(
        &self,
        request: http::request::Builder,
        content_type: &'static str,
        body: &Value,
    ) -> Result<Arc<Value>, Error> {
        let request = request.header(header::CONTENT_TYPE, content_type);
        let request = if self.handed.load(Ordering::Relaxed) {
            finish(request.extension(Offered(body.clone())), Vec::new())?
        } else {
            finish(request, proofmark_json::to_vec(body).map_err(Error::SerdeError)?)?
        };
        let response = self.answer(request).await?;
        if response.extensions().get::<Handed>().is_some() {
            self.handed.store(true, Ordering::Relaxed);
        }
        read_shared(response).await
    }

    async fn json(&self, request: http::request::Builder) -> Result<Value, Error> {
        read(self.answer(finish(request, Vec::new())?).await?).await
    }

    /// Sends a request. What that takes is much of the size of everything that waits for an answer, so it has a place of its own.
    fn answer(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, Error>> {
        self.client.send(request).boxed()
    }
}

/// The objects of a collection at one moment.
#[derive(Debug)]
pub struct Collection {
    /// The resourceVersion of the list.
    pub version: String,
    /// The objects. Those of built-in kinds need not say what they are.
    pub items: Vec<Arc<Value>>,
    /// Whether the server is in this process and handed them over: other holders may look at the same objects.
    pub handed: bool,
}

fn finish(request: http::request::Builder, body: Vec<u8>) -> Result<Request<Body>, Error> {
    request.extension(Welcome).body(Body::from(body)).map_err(Error::HttpError)
}

/// What an answer says, to be changed; a refusal is an error.
async fn read(response: Response<Body>) -> Result<Value, Error> {
    read_shared(response).await.map(Arc::unwrap_or_clone)
}

/// The same, to be looked at: others may look at what was handed over.
async fn read_shared(mut response: Response<Body>) -> Result<Arc<Value>, Error> {
    match response.extensions_mut().remove() {
        Some(Handed::Object(object)) => return Ok(object),
        Some(Handed::List(list)) => {
            let items: Vec<Value> = list.items.iter().map(|item| Value::clone(item)).collect();
            return Ok(Arc::new(json!({"metadata": {"resourceVersion": list.resource_version}, "items": items})));
        }
        Some(Handed::Watch(_)) | None => {}
    }
    let code = response.status();
    let bytes = response.into_body().collect_bytes().await?;
    if code.is_success() {
        return proofmark_json::from_slice(&bytes).map(Arc::new).map_err(Error::SerdeError);
    }
    // What is no Status has been answered by something in between.
    let status = proofmark_json::from_slice(&bytes).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(&bytes);
        kube::core::Status::failure(text.trim(), "Failed to parse error data").with_code(code.as_u16()).boxed()
    });
    Err(Error::Api(status))
}

/// An event that came as JSON.
fn told(event: WatchEvent<Value>) -> Result<Event, Error> {
    Ok(match event {
        WatchEvent::Added(object) => Event::Added(Arc::new(object)),
        WatchEvent::Modified(object) => Event::Modified(Arc::new(object)),
        WatchEvent::Deleted(object) => Event::Deleted(Arc::new(object)),
        WatchEvent::Bookmark(mark) => Event::Bookmark(mark.metadata.resource_version),
        WatchEvent::Error(status) => return Err(Error::Api(status)),
    })
}

/// An event that was handed over; the one that ends a watch early is an error.
fn refused(event: Event) -> Result<Event, Error> {
    match event {
        Event::Error(status) => match proofmark_json::from_value(Arc::unwrap_or_clone(status)) {
            Ok(status) => Err(Error::Api(status)),
            Err(error) => Err(Error::SerdeError(error)),
        },
        event => Ok(event),
    }
}

fn delete_options(options: &Value) -> Value {
    let mut whole = json!({"kind": "DeleteOptions", "apiVersion": "v1"});
    if let (Some(whole), Some(options)) = (whole.as_object_mut(), options.as_object()) {
        whole.extend(options.clone());
    }
    whole
}

/// Percent-encodes a query value (RFC 3986, unreserved characters stay).
fn encode(value: &str, into: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_group_and_scope() {
        let pods = Resource::namespaced("", "v1", "pods", "Pod");
        assert_eq!(pods.path("a"), "/api/v1/namespaces/a/pods");
        assert_eq!(pods.path(""), "/api/v1/pods");
        let roles = Resource::cluster("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole");
        assert_eq!(roles.path("ignored"), "/apis/rbac.authorization.k8s.io/v1/clusterroles");
        assert_eq!(pods.to_string(), "/v1, Resource=pods");
    }

    #[test]
    fn query_values_are_encoded() {
        let mut text = String::new();
        encode("type=kubernetes.io/x y", &mut text);
        assert_eq!(text, "type%3Dkubernetes.io%2Fx%20y");
    }
}
