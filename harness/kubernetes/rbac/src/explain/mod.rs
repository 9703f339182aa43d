//! Why a request was allowed, or what stands between the user and it.
//!
//! For a denial it looks, in this order, at the bindings that reach the user here and what their roles grant nearby; at roles
//! that these take rules from by aggregation, or could; at bindings that reach the user elsewhere; and at roles that hold a
//! fitting rule and only lack a binding. It suggests nothing: which of these is the right repair is for people to decide.

mod aggregation;
mod near;
mod render;

pub use aggregation::{AggregationHint, AggregationProblem};
pub use near::NearMiss;

use std::ops::ControlFlow;

use serde::Serialize;

use crate::authorize::{Visited, describe_given, describe_grant, resolve, visit};
use crate::matching::is_subject;
use crate::{Attributes, PolicyCatalog, PolicyRule, Requested, Role, UserInfo, authorize, rule_allows};

/// The explanation of one decision. `Display` gives a few plain lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The user's name.
    pub user: String,
    /// The user's groups.
    pub groups: Vec<String>,
    /// What was asked: `create trainedmodels.serving.kserve.io in namespace team`.
    pub request: String,
    /// Whether RBAC allows it.
    pub allowed: bool,
    /// The authorizer's own text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Whether the user is in `system:masters`: a server then allows without asking RBAC.
    pub privileged: bool,
    /// What allowed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantedBy>,
    /// Denied: the bindings that reach the user in this place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bound: Vec<Bound>,
    /// Denied: what aggregation has to do with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aggregation: Vec<AggregationHint>,
    /// Denied: RoleBindings in other namespaces that would allow the same there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<String>,
    /// Denied: roles that hold a fitting rule, so that a binding would do. The narrowest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would_allow: Vec<String>,
}

/// What allowed a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantedBy {
    /// `RoleBinding "x/team" of ClusterRole "edit" to User "alice"`
    pub by: String,
    /// The role's name.
    pub role: String,
    /// The rule that fits.
    pub rule: PolicyRule,
    /// For an aggregated role: the ClusterRoles that it takes this very rule from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aggregated_from: Vec<String>,
}

/// A binding that reaches the user, without allowing the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bound {
    /// `RoleBinding "x/team" of ClusterRole "edit" to User "alice"`
    pub by: String,
    /// The role's name.
    pub role: String,
    /// The role does not exist, or its reference makes no sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unresolved: Option<String>,
    /// What the role grants nearby.
    #[serde(flatten)]
    pub near: NearMiss,
}

/// Explains the decision on a request.
pub fn explain<S: PolicyCatalog + ?Sized>(source: &S, attributes: &Attributes<'_>) -> Explanation {
    let decision = authorize(source, attributes);
    let user = attributes.user;
    let mut explanation = Explanation {
        user: user.name.clone(),
        groups: user.groups.clone(),
        request: request(attributes),
        allowed: decision.allowed,
        reason: decision.reason,
        privileged: user.is_privileged(),
        grant: None,
        bound: Vec::new(),
        aggregation: Vec::new(),
        elsewhere: Vec::new(),
        would_allow: Vec::new(),
    };
    match decision.grant {
        Some(grant) => {
            explanation.grant = grant.rule().map(|rule| GrantedBy {
                by: describe_grant(&grant.binding, grant.subject),
                role: grant.role.name.clone(),
                rule: rule.clone(),
                aggregated_from: aggregation::sources_of(source, &grant.role, rule),
            });
        }
        None => explain_denial(source, attributes, &mut explanation),
    }
    explanation
}

fn explain_denial<S: PolicyCatalog + ?Sized>(source: &S, attributes: &Attributes<'_>, explanation: &mut Explanation) {
    let user = attributes.user;
    let all = source.cluster_roles();
    let _: ControlFlow<()> = visit(source, user, attributes.namespace(), |visited| {
        match visited {
            Visited::Role { binding, subject, role } => {
                let near = NearMiss::of(&role.rules, attributes);
                let by = describe_grant(binding, subject);
                explanation.bound.push(Bound { by, role: role.name.clone(), unresolved: None, near });
                for hint in aggregation::hints(&all, &role, attributes) {
                    if !explanation.aggregation.contains(&hint) {
                        explanation.aggregation.push(hint);
                    }
                }
            }
            Visited::Unresolved { binding, subject, error } => explanation.bound.push(Bound {
                by: describe_grant(binding, subject),
                role: binding.role_ref.name.clone(),
                unresolved: Some(error.to_string()),
                near: NearMiss::default(),
            }),
        }
        ControlFlow::Continue(())
    });
    explanation.elsewhere = elsewhere(source, attributes);
    let local = if attributes.namespace().is_empty() { Vec::new() } else { source.roles(attributes.namespace()) };
    let mut fitting: Vec<&Role> =
        local.iter().chain(&all).map(AsRef::as_ref).filter(|r| allows(r, attributes)).collect();
    fitting.sort_by_key(|role| breadth(role, attributes));
    explanation.would_allow = fitting.into_iter().map(|role| format!("{} {:?}", role.kind(), role.name)).collect();
}

/// Narrow roles first: those that are not the system's own, those without a wildcard in the fitting rule, those with few rules.
fn breadth<'a>(role: &'a Role, attributes: &Attributes<'_>) -> (bool, bool, usize, &'a str) {
    let star = |rule: &PolicyRule| {
        rule.verbs
            .iter()
            .chain(&rule.api_groups)
            .chain(&rule.resources)
            .chain(&rule.non_resource_urls)
            .any(|item| item == "*")
    };
    let wild = role.rules.iter().filter(|rule| rule_allows(rule, attributes)).all(star);
    (role.name.starts_with("system:"), wild, role.rules.len(), &role.name)
}

fn allows(role: &Role, attributes: &Attributes<'_>) -> bool {
    role.rules.iter().any(|rule| rule_allows(rule, attributes))
}

/// RoleBindings that would allow the request in their own namespace, which is not the request's.
fn elsewhere<S: PolicyCatalog + ?Sized>(source: &S, attributes: &Attributes<'_>) -> Vec<String> {
    if matches!(attributes.kind, Requested::NonResource { .. }) {
        return Vec::new();
    }
    let user: &UserInfo = attributes.user;
    let mut found = Vec::new();
    for binding in source.all_role_bindings() {
        let Some(namespace) = binding.namespace.as_deref().filter(|&ns| ns != attributes.namespace()) else {
            continue;
        };
        if !binding.subjects.iter().any(|subject| is_subject(subject, user, namespace)) {
            continue;
        }
        let role = resolve(source, &binding.role_ref, namespace);
        if role.is_ok_and(|role| allows(&role, attributes)) {
            found.push(describe_given(&binding));
        }
    }
    found
}

fn request(attributes: &Attributes<'_>) -> String {
    let Attributes { verb, kind, .. } = attributes;
    match kind {
        Requested::NonResource { path } => format!("{verb} {path}"),
        Requested::Resource { group, name, namespace, .. } => {
            let resource = attributes.combined_resource();
            let what = if group.is_empty() { resource.into_owned() } else { format!("{resource}.{group}") };
            let named = if name.is_empty() { what } else { format!("{what} {name:?}") };
            let place = if namespace.is_empty() {
                "at the cluster scope".to_owned()
            } else {
                format!("in namespace {namespace}")
            };
            format!("{verb} {named} {place}")
        }
    }
}
