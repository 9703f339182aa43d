//! What a cluster has of a distribution: its kinds, and who may do what with them.

use proofmark_json::Value;

use super::get;
use crate::{Cluster, EnvError};

/// The collections that say so.
const COLLECTIONS: [&str; 2] =
    ["/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "/apis/rbac.authorization.k8s.io/v1/clusterroles"];
/// Who calls and judges what is written there.
const ADMISSION: [&str; 4] = [
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "mutatingadmissionpolicies",
];

/// What a cluster has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distribution {
    /// The answer at `/version`.
    pub version: Value,
    /// CustomResourceDefinitions and ClusterRoles as somebody would have written them: without status, and without the rules that
    /// aggregation fills in.
    pub objects: Vec<Value>,
    /// `plural/name` of what takes part in admission.
    pub admission: Vec<String>,
}

/// Reads it.
///
/// # Errors
/// [`EnvError::Refused`] when the cluster does not tell.
pub async fn read(cluster: &Cluster) -> Result<Distribution, EnvError> {
    let version = served(cluster, "/version").await?.unwrap_or_default();
    let mut objects = Vec::new();
    for path in COLLECTIONS {
        let Some(mut list) = served(cluster, path).await? else { continue };
        let (version, kind) = (list["apiVersion"].take(), list["kind"].take());
        let kind = kind.as_str().and_then(|kind| kind.strip_suffix("List")).unwrap_or_default().to_owned();
        if let Value::Array(items) = list["items"].take() {
            objects.extend(items.into_iter().map(|item| as_written(item, &version, &kind)));
        }
    }
    let mut admission = Vec::new();
    for plural in ADMISSION {
        let found = served(cluster, &format!("/apis/admissionregistration.k8s.io/v1/{plural}")).await?;
        let names = found.iter().flat_map(|list| list["items"].as_array().into_iter().flatten());
        admission.extend(names.filter_map(|item| Some(format!("{plural}/{}", item["metadata"]["name"].as_str()?))));
    }
    Ok(Distribution { version, objects, admission })
}

/// What is at a path; none if nothing is served there.
async fn served(cluster: &Cluster, path: &str) -> Result<Option<Value>, EnvError> {
    match get(cluster, path).await {
        Err(EnvError::Refused { status: 404, .. }) => Ok(None),
        found => found.map(Some),
    }
}

fn as_written(mut item: Value, version: &Value, kind: &str) -> Value {
    let aggregated = item["aggregationRule"].is_object();
    if let Some(members) = item.as_object_mut() {
        members.shift_remove("status");
        if aggregated {
            members.insert("rules", Value::Array(Vec::new()));
        }
        if let Some(metadata) = members.get_mut("metadata").and_then(Value::as_object_mut) {
            for noise in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"] {
                metadata.shift_remove(noise);
            }
        }
        members.shift_insert(0, "apiVersion", version.clone());
        members.shift_insert(1, "kind", kind.into());
    }
    item
}
