//! A whole policy in memory, indexed by subject.
//!
//! The maps are persistent: a clone is O(1) and shares everything, so that a forked world costs nothing.
//! Bindings are indexed by user and by group; a service account subject is the user name that it stands for. A decision thus
//! looks only at bindings that reach the user, in name order.

use std::sync::Arc;

use imbl::OrdMap;
use proofmark_json::Value;

use crate::{Binding, ObjectError, PolicyCatalog, PolicySource, Role, UserInfo};

type ByName<T> = OrdMap<Arc<str>, T>;

/// The bindings of one namespace, or of the cluster.
#[derive(Debug, Clone, Default)]
struct Scope {
    all: ByName<Arc<Binding>>,
    by_user: ByName<ByName<Arc<Binding>>>,
    by_group: ByName<ByName<Arc<Binding>>>,
}

impl Scope {
    fn insert(&mut self, binding: Binding) {
        self.remove(&binding.name);
        let binding = Arc::new(binding);
        let name: Arc<str> = Arc::from(binding.name.as_str());
        for (index, key) in keys(&binding) {
            self.index(index).entry(key.into()).or_default().insert(name.clone(), binding.clone());
        }
        self.all.insert(name, binding);
    }

    fn remove(&mut self, name: &str) -> bool {
        let Some(binding) = self.all.remove(name) else {
            return false;
        };
        for (index, key) in keys(&binding) {
            let map = self.index(index);
            if let Some(bindings) = map.get_mut(key.as_str()) {
                bindings.remove(name);
                if bindings.is_empty() {
                    map.remove(key.as_str());
                }
            }
        }
        true
    }

    fn index(&mut self, index: Index) -> &mut ByName<ByName<Arc<Binding>>> {
        match index {
            Index::User => &mut self.by_user,
            Index::Group => &mut self.by_group,
        }
    }

    /// The bindings that name the user or one of the groups, in name order.
    fn reaching(&self, user: &UserInfo) -> Vec<Arc<Binding>> {
        let by_group = user.groups.iter().filter_map(|group| self.by_group.get(group.as_str()));
        let mut found: Vec<Arc<Binding>> = self
            .by_user
            .get(user.name.as_str())
            .into_iter()
            .chain(by_group)
            .flat_map(ByName::values)
            .cloned()
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.dedup_by(|a, b| a.name == b.name);
        found
    }
}

#[derive(Debug, Clone, Copy)]
enum Index {
    User,
    Group,
}

/// Under which users and groups a binding is found. Subjects of other kinds reach nobody.
fn keys(binding: &Binding) -> Vec<(Index, String)> {
    let own = binding.namespace.as_deref().unwrap_or_default();
    let key = |subject: &crate::Subject| match subject.kind.as_str() {
        "User" => Some((Index::User, subject.name.clone())),
        "Group" => Some((Index::Group, subject.name.clone())),
        "ServiceAccount" => {
            let namespace = if subject.namespace.is_empty() { own } else { &subject.namespace };
            Some((Index::User, format!("system:serviceaccount:{namespace}:{}", subject.name)))
        }
        _ => None,
    };
    binding.subjects.iter().filter_map(key).collect()
}

/// Roles and bindings in memory. Cheap to clone; a decision costs a few microseconds whatever the number of bindings.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    cluster_roles: ByName<Arc<Role>>,
    roles: ByName<ByName<Arc<Role>>>,
    cluster: Scope,
    namespaces: ByName<Scope>,
}

impl Policy {
    /// An empty policy, which allows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The policy that objects describe; objects of other kinds are passed over. Aggregation is not resolved
    /// (see [`Policy::resolve_aggregation`]).
    ///
    /// # Errors
    /// The first role or binding that is malformed.
    pub fn from_objects<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Result<Self, ObjectError> {
        let mut policy = Self::new();
        for object in objects {
            policy.insert(object)?;
        }
        Ok(policy)
    }

    /// The policy of a new cluster: the default roles and bindings.
    pub fn bootstrap() -> Self {
        let mut policy = Self::new();
        crate::bootstrap::roles().iter().for_each(|role| policy.insert_role(role.clone()));
        crate::bootstrap::bindings().iter().for_each(|binding| policy.insert_binding(binding.clone()));
        policy
    }

