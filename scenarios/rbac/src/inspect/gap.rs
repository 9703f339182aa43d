//! The kinds that users may not touch, although their group is kept for them.

use std::collections::BTreeMap;

use proofmark_json::Value;
use proofmark_rbac::Role;
use proofmark_replay::Resource;

use super::component::Component;
use super::kinds::{Kind, Kinds, plain};
use super::spelling::is_almost;
use super::users::{UserRole, Users, VERBS};

/// For whom a role is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    /// Contributors, owners, `default-editor`.
    Edit,
    /// Viewers, `default-viewer`.
    View,
}

/// A role that should name a kind and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Which of the objects is the role.
    pub(crate) object: usize,
    /// The role's name.
    pub(crate) role: String,
    /// For whom it is.
    pub(crate) grade: Grade,
    /// Which of its rules speaks of the group.
    pub(crate) rule: usize,
    /// The verbs of that rule, as far as Kubernetes has them.
    pub(crate) verbs: Vec<String>,
    /// The name in that rule that was probably meant to be this kind's, by its index.
    pub(crate) misspelt: Option<(usize, String)>,
    /// The kind.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) kind: String,
}

impl Gap {
    /// Its kind.
    pub(crate) fn resource(&self) -> Resource {
        let Self { group, version, plural, kind, .. } = self.clone();
        Resource { group: group.into(), version: version.into(), plural: plural.into(), kind: kind.into() }
    }
}

/// Every gap in a distribution, by group and plural, editors before viewers.
pub(crate) fn gaps(objects: &[&Value]) -> Vec<Gap> {
    let kinds = Kinds::read(objects.iter().copied());
    let users = Users::read(objects);
    let mut found = Vec::new();
    for (group, kinds) in kinds.groups() {
        let components = Component::all(&users, group, kinds);
        for kind in kinds.values().filter(|kind| kind.is_for_namespaces()) {
            for (component, grade) in forgotten_by(kind, kinds, &users, &components) {
                found.extend(gap(kind, kinds, component, grade));
            }
        }
    }
    found
}

/// Which component should have granted a kind, and to whom.
fn forgotten_by<'c, 'a>(
    kind: &Kind,
    kinds: &BTreeMap<String, Kind>,
    users: &Users,
    components: &'c [Component<'a>],
) -> Vec<(&'c Component<'a>, Grade)> {
    let (group, plural) = (kind.group.as_str(), kind.plural.as_str());
    if users.viewer_has(group, plural) {
        return Vec::new();
    }
    if users.editor_has(group, plural) {
        let forgets = |component: &&Component<'_>| component.forgets_viewers_of(plural);
        return components.iter().filter(forgets).map(|component| (component, Grade::View)).collect();
    }
    if users.owner_has(group, plural) {
        return Vec::new();
    }
    let owner = keeper(kind, kinds, components);
    owner.map(|component| vec![(component, Grade::Edit), (component, Grade::View)]).unwrap_or_default()
}

/// The component that a kind belongs to, if the manifests tell.
fn keeper<'c, 'a>(
    kind: &Kind,
    kinds: &BTreeMap<String, Kind>,
    components: &'c [Component<'a>],
) -> Option<&'c Component<'a>> {
    let misspells = |component: &Component<'_>| {
        let members = component.members(false).chain(component.members(true));
        members.into_iter().any(|member| misspelling(&member.user_role.role, kind, kinds).is_some())
    };
    let keepers: Vec<_> = components.iter().filter(|component| component.keeps_the_group()).collect();
    let only = |chosen: Vec<&'c Component<'a>>| <[_; 1]>::try_from(chosen).ok().map(|[component]| component);
    only(keepers.iter().copied().filter(|component| misspells(component)).collect())
        .or_else(|| {
            only(keepers.iter().copied().filter(|component| component.same_application(kind) == Some(true)).collect())
        })
        .or_else(|| only(keepers).filter(|component| component.same_application(kind) != Some(false)))
}

/// The gap in the role that says most about the group; where a role misspells the kind, it is that one.
fn gap(kind: &Kind, kinds: &BTreeMap<String, Kind>, component: &Component<'_>, grade: Grade) -> Option<Gap> {
    let members: Vec<_> = component.members(grade == Grade::View).collect();
    let misspelt =
        members.iter().find_map(|member| Some((member.user_role, misspelling(&member.user_role.role, kind, kinds)?)));
    if let Some((user_role, (rule, resource, name))) = misspelt {
        return Some(told(kind, user_role, grade, rule, Some((resource, name))));
    }
    let main = members.iter().rev().max_by_key(|member| member.named.len())?.user_role;
    let says = |index: usize| {
        let names = main.role.rules.get(index).filter(|rule| rule.api_groups.contains(&kind.group));
        names.map_or(0, |rule| plain(&rule.resources).filter(|(_, name)| kinds.contains_key(*name)).count())
    };
    let rule = (0..main.role.rules.len()).rev().max_by_key(|index| says(*index))?;
    Some(told(kind, main, grade, rule, None))
}

fn told(kind: &Kind, user_role: &UserRole, grade: Grade, rule: usize, misspelt: Option<(usize, String)>) -> Gap {
    let role = &user_role.role;
    let verbs = role.rules.get(rule).map(|rule| rule.verbs.as_slice()).unwrap_or_default();
    let known = |verb: &&String| *verb == "*" || VERBS.contains(&verb.as_str());
    Gap {
        object: user_role.object,
        role: role.name.clone(),
        grade,
        rule,
        verbs: verbs.iter().filter(known).cloned().collect(),
        misspelt,
        group: kind.group.clone(),
        version: kind.version.clone().unwrap_or_default(),
        plural: kind.plural.clone(),
        kind: kind.kind.clone(),
    }
}

/// Where a role has a name that is almost this kind's: the rule, the place in its resources, the name.
fn misspelling(role: &Role, kind: &Kind, kinds: &BTreeMap<String, Kind>) -> Option<(usize, usize, String)> {
    let own = role.rules.iter().enumerate().filter(|(_, rule)| rule.api_groups.contains(&kind.group));
    own.flat_map(|(at, rule)| plain(&rule.resources).map(move |(place, name)| (at, place, name)))
        .find(|(_, _, name)| is_almost(name, kind) && !kinds.contains_key(*name))
        .map(|(at, place, name)| (at, place, name.to_owned()))
}
