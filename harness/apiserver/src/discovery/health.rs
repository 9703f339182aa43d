//! Health endpoints: every check of a server in memory is fine at once.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::handlers::{Content, Reply};
use crate::refusal::Refusal;
use crate::request::Query;

/// What begins every report.
const FIRST: [&str; 3] = ["ping", "log", "etcd"];
/// What readiness asks beside that.
const READY: [&str; 2] = ["etcd-readiness", "informer-sync"];
/// What a server does once after its start, in the order in which it is reported.
const HOOKS: [&str; 28] = [
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
];

/// The endpoints by name.
const ROOTS: [&str; 3] = ["healthz", "livez", "readyz"];

/// The checks of an endpoint, in the order in which it reports them.
fn checks(root: &str) -> impl Iterator<Item = &'static str> {
    let ready = root == "readyz";
    let beside = READY.into_iter().filter(move |_| ready);
    let last = ["shutdown"].into_iter().filter(move |_| ready);
    FIRST.into_iter().chain(beside).chain(HOOKS).chain(last)
}

/// The paths of the checks.
pub(super) fn paths() -> Vec<String> {
    ROOTS.iter().flat_map(|root| checks(root).map(move |check| format!("/{root}/{check}"))).collect()
}

/// `ok` or a report, or the plain page of a check that does not exist.
pub(super) fn answer(path: &str, query: &Query) -> Result<Reply, Refusal> {
    let (root, check) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    if !ROOTS.contains(&root) || !(path.len() == root.len() + 1 || checks(root).any(|known| known == check)) {
        return Err(Refusal::NoSuchPage);
    }
    let whole = check.is_empty() && query.get("verbose").is_some();
    let body = if whole { Bytes::from(report(root, query)) } else { Bytes::from_static(b"ok") };
    Ok(Reply::new(200, Content::Document { content_type: "text/plain; charset=utf-8", body }))
}

/// A line for each check, and for what was left out of them in vain.
fn report(root: &str, query: &Query) -> String {
    let excluded: Vec<&str> = query.all("exclude").collect();
    let mut out = String::new();
    for check in checks(root) {
        let without = if excluded.contains(&check) { " excluded:" } else { "" };
        let _ = writeln!(out, "[+]{check}{without} ok");
    }
    let mut unknown: Vec<&str> =
        excluded.into_iter().filter(|name| !checks(root).any(|check| check == *name)).collect();
    unknown.sort_unstable();
    unknown.dedup();
    if !unknown.is_empty() {
        let quoted: Vec<String> = unknown.into_iter().map(proofmark_status::quote).collect();
        let _ = writeln!(out, "warn: some health checks cannot be excluded: no matches for {}", quoted.join(","));
    }
    let _ = writeln!(out, "{root} check passed");
    out
}
