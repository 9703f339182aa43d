//! The roles that a profile's users are bound to, what flows into them, and what they hold.
//!
//! The three roles are the contract between Kubeflow and its components: where a distribution's part does not bring them (KServe's own
//! overlay, say), they are what Kubeflow's own are, so that the part can be judged alone.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_json::Value;
use proofmark_kubeflow::{KubeflowRelease, roles};
use proofmark_rbac::{Binding, Policy, PolicyRule, Role, RoleRef, Subject, UserInfo, rules_for};

/// The verbs of Kubernetes' own API.
pub(crate) const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// A role that is collected into what users are bound to.
#[derive(Debug)]
pub(crate) struct UserRole {
    /// Which of the objects it is.
    pub(crate) object: usize,
    pub(crate) role: Role,
    /// Whether viewers have it. Editors have it in any case.
    pub(crate) for_viewers: bool,
}

/// The users of a distribution.
#[derive(Debug)]
pub(crate) struct Users {
    /// The roles that editors have, in the order of the objects.
    pub(crate) roles: Vec<UserRole>,
    owner: Vec<PolicyRule>,
    editor: Vec<PolicyRule>,
    viewer: Vec<PolicyRule>,
}

impl Users {
    pub(crate) fn read(objects: &[&Value]) -> Self {
        let mut all = cluster_roles(objects);
        let named = |name: &str, all: &[(Option<usize>, Role)]| all.iter().any(|(_, role)| role.name == name);
        for own in cluster_roles(&roles::objects(KubeflowRelease::latest()).iter().collect::<Vec<_>>()) {
            if [roles::ADMIN, roles::EDIT, roles::VIEW].contains(&own.1.name.as_str()) && !named(&own.1.name, &all) {
                all.push((None, own.1));
            }
        }
        let (editors, viewers) = (collected(roles::EDIT, &all), collected(roles::VIEW, &all));

        let policy = policy(objects, &all);
        let holds = |user: &UserInfo| rules_for(&policy, user, PROFILE).resource;
        let user_role = |(object, role): (Option<usize>, Role)| {
            let (object, for_viewers) = (object?, viewers.contains(&role.name));
            (for_viewers || editors.contains(&role.name)).then_some(UserRole { object, role, for_viewers })
        };
        Self {
            owner: holds(&UserInfo::new(OWNER, ["system:authenticated"])),
            editor: holds(&UserInfo::service_account(PROFILE, "default-editor")),
            viewer: holds(&UserInfo::service_account(PROFILE, "default-viewer")),
            roles: all.into_iter().filter_map(user_role).collect(),
        }
    }

    /// Whether viewers may do anything with a kind.
    pub(crate) fn viewer_has(&self, group: &str, plural: &str) -> bool {
        touches(&self.viewer, group, plural)
    }

    /// Whether editors may.
    pub(crate) fn editor_has(&self, group: &str, plural: &str) -> bool {
        touches(&self.editor, group, plural)
    }

    /// Whether the profile's owner may.
    pub(crate) fn owner_has(&self, group: &str, plural: &str) -> bool {
        touches(&self.owner, group, plural)
    }
}

const PROFILE: &str = "profile";
const OWNER: &str = "owner";

/// The ClusterRoles among the objects, each with its index. What cannot be read as one cannot be applied either, and grants nothing.
fn cluster_roles(objects: &[&Value]) -> Vec<(Option<usize>, Role)> {
    let read = |(index, object): (usize, &&Value)| Some((Some(index), Role::cluster_role_from_value(object).ok()?));
    objects.iter().enumerate().filter_map(read).collect()
}

/// The names of the roles whose rules end up in `target`, itself included.
fn collected(target: &str, all: &[(Option<usize>, Role)]) -> BTreeSet<String> {
    let by_name: BTreeMap<&str, &Role> = all.iter().map(|(_, role)| (role.name.as_str(), role)).collect();
    let mut found = BTreeSet::from([target.to_owned()]);
    let mut open = vec![target];
    while let Some(role) = open.pop().and_then(|name| by_name.get(name)) {
        let selectors = role.aggregation_rule.iter().flat_map(|rule| &rule.cluster_role_selectors);
        for selector in selectors.filter(|selector| selector.is_valid()) {
            for source in by_name.values().filter(|source| selector.matches(&source.labels)) {
                if found.insert(source.name.clone()) {
                    open.push(&source.name);
                }
            }
        }
    }
    found
}

/// The distribution's policy, with a profile as the Profile controller would bind it. Bindings that are malformed bind nobody.
fn policy(objects: &[&Value], all: &[(Option<usize>, Role)]) -> Policy {
    let mut policy = Policy::new();
    let bindings = objects.iter().filter_map(|object| Binding::cluster_role_binding_from_value(object).ok());
    bindings.for_each(|binding| policy.insert_binding(binding));
    all.iter().for_each(|(_, role)| policy.insert_role(role.clone()));
    for (role, kind, name) in [
        (roles::ADMIN, "User", OWNER),
        (roles::EDIT, "ServiceAccount", "default-editor"),
        (roles::VIEW, "ServiceAccount", "default-viewer"),
    ] {
        policy.insert_binding(Binding {
            name: name.to_owned(),
            namespace: Some(PROFILE.to_owned()),
            subjects: vec![Subject { kind: kind.to_owned(), name: name.to_owned(), ..Subject::default() }],
            role_ref: RoleRef { kind: "ClusterRole".to_owned(), name: role.to_owned(), ..RoleRef::default() },
        });
    }
    policy.resolve_aggregation();
    policy
}

/// Whether rules speak of a kind's objects at all: any verb, on any of them.
fn touches(rules: &[PolicyRule], group: &str, plural: &str) -> bool {
    let has = |list: &[String], wanted: &str| list.iter().any(|item| item == "*" || item == wanted);
    rules.iter().any(|rule| {
        has(&rule.api_groups, group)
            && has(&rule.resources, plural)
            && rule.verbs.iter().any(|verb| verb == "*" || VERBS.contains(&verb.as_str()))
    })
}
