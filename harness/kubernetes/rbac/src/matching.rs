//! Which rule fits which request, and which subject is which user.

use crate::{Attributes, PolicyRule, Requested, Subject, UserInfo};

/// Whether one rule alone allows a request.
pub fn rule_allows(rule: &PolicyRule, attributes: &Attributes<'_>) -> bool {
    if !has_or_all(&rule.verbs, attributes.verb) {
        return false;
    }
    match attributes.kind {
        Requested::Resource { group, resource, subresource, name, .. } => {
            has_or_all(&rule.api_groups, group)
                && resource_matches(rule, resource, subresource)
                && name_matches(rule, name)
        }
        Requested::NonResource { path } => rule.non_resource_urls.iter().any(|url| url_matches(url, path)),
    }
}

/// Whether a list holds a value or `*`.
pub(crate) fn has_or_all(list: &[String], wanted: &str) -> bool {
    list.iter().any(|item| item == "*" || item == wanted)
}

/// Whether a rule speaks of `resource/subresource` (of `resource` when the subresource is empty).
pub(crate) fn resource_matches(rule: &PolicyRule, resource: &str, subresource: &str) -> bool {
    rule.resources.iter().any(|item| {
        if item == "*" {
            return true;
        }
        if subresource.is_empty() {
            return item == resource;
        }
        match item.strip_suffix(subresource).and_then(|rest| rest.strip_suffix('/')) {
            Some(parent) => parent == "*" || parent == resource,
            None => false,
        }
    })
}

/// Whether a rule speaks of the object; a rule without names speaks of all.
pub(crate) fn name_matches(rule: &PolicyRule, name: &str) -> bool {
    rule.resource_names.is_empty() || rule.resource_names.iter().any(|item| item == name)
}

/// Whether a URL pattern fits a path: equal, or a prefix when the pattern ends in `*`.
pub(crate) fn url_matches(pattern: &str, path: &str) -> bool {
    pattern == path || (pattern.ends_with('*') && path.starts_with(pattern.trim_end_matches('*')))
}

/// Whether a subject is the user. `namespace` is the binding's own, empty for a ClusterRoleBinding.
pub(crate) fn is_subject(subject: &Subject, user: &UserInfo, namespace: &str) -> bool {
    match subject.kind.as_str() {
        "User" => user.name == subject.name,
        "Group" => user.groups.contains(&subject.name),
        "ServiceAccount" => {
            let namespace = if subject.namespace.is_empty() { namespace } else { &subject.namespace };
            !namespace.is_empty()
                && service_account(&user.name).is_some_and(|(ns, name)| ns == namespace && name == subject.name)
        }
        _ => false,
    }
}

/// Namespace and name out of `system:serviceaccount:NAMESPACE:NAME`.
pub(crate) fn service_account(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(resources: &[&str]) -> PolicyRule {
        PolicyRule { resources: resources.iter().map(|&r| r.to_owned()).collect(), ..PolicyRule::default() }
    }

    #[test]
    fn a_resource_does_not_stand_for_its_subresources() {
        let cases = [
            ("pods", "pods", "", true),
            ("pods", "pods", "log", false),
            ("pods/log", "pods", "log", true),
            ("pods/log", "pods", "", false),
            ("pods/*", "pods", "log", false),
            ("*/log", "pods", "log", true),
            ("*/log", "pods", "", false),
            ("*/og", "pods", "log", false),
            ("*", "pods", "log", true),
            ("xpods/log", "pods", "log", false),
        ];
        for (item, resource, subresource, want) in cases {
            assert_eq!(
                resource_matches(&rule(&[item]), resource, subresource),
                want,
                "{item} {resource}/{subresource}"
            );
        }
    }

    #[test]
    fn only_a_trailing_star_opens_a_url() {
        let cases = [
            ("/api", "/api", true),
            ("/api", "/api/v1", false),
            ("/api/*", "/api/v1", true),
            ("/api/*", "/api", false),
            ("*", "/anything", true),
            ("/a*b", "/axb", false),
            ("/a**", "/abc", true),
        ];
        for (pattern, path, want) in cases {
            assert_eq!(url_matches(pattern, path), want, "{pattern} {path}");
        }
    }

    #[test]
    fn a_service_account_subject_takes_the_bindings_namespace() {
        let user = UserInfo::service_account("team", "robot");
        let mut subject = Subject { kind: "ServiceAccount".into(), name: "robot".into(), ..Subject::default() };
        assert!(is_subject(&subject, &user, "team"));
        assert!(!is_subject(&subject, &user, "other"));
        assert!(!is_subject(&subject, &user, ""));
        subject.namespace = "team".into();
        assert!(is_subject(&subject, &user, ""));
    }
}
