//! Asks a cluster whether everything is allowed that a run will need, and whether its place is free, before the run makes anything.

use std::collections::BTreeSet;
use std::fmt;

use proofmark_json::json;
use serde::Deserialize;

use super::get;
use crate::{ApiRequest, Cluster, EnvError, Identity, Plan};

/// What certifying needs, as a ClusterRole that can be applied.
const CERTIFY: &str = include_str!("../../../../ci/in-cluster/cluster-role.yaml");

/// What a run needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// To install distributions and take them away again: everything.
    Install,
    /// To try what a distribution lets its users do, in namespaces of one's own: `ci/in-cluster/cluster-role.yaml`.
    Certify,
}

/// A permission that is needed and not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// `create`
    pub verb: String,
    /// `profiles.kubeflow.org`
    pub resource: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)
    }
}

#[derive(Deserialize)]
struct ClusterRole {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    api_groups: Vec<String>,
    resources: Vec<String>,
    verbs: Vec<String>,
}

impl Needs {
    fn rules(self) -> Result<Vec<Rule>, EnvError> {
        let everything = || vec!["*".to_owned()];
        match self {
            Self::Install => Ok(vec![Rule { api_groups: everything(), resources: everything(), verbs: everything() }]),
            Self::Certify => {
                let failed = |error: serde_yaml::Error| EnvError::Prepare {
                    what: "the preflight".to_owned(),
                    why: error.to_string(),
                };
                Ok(serde_yaml::from_str::<ClusterRole>(CERTIFY).map_err(failed)?.rules)
            }
        }
    }

    /// Whether whoever may do just this may list and delete objects of a kind, or of any kind of a group.
    ///
    /// # Errors
    /// As in [`missing`].
    pub(super) fn cleans(self, group: &str, resource: Option<&str>) -> Result<bool, EnvError> {
        let names = |list: &[String], name: &str| list.iter().any(|member| member == "*" || member == name);
        let allows = |rule: &Rule| {
            let kind = names(&rule.api_groups, group) && resource.is_none_or(|plural| names(&rule.resources, plural));
            kind && names(&rule.verbs, "list") && names(&rule.verbs, "delete")
        };
        Ok(self.rules()?.iter().any(allows))
    }
}

/// The permissions that are missing, of those that are needed; asked one by one by SelfSubjectAccessReviews, in all namespaces.
///
/// # Errors
/// [`EnvError::Refused`] when the cluster does not answer such reviews.
pub async fn missing(cluster: &Cluster, needs: Needs) -> Result<Vec<Missing>, EnvError> {
    let mut missing = Vec::new();
    for rule in needs.rules()? {
        for group in &rule.api_groups {
            for resource in &rule.resources {
                for verb in &rule.verbs {
                    if !is_allowed(cluster, group, resource, verb).await? {
                        let resource = if group.is_empty() { resource.clone() } else { format!("{resource}.{group}") };
                        missing.push(Missing { verb: verb.clone(), resource });
                    }
                }
            }
        }
    }
    Ok(missing)
}

async fn is_allowed(cluster: &Cluster, group: &str, resource: &str, verb: &str) -> Result<bool, EnvError> {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes":
        {"group": group, "resource": resource, "subresource": subresource, "verb": verb}}});
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answer = cluster.send(&Identity::Admin, ApiRequest::post(path, body)).await?.response;
    match (answer.status, answer.body.json()["status"]["allowed"].as_bool()) {
        (201, Some(allowed)) => Ok(allowed),
        _ => Err(EnvError::refused(path, &answer)),
    }
}

/// The kinds that plans would define and that the cluster has already. What is there is not changed, so nothing can be installed beside them.
///
/// # Errors
/// [`EnvError::Refused`] when the cluster does not tell its kinds.
pub async fn taken<'a>(
    cluster: &Cluster,
    plans: impl IntoIterator<Item = &'a Plan>,
) -> Result<BTreeSet<String>, EnvError> {
    let outlines = plans.into_iter().flat_map(Plan::outlines);
    let defined = outlines.filter(|object| object["kind"] == "CustomResourceDefinition");
    let wanted: BTreeSet<String> =
        defined.filter_map(|object| object["metadata"]["name"].as_str().map(str::to_owned)).collect();
    if wanted.is_empty() {
        return Ok(wanted);
    }
    let there = get(cluster, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions").await?;
    let names = there["items"].as_array().into_iter().flatten().filter_map(|item| item["metadata"]["name"].as_str());
    Ok(names.filter(|name| wanted.contains(*name)).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_names_no_wildcards() {
        let rules = Needs::Certify.rules().unwrap();
        assert!(!rules.is_empty());
        for rule in rules {
            assert!([&rule.api_groups, &rule.resources, &rule.verbs].iter().all(|list| !list.iter().any(|x| x == "*")));
        }
    }
}
