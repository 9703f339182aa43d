//! What is named and not there: service accounts, roles, and what selectors are to find.
//!
//! Something is there if a step makes it, at whatever time, or if the release's cluster has it. Of selectors only those are judged whose objects are known:
//! roles that others collect, and pods where nothing but Kubernetes' own kinds makes them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proofmark_env::{Cluster, EnvError};
use proofmark_json::{Value, json};
use proofmark_manifests::{Gvk, gvk};
use proofmark_rbac::LabelSelector;
use serde::Deserialize;

use super::{Finding, get};
use crate::compile::Made;
use crate::document::Document;
use crate::problem::{Problem, place};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// Service accounts that appear, and that are not there. Every namespace has `default`, and every Profile two more.
pub(super) async fn accounts(
    path: &Path,
    document: &Document,
    made: &[Made],
    cluster: &Cluster,
) -> Result<Vec<Problem>, EnvError> {
    let mut problems = Vec::new();
    for account in document.identities.values().filter_map(|who| who.value.service_account.as_ref()) {
        let Some((namespace, name)) = account.value.split_once('/') else { continue };
        if let Some(message) = no_account(namespace, name, made, cluster).await? {
            problems.push(Problem::new(path, place(account), message));
        }
    }
    Ok(problems)
}

/// What an object names and nothing makes.
pub(super) async fn of(object: &Made, made: &[Made], cluster: &Cluster) -> Result<Vec<Finding>, EnvError> {
    let mut findings = bound(object, made, cluster).await?;
    findings.extend(collected(object, made, cluster).await?);
    findings.extend(selected(object, made, cluster).await?);
    Ok(findings)
}

async fn no_account(namespace: &str, name: &str, made: &[Made], cluster: &Cluster) -> Result<Option<String>, EnvError> {
    let makes = |made: &Made| match made.kind() {
        "ServiceAccount" => (made.namespace(), made.name()) == (namespace, name),
        "Profile" => made.name() == namespace && ["default-editor", "default-viewer"].contains(&name),
        _ => false,
    };
    if name == "default" || made.iter().any(makes) {
        return Ok(None);
    }
    let found = get(cluster, &format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}")).await?;
    Ok(found.is_none().then(|| format!("no step creates the service account {namespace}/{name}")))
}

/// What a binding binds.
async fn bound(binding: &Made, made: &[Made], cluster: &Cluster) -> Result<Vec<Finding>, EnvError> {
    let mut findings = Vec::new();
    if !["RoleBinding", "ClusterRoleBinding"].contains(&binding.kind()) {
        return Ok(findings);
    }
    for (nth, subject) in binding.object["subjects"].as_array().into_iter().flatten().enumerate() {
        let text = |member: &str| subject[member].as_str().unwrap_or_default();
        if text("kind") == "ServiceAccount"
            && let Some(message) = no_account(text("namespace"), text("name"), made, cluster).await?
        {
            findings.push(Finding { pointer: format!("/subjects/{nth}/name"), message });
        }
    }
    let (kind, name) = (binding.text("/roleRef/kind"), binding.text("/roleRef/name"));
    let (namespace, path) = match kind {
        "Role" => (binding.namespace(), format!("{RBAC}/namespaces/{}/roles/{name}", binding.namespace())),
        _ => ("", format!("{RBAC}/clusterroles/{name}")),
    };
    let makes = |made: &Made| made.kind() == kind && made.name() == name && made.namespace() == namespace;
    if !made.iter().any(makes) && get(cluster, &path).await?.is_none() {
        let message = format!("no step creates the {kind} {name}, and the release has none");
        findings.push(Finding { pointer: "/roleRef/name".to_owned(), message });
    }
    Ok(findings)
}

/// What an aggregated ClusterRole collects.
async fn collected(role: &Made, made: &[Made], cluster: &Cluster) -> Result<Vec<Finding>, EnvError> {
    let Some(selectors) = role.object.pointer("/aggregationRule/clusterRoleSelectors").and_then(Value::as_array) else {
        return Ok(Vec::new());
    };
    let ours = made.iter().filter(|made| made.kind() == "ClusterRole").map(|made| labels(&made.object));
    let candidates: Vec<_> = ours.chain(all(cluster, &format!("{RBAC}/clusterroles")).await?).collect();
    let finds = |selector: &Value| read(selector).is_none_or(|s| candidates.iter().any(|labels| s.matches(labels)));
    let in_vain = selectors.iter().enumerate().filter(|(_, selector)| !finds(selector));
    Ok(in_vain
        .map(|(nth, _)| Finding {
            pointer: format!("/aggregationRule/clusterRoleSelectors/{nth}"),
            message: "no ClusterRole has these labels: this selector collects nothing".to_owned(),
        })
        .collect())
}

/// The pods that an object is about.
async fn selected(object: &Made, made: &[Made], cluster: &Cluster) -> Result<Vec<Finding>, EnvError> {
    let Some((pointer, selector)) = selector(object) else { return Ok(Vec::new()) };
    // Controllers of other kinds make pods that nobody sees here.
    if made.iter().any(|made| !is_known(made)) {
        return Ok(Vec::new());
    }
    let namespace = object.namespace();
    let ours = made.iter().filter(|made| made.namespace() == namespace).flat_map(pods).map(labels);
    let mut candidates = ours.chain(all(cluster, &format!("/api/v1/namespaces/{namespace}/pods")).await?);
    if candidates.any(|labels| selector.matches(&labels)) {
        return Ok(Vec::new());
    }
    let message = format!("no pod in {namespace} has these labels: this selector finds nothing");
    Ok(vec![Finding { pointer: pointer.to_owned(), message }])
}

/// The pod that an object is, or those that it has a template for.
fn pods(made: &Made) -> impl Iterator<Item = &Value> {
    let places: &[&str] =
        if made.kind() == "Pod" { &[""] } else { &["/spec/template", "/spec/jobTemplate/spec/template"] };
    places.iter().filter_map(|pointer| made.object.pointer(pointer))
}

/// The selector for pods that an object has, if it has one that does not mean all of them.
fn selector(object: &Made) -> Option<(&'static str, LabelSelector)> {
    let (pointer, plain) = match object.kind() {
        "Service" => ("/spec/selector", true),
        "PodDisruptionBudget" => ("/spec/selector", false),
        "NetworkPolicy" => ("/spec/podSelector", false),
        _ => return None,
    };
    let written = object.object.pointer(pointer)?;
    let selector = if plain { read(&json!({"matchLabels": written})) } else { read(written) };
    selector.filter(|selector| *selector != LabelSelector::default()).map(|selector| (pointer, selector))
}

/// Whether it is known of an object which pods it leads to: those of its template, or none.
fn is_known(made: &Made) -> bool {
    let Gvk { group, version, kind } = gvk(&made.object);
    proofmark_builtin::type_of(&group, &version, &kind).is_some() || kind == "Profile"
}

fn read(selector: &Value) -> Option<LabelSelector> {
    LabelSelector::deserialize(selector).ok()
}

fn labels(object: &Value) -> BTreeMap<String, String> {
    let labels = object["metadata"]["labels"].as_object().into_iter().flatten();
    labels.filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned()))).collect()
}

/// The labels of all objects of a collection, without repetition.
async fn all(cluster: &Cluster, path: &str) -> Result<BTreeSet<BTreeMap<String, String>>, EnvError> {
    let list = get(cluster, path).await?.unwrap_or_default();
    Ok(list["items"].as_array().into_iter().flatten().map(labels).collect())
}
