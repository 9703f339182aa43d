//! Brings objects of any kind and origin into a cluster, as the administrator, by ordinary requests.
//!
//! Kinds and namespaces come first, everything else after them, else in the order given. Where a kind lives in the API is asked of the API
//! itself (discovery), so nothing here knows a kind. A namespace that objects live in and nobody brings is made. An object that is already
//! there is patched to be as given.
//!
//! Left out, and told so: objects of kinds that the cluster does not know (a distribution's manifests may use kinds that another one defines),
//! objects that the API server finds invalid (a fragment that only makes sense in a larger build), and webhook configurations, because what
//! they call does not run here and every request would fail on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use proofmark_json::{Value, json};

use crate::{ApiRequest, Cluster, EnvError, Exchange, Identity, PatchFormat};

const CRD: &str = "CustomResourceDefinition";
/// How long new kinds may take to be served, and how often they are looked for.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// What was not installed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// `apiVersion kind name`
    pub object: String,
    /// The reason.
    pub why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.why)
    }
}

/// Where the objects of a kind live.
#[derive(Clone)]
struct Home {
    plural: String,
    namespaced: bool,
}

/// Installs objects and waits until the cluster is quiet; what was left out comes back.
///
/// # Errors
/// [`EnvError::Prepare`] with the API server's own words when it refuses an object for another reason than the object itself.
pub async fn install(cluster: &Cluster, objects: &[Value]) -> Result<Vec<LeftOut>, EnvError> {
    let mut installer =
        Installer { cluster, homes: BTreeMap::new(), namespaces: BTreeSet::new(), left_out: Vec::new() };
    let (first, rest): (Vec<_>, Vec<_>) = objects.iter().partition(|object| is_ground(object));
    for object in &first {
        installer.put(object).await?;
    }
    installer.wait_for_kinds(&first).await?;
    cluster.settle().await;
    for object in rest {
        if is_webhook(object) {
            installer.leave_out(object, "what it calls does not run here");
        } else {
            installer.put(object).await?;
        }
    }
    cluster.settle().await;
    Ok(installer.left_out)
}

/// Installs object by object.
struct Installer<'a> {
    cluster: &'a Cluster,
    /// The kinds of each group version that was asked for.
    homes: BTreeMap<String, BTreeMap<String, Home>>,
    namespaces: BTreeSet<String>,
    left_out: Vec<LeftOut>,
}

