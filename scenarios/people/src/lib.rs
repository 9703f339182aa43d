//! The people of a Kubeflow: two profiles, the one in which everything happens and its neighbour, and who is in them.
//!
//! [`profiles`] makes them on any target: through the Profile controller where the target has one, by hand where it has not. A part of a
//! distribution may bring neither Profiles nor the roles that they bind; it is then judged with Kubeflow's newest roles.

use std::time::Duration;

use proofmark_env::Identity;
use proofmark_json::{Value, json};
use proofmark_kubeflow::{KubeflowRelease, roles};
use proofmark_replay::{Resource, Step, Target, step};

/// A profile and who is in it.
#[derive(Debug)]
pub struct Profile {
    /// Its name and its namespace's.
    pub namespace: &'static str,
    owner: &'static str,
}

/// The profile of kserve/kserve#4224.
pub const TEAM: Profile = Profile { namespace: "rchiores", owner: "rchiores@example.com" };
/// Another one on the same cluster.
pub const NEIGHBOUR: Profile = Profile { namespace: "neighbour", owner: "neighbour@example.com" };

const CLUSTER_ROLES: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole");
const PROFILES: Resource = Resource::new("kubeflow.org", "v1", "profiles", "Profile");
const NAMESPACES: Resource = Resource::new("", "v1", "namespaces", "Namespace");
const SERVICE_ACCOUNTS: Resource = Resource::new("", "v1", "serviceaccounts", "ServiceAccount");
const ROLE_BINDINGS: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding");

/// How long a controller may take for what it has to do.
pub const PATIENCE: Duration = Duration::from_secs(30);

impl Profile {
    /// The service account of notebooks.
    pub fn editor(&self) -> Identity {
        Identity::service_account(self.namespace, "default-editor")
    }

    /// The service account that may only look.
    pub fn viewer(&self) -> Identity {
        Identity::service_account(self.namespace, "default-viewer")
    }

    /// The person that the profile belongs to.
    pub fn owner(&self) -> Identity {
        Identity::user(self.owner)
    }

    /// What binds its members: binding, ClusterRole, subject.
    fn bindings(&self) -> [(&'static str, &'static str, Value); 3] {
        let account = |name: &str| json!({"kind": "ServiceAccount", "name": name, "namespace": self.namespace});
        let owner = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": self.owner});
        [
            ("default-editor", roles::EDIT, account("default-editor")),
            ("default-viewer", roles::VIEW, account("default-viewer")),
            ("namespaceAdmin", roles::ADMIN, owner),
        ]
    }

    /// Lets the Profile controller make it.
    fn by_controller(&self) -> Vec<Step> {
        let profile = json!({"spec": {"owner": {"kind": "User", "name": self.owner}}});
        let mut steps = vec![
            step(format!("the profile {} is created", self.namespace))
                .create(&PROFILES, PROFILES.object(None, self.namespace, profile)),
        ];
        steps.extend(self.bindings().map(|(binding, role, subject)| {
            step(format!("the profile {} gets the role binding {binding}", self.namespace))
                .get(ROLE_BINDINGS.in_namespace(self.namespace).named(binding))
                .shows(json!({"roleRef": {"name": role}, "subjects": [{"name": subject["name"]}]}))
                .within(PATIENCE)
        }));
        steps
    }

    /// Makes what the Profile controller would have made.
    pub fn by_hand(&self) -> Vec<Step> {
        let make = |resource: &Resource, name: &str, rest: Value| {
            let namespace = (*resource != NAMESPACES).then_some(self.namespace);
            step(format!("the {} {name} of the profile is created by hand", resource.kind.to_lowercase()))
                .create(resource, resource.object(namespace, name, rest))
        };
        let mut steps = vec![
            make(&NAMESPACES, self.namespace, json!({})),
            make(&SERVICE_ACCOUNTS, "default-editor", json!({})),
            make(&SERVICE_ACCOUNTS, "default-viewer", json!({})),
        ];
        steps.extend(self.bindings().map(|(binding, role, subject)| {
            let reference = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role});
            make(&ROLE_BINDINGS, binding, json!({"roleRef": reference, "subjects": [subject]}))
        }));
        steps
    }
}

/// The roles that profiles bind, where the target has none, and both profiles.
pub fn profiles(target: &Target) -> Vec<Step> {
    let is = |object: &Value, kind: &str, name: &str| object["kind"] == kind && object["metadata"]["name"] == name;
    let has = |kind: &str, name: &str| {
        target.plan.kubeflow.is_some() || target.plan.manifests.iter().any(|object| is(object, kind, name))
    };
    let mut steps = Vec::new();
    if !has(&CLUSTER_ROLES.kind, roles::EDIT) {
        steps.extend(roles::objects(KubeflowRelease::latest()).into_iter().filter_map(|role| {
            let name = role["metadata"]["name"].as_str()?.to_owned();
            let brought = has(&CLUSTER_ROLES.kind, &name);
            (!brought).then(|| step(format!("Kubeflow's role {name} is created")).create(&CLUSTER_ROLES, role))
        }));
    }
    let by_controller = has("CustomResourceDefinition", "profiles.kubeflow.org");
    for profile in [&TEAM, &NEIGHBOUR] {
        steps.extend(if by_controller { profile.by_controller() } else { profile.by_hand() });
    }
    steps
}

/// Everybody in the profile in question and in its neighbour, each with the namespaces that one would ask about.
pub fn everybody() -> Vec<(Identity, String)> {
    let here = [TEAM.editor(), TEAM.viewer(), TEAM.owner(), NEIGHBOUR.editor(), NEIGHBOUR.owner()];
    let mut subjects: Vec<_> = here.map(|who| (who, TEAM.namespace.to_owned())).into();
    subjects.extend([TEAM.editor(), TEAM.owner()].map(|who| (who, NEIGHBOUR.namespace.to_owned())));
    subjects
}
