//! What an identity may do, asked of the API server itself, so that a scenario can show what a fix opened and that it opened nothing else.
//!
//! A survey sends a SelfSubjectRulesReview for each identity in each namespace and takes the answer apart into single permissions
//! (one verb on one resource). Two surveys of the same identities can be compared as sets. Wildcards stay wildcards: a rule on `*` is a
//! permission of its own and does not hide a narrower one that comes or goes beside it.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_env::{ApiRequest, Cluster, EnvError, Exchange, Identity};
use proofmark_json::{Value, json};
use proofmark_status::qualified;
use serde::{Deserialize, Serialize};

use crate::Resource;

/// One verb on one resource (or URL) for one identity in one namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// The identity.
    pub who: String,
    /// The namespace that was asked about.
    pub namespace: String,
    /// The resource as `plural.group`, with `/name` when the rule names objects; or a URL.
    pub resource: String,
    /// The verb.
    pub verb: String,
}

/// The permissions that one identity has on one resource in one namespace.
pub fn permissions(who: &Identity, namespace: &str, resource: &Resource, verbs: &[&str]) -> Vec<Permission> {
    let resource = qualified(&resource.plural, &resource.group);
    let permission = |verb: &&str| Permission {
        who: who.to_string(),
        namespace: namespace.to_owned(),
        resource: resource.clone(),
        verb: (*verb).to_owned(),
    };
    verbs.iter().map(permission).collect()
}

/// What is different between two surveys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionChange {
    /// What is there now and was not before.
    pub gained: Vec<Permission>,
    /// What was there before and is not now.
    pub lost: Vec<Permission>,
}

/// Everything that the surveyed identities may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Survey(BTreeSet<Permission>);

impl Survey {
    /// Asks the API server; the last exchange that was not answered with rules ends the survey.
    pub(crate) async fn take(
        cluster: &Cluster,
        subjects: &[(Identity, String)],
    ) -> Result<Result<Self, Exchange>, EnvError> {
        let mut survey = Self::default();
        for (who, namespace) in subjects {
            let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}});
            let exchange = cluster
                .send(who, ApiRequest::post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", body))
                .await?;
            let status = &exchange.response.body.json()["status"];
            if exchange.response.status != 201 || !status.is_object() {
                return Ok(Err(exchange));
            }
            survey.add(who, namespace, status);
        }
        Ok(Ok(survey))
    }

    fn add(&mut self, who: &Identity, namespace: &str, status: &Value) {
        let mut permit = |resource: String, verb: &str| {
            self.0.insert(Permission {
                who: who.to_string(),
                namespace: namespace.to_owned(),
                resource,
                verb: verb.to_owned(),
            });
        };
        for rule in status["resourceRules"].as_array().into_iter().flatten() {
            for group in strings(&rule["apiGroups"]) {
                for resource in strings(&rule["resources"]) {
                    for verb in strings(&rule["verbs"]) {
                        let resource = qualified(resource, group);
                        let mut names = strings(&rule["resourceNames"]).peekable();
                        if names.peek().is_none() {
                            permit(resource, verb);
                        } else {
                            names.for_each(|name| permit(format!("{resource}/{name}"), verb));
                        }
                    }
                }
            }
        }
        for rule in status["nonResourceRules"].as_array().into_iter().flatten() {
            for url in strings(&rule["nonResourceURLs"]) {
                strings(&rule["verbs"]).for_each(|verb| permit(url.to_owned(), verb));
            }
        }
    }

    /// What is there now and was not before, and what was before and is not there now.
    pub(crate) fn since(&self, before: &Self) -> (Vec<Permission>, Vec<Permission>) {
        (self.0.difference(&before.0).cloned().collect(), before.0.difference(&self.0).cloned().collect())
    }

    /// How many permissions there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Permissions as JSON, grouped: `{"who in namespace": {"resource": ["verb", ..]}}`.
pub(crate) fn grouped<'a>(permissions: impl IntoIterator<Item = &'a Permission>) -> Value {
    let mut groups: BTreeMap<String, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for Permission { who, namespace, resource, verb } in permissions {
        groups.entry(format!("{who} in {namespace}")).or_default().entry(resource).or_default().insert(verb);
    }
    json!(groups)
}

/// Permissions as lines: `who in namespace: resource [verb verb]`.
pub(crate) fn lines<'a>(head: &str, permissions: impl IntoIterator<Item = &'a Permission>) -> String {
    let mut groups: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for Permission { who, namespace, resource, verb } in permissions {
        groups.entry((who, namespace, resource)).or_default().insert(verb);
    }
    let line = |((who, namespace, resource), verbs): (&(&str, &str, &str), &BTreeSet<&str>)| {
        let verbs: Vec<_> = verbs.iter().copied().collect();
        format!("{head}: {who} in {namespace}: {resource} [{}]", verbs.join(" "))
    };
    if groups.is_empty() { format!("{head}: nothing") } else { groups.iter().map(line).collect::<Vec<_>>().join("\n") }
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_apart_into_single_permissions() {
        let who = Identity::user("u");
        let survey = |status: Value| {
            let mut survey = Survey::default();
            survey.add(&who, "a", &status);
            survey
        };
        let before = survey(json!({"resourceRules": [
            {"verbs": ["get", "list"], "apiGroups": ["g"], "resources": ["x"]},
            {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["p", "q"]},
        ], "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}]}));
        let after = survey(json!({"resourceRules": [
            {"verbs": ["get", "create"], "apiGroups": ["g"], "resources": ["x"]},
            {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["q"]},
        ], "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}]}));
        let (gained, lost) = after.since(&before);
        assert_eq!(grouped(&gained), json!({"u in a": {"x.g": ["create"]}}));
        assert_eq!(grouped(&lost), json!({"u in a": {"pods/p": ["get"], "x.g": ["list"]}}));
        assert_eq!(lines("gained", &gained), "gained: u in a: x.g [create]");
        assert_eq!(lines("gained", &[]), "gained: nothing");
        assert_eq!(before.len(), 5);
    }
}
