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

const CLUSTER_ROLES: &str = "/clusterroles/";

/// How long to wait for whoever holds an object of ours before its finalizers are taken away. Its controller may have gone with a run that was killed, or
/// never let it go: KServe's of TrainedModels is known for that.
const GRACE: Duration = Duration::from_secs(15);

/// An object that a run made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    /// Its path.
    pub(super) path: String,
    /// What tells it from another one that came to its place.
    pub(super) uid: String,
}

/// Deletes objects, newest first, and the namespaces that controllers made for them; waits until they are gone.
///
/// # Errors
/// [`EnvError::LeftBehind`] with what is still there.
pub(super) async fn remove(open: &Transport, mut made: Vec<Made>) -> Result<(), EnvError> {
    // The garbage collector would see to these, but not once the kind of their owner is gone.
    made.extend(owned_namespaces(open, &made).await);
    for object in made.iter().filter(|object| object.path.contains(CLUSTER_ROLES)) {
        disconnect(open, object).await;
    }
    let mut left: Vec<String> = Vec::new();
    for Made { path, uid } in made.iter().rev() {
        match delete(open, path, uid).await {
            // With another uid it is somebody else's.
            Ok(StatusCode::NOT_FOUND | StatusCode::CONFLICT) => {}
            Ok(status) if status.is_success() => {}
            Ok(status) => left.push(format!("{path} ({status})")),
            Err(error) => left.push(format!("{path} ({error})")),
        }
    }
    // All at once, since some wait for others.
    let start = Instant::now();
    while !made.is_empty() && start.elapsed() < PATIENCE {
        let mut still = Vec::new();
        for object in made {
            if is_there(open, &object, start.elapsed() >= GRACE).await {
                still.push(object);
            }
        }
        made = still;
        sleep(PAUSE).await;
    }
    left.extend(made.into_iter().map(|object| object.path));
    if left.is_empty() { Ok(()) } else { Err(EnvError::LeftBehind(left.join(", "))) }
}

/// Makes an aggregated ClusterRole a plain one. Kubernetes' controller fills aggregated ones by an apply whenever a role that feeds them goes, and if they go as
/// well meanwhile, it makes them anew. It hears of this change before it hears of any deletion that follows.
async fn disconnect(open: &Transport, role: &Made) {
    let Ok((StatusCode::OK, found)) = send(open, Method::GET, &role.path, None).await else { return };
    if found["aggregationRule"].is_object() {
        let plain = json!({"metadata": {"uid": role.uid}, "aggregationRule": null});
        // If this is refused, the role is deleted as it is.
        let _ = send(open, Method::PATCH, &role.path, Some(("application/merge-patch+json", &plain))).await;
    }
}

async fn delete(open: &Transport, path: &str, uid: &str) -> Result<StatusCode, BoxError> {
    let body = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background", "preconditions": {"uid": uid}});
    Ok(send(open, Method::DELETE, path, Some(("application/json", &body))).await?.0)
}

/// Whether an object is still there. With `release` it is let go if somebody holds it.
async fn is_there(open: &Transport, made: &Made, release: bool) -> bool {
    let path = made.path.as_str();
    match send(open, Method::GET, path, None).await {
        Ok((StatusCode::NOT_FOUND, _)) => false,
        Ok((StatusCode::OK, object)) if object["metadata"]["uid"] != made.uid.as_str() => {
            let is_ghost = is_ghost(&object);
            if let (true, Some(uid)) = (is_ghost, object["metadata"]["uid"].as_str()) {
                // If this is refused, the object is told as left behind.
                let _ = delete(open, path, uid).await;
            }
            is_ghost
        }
        Ok((_, object)) if release && is_held(path, &object) => {
            let release = json!({"metadata": {"finalizers": null}});
            // As above.
            let _ = send(open, Method::PATCH, path, Some(("application/merge-patch+json", &release))).await;
            true
        }
        _ => true,
    }
}

/// Whether an object is a ClusterRole of ours that came back, because the controller was just about to fill it (see [`disconnect`]). Nobody else had a hand in such a
/// role, and it has nothing that would make it an aggregated one.
fn is_ghost(object: &Value) -> bool {
    let managers = object["metadata"]["managedFields"].as_array().map(Vec::as_slice).unwrap_or_default();
    let by_controller = |entry: &Value| entry["manager"] == "clusterrole-aggregation-controller";
    object["aggregationRule"].is_null() && !managers.is_empty() && managers.iter().all(by_controller)
}

/// Whether an object of a run is being deleted and somebody holds it. Namespaces and kinds are held by what is in them, rightly.
fn is_held(path: &str, object: &Value) -> bool {
    let metadata = &object["metadata"];
    let deleted = metadata["deletionTimestamp"].is_string() && metadata["finalizers"].is_array();
    deleted && metadata["labels"][LABEL].is_string() && !is_ground(path)
}

/// The namespaces that belong to owners among these.
async fn owned_namespaces(open: &Transport, owners: &[Made]) -> Vec<Made> {
    let uids: BTreeSet<&str> = owners.iter().map(|made| made.uid.as_str()).collect();
    let Ok((_, list)) = send(open, Method::GET, "/api/v1/namespaces", None).await else { return Vec::new() };
    let owned = |namespace: &&Value| {
        let owners = namespace["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
        owners.iter().any(|owner| owner["uid"].as_str().is_some_and(|uid| uids.contains(uid)))
    };
    let made = |namespace: &Value| {
        let (name, uid) = (namespace["metadata"]["name"].as_str()?, namespace["metadata"]["uid"].as_str()?);
        Some(Made { path: format!("/api/v1/namespaces/{name}"), uid: uid.to_owned() })
    };
    list["items"].as_array().into_iter().flatten().filter(owned).filter_map(made).collect()
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
        let made = found.iter().map(|cleaned| Made { path: cleaned.path.clone(), uid: cleaned.uid.clone() }).collect();
        remove(cluster.transport(), made).await?;
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
