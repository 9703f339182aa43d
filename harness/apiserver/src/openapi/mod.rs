//! OpenAPI documents: what clients complete, explain and check against.
//!
//! - `/openapi/v3`: an index of documents, one for each group version, each with a hash in its URL.
//! - `/openapi/v2`: one document for everything.
//!
//! Built-in definitions come from the type tables ([`types`]), custom ones from their schema. Descriptions of built-in kinds are
//! not simulated: the tables hold facts, no prose.

mod paths;
mod types;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use proofmark_schema::openapi as custom;

use crate::handlers::{Content, Reply};
use crate::refusal::Refusal;
use crate::resource::Resource;
use crate::server::{Call, Inner, VERSION};

/// Which release of OpenAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Release {
    Two,
    Three,
}

impl Release {
    /// A reference to a definition.
    pub(super) fn reference(self, name: &str) -> Value {
        let prefix = if self == Self::Two { "#/definitions/" } else { "#/components/schemas/" };
        json!({"$ref": format!("{prefix}{name}")})
    }
}

/// Answers `/openapi/...`.
pub(crate) fn answer(call: &Call<'_>, path: &str) -> Result<Reply, Refusal> {
    match path {
        "/openapi/v2" => Ok(document(two(call.server))),
        "/openapi/v3" => Ok(index(call.server)),
        _ => {
            let at = path.strip_prefix("/openapi/v3/").ok_or(Refusal::NoSuchPage)?;
            three(call.server, at).map(document).ok_or_else(|| Refusal::Text(404, String::new()))
        }
    }
}

fn document(value: Value) -> Reply {
    let body = Bytes::from(serde_json::to_vec(&value).unwrap_or_default());
    Reply::new(200, Content::Document { content_type: "application/json", body })
}

/// The documents of OpenAPI v3, by path. The server says that it is text.
fn index(server: &Inner) -> Reply {
    let mut paths = Map::new();
    for at in documents(server) {
        let hash = three(server, &at).map(|d| hash(&d)).unwrap_or_default();
        paths.insert(at.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{at}?hash={hash}")}));
    }
    let body = Bytes::from(serde_json::to_vec(&json!({"paths": paths})).unwrap_or_default());
    Reply::new(200, Content::Document { content_type: "text/plain; charset=utf-8", body })
}

fn hash(document: &Value) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA512, document.to_string().as_bytes());
    digest.as_ref().iter().take(32).map(|b| format!("{b:02X}")).collect()
}

/// Paths that have a document beside the group versions.
const PLAIN: [&str; 5] = [".well-known/openid-configuration", "api", "apis", "openid/v1/jwks", "version"];

/// The paths of all documents.
fn documents(server: &Inner) -> Vec<String> {
    let mut all: Vec<String> = PLAIN.map(str::to_owned).to_vec();
    for gv in server.catalog.group_versions() {
        let builtin = crate::resource::Catalog::is_builtin_group(&gv.group);
        if gv.group.is_empty() {
            all.push(format!("api/{}", gv.version));
        } else {
            if builtin {
                all.push(format!("apis/{}", gv.group));
            }
            all.push(format!("apis/{gv}"));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// One document of OpenAPI v3.
fn three(server: &Inner, at: &str) -> Option<Value> {
    let parts: Vec<&str> = at.split('/').collect();
    let (title, resources) = match parts.as_slice() {
        ["api", version] => ("Kubernetes", of(server, "", version)),
        ["apis", group, version] => {
            let found = of(server, group, version);
            let custom = found.iter().any(|r| r.custom().is_some());
            (if custom { "Kubernetes CRD Swagger" } else { "Kubernetes" }, found)
        }
        _ if documents(server).iter().any(|d| d == at) => ("Kubernetes", Vec::new()),
        _ => return None,
    };
    if resources.is_empty() && !documents(server).iter().any(|d| d == at) {
        return None;
    }
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for resource in &resources {
        paths.extend(paths::of(resource, Release::Three));
        define(resource, Release::Three, &mut schemas);
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": {"title": title, "version": VERSION},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}

/// The one document of OpenAPI v2.
fn two(server: &Inner) -> Value {
    let (mut paths, mut definitions) = (Map::new(), Map::new());
    for resource in server.catalog.all() {
        paths.extend(paths::of(&resource, Release::Two));
        define(&resource, Release::Two, &mut definitions);
    }
    json!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": VERSION},
        "paths": paths,
        "definitions": definitions,
    })
}

fn of(server: &Inner, group: &str, version: &str) -> Vec<std::sync::Arc<Resource>> {
    let mut all = server.catalog.builtin_in(group, version);
    all.extend(server.catalog.custom_in(group, version));
    all
}

/// Adds the definitions of a resource and of everything that they refer to.
fn define(resource: &Resource, release: Release, into: &mut Map<String, Value>) {
    let Some(version) = resource.custom() else {
        types::define(resource, release, into);
        return;
    };
    let selectable: Vec<String> = version.selectable.iter().map(|(label, _)| format!(".{label}")).collect();
    let published = custom::Resource {
        group: &resource.group,
        version: &resource.version,
        kind: &resource.kind,
        list_kind: &resource.list_kind,
        plural: &resource.plural,
        selectable: &selectable,
    };
    into.extend(match release {
        Release::Two => custom::v2(version.schema(), published),
        Release::Three => custom::v3(version.schema(), published),
    });
    types::define_meta(release, into);
}

/// The name of a resource's definition.
pub(super) fn definition_name(resource: &Resource) -> String {
    match resource.custom() {
        Some(_) => custom::definition_name(&resource.group, &resource.version, &resource.kind),
        None => types::kind_name(&resource.group, &resource.version, &resource.kind),
    }
}
