//! Takes away what a run has made, and nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::LABEL;
use crate::transport::{self, BoxError, Transport, full};
use crate::{ApiRequest, Cluster, EnvError, Exchange, Identity};

/// How long what is deleted may take to go: namespaces empty themselves, kinds their objects.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(100);

/// How long to wait for whoever holds an object of ours before its finalizers are taken away. Its controller may have gone with a run that was killed, or
/// never let it go: KServe's of TrainedModels is known for that.
const GRACE: Duration = Duration::from_secs(15);

/// Deletes objects, newest first, and the namespaces that controllers made for those of these uids; waits until they are gone.
///
/// # Errors
/// [`EnvError::LeftBehind`] with what is still there.
pub(super) async fn remove(open: &Transport, made: &[String], uids: &BTreeSet<String>) -> Result<(), EnvError> {
    let mut made = made.to_vec();
    // The garbage collector would see to these, but not once the kind of their owner is gone.
    made.extend(owned_namespaces(open, uids).await);
    let mut left: Vec<String> = Vec::new();
    for path in made.iter().rev() {
        let body = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
        match send(open, Method::DELETE, path, Some(("application/json", &body))).await {
            Ok((status, _)) if status.is_success() || status == StatusCode::NOT_FOUND => {}
            Ok((status, _)) => left.push(format!("{path} ({status})")),
            Err(error) => left.push(format!("{path} ({error})")),
        }
    }
    // All at once, since some wait for others.
    let start = Instant::now();
    while !made.is_empty() && start.elapsed() < PATIENCE {
        let mut still = Vec::new();
        for path in made {
            if is_there(open, &path, start.elapsed() >= GRACE).await {
                still.push(path);
            }
        }
        made = still;
        sleep(PAUSE).await;
    }
    left.extend(made);
    if left.is_empty() { Ok(()) } else { Err(EnvError::LeftBehind(left.join(", "))) }
}

/// Whether an object is still there. With `release` it is let go if somebody holds it.
async fn is_there(open: &Transport, path: &str, release: bool) -> bool {
    match send(open, Method::GET, path, None).await {
        Ok((StatusCode::NOT_FOUND, _)) => false,
        Ok((_, object)) if release && is_held(path, &object) => {
            let release = json!({"metadata": {"finalizers": null}});
            // If this is refused, the object is told as left behind.
            let _ = send(open, Method::PATCH, path, Some(("application/merge-patch+json", &release))).await;
            true
        }
        _ => true,
    }
}

/// Whether an object of a run is being deleted and somebody holds it. Namespaces and kinds are held by what is in them, rightly.
fn is_held(path: &str, object: &Value) -> bool {
    let metadata = &object["metadata"];
    let deleted = metadata["deletionTimestamp"].is_string() && metadata["finalizers"].is_array();
    deleted && metadata["labels"][LABEL].is_string() && !is_ground(path)
}

/// The paths of namespaces that belong to owners of these uids.
async fn owned_namespaces(open: &Transport, uids: &BTreeSet<String>) -> Vec<String> {
    let Ok((_, list)) = send(open, Method::GET, "/api/v1/namespaces", None).await else { return Vec::new() };
    let owned = |namespace: &&Value| {
        let owners = namespace["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
        owners.iter().any(|owner| owner["uid"].as_str().is_some_and(|uid| uids.contains(uid)))
    };
    let path = |namespace: &Value| Some(format!("/api/v1/namespaces/{}", namespace["metadata"]["name"].as_str()?));
    list["items"].as_array().into_iter().flatten().filter(owned).filter_map(path).collect()
}

async fn send(
    open: &Transport,
    method: Method,
    path: &str,
    body: Option<(&'static str, &Value)>,
) -> Result<(StatusCode, Value), BoxError> {
    let bytes = body.map(|(_, value)| Bytes::from(value.to_string())).unwrap_or_default();
    let mut request = Request::new(full(bytes));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse()?;
    if let Some((media_type, _)) = body {
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    let response = transport::send(open, request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

/// What [`clean`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// The path of the object.
    pub path: String,
    /// The run that made it.
    pub run: String,
    uid: String,
}

/// Deletes what earlier runs left behind, or only the run of this name; it is found by its label. With `dry_run` nothing is deleted.
///
/// # Errors
/// When the cluster does not answer, or something cannot be deleted.
pub async fn clean(cluster: &Cluster, run: Option<&str>, dry_run: bool) -> Result<Vec<Cleaned>, EnvError> {
    let selector = run.map_or_else(|| LABEL.to_owned(), |run| format!("{LABEL}%3D{run}")).replace('/', "%2F");
    let mut found = Vec::new();
    for collection in collections(cluster).await? {
        let list = ask(cluster, &format!("{collection}?labelSelector={selector}")).await?;
        if list.response.status != 200 {
            continue; // what may not be listed was not made by a run that may as much
        }
        let items = list.response.body.json()["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        found.extend(items.iter().filter_map(|item| leftover(&collection, item)));
    }
    if !dry_run {
        // The first goes last: what is in a namespace, or of a kind, may need it to go.
        found.sort_by_key(|cleaned| !is_ground(&cleaned.path));
        let paths: Vec<String> = found.iter().map(|cleaned| cleaned.path.clone()).collect();
        let uids = found.iter().map(|cleaned| cleaned.uid.clone()).collect();
        remove(cluster.transport(), &paths, &uids).await?;
    }
    Ok(found)
}

fn is_ground(path: &str) -> bool {
    path.starts_with("/api/v1/namespaces/") && path.split('/').count() == 5
        || path.starts_with("/apis/apiextensions.k8s.io/")
}

fn leftover(collection: &str, item: &Value) -> Option<Cleaned> {
    let metadata = &item["metadata"];
    let (name, run) = (metadata["name"].as_str()?, metadata["labels"][LABEL].as_str()?);
    let path = match metadata["namespace"].as_str() {
        Some(namespace) => {
            let (version, plural) = collection.rsplit_once('/')?;
            format!("{version}/namespaces/{namespace}/{plural}/{name}")
        }
        None => format!("{collection}/{name}"),
    };
    let uid = metadata["uid"].as_str().unwrap_or_default().to_owned();
    Some(Cleaned { path, run: run.to_owned(), uid })
}

/// The collections of every kind that can be listed and deleted, in its preferred version.
async fn collections(cluster: &Cluster) -> Result<Vec<String>, EnvError> {
    let mut versions = vec!["/api/v1".to_owned()];
    let groups = ask(cluster, "/apis").await?;
    for group in groups.response.body.json()["groups"].as_array().into_iter().flatten() {
        versions.extend(group["preferredVersion"]["groupVersion"].as_str().map(|version| format!("/apis/{version}")));
    }
    let mut collections = Vec::new();
    for version in versions {
        let resources = ask(cluster, &version).await?;
        for resource in resources.response.body.json()["resources"].as_array().into_iter().flatten() {
            let can = |verb: &str| resource["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|v| v == verb));
            match resource["name"].as_str() {
                Some(name) if !name.contains('/') && can("list") && can("delete") => {
                    collections.push(format!("{version}/{name}"))
                }
                _ => {}
            }
        }
    }
    Ok(collections)
}

async fn ask(cluster: &Cluster, path: &str) -> Result<Exchange, EnvError> {
    cluster.send(&Identity::Admin, ApiRequest::get(path)).await
}
