//! All rules that a user has in a namespace, as a SelfSubjectRulesReview reports them.

use std::ops::ControlFlow;

use proofmark_json::{Map, Value, json};

use crate::authorize::{Visited, join_errors, visit};
use crate::{PolicyRule, PolicySource, UserInfo};

/// The rules of every binding that reaches a user: cluster-wide bindings first. Duplicates stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Rules on resources.
    pub resource: Vec<PolicyRule>,
    /// Rules on URLs outside the resource API.
    pub non_resource: Vec<PolicyRule>,
    /// Roles that could not be resolved.
    pub errors: Vec<String>,
}

/// Collects the rules that a user has in a namespace (at cluster scope only, when that is empty).
pub fn rules_for<S: PolicySource + ?Sized>(source: &S, user: &UserInfo, namespace: &str) -> Rules {
    let mut rules = Rules::default();
    let _: ControlFlow<()> = visit(source, user, namespace, |visited| {
        match visited {
            Visited::Role { role, .. } => {
                for rule in &role.rules {
                    if !rule.resources.is_empty() {
                        rules.resource.push(rule.clone());
                    }
                    if !rule.non_resource_urls.is_empty() {
                        rules.non_resource.push(rule.clone());
                    }
                }
            }
            Visited::Unresolved { error, .. } => rules.errors.push(error.to_string()),
        }
        ControlFlow::Continue(())
    });
    rules
}

impl Rules {
    /// `status` of the SelfSubjectRulesReview (its `spec` comes back as `{}`).
    pub fn status(&self) -> Value {
        let mut status = Map::new();
        status.insert("resourceRules", self.resource.iter().map(resource_rule).collect());
        status.insert("nonResourceRules", self.non_resource.iter().map(non_resource_rule).collect());
        status.insert("incomplete", json!(false));
        if !self.errors.is_empty() {
            status.insert("evaluationError", json!(join_errors(&self.errors)));
        }
        Value::Object(status)
    }
}

fn resource_rule(rule: &PolicyRule) -> Value {
    json!(PolicyRule { non_resource_urls: Vec::new(), ..rule.clone() })
}

fn non_resource_rule(rule: &PolicyRule) -> Value {
    json!({"verbs": rule.verbs, "nonResourceURLs": rule.non_resource_urls})
}
