//! What a user may do in a namespace, and what a change opens or closes: the evidence that a fix opened nothing else.
//!
//! Wildcards are kept as they are, never expanded: which resources exist is not RBAC's business. A permission counts as new only
//! when no permission from before covers it, so that spelling out what a wildcard gave already is no change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::escalation::{break_down, rule_covers};
use crate::{Attributes, PolicyRule, PolicySource, UserInfo, authorize, rules_for};

/// What a permission is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// A resource, or one object of it.
    Resource {
        /// API group; empty for the core group, or `*`.
        group: String,
        /// `pods`, `pods/log`, `*/scale` or `*`.
        resource: String,
        /// The only object, when the rule names some.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A URL outside the resource API; may end in `*`.
    Path(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::Resource { group, resource, name } => {
                f.write_str(resource)?;
                if !group.is_empty() {
                    write!(f, ".{group}")?;
                }
                name.iter().try_for_each(|name| write!(f, " {name:?}"))
            }
        }
    }
}

/// The verbs that are allowed on each target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(BTreeMap<Target, BTreeSet<String>>);

impl Permissions {
    /// What rules give, taken together.
    pub fn from_rules<'a>(rules: impl IntoIterator<Item = &'a PolicyRule>) -> Self {
        let mut permissions = Self::default();
        for atom in rules.into_iter().flat_map(break_down) {
            permissions.add(atom);
        }
        permissions
    }

    fn add(&mut self, atom: PolicyRule) {
        let PolicyRule { verbs, api_groups, resources, resource_names, non_resource_urls } = atom;
        let target = match (api_groups.into_iter().next(), resources.into_iter().next()) {
            (Some(group), Some(resource)) => {
                Some(Target::Resource { group, resource, name: resource_names.into_iter().next() })
            }
            _ => non_resource_urls.into_iter().next().map(Target::Path),
        };
        if let Some(target) = target {
            self.0.entry(target).or_default().extend(verbs);
        }
    }

    /// Each target with its verbs, in order: core resources first, paths last.
    pub fn iter(&self) -> impl Iterator<Item = (&Target, &BTreeSet<String>)> {
        self.0.iter()
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same as rules, one for each target.
    fn rules(&self) -> Vec<PolicyRule> {
        let rule = |(target, verbs): (&Target, &BTreeSet<String>)| {
            let verbs = verbs.iter().cloned().collect();
            match target.clone() {
                Target::Path(path) => PolicyRule { verbs, non_resource_urls: vec![path], ..PolicyRule::default() },
                Target::Resource { group, resource, name } => PolicyRule {
                    verbs,
                    api_groups: vec![group],
                    resources: vec![resource],
                    resource_names: name.into_iter().collect(),
                    non_resource_urls: Vec::new(),
                },
            }
        };
        self.0.iter().map(rule).collect()
    }

    /// Those that no permission in `other` covers.
    fn beyond(&self, other: &Self) -> Self {
        let theirs = other.rules();
        let mut beyond = Self::default();
        for atom in self.rules().iter().flat_map(break_down) {
            if !theirs.iter().any(|rule| rule_covers(rule, &atom)) {
                beyond.add(atom);
            }
        }
        beyond
    }
}

impl fmt::Display for Permissions {
    /// One line a target: `trainedmodels.serving.kserve.io: create, get`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (target, verbs) in &self.0 {
            let verbs: Vec<&str> = verbs.iter().map(String::as_str).collect();
            writeln!(f, "{target}: {}", verbs.join(", "))?;
        }
        Ok(())
    }
}

impl Serialize for Permissions {
    /// A list of `{"target": ..., "verbs": [...]}`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Entry<'a> {
            target: &'a Target,
            verbs: &'a BTreeSet<String>,
        }
        serializer.collect_seq(self.0.iter().map(|(target, verbs)| Entry { target, verbs }))
    }
}

