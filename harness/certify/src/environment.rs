//! Where and by what was certified: enough to see whether another certificate is about the same.

use std::collections::BTreeMap;

use proofmark_env::kubeconfig::Distribution;
use proofmark_json::Value;
use serde::{Deserialize, Serialize};

use crate::digest::sha256;

/// The tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The SHA-256 of the program.
    pub sha256: String,
}

/// What was certified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// `release`, `manifests` or `cluster`.
    pub kind: String,
    /// `KServe 0.15.2`, the paths of manifests, or what a cluster calls its version.
    pub name: String,
    /// Digests of the objects that were judged, by `kind/name` or `kind/namespace/name`.
    pub objects: BTreeMap<String, String>,
    /// What takes part in admission on a cluster.
    pub admission: Vec<String>,
}

impl Subject {
    /// A release or a distribution, by its objects.
    pub fn objects(kind: &str, name: impl Into<String>, objects: &[Value]) -> Self {
        Self { kind: kind.to_owned(), name: name.into(), objects: digests(objects), admission: Vec::new() }
    }

    /// A cluster.
    pub fn cluster(distribution: &Distribution) -> Self {
        let version = distribution.version["gitVersion"].as_str().unwrap_or("of an unknown version");
        Self {
            kind: "cluster".to_owned(),
            name: format!("Kubernetes {version}"),
            objects: digests(&distribution.objects),
            admission: distribution.admission.clone(),
        }
    }
}

fn digests(objects: &[Value]) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entry = |object: &Value| {
        let (kind, metadata) = (text(&object["kind"]), &object["metadata"]);
        let place: Vec<_> = [kind, text(&metadata["namespace"]), text(&metadata["name"])]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        (place.join("/"), sha256(object.to_string().as_bytes()))
    };
    objects.iter().map(entry).collect()
}
