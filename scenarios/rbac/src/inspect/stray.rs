//! Names in roles that no definition has.
//!
//! A name that is misspelt where users miss the kind for it is a [`super::Gap`]; here are the others.

use std::collections::BTreeMap;

use proofmark_json::Value;
use proofmark_rbac::{PolicyRule, Role};

use super::gap::Gap;
use super::kinds::{Kind, Kinds, plain};
use super::spelling::meant;
use super::users::{Users, VERBS};

/// A resource that a role names and no definition of its group has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stray {
    /// Which of the objects is the role.
    pub(crate) object: usize,
    /// `Role` or `ClusterRole`.
    pub(crate) role_kind: &'static str,
    pub(crate) role: String,
    /// Which rule, and which of its resources.
    pub(crate) rule: usize,
    pub(crate) resource: usize,
    pub(crate) name: String,
    pub(crate) group: String,
    /// The kind that was probably meant, by its plural.
    pub(crate) meant: Option<String>,
}

/// Every stray name, in the order of the objects; those that gaps tell of are left out.
///
/// A name that is almost a kind's counts in every role, unless the role has the right one as well. Any other name counts only in the roles of
/// users and beside a kind that is defined, because there the definitions that belong to the role are here.
pub(crate) fn strays(objects: &[&Value], gaps: &[Gap]) -> Vec<Stray> {
    let kinds = Kinds::read(objects.iter().copied());
    let users = Users::read(objects);
    let read = |(index, object): (usize, &&Value)| Some((index, Role::from_value(object).ok()?));
    let roles: Vec<(usize, Role)> = objects.iter().enumerate().filter_map(read).collect();
    let mut found = Vec::new();
    for (object, role) in &roles {
        let for_users = users.roles.iter().any(|user_role| user_role.object == *object);
        for (at, rule) in role.rules.iter().enumerate() {
            for group in &rule.api_groups {
                let Some(defined) = kinds.of(group) else { continue };
                let sure = for_users && names_a_kind(rule, defined) && !authorizes_a_service(group, &roles);
                for (place, name) in plain(&rule.resources).filter(|(_, name)| !defined.contains_key(*name)) {
                    let meant = meant(name, defined).filter(|kind| !names(role, group, &kind.plural));
                    let told = gaps.iter().any(|gap| {
                        (gap.object, gap.rule) == (*object, at)
                            && gap.misspelt.as_ref().is_some_and(|(own, _)| *own == place)
                    });
                    if !told && (sure || meant.is_some()) {
                        found.push(Stray {
                            object: *object,
                            role_kind: role.kind(),
                            role: role.name.clone(),
                            rule: at,
                            resource: place,
                            name: name.to_owned(),
                            group: group.clone(),
                            meant: meant.map(|kind| kind.plural.clone()),
                        });
                    }
                }
            }
        }
    }
    found
}

fn names_a_kind(rule: &PolicyRule, defined: &BTreeMap<String, Kind>) -> bool {
    plain(&rule.resources).any(|(_, name)| defined.contains_key(name))
}

fn names(role: &Role, group: &str, plural: &str) -> bool {
    let own = role.rules.iter().filter(|rule| rule.api_groups.iter().any(|own| own == group));
    own.flat_map(|rule| &rule.resources).any(|name| name == plural)
}

/// Whether rules on this group use verbs that Kubernetes does not have.
fn authorizes_a_service(group: &str, roles: &[(usize, Role)]) -> bool {
    let rules = roles.iter().flat_map(|(_, role)| &role.rules);
    let mut verbs = rules.filter(|rule| rule.api_groups.iter().any(|own| own == group)).flat_map(|rule| &rule.verbs);
    verbs.any(|verb| verb != "*" && !VERBS.contains(&verb.as_str()))
}
