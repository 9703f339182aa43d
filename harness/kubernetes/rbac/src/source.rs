//! Where roles and bindings come from.

use std::sync::Arc;

use crate::{Binding, Role, UserInfo};

/// What a decision needs. [`crate::Policy`] implements it; a server may read its own store instead.
///
/// The order of bindings is the order in which they are asked: the first grant gives the reason. Name order is a good choice.
pub trait PolicySource {
    /// The ClusterRole of that name.
    fn cluster_role(&self, name: &str) -> Option<Arc<Role>>;
    /// The Role of that name in that namespace.
    fn role(&self, namespace: &str, name: &str) -> Option<Arc<Role>>;
    /// All ClusterRoleBindings.
    fn cluster_role_bindings(&self) -> Vec<Arc<Binding>>;
    /// All RoleBindings of one namespace.
    fn role_bindings(&self, namespace: &str) -> Vec<Arc<Binding>>;

    /// The ClusterRoleBindings that may have the user among their subjects: a superset is fine, a missing one is not.
    /// A source with an index by subject answers this without looking at every binding.
    fn cluster_role_bindings_of(&self, _user: &UserInfo) -> Vec<Arc<Binding>> {
        self.cluster_role_bindings()
    }

    /// The same for the RoleBindings of one namespace.
    fn role_bindings_of(&self, namespace: &str, _user: &UserInfo) -> Vec<Arc<Binding>> {
        self.role_bindings(namespace)
    }
}

/// A source that can list everything: what an explanation looks through for roles and bindings that would have helped.
pub trait PolicyCatalog: PolicySource {
    /// All ClusterRoles.
    fn cluster_roles(&self) -> Vec<Arc<Role>>;
    /// All Roles of one namespace.
    fn roles(&self, namespace: &str) -> Vec<Arc<Role>>;
    /// The RoleBindings of all namespaces.
    fn all_role_bindings(&self) -> Vec<Arc<Binding>>;
}
