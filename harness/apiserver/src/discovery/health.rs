//! Health endpoints: every check of a server in memory is fine at once.

use bytes::Bytes;

use crate::handlers::{Content, Reply};
use crate::refusal::Refusal;

/// The checks that clients and probes ask for by name.
const CHECKS: [&str; 12] = [
    "ping",
    "log",
    "etcd",
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/apiservice-registration-controller",
];

/// The paths of the checks.
pub(super) fn paths() -> Vec<String> {
    let roots = ["/healthz", "/livez", "/readyz"];
    roots.iter().flat_map(|root| CHECKS.iter().map(move |check| format!("{root}/{check}"))).collect()
}

/// `ok`, or the plain page of a check that does not exist.
pub(super) fn answer(path: &str) -> Result<Reply, Refusal> {
    let root = matches!(path, "/healthz" | "/livez" | "/readyz");
    if root || paths().iter().any(|p| p == path) {
        let body = Bytes::from_static(b"ok");
        return Ok(Reply::new(200, Content::Document { content_type: "text/plain; charset=utf-8", body }));
    }
    Err(Refusal::NoSuchPage)
}
