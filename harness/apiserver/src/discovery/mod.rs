//! Everything outside the resource paths: what is served, health, version, token keys.
//!
//! [`answer`] dispatches a path; [`legacy`] and [`aggregated`] are the two forms of API discovery.

mod aggregated;
mod health;
mod legacy;
mod openid;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::Method;
use proofmark_json::json;

use crate::encode::Negotiated;
use crate::handlers::{Content, Reply};
use crate::refusal::Refusal;
use crate::resource::Catalog;
use crate::server::{Call, VERSION};

pub(crate) use legacy::version_order;

/// Answers a request on a path outside the resource paths.
pub(crate) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let path = call.exchange.info.path.as_str();
    let trimmed = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
    let parts: Vec<&str> = trimmed.trim_start_matches('/').split('/').collect();
    if path.starts_with("//") {
        return Err(Refusal::NoSuchPage);
    }
    // What is asked by neither `routed` nor `readable` answers every method alike.
    match parts.as_slice() {
        [""] => index(call),
        ["index.html"] if path == trimmed => index(call),
        ["api"] => routed(call, groups(call, true)),
        ["apis"] => groups(call, false),
        ["api", version] => routed(call, legacy::resources(call, "", version)),
        ["apis", group] => legacy::group(call, group),
        ["apis", group, version] if !Catalog::is_builtin_group(group) => legacy::resources(call, group, version),
        ["apis", group, version] => routed(call, legacy::resources(call, group, version)),
        ["version"] => readable(call, || version(call)),
        ["healthz" | "livez" | "readyz", ..] => health::answer(path, call.exchange.query),
        ["openid", "v1", "jwks"] => readable(call, || openid::keys(call)),
        [".well-known", "openid-configuration"] => readable(call, || openid::configuration(call)),
        ["version", ..] | ["openid", "v1", "jwks", ..] | [".well-known", "openid-configuration", ..] => {
            Err(Refusal::no_such_resource())
        }
        ["openapi", ..] => crate::openapi::answer(call, path),
        ["metrics"] if path == trimmed => Err(not_simulated(path)),
        ["metrics", "slis"] | ["debug", ..] => Err(not_simulated(trimmed)),
        _ => Err(Refusal::NoSuchPage),
    }
}

/// Paths that can only be read.
fn readable(call: &Call<'_>, reply: impl FnOnce() -> Result<Reply, Refusal>) -> Result<Reply, Refusal> {
    match *call.exchange.method {
        Method::GET => reply(),
        _ => Err(Refusal::method_not_allowed()),
    }
}

/// The same of those that look at media types by themselves first.
fn routed(call: &Call<'_>, reply: Result<Reply, Refusal>) -> Result<Reply, Refusal> {
    if *call.exchange.method == Method::GET && !Negotiated::of(call.exchange.headers).routed {
        return Err(crate::encode::not_acceptable(false));
    }
    // What does not exist cannot be used in a wrong way.
    reply.and_then(|reply| readable(call, || Ok(reply)))
}

fn not_simulated(path: &str) -> Refusal {
    Refusal::Text(501, format!("not simulated: {path}\n"))
}

/// The groups, aggregated if the client asks for it.
fn groups(call: &Call<'_>, core: bool) -> Result<Reply, Refusal> {
    if Negotiated::of(call.exchange.headers).aggregated {
        return Ok(aggregated::groups(call, core));
    }
    if core { legacy::core_versions(call) } else { legacy::groups(call) }
}

fn version(call: &Call<'_>) -> Result<Reply, Refusal> {
    if !crate::encode::takes_json(call.exchange.headers) {
        return Err(crate::encode::only_json());
    }
    let (major, minor) = (1, 35);
    let document = json!({
        "major": major.to_string(), "minor": minor.to_string(),
        "emulationMajor": major.to_string(), "emulationMinor": minor.to_string(),
        "minCompatibilityMajor": major.to_string(), "minCompatibilityMinor": (minor - 1).to_string(),
        "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "go1.25.0", "compiler": "gc", "platform": "linux/amd64",
    });
    let body = proofmark_json::to_vec_pretty(&document).unwrap_or_default();
    Ok(Reply::new(200, Content::Document { content_type: "application/json", body: Bytes::from(body) }))
}

/// The list of paths.
fn index(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut paths: Vec<String> = [
        "/.well-known/openid-configuration",
        "/api",
        "/apis",
        "/healthz",
        "/livez",
        "/openapi/v2",
        "/openapi/v3",
        "/openid/v1/jwks",
        "/readyz",
        "/version",
    ]
    .map(str::to_owned)
    .to_vec();
    for gv in call.server.catalog.group_versions() {
        if gv.group.is_empty() {
            paths.push(format!("/api/{}", gv.version));
        } else {
            paths.push(format!("/apis/{}", gv.group));
            paths.push(format!("/apis/{gv}"));
        }
    }
    paths.extend(health::paths());
    paths.sort();
    paths.dedup();
    let body = proofmark_json::to_vec_pretty(&json!({"paths": paths})).unwrap_or_default();
    Ok(Reply::new(200, Content::Document { content_type: "application/json", body: Bytes::from(body) }))
}

/// The hash by which clients see that a resource changed its storage version.
/// Source: `k8s.io/apiserver/pkg/endpoints/discovery.StorageVersionHash`.
pub(crate) fn storage_version_hash(group: &str, version: &str, kind: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("{group}/{version}/{kind}").as_bytes());
    BASE64_STANDARD.encode(&digest.as_ref()[..8])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_kubernetes() {
        assert_eq!(
            super::storage_version_hash("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding"),
            "48tpQ8gZHFc="
        );
    }
}
