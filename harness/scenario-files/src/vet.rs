//! What an API server says of the objects in a scenario file, before anything is played.
//!
//! Every object that a step creates or applies is sent with `dryRun=All` and strict field validation, so that a misspelt field is found where
//! it stands and not as a symptom that never comes. What is to be refused is left out; what RBAC would say is not asked. Service accounts
//! that nothing makes are told, too.

use std::collections::BTreeSet;
use std::path::Path;

use proofmark_env::{ApiRequest, Cluster, EnvError, Identity};
use serde_json::{Value, json};

use crate::compile::{Made, document, objects};
use crate::document::Document;
use crate::kinds::Kinds;
use crate::problem::{Problem, place};

/// Asks a disposable API server with the releases' kinds about the objects of a well-formed file. Namespaces and definitions are made there.
///
/// # Errors
/// When the API server does not answer.
pub async fn vet(path: &Path, text: &str, cluster: &Cluster) -> Result<Vec<Problem>, EnvError> {
    let document = match document(path, text) {
        Ok(document) => document,
        Err(problem) => return Ok(vec![problem]),
    };
    let made = objects(path, &document);
    let kinds = Kinds::with(made.iter().map(|made| &made.object));
    let admin = Identity::Admin;
    let mut problems = strangers(path, &document, &made, cluster).await?;
    for name in namespaces(&made) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        cluster.send(&admin, ApiRequest::post("/api/v1/namespaces", namespace)).await?;
    }
    for definition in made.iter().filter(|made| kind(made) == "CustomResourceDefinition" && !made.is_refused) {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        cluster.send(&admin, ApiRequest::post(path, definition.object.clone())).await?;
    }
    cluster.settle().await;
    for made in made.iter().filter(|made| !made.is_refused) {
        problems.extend(ask(path, made, &kinds, cluster).await?);
    }
    problems.sort_by_key(|problem| problem.at);
    Ok(problems)
}

/// What the API server says of one object.
async fn ask(path: &Path, made: &Made, kinds: &Kinds, cluster: &Cluster) -> Result<Option<Problem>, EnvError> {
    let text = |pointer: &str| made.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let Ok(resource) = kinds.find(text("/apiVersion"), text("/kind")) else { return Ok(None) };
    let collection = match text("/metadata/namespace") {
        "" => resource.cluster_wide(),
        namespace => resource.in_namespace(namespace),
    };
    let to = format!("{}?dryRun=All&fieldValidation=Strict", collection.path());
    let answer = cluster.send(&Identity::Admin, ApiRequest::post(to, made.object.clone())).await?.response;
    let message = answer.body.json()["message"].as_str().unwrap_or_default().to_owned();
    Ok(match answer.status {
        400 | 422 => Some(Problem::new(path, made.at, message)),
        405 => Some(Problem::new(path, made.at, format!("a {} lives in a namespace: name it", resource.kind))),
        // What is there already, what another release brings, what has to be made first.
        _ => None,
    })
}

/// Service accounts that appear, that are not there, and that no step makes. Every namespace has `default`, and every Profile two more.
async fn strangers(
    path: &Path,
    document: &Document,
    made: &[Made],
    cluster: &Cluster,
) -> Result<Vec<Problem>, EnvError> {
    let known: BTreeSet<String> = made
        .iter()
        .flat_map(|made| {
            let name = made.object["metadata"]["name"].as_str().unwrap_or_default();
            match kind(made) {
                "ServiceAccount" => {
                    vec![format!("{}/{name}", made.object["metadata"]["namespace"].as_str().unwrap_or("default"))]
                }
                "Profile" => vec![format!("{name}/default-editor"), format!("{name}/default-viewer")],
                _ => Vec::new(),
            }
        })
        .collect();
    let mut problems = Vec::new();
    for account in document.identities.values().filter_map(|who| who.value.service_account.as_ref()) {
        let Some((namespace, name)) = account.value.split_once('/') else { continue };
        if known.contains(&account.value) || name == "default" {
            continue;
        }
        let found = ApiRequest::get(format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}"));
        if cluster.send(&Identity::Admin, found).await?.response.status == 404 {
            let message = format!("no step creates the service account {}", account.value);
            problems.push(Problem::new(path, place(account), message));
        }
    }
    Ok(problems)
}

/// The namespaces that objects live in.
fn namespaces(made: &[Made]) -> BTreeSet<&str> {
    made.iter().filter_map(|made| made.object["metadata"]["namespace"].as_str()).collect()
}

fn kind(made: &Made) -> &str {
    made.object["kind"].as_str().unwrap_or_default()
}
