//! OpenAPI documents: what clients complete, explain and check against.
//!
//! - `/openapi/v3`: an index of documents, one for each group version, each with a hash in its URL; in JSON only.
//! - `/openapi/v2`: one document for everything, in JSON or protobuf.
//!
//! Built-in definitions come from the type tables ([`types`]), with upstream's descriptions ([`described`]); custom ones from their schema.

mod described;
mod paths;
mod protobuf;
mod types;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use proofmark_json::{Map, Value, json};

use proofmark_schema::openapi as custom;

use crate::encode::choose;
use crate::handlers::{Content, Reply};
use crate::refusal::Refusal;
use crate::resource::Resource;
use crate::server::{Call, Inner, MINOR_VERSION};

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
    let headers = call.exchange.headers;
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    match trimmed {
        "/openapi/v2" if path != trimmed => Err(Refusal::NoSuchPage),
        _ if path != trimmed && trimmed.starts_with("/openapi/v3") => Err(Refusal::Text(404, String::new())),
        "/openapi/v2" => match choose(headers, &[JSON, protobuf::MEDIA_TYPE, protobuf::CONTENT_TYPE]) {
            Some(JSON) => Ok(document(JSON, two(call.server).to_string().into())),
            Some(_) => Ok(document(protobuf::CONTENT_TYPE, protobuf::encode(&two(call.server)).into())),
            None => Err(Refusal::Text(406, String::new())),
        },
        "/openapi/v3" => Ok(index(call.server)),
        _ => {
            let at = trimmed.strip_prefix("/openapi/v3/").ok_or(Refusal::NoSuchPage)?;
            let published = three(call.server, at).ok_or_else(|| Refusal::Text(404, String::new()))?;
            match choose(headers, &[JSON]) {
                Some(_) => Ok(document(JSON, published.body.clone())),
                None => Err(Refusal::Text(406, String::new())),
            }
        }
    }
}

const JSON: &str = "application/json";

fn document(content_type: &'static str, body: Bytes) -> Reply {
    Reply::new(200, Content::Document { content_type, body })
}

/// The documents of OpenAPI v3, by path. The server says that it is text.
fn index(server: &Inner) -> Reply {
    let mut paths = Map::new();
    for at in documents(server) {
        if let Some(published) = three(server, &at) {
            let url = format!("/openapi/v3/{at}?hash={}", published.hash);
            paths.insert(at, json!({"serverRelativeURL": url}));
        }
    }
    document("text/plain; charset=utf-8", json!({"paths": paths}).to_string().into())
}

/// A document of OpenAPI v3 as it is sent.
struct Published {
    body: Bytes,
    hash: String,
}

impl Published {
    fn new(document: &Value) -> Self {
        let body = Bytes::from(document.to_string());
        let digest = ring::digest::digest(&ring::digest::SHA512, &body);
        Self { hash: digest.as_ref().iter().take(32).map(|b| format!("{b:02X}")).collect(), body }
    }
}

/// The documents without custom resources: they are the same for every server of this process.
static BUILTIN: Mutex<BTreeMap<String, Arc<Published>>> = Mutex::new(BTreeMap::new());

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
fn three(server: &Inner, at: &str) -> Option<Arc<Published>> {
    let parts: Vec<&str> = at.split('/').collect();
    let resources = match parts.as_slice() {
        ["api", version] => of(server, "", version),
        ["apis", group, version] => of(server, group, version),
        _ => Vec::new(),
    };
    if resources.is_empty() && !documents(server).iter().any(|d| d == at) {
        return None;
    }
    if resources.iter().any(|r| r.custom().is_some()) {
        return Some(Arc::new(Published::new(&described("Kubernetes CRD Swagger", &resources))));
    }
    if let Some(known) = BUILTIN.lock().get(at) {
        return Some(known.clone());
    }
    let published = Arc::new(Published::new(&described("Kubernetes", &resources)));
    BUILTIN.lock().insert(at.to_owned(), published.clone());
    Some(published)
}

fn described(title: &str, resources: &[Arc<Resource>]) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for resource in resources {
        paths.extend(paths::of(resource, Release::Three));
        define(resource, Release::Three, &mut schemas);
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": title, "version": MINOR_VERSION},
        "paths": paths,
        "components": {"schemas": schemas},
    })
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
        "info": {"title": "Kubernetes", "version": MINOR_VERSION},
        "paths": paths,
        "definitions": definitions,
    })
}

fn of(server: &Inner, group: &str, version: &str) -> Vec<Arc<Resource>> {
    let mut all = server.catalog.builtin_in(group, version);
    all.extend(server.catalog.custom_in(group, version));
    all
}

/// Adds the definitions of a resource and of everything that they refer to.
fn define(resource: &Resource, release: Release, into: &mut Map) {
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