/// All that a user may do in a namespace (at cluster scope only, when that is empty). A group is a user without a name.
pub fn effective<S: PolicySource + ?Sized>(source: &S, user: &UserInfo, namespace: &str) -> Permissions {
    let rules = rules_for(source, user, namespace);
    Permissions::from_rules(rules.resource.iter().chain(&rules.non_resource))
}

/// What a change did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Allowed now, not before.
    pub granted: Permissions,
    /// Allowed before, not now.
    pub revoked: Permissions,
}

impl Diff {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.granted.is_empty() && self.revoked.is_empty()
    }
}

impl fmt::Display for Diff {
    /// One line a target: `+ trainedmodels.serving.kserve.io: create`, `- ...`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (sign, permissions) in [('+', &self.granted), ('-', &self.revoked)] {
            permissions.to_string().lines().try_for_each(|line| writeln!(f, "{sign} {line}"))?;
        }
        Ok(())
    }
}

/// Compares what was allowed with what is.
pub fn diff(before: &Permissions, after: &Permissions) -> Diff {
    Diff { granted: after.beyond(before), revoked: before.beyond(after) }
}

/// Verbs on one resource to ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask<'a> {
    /// API group; empty for the core group.
    pub group: &'a str,
    /// Plural name.
    pub resource: &'a str,
    /// Subresource; empty for the resource itself.
    pub subresource: &'a str,
    /// The verbs.
    pub verbs: &'a [&'a str],
}

/// The answer to one verb on one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// API group; empty for the core group.
    pub group: String,
    /// `pods` or `pods/log`.
    pub resource: String,
    /// The verb.
    pub verb: String,
    /// Whether the user may.
    pub allowed: bool,
    /// The authorizer's reason.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Decides a table of questions for one user in one namespace (at cluster scope, when that is empty).
pub fn access_table<S: PolicySource + ?Sized>(
    source: &S,
    user: &UserInfo,
    namespace: &str,
    asks: &[Ask<'_>],
) -> Vec<Access> {
    let mut table = Vec::new();
    for ask in asks {
        for verb in ask.verbs {
            let attributes = Attributes::resource(user, verb, ask.group, ask.resource)
                .subresource(ask.subresource)
                .in_namespace(namespace);
            let decision = authorize(source, &attributes);
            table.push(Access {
                group: ask.group.to_owned(),
                resource: attributes.combined_resource().into_owned(),
                verb: (*verb).to_owned(),
                allowed: decision.allowed,
                reason: decision.reason,
            });
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> PolicyRule {
        let own = |list: &[&str]| list.iter().map(|&item| item.to_owned()).collect();
        PolicyRule {
            verbs: own(verbs),
            api_groups: own(groups),
            resources: own(resources),
            resource_names: own(names),
            non_resource_urls: Vec::new(),
        }
    }

    #[test]
    fn only_what_was_not_covered_counts_as_granted() {
        let before =
            Permissions::from_rules(&[rule(&["*"], &["apps"], &["*"], &[]), rule(&["get"], &[""], &["pods"], &[])]);
        let after = Permissions::from_rules(&[
            rule(&["get"], &["apps"], &["deployments"], &[]),
            rule(&["get", "list"], &[""], &["pods"], &[]),
            rule(&["get"], &[""], &["secrets"], &["s"]),
        ]);
        let diff = diff(&before, &after);
        assert_eq!(diff.to_string(), "+ pods: list\n+ secrets \"s\": get\n- *.apps: *\n");
        assert!(super::diff(&after, &after).is_empty());
    }

    #[test]
    fn a_name_less_is_not_the_same_as_a_name() {
        let named = Permissions::from_rules(&[rule(&["get"], &[""], &["pods"], &["a"])]);
        let all = Permissions::from_rules(&[rule(&["get"], &[""], &["pods"], &[])]);
        assert_eq!(diff(&named, &all).to_string(), "+ pods: get\n");
        assert_eq!(diff(&all, &named).to_string(), "- pods: get\n");
    }
}
