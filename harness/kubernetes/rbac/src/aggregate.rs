//! Aggregated ClusterRoles: rules gathered from other ClusterRoles by their labels.
//!
//! Upstream: `pkg/controller/clusterroleaggregation`, release 1.35. A ClusterRole whose selector matches several levels deep
//! fills up over several rounds of the controller; [`resolve_aggregation`] gives the state in which nothing changes any more.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{AggregationRule, PolicyRule, Role};

/// The rules that an aggregation rule gathers: selector by selector, matching ClusterRoles in name order, duplicates dropped.
/// The caller leaves out the aggregated role itself. A malformed selector gathers nothing at all, as in the controller.
pub fn aggregate<'a>(roles: impl IntoIterator<Item = &'a Role>, rule: &AggregationRule) -> Vec<PolicyRule> {
    let mut roles: Vec<&Role> = roles.into_iter().filter(|role| role.namespace.is_none()).collect();
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    gather(roles.iter().map(|role| (*role, role.rules.as_slice())), rule)
}

/// The same over roles in name order, with rules that may differ from those in the roles.
fn gather<'a>(
    roles: impl Iterator<Item = (&'a Role, &'a [PolicyRule])> + Clone,
    rule: &AggregationRule,
) -> Vec<PolicyRule> {
    if rule.cluster_role_selectors.iter().any(|selector| !selector.is_valid()) {
        return Vec::new();
    }
    let mut gathered: Vec<PolicyRule> = Vec::new();
    for selector in &rule.cluster_role_selectors {
        for (_, rules) in roles.clone().filter(|(role, _)| selector.matches(&role.labels)) {
            for rule in rules {
                if !gathered.contains(rule) {
                    gathered.push(rule.clone());
                }
            }
        }
    }
    gathered
}

/// The rules of every aggregated ClusterRole once the controller has come to rest, for those whose rules differ from now.
///
/// Roles are filled one after the other until a whole round changes nothing. Roles that aggregate each other in a circle come to
/// the same set of rules, but may pass its order around for ever (a real controller does); one round for each role is the bound.
pub fn resolve_aggregation<'a>(roles: impl IntoIterator<Item = &'a Role>) -> BTreeMap<String, Vec<PolicyRule>> {
    let mut roles: Vec<&Role> = roles.into_iter().filter(|role| role.namespace.is_none()).collect();
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    let mut rules: Vec<Cow<'a, [PolicyRule]>> = roles.iter().map(|role| Cow::Borrowed(role.rules.as_slice())).collect();
    for _ in 0..=roles.len() {
        let mut changed = false;
        for (at, role) in roles.iter().enumerate() {
            let Some(aggregation) = &role.aggregation_rule else {
                continue;
            };
            let others = roles.iter().zip(&rules).enumerate().filter(|(other, _)| *other != at);
            let filled = gather(others.map(|(_, (role, rules))| (*role, rules.as_ref())), aggregation);
            if let Some(current) = rules.get_mut(at)
                && current.as_ref() != filled.as_slice()
            {
                *current = Cow::Owned(filled);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let differing = roles.iter().zip(rules).filter(|(role, rules)| role.rules.as_slice() != rules.as_ref());
    differing.map(|(role, rules)| (role.name.clone(), rules.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use proptest::prelude::*;

    use super::*;

    fn role(value: proofmark_json::Value) -> Role {
        Role::cluster_role_from_value(&value).expect("a ClusterRole")
    }

    fn labelled(name: &str, label: &str, resource: &str) -> Role {
        role(json!({"kind": "ClusterRole", "metadata": {"name": name, "labels": {label: "true"}},
            "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": [resource]}]}))
    }

    fn aggregated(name: &str, from: &str, label: &str) -> Role {
        role(json!({"kind": "ClusterRole", "metadata": {"name": name, "labels": {label: "true"}},
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {from: "true"}}]}, "rules": null}))
    }

    fn resources(rules: &[PolicyRule]) -> Vec<&str> {
        rules.iter().flat_map(|rule| &rule.resources).map(String::as_str).collect()
    }

    #[test]
    fn gathers_in_name_order_without_duplicates() {
        let roles = [
            labelled("b", "x", "pods"),
            labelled("a", "x", "secrets"),
            labelled("c", "x", "pods"),
            labelled("d", "y", "nodes"),
        ];
        let rule = aggregated("agg", "x", "z").aggregation_rule.expect("set above");
        assert_eq!(resources(&aggregate(&roles, &rule)), ["secrets", "pods"]);
    }

    #[test]
    fn fills_through_several_levels() {
        let roles =
            [aggregated("a-top", "mid", "none"), aggregated("b-mid", "low", "mid"), labelled("c", "low", "pods")];
        let filled = resolve_aggregation(&roles);
        assert_eq!(resources(&filled["a-top"]), ["pods"]);
        assert_eq!(resources(&filled["b-mid"]), ["pods"]);
    }

    #[test]
    fn a_circle_settles() {
        let roles = [aggregated("a", "x", "y"), aggregated("b", "y", "x"), labelled("c", "y", "pods")];
        let filled = resolve_aggregation(&roles);
        assert_eq!(resources(&filled["a"]), ["pods"]);
        assert_eq!(resources(&filled["b"]), ["pods"]);
    }

    #[test]
    fn a_removed_source_is_forgotten() {
        let mut agg = aggregated("agg", "x", "z");
        agg.rules = labelled("gone", "x", "pods").rules;
        assert_eq!(resolve_aggregation([&agg])["agg"], []);
    }

    proptest! {
        #[test]
        fn resolving_twice_changes_no_set_of_rules(links in proptest::collection::vec((0usize..4, 0usize..4), 1..6)) {
            let mut roles: Vec<Role> = links.iter().enumerate()
                .map(|(i, (from, to))| aggregated(&format!("agg{i}"), &format!("l{from}"), &format!("l{to}"))).collect();
            roles.extend((0..4).map(|i| labelled(&format!("src{i}"), &format!("l{i}"), &format!("r{i}"))));
            let filled = resolve_aggregation(&roles);
            for role in &mut roles {
                if let Some(rules) = filled.get(&role.name) {
                    role.rules = rules.clone();
                }
            }
            for (name, again) in resolve_aggregation(&roles) {
                // In a circle the order may still move.
                let once = roles.iter().find(|role| role.name == name).map(|role| &role.rules);
                let set = |rules: &[PolicyRule]| rules.iter().cloned().collect::<std::collections::BTreeSet<_>>();
                prop_assert_eq!(once.map(|rules| set(rules)), Some(set(&again)));
            }
        }
    }
}
