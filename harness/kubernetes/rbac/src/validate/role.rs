//! Roles and ClusterRoles.

use proofmark_json::{Value, json};
use proofmark_status::FieldError;
use proofmark_text::content;

use super::unreadable;
use crate::review::selectors::label_requirement;
use crate::{LabelSelector, PolicyRule, Role};

/// Complaints about a Role.
pub fn validate_role(object: &Value) -> Vec<FieldError> {
    match Role::read(object, "Role") {
        Ok(role) => rules(&role.rules, true),
        Err(error) => unreadable(&error),
    }
}

/// Complaints about a Role that replaces another. Nothing depends on the old one; updates of all kinds look alike to callers.
pub fn validate_role_update(object: &Value, _old: &Value) -> Vec<FieldError> {
    validate_role(object)
}

/// Complaints about a ClusterRole.
pub fn validate_cluster_role(object: &Value) -> Vec<FieldError> {
    cluster_role(object, false)
}

/// Complaints about a ClusterRole that replaces another. Label values that are already malformed in the old one's selectors
/// are tolerated one by one.
pub fn validate_cluster_role_update(object: &Value, old: &Value) -> Vec<FieldError> {
    let tolerate = Role::read(old, "ClusterRole").is_ok_and(|old| {
        let selectors = old.aggregation_rule.iter().flat_map(|rule| &rule.cluster_role_selectors);
        let values = selectors.flat_map(|s| &s.match_expressions).flat_map(|e| &e.values);
        values.into_iter().any(|value| !content::label_value(value).is_empty())
    });
    cluster_role(object, tolerate)
}

fn cluster_role(object: &Value, tolerate_values: bool) -> Vec<FieldError> {
    let role = match Role::read(object, "ClusterRole") {
        Ok(role) => role,
        Err(error) => return unreadable(&error),
    };
    let mut errors = rules(&role.rules, false);
    let Some(aggregation) = &role.aggregation_rule else {
        return errors;
    };
    let field = "aggregationRule.clusterRoleSelectors";
    if aggregation.cluster_role_selectors.is_empty() {
        let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        errors.push(FieldError::required(field, detail));
    }
    for (i, one) in aggregation.cluster_role_selectors.iter().enumerate() {
        let field = format!("{field}[{i}]");
        errors.extend(selector(one, tolerate_values, &field));
        if !one.is_valid() {
            errors.push(FieldError::invalid(field, Value::Null, "invalid label selector."));
        }
    }
    errors
}

fn selector(selector: &LabelSelector, tolerate_values: bool, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let labels = format!("{field}.matchLabels");
    for (key, value) in &selector.match_labels {
        let keys = content::qualified_name(key).into_iter().map(|message| (key, message));
        let values = content::label_value(value).into_iter().map(|message| (value, message));
        errors.extend(keys.chain(values).map(|(bad, message)| FieldError::invalid(&labels, bad.as_str(), message)));
    }
    for (i, expression) in selector.match_expressions.iter().enumerate() {
        let field = format!("{field}.matchExpressions[{i}]");
        errors.extend(label_requirement(expression, false, tolerate_values, &field));
    }
    errors
}

fn rules(rules: &[PolicyRule], namespaced: bool) -> Vec<FieldError> {
    rules.iter().enumerate().flat_map(|(i, one)| rule(one, namespaced, &format!("rules[{i}]"))).collect()
}

fn rule(rule: &PolicyRule, namespaced: bool, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if rule.verbs.is_empty() {
        errors.push(FieldError::required(format!("{field}.verbs"), "verbs must contain at least one value"));
    }
    if !rule.non_resource_urls.is_empty() {
        let mut complain = |detail: &str| {
            errors.push(FieldError::invalid(format!("{field}.nonResourceURLs"), json!(rule.non_resource_urls), detail));
        };
        if namespaced {
            complain("namespaced rules cannot apply to non-resource URLs");
        }
        if !(rule.api_groups.is_empty() && rule.resources.is_empty() && rule.resource_names.is_empty()) {
            complain("rules cannot apply to both regular resources and non-resource URLs");
        }
        return errors;
    }
    if rule.api_groups.is_empty() {
        errors.push(FieldError::required(
            format!("{field}.apiGroups"),
            "resource rules must supply at least one api group",
        ));
    }
    if rule.resources.is_empty() {
        errors.push(FieldError::required(
            format!("{field}.resources"),
            "resource rules must supply at least one resource",
        ));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(errors: &[FieldError]) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_aggregation_rule_needs_sound_selectors() {
        let role = |rule: Value| json!({"kind": "ClusterRole", "metadata": {"name": "x"}, "aggregationRule": rule});
        assert_eq!(
            texts(&validate_cluster_role(&role(json!({})))),
            [
                "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil"
            ]
        );
        let unknown =
            role(json!({"clusterRoleSelectors": [{}, {"matchExpressions": [{"key": "a", "operator": "Is"}]}]}));
        assert_eq!(
            texts(&validate_cluster_role(&unknown)),
            [
                r#"aggregationRule.clusterRoleSelectors[1].matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator"#,
                "aggregationRule.clusterRoleSelectors[1]: Invalid value: null: invalid label selector."
            ]
        );
    }

    #[test]
    fn malformed_values_are_tolerated_when_they_were_there() {
        let bad = json!({"kind": "ClusterRole", "metadata": {"name": "x"}, "aggregationRule": {"clusterRoleSelectors": [
            {"matchExpressions": [{"key": "a", "operator": "In", "values": ["a b"]}]}]}});
        assert_eq!(validate_cluster_role(&bad).len(), 2);
        assert_eq!(
            texts(&validate_cluster_role_update(&bad, &bad)),
            ["aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector."]
        );
    }
}
