//! Nobody may grant what they do not hold.
//!
//! A rule is broken down into single permissions (group, resource, verb, name); each must be covered by one rule that the user
//! holds. What is missing is put together again for the message. The server asks first whether the user belongs to
//! `system:masters` or holds `escalate` (roles) or `bind` (bindings) on the role: then nothing here applies.
//!
//! Upstream: `k8s.io/component-helpers/auth/rbac/validation`, `pkg/registry/rbac`, release 1.35.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use indexmap::IndexMap;
use proofmark_status::{Status, qualified, quote};

use crate::authorize::{Unresolved, Visited, join_errors, resolve, visit};
use crate::matching::{has_or_all, url_matches};
use crate::{Binding, GROUP, PolicyRule, PolicySource, Role, UserInfo};

/// Whether every permission in `wanted` is covered by some rule in `owner`.
///
/// # Errors
/// The permissions that are not, one verb, resource and name each.
pub fn covers(owner: &[PolicyRule], wanted: &[PolicyRule]) -> Result<(), Vec<PolicyRule>> {
    let atoms = wanted.iter().flat_map(break_down);
    let missing: Vec<PolicyRule> = atoms.filter(|atom| !owner.iter().any(|rule| rule_covers(rule, atom))).collect();
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

/// The single permissions that a rule stands for.
pub(crate) fn break_down(rule: &PolicyRule) -> Vec<PolicyRule> {
    let one = |text: &String| vec![text.clone()];
    let mut atoms = Vec::new();
    for group in &rule.api_groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                let atom = PolicyRule {
                    verbs: one(verb),
                    api_groups: one(group),
                    resources: one(resource),
                    ..PolicyRule::default()
                };
                if rule.resource_names.is_empty() {
                    atoms.push(atom);
                } else {
                    atoms.extend(
                        rule.resource_names.iter().map(|n| PolicyRule { resource_names: one(n), ..atom.clone() }),
                    );
                }
            }
        }
    }
    for url in &rule.non_resource_urls {
        for verb in &rule.verbs {
            atoms.push(PolicyRule { verbs: one(verb), non_resource_urls: one(url), ..PolicyRule::default() });
        }
    }
    atoms
}

/// Whether one rule covers a single permission.
pub(crate) fn rule_covers(rule: &PolicyRule, atom: &PolicyRule) -> bool {
    let resource = |wanted: &String| {
        has_or_all(&rule.resources, wanted)
            || wanted
                .split_once('/')
                .is_some_and(|(_, sub)| rule.resources.iter().any(|r| r.strip_prefix("*/") == Some(sub)))
    };
    let named = rule.resource_names.is_empty()
        || (!atom.resource_names.is_empty()
            && atom.resource_names.iter().all(|name| rule.resource_names.contains(name)));
    named
        && atom.verbs.iter().all(|verb| has_or_all(&rule.verbs, verb))
        && atom.api_groups.iter().all(|group| has_or_all(&rule.api_groups, group))
        && atom.resources.iter().all(resource)
        && atom
            .non_resource_urls
            .iter()
            .all(|url| rule.non_resource_urls.iter().any(|pattern| url_matches(pattern, url)))
}

/// Puts the verbs of single permissions on the same resource (and name) together; others stay as they are.
pub fn compact(rules: &[PolicyRule]) -> Vec<PolicyRule> {
    let mut simple: IndexMap<(&str, &str, Option<&str>), PolicyRule> = IndexMap::new();
    let mut compacted = Vec::new();
    for rule in rules {
        let ([group], [resource]) = (rule.api_groups.as_slice(), rule.resources.as_slice()) else {
            compacted.push(rule.clone());
            continue;
        };
        if rule.resource_names.len() > 1 || !rule.non_resource_urls.is_empty() {
            compacted.push(rule.clone());
            continue;
        }
        let key = (group.as_str(), resource.as_str(), rule.resource_names.first().map(String::as_str));
        match simple.get_mut(&key) {
            Some(merged) => merged.verbs.extend(rule.verbs.iter().cloned()),
            None => {
                simple.insert(key, rule.clone());
            }
        }
    }
    compacted.extend(simple.into_values());
    compacted
}

/// `["a" "b"]`: a list as Go's `%q` prints it.
fn quote_list(list: &[String]) -> String {
    let items: Vec<String> = list.iter().map(|item| quote(item)).collect();
    format!("[{}]", items.join(" "))
}

/// `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`: a rule as refusals print it.
fn compact_string(rule: &PolicyRule) -> String {
    let parts = [
        ("APIGroups", &rule.api_groups),
        ("Resources", &rule.resources),
        ("NonResourceURLs", &rule.non_resource_urls),
        ("ResourceNames", &rule.resource_names),
        ("Verbs", &rule.verbs),
    ];
    let parts = parts.iter().filter(|(_, list)| !list.is_empty());
    let shown: Vec<String> = parts.map(|(name, list)| format!("{name}:{}", quote_list(list))).collect();
    format!("{{{}}}", shown.join(", "))
}

