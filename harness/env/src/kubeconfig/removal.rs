//! Takes away what a run has made, and nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use proofmark_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::LABEL;
use crate::EnvError;
use crate::transport::{self, BoxError, Transport, full};

/// How long nothing of what is deleted may go: namespaces empty themselves, kinds their objects, and on a busy cluster dozens of kinds take their time.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(100);

const CLUSTER_ROLES: &str = "/clusterroles/";

/// How long to wait for whoever holds an object of ours before its finalizers are taken away. Its controller may have gone with a run that was killed, or
/// never let it go: KServe's of TrainedModels is known for that.
const GRACE: Duration = Duration::from_secs(15);

/// How long to wait before deletions are asked for once more. kube-apiserver empties a kind before it lets it go; when it fails at first, because the kind is
/// still young, and then finds that its own note of that came in between, it forgets the kind for minutes (its finalizer skips changes of the condition
/// Terminating). Another deletion is another change.
const SECOND_WIND: Duration = Duration::from_secs(5);

/// An object that a run made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    /// Its path.
    pub(super) path: String,
    /// What tells it from another one that came to its place.
    pub(super) uid: String,
}

impl Made {
    /// Whether it is a node, or the lease of one: pods need theirs to go.
    pub(super) fn is_of_nodes(&self) -> bool {
        self.path.starts_with("/api/v1/nodes/") || self.path.contains("/namespaces/kube-node-lease/leases/")
    }
}

/// Deletes objects, newest first, and the namespaces that controllers made for them; waits until they are gone.
///
/// # Errors
/// [`EnvError::LeftBehind`] with what is still there.
pub(super) async fn remove(open: &Transport, mut made: Vec<Made>) -> Result<(), EnvError> {
    let owners: BTreeSet<String> = made.iter().map(|object| object.uid.clone()).collect();
    let (mut waiting, mut left) = (Waiting::new(), Vec::new());
    loop {
        // The garbage collector would see to these, but not once the kind of their owner is gone. A controller that has just heard of an owner may make
        // one while the owner goes.
        made.extend(owned_namespaces(open, &owners).await);
        if made.is_empty() {
            break;
        }
        left.extend(delete_all(open, &made).await);
        made = waiting.wait_for(open, made).await;
        if !made.is_empty() {
            left.extend(made.into_iter().map(|object| object.path));
            break;
        }
    }
    if left.is_empty() { Ok(()) } else { Err(EnvError::LeftBehind(left.join(", "))) }
}

/// Asks for the deletion of all; those that were refused, with the reason.
async fn delete_all(open: &Transport, made: &[Made]) -> Vec<String> {
    for object in made.iter().filter(|object| object.path.contains(CLUSTER_ROLES)) {
        disconnect(open, object).await;
    }
    let mut refused = Vec::new();
    for Made { path, uid } in made.iter().rev() {
        match delete(open, path, uid).await {
            // With another uid it is somebody else's.
            Ok(StatusCode::NOT_FOUND | StatusCode::CONFLICT) => {}
            Ok(status) if status.is_success() => {}
            Ok(status) => refused.push(format!("{path} ({status})")),
            Err(error) => refused.push(format!("{path} ({error})")),
        }
    }
    refused
}

/// Waits as long as there is progress: as long as fewer objects are left than ever before. What comes back again and again is none.
struct Waiting {
    start: Instant,
    asked_again: bool,
    fewest: usize,
    since: Instant,
}

impl Waiting {
    fn new() -> Self {
        let now = Instant::now();
        Self { start: now, asked_again: false, fewest: usize::MAX, since: now }
    }

    /// Waits until all are gone, which some only are after others; what is left when patience ends.
    async fn wait_for(&mut self, open: &Transport, mut made: Vec<Made>) -> Vec<Made> {
        while !made.is_empty() && self.since.elapsed() < PATIENCE {
            if !self.asked_again && self.start.elapsed() >= SECOND_WIND {
                self.asked_again = true;
                // What is refused now was refused before.
                let _ = delete_all(open, &made).await;
            }
            let mut still = Vec::new();
            for object in made {
                if is_there(open, &object, self.start.elapsed() >= GRACE).await {
                    still.push(object);
                }
            }
            made = still;
            if made.len() < self.fewest {
                (self.fewest, self.since) = (made.len(), Instant::now());
            }
            sleep(PAUSE).await;
        }
        made
    }
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

/// The namespaces that belong to owners with these uids.
async fn owned_namespaces(open: &Transport, uids: &BTreeSet<String>) -> Vec<Made> {
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

pub(super) async fn send(
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
    Ok((status, proofmark_json::from_slice(&body).unwrap_or_default()))
}

/// Whether others may be in it, or of it: a namespace, or a kind.
pub(super) fn is_ground(path: &str) -> bool {
    path.starts_with("/api/v1/namespaces/") && path.split('/').count() == 5
        || path.starts_with("/apis/apiextensions.k8s.io/")
}
