//! What aggregation has to do with a denial: an aggregated role can only be repaired where its rules come from.

use std::sync::Arc;

use serde::Serialize;

use crate::matching::has_or_all;
use crate::{AggregationRule, Attributes, PolicyCatalog, PolicyRule, Requested, Role, rule_allows};

/// Another ClusterRole that matters for an aggregated one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AggregationHint {
    /// The aggregated ClusterRole, which the user is bound to.
    pub role: String,
    /// The other ClusterRole.
    pub source: String,
    /// What is wrong between the two.
    pub problem: AggregationProblem,
}

/// Why a source does not help an aggregated role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AggregationProblem {
    /// The source holds the rule and is selected, but the aggregated role does not show it (yet): no controller has filled it.
    NotFilled,
    /// The source is selected and holds rules for the same API group (or URLs), but not the one that is needed.
    LacksRule,
    /// The source holds the rule, but its labels are not selected.
    NotSelected,
}

/// Hints about one role that the user is bound to; none unless it is aggregated.
pub(super) fn hints(all: &[Arc<Role>], role: &Role, attributes: &Attributes<'_>) -> Vec<AggregationHint> {
    let Some(aggregation) = role.aggregation_rule.as_ref().filter(|_| role.namespace.is_none()) else {
        return Vec::new();
    };
    let sources = sources(all, role, aggregation);
    let mut hints = Vec::new();
    for other in all.iter().filter(|other| other.name != role.name) {
        let selected = sources.iter().any(|source| source.name == other.name);
        let problem = match (selected, other.rules.iter().any(|rule| rule_allows(rule, attributes))) {
            (true, true) => AggregationProblem::NotFilled,
            (true, false) if other.aggregation_rule.is_none() && concerns(other, attributes) => {
                AggregationProblem::LacksRule
            }
            // Roles with a wildcard would fit everything, and nobody means to aggregate them.
            (false, true) if other.aggregation_rule.is_none() && !is_wild(other) => AggregationProblem::NotSelected,
            _ => continue,
        };
        hints.push(AggregationHint { role: role.name.clone(), source: other.name.clone(), problem });
    }
    hints.sort_by(|a, b| (a.problem, &a.source).cmp(&(b.problem, &b.source)));
    hints
}

/// The ClusterRoles that feed an aggregated one, directly or through other aggregated ones.
fn sources<'a>(all: &'a [Arc<Role>], role: &Role, aggregation: &AggregationRule) -> Vec<&'a Role> {
    let mut found: Vec<&Role> = Vec::new();
    let mut open = vec![aggregation];
    while let Some(aggregation) = open.pop() {
        for other in all {
            let seen = other.name == role.name || found.iter().any(|known| known.name == other.name);
            if !seen && aggregation.cluster_role_selectors.iter().any(|selector| selector.matches(&other.labels)) {
                found.push(other);
                open.extend(&other.aggregation_rule);
            }
        }
    }
    found
}

/// The ClusterRoles without aggregation of their own that an aggregated role takes a rule from.
pub(super) fn sources_of<S: PolicyCatalog + ?Sized>(source: &S, role: &Role, rule: &PolicyRule) -> Vec<String> {
    let Some(aggregation) = &role.aggregation_rule else {
        return Vec::new();
    };
    let all = source.cluster_roles();
    let feeding = sources(&all, role, aggregation).into_iter();
    let mut names: Vec<String> =
        feeding.filter(|r| r.aggregation_rule.is_none() && r.rules.contains(rule)).map(|r| r.name.clone()).collect();
    names.sort();
    names
}

/// Whether a role holds rules for the request's API group, or for URLs if the request is one.
fn concerns(role: &Role, attributes: &Attributes<'_>) -> bool {
    role.rules.iter().any(|rule| match attributes.kind {
        Requested::Resource { group, .. } => has_or_all(&rule.api_groups, group),
        Requested::NonResource { .. } => !rule.non_resource_urls.is_empty(),
    })
}

fn is_wild(role: &Role) -> bool {
    role.rules.iter().any(|rule| rule.api_groups.iter().chain(&rule.resources).any(|item| item == "*"))
}