/// Why a role or binding must not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EscalationRefused {
    /// The user lacks permissions that the write would grant: `user "x" (groups=["g"]) is attempting to grant RBAC permissions
    /// not currently held:` and the rules, one a line.
    #[error("{0}")]
    NotHeld(String),
    /// Aggregation can gather anything, so that it takes every right.
    #[error("must have cluster-admin privileges to use the aggregationRule")]
    AggregationNeedsClusterAdmin,
    /// The binding's role does not exist. Kubernetes names the bindings' resource here, not the role's.
    #[error("{} {} not found", qualified(resource, GROUP), quote(name))]
    RoleNotFound {
        /// `rolebindings` or `clusterrolebindings`.
        resource: &'static str,
        /// The role's name.
        name: String,
    },
    /// A ClusterRoleBinding refers to a Role, which has a namespace. (Those with full rights hear of it from validation.)
    #[error("Namespace parameter required.")]
    RoleWithoutNamespace,
    /// The binding's role reference has a kind that is neither Role nor ClusterRole.
    #[error("unsupported role reference kind: {}", quote(.0))]
    UnsupportedKind(String),
}

impl EscalationRefused {
    /// The API server's answer: 403 on the object, 404 on the missing role, 400, or a bare 500.
    pub fn status(&self, resource: &str, name: &str) -> Status {
        match self {
            Self::NotHeld(_) | Self::AggregationNeedsClusterAdmin => {
                Status::forbidden(GROUP, resource, name, &self.to_string())
            }
            Self::RoleNotFound { resource, name } => Status::not_found(GROUP, resource, name),
            Self::RoleWithoutNamespace => Status::bad_request(self.to_string()),
            Self::UnsupportedKind(_) => Status {
                code: 500,
                reason: None,
                message: self.to_string(),
                details: None,
                success: false,
                next: String::new(),
            },
        }
    }
}

/// Whether a user who holds rules in `namespace` (cluster-wide ones only, when that is empty) may grant `wanted`.
/// `resource` is the resource being written (`roles`, `clusterrolebindings`, ...): roles that cannot be resolved are worded so.
///
/// # Errors
/// [`EscalationRefused::NotHeld`].
pub fn confirm_no_escalation<S: PolicySource + ?Sized>(
    source: &S,
    user: &UserInfo,
    namespace: &str,
    resource: &str,
    wanted: &[PolicyRule],
) -> Result<(), EscalationRefused> {
    let mut held = Vec::new();
    let mut errors = Vec::new();
    let _: ControlFlow<()> = visit(source, user, namespace, |visited| {
        match visited {
            Visited::Role { role, .. } => held.extend_from_slice(&role.rules),
            Visited::Unresolved { error: Unresolved::Missing { name, .. }, .. } => {
                errors.push(format!("{} {} not found", qualified(resource, GROUP), quote(&name)));
            }
            Visited::Unresolved { error, .. } => errors.push(error.to_string()),
        }
        ControlFlow::Continue(())
    });
    let Err(missing) = covers(&held, wanted) else {
        return Ok(());
    };
    let lines: BTreeSet<String> = compact(&missing).iter().map(compact_string).collect();
    let lines: Vec<String> = lines.into_iter().collect();
    let mut message = format!(
        "user {} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
        quote(&user.name),
        quote_list(&user.groups),
        lines.join("\n")
    );
    if !errors.is_empty() {
        message.push_str(&format!("; resolution errors: [{}]", join_errors(&errors)));
    }
    Err(EscalationRefused::NotHeld(message))
}

/// Whether a user may create a role, or write it over an `old` one, without `escalate`.
///
/// # Errors
/// The rights that the user lacks, or the use of aggregation without every right.
pub fn confirm_role<S: PolicySource + ?Sized>(
    source: &S,
    user: &UserInfo,
    role: &Role,
    old: Option<&Role>,
) -> Result<(), EscalationRefused> {
    let namespace = role.namespace.as_deref().unwrap_or_default();
    let resource = if role.namespace.is_some() { "roles" } else { "clusterroles" };
    confirm_no_escalation(source, user, namespace, resource, &role.rules)?;
    if aggregates(role) || old.is_some_and(aggregates) {
        confirm_no_escalation(source, user, namespace, resource, &everything())
            .map_err(|_| EscalationRefused::AggregationNeedsClusterAdmin)?;
    }
    Ok(())
}

fn aggregates(role: &Role) -> bool {
    role.aggregation_rule.as_ref().is_some_and(|rule| !rule.cluster_role_selectors.is_empty())
}

fn everything() -> [PolicyRule; 2] {
    let all = || vec!["*".to_owned()];
    [
        PolicyRule { verbs: all(), api_groups: all(), resources: all(), ..PolicyRule::default() },
        PolicyRule { verbs: all(), non_resource_urls: all(), ..PolicyRule::default() },
    ]
}

/// Whether a user may create or write a binding without `bind` on its role: only by holding all that the role grants.
///
/// # Errors
/// The rights that the user lacks, or that there is no such role.
pub fn confirm_binding<S: PolicySource + ?Sized>(
    source: &S,
    user: &UserInfo,
    binding: &Binding,
) -> Result<(), EscalationRefused> {
    let namespace = binding.namespace.as_deref().unwrap_or_default();
    let resource = if binding.namespace.is_some() { "rolebindings" } else { "clusterrolebindings" };
    if namespace.is_empty() && binding.role_ref.kind == "Role" {
        return Err(EscalationRefused::RoleWithoutNamespace);
    }
    let role = resolve(source, &binding.role_ref, namespace).map_err(|error| match error {
        Unresolved::Missing { name, .. } => EscalationRefused::RoleNotFound { resource, name },
        Unresolved::Unsupported(kind) => EscalationRefused::UnsupportedKind(kind),
    })?;
    confirm_no_escalation(source, user, namespace, resource, &role.rules)
}
