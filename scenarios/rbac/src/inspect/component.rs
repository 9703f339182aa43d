//! Which roles belong together and keep an API group for users.

use std::collections::BTreeMap;

use proofmark_rbac::PolicyRule;

use super::kinds::{Kind, Plurals, plain};
use super::users::{UserRole, Users};

/// The roles of users that name the same kinds of a group.
#[derive(Debug)]
pub(crate) struct Component<'a> {
    members: Vec<Member<'a>>,
}

/// A role, and the kinds of the group that it names.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) user_role: &'a UserRole,
    pub(crate) named: Plurals,
}

impl<'a> Component<'a> {
    /// The components that name kinds of a group.
    pub(crate) fn all(users: &'a Users, group: &str, kinds: &BTreeMap<String, Kind>) -> Vec<Self> {
        let mut components: Vec<Self> = Vec::new();
        for user_role in &users.roles {
            let named = named(&user_role.role.rules, group, kinds);
            if named.is_empty() {
                continue;
            }
            let (mut joined, apart): (Vec<_>, Vec<_>) =
                components.into_iter().partition(|component| !component.named().is_disjoint(&named));
            let mut members: Vec<_> = joined.drain(..).flat_map(|component| component.members).collect();
            members.push(Member { user_role, named });
            components = apart;
            components.push(Self { members });
        }
        components
    }

    fn named(&self) -> Plurals {
        self.members.iter().flat_map(|member| member.named.clone()).collect()
    }

    /// The roles for viewers, or those that only editors have.
    pub(crate) fn members(&self, for_viewers: bool) -> impl Iterator<Item = &Member<'a>> {
        self.members.iter().filter(move |member| member.user_role.for_viewers == for_viewers)
    }

    fn names(&self, for_viewers: bool) -> Plurals {
        self.members(for_viewers).flat_map(|member| member.named.clone()).collect()
    }

    /// Whether there is a role for editing and one for viewing that share a kind: the way in which a component offers its kinds to users.
    pub(crate) fn keeps_the_group(&self) -> bool {
        !self.names(false).is_disjoint(&self.names(true))
    }

    /// Whether its editors may edit this kind, and its viewers see so many of the others that the omission is no choice.
    pub(crate) fn forgets_viewers_of(&self, plural: &str) -> bool {
        let (edited, seen) = (self.names(false), self.names(true));
        let both = edited.intersection(&seen).count();
        edited.contains(plural) && both >= 2 && 2 * both >= edited.len()
    }

    /// Whether a kind belongs to this component's application, by the labels of its definition and of these roles.
    pub(crate) fn same_application(&self, kind: &Kind) -> Option<bool> {
        let told: Vec<bool> =
            self.members.iter().filter_map(|member| kind.same_application(&member.user_role.role.labels)).collect();
        (!told.is_empty()).then(|| told.contains(&true))
    }
}

/// The kinds of a group that rules name.
fn named(rules: &[PolicyRule], group: &str, kinds: &BTreeMap<String, Kind>) -> Plurals {
    let own = rules.iter().filter(|rule| rule.api_groups.iter().any(|own| own == group));
    let names = own.flat_map(|rule| plain(&rule.resources)).map(|(_, name)| name.to_owned());
    names.filter(|name| kinds.contains_key(name)).collect()
}