impl Installer<'_> {
    async fn put(&mut self, object: &Value) -> Result<(), EnvError> {
        let Some(home) = self.home(object).await? else {
            self.leave_out(object, "the cluster does not know this kind");
            return Ok(());
        };
        let namespace = if home.namespaced { Some(self.namespace_of(object).await?) } else { None };
        // Definitions are large: one copy, for the request.
        let body = || {
            let mut body = object.clone();
            if let Some(namespace) = &namespace {
                body["metadata"]["namespace"] = namespace.as_str().into();
            }
            body
        };
        let collection = collection(text(&object["apiVersion"]), namespace.as_deref(), &home.plural);
        let made = self.admin(ApiRequest::post(&collection, body())).await?;
        let answer = match made.response.status {
            409 => {
                let path = format!("{collection}/{}", text(&object["metadata"]["name"]));
                self.admin(ApiRequest::patch(path, PatchFormat::Merge, body())).await?
            }
            _ => made,
        };
        match answer.response.status {
            200..300 => Ok(()),
            // The object itself is at fault: a part of a larger whole, a patch fragment that stands alone.
            400 | 422 => {
                self.leave_out(object, &format!("the API server refuses it: {}", words(&answer)));
                Ok(())
            }
            _ => Err(refused(object, &answer)),
        }
    }

    /// The namespace of an object, which exists afterwards; `default` if it names none.
    async fn namespace_of(&mut self, object: &Value) -> Result<String, EnvError> {
        let namespace = match text(&object["metadata"]["namespace"]) {
            "" => "default".to_owned(),
            named => named.to_owned(),
        };
        if self.namespaces.insert(namespace.clone()) {
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            let made = self.admin(ApiRequest::post("/api/v1/namespaces", body.clone())).await?;
            if !matches!(made.response.status, 200..300 | 409) {
                return Err(refused(&body, &made));
            }
        }
        Ok(namespace)
    }

    /// Waits until the kinds that were just defined are served; whoever needs one that never is will find out.
    async fn wait_for_kinds(&self, objects: &[&Value]) -> Result<(), EnvError> {
        let mut awaited: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for spec in objects.iter().filter(|object| object["kind"] == CRD).map(|object| &object["spec"]) {
            for version in spec["versions"].as_array().into_iter().flatten().filter(|v| v["served"] == true) {
                let path = format!("/apis/{}/{}", text(&spec["group"]), text(&version["name"]));
                awaited.entry(path).or_default().insert(text(&spec["names"]["plural"]));
            }
        }
        let deadline = self.cluster.elapsed() + PATIENCE;
        for (path, plurals) in awaited {
            loop {
                let found = self.admin(ApiRequest::get(&path)).await?;
                let listed = found.response.body.json()["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
                let is_there = |plural: &&str| listed.iter().any(|resource| resource["name"] == **plural);
                if plurals.iter().all(is_there) || self.cluster.elapsed() > deadline {
                    break;
                }
                self.cluster.advance(PAUSE).await;
            }
        }
        Ok(())
    }

    async fn home(&mut self, object: &Value) -> Result<Option<Home>, EnvError> {
        let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
        if let Some(home) = self.homes.get(version).and_then(|kinds| kinds.get(kind)) {
            return Ok(Some(home.clone()));
        }
        let prefix = if version.contains('/') { "/apis/" } else { "/api/" };
        let found = self.admin(ApiRequest::get(format!("{prefix}{version}"))).await?;
        let kinds = self.homes.entry(version.to_owned()).or_default();
        for resource in found.response.body.json()["resources"].as_array().into_iter().flatten() {
            let plural = text(&resource["name"]);
            if !plural.contains('/') {
                let home = Home { plural: plural.to_owned(), namespaced: resource["namespaced"] == true };
                kinds.insert(text(&resource["kind"]).to_owned(), home);
            }
        }
        Ok(kinds.get(kind).cloned())
    }

    async fn admin(&self, request: ApiRequest) -> Result<Exchange, EnvError> {
        self.cluster.send(&Identity::Admin, request).await
    }

    fn leave_out(&mut self, object: &Value, why: &str) {
        self.left_out.push(LeftOut { object: named(object), why: why.to_owned() });
    }
}

/// Whether other objects stand on this one.
fn is_ground(object: &Value) -> bool {
    matches!(text(&object["kind"]), CRD | "Namespace")
}

fn is_webhook(object: &Value) -> bool {
    matches!(text(&object["kind"]), "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration")
}

fn collection(api_version: &str, namespace: Option<&str>, plural: &str) -> String {
    let prefix = if api_version.contains('/') { "/apis" } else { "/api" };
    match namespace {
        Some(namespace) => format!("{prefix}/{api_version}/namespaces/{namespace}/{plural}"),
        None => format!("{prefix}/{api_version}/{plural}"),
    }
}

fn named(object: &Value) -> String {
    format!("{} {} {}", text(&object["apiVersion"]), text(&object["kind"]), text(&object["metadata"]["name"]))
}

fn refused(object: &Value, exchange: &Exchange) -> EnvError {
    EnvError::Prepare { what: named(object), why: words(exchange) }
}

/// The status of an answer, and its message.
fn words(exchange: &Exchange) -> String {
    let status = exchange.response.status;
    let reason = StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()).unwrap_or("refused");
    let message = exchange.response.body.json()["message"].as_str().unwrap_or(reason).to_owned();
    format!("{status}: {message}")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