    /// Adds or replaces what the object describes; `false` when it is neither a role nor a binding.
    ///
    /// # Errors
    /// The object is a role or binding with a field of the wrong type, or without a namespace where it needs one.
    pub fn insert(&mut self, object: &Value) -> Result<bool, ObjectError> {
        let group =
            object.get("apiVersion").and_then(Value::as_str).and_then(|v| v.split_once('/')).map(|(group, _)| group);
        if group != Some(crate::GROUP) {
            return Ok(false);
        }
        match object.get("kind").and_then(Value::as_str) {
            Some("Role" | "ClusterRole") => self.insert_role(Role::from_value(object)?),
            Some("RoleBinding" | "ClusterRoleBinding") => self.insert_binding(Binding::from_value(object)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Adds or replaces a Role or, without a namespace, a ClusterRole.
    pub fn insert_role(&mut self, role: Role) {
        let name = Arc::from(role.name.as_str());
        match &role.namespace {
            None => self.cluster_roles.insert(name, Arc::new(role)),
            Some(namespace) => {
                let namespace = Arc::from(namespace.as_str());
                self.roles.entry(namespace).or_default().insert(name, Arc::new(role))
            }
        };
    }

    /// Adds or replaces a RoleBinding or, without a namespace, a ClusterRoleBinding.
    pub fn insert_binding(&mut self, binding: Binding) {
        match &binding.namespace {
            None => self.cluster.insert(binding),
            Some(namespace) => self.namespaces.entry(Arc::from(namespace.as_str())).or_default().insert(binding),
        }
    }

    /// Removes a Role or, without a namespace, a ClusterRole; whether there was one.
    pub fn remove_role(&mut self, namespace: Option<&str>, name: &str) -> bool {
        match namespace {
            None => self.cluster_roles.remove(name).is_some(),
            Some(namespace) => self.roles.get_mut(namespace).is_some_and(|roles| roles.remove(name).is_some()),
        }
    }

    /// Removes a RoleBinding or, without a namespace, a ClusterRoleBinding; whether there was one.
    pub fn remove_binding(&mut self, namespace: Option<&str>, name: &str) -> bool {
        match namespace {
            None => self.cluster.remove(name),
            Some(namespace) => self.namespaces.get_mut(namespace).is_some_and(|scope| scope.remove(name)),
        }
    }

    /// Fills every aggregated ClusterRole as the controller would in the end. Returns the names of those that changed.
    pub fn resolve_aggregation(&mut self) -> Vec<String> {
        let changed = crate::resolve_aggregation(self.cluster_roles.values().map(Arc::as_ref));
        let mut names = Vec::with_capacity(changed.len());
        for (name, rules) in changed {
            if let Some(role) = self.cluster_roles.get_mut(name.as_str()) {
                Arc::make_mut(role).rules = rules;
                names.push(name);
            }
        }
        names
    }
}

impl PolicySource for Policy {
    fn cluster_role(&self, name: &str) -> Option<Arc<Role>> {
        self.cluster_roles.get(name).cloned()
    }

    fn role(&self, namespace: &str, name: &str) -> Option<Arc<Role>> {
        self.roles.get(namespace)?.get(name).cloned()
    }

    fn cluster_role_bindings(&self) -> Vec<Arc<Binding>> {
        self.cluster.all.values().cloned().collect()
    }

    fn role_bindings(&self, namespace: &str) -> Vec<Arc<Binding>> {
        self.namespaces.get(namespace).map(|scope| scope.all.values().cloned().collect()).unwrap_or_default()
    }

    fn cluster_role_bindings_of(&self, user: &UserInfo) -> Vec<Arc<Binding>> {
        self.cluster.reaching(user)
    }

    fn role_bindings_of(&self, namespace: &str, user: &UserInfo) -> Vec<Arc<Binding>> {
        self.namespaces.get(namespace).map(|scope| scope.reaching(user)).unwrap_or_default()
    }
}

impl PolicyCatalog for Policy {
    fn cluster_roles(&self) -> Vec<Arc<Role>> {
        self.cluster_roles.values().cloned().collect()
    }

    fn roles(&self, namespace: &str) -> Vec<Arc<Role>> {
        self.roles.get(namespace).map(|roles| roles.values().cloned().collect()).unwrap_or_default()
    }

    fn all_role_bindings(&self) -> Vec<Arc<Binding>> {
        self.namespaces.values().flat_map(|scope| scope.all.values()).cloned().collect()
    }
}
