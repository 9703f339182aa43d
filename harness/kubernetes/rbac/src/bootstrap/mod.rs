//! The roles and bindings that every cluster is born with (Kubernetes 1.35), aggregated roles already filled.
//!
//! They come from one table, `defaults.txt`. The API server creates them at its start, labelled
//! `kubernetes.io/bootstrapping=rbac-defaults`; the namespaces `kube-system` and `kube-public` hold the Roles and RoleBindings.

mod table;

use std::sync::LazyLock;

use proofmark_json::{Map, Value, json};

use crate::{Binding, GROUP, Role};

struct Defaults {
    roles: Vec<Role>,
    bindings: Vec<Binding>,
    objects: Vec<Value>,
}

static DEFAULTS: LazyLock<Defaults> = LazyLock::new(|| {
    let (mut roles, bindings) = table::parse(include_str!("defaults.txt"));
    let filled = crate::resolve_aggregation(&roles);
    for role in &mut roles {
        if let Some(rules) = filled.get(&role.name).filter(|_| role.namespace.is_none()) {
            role.rules.clone_from(rules);
        }
    }
    let objects = roles.iter().map(role_object).chain(bindings.iter().map(binding_object)).collect();
    Defaults { roles, bindings, objects }
});

/// The default ClusterRoles and Roles.
pub fn roles() -> &'static [Role] {
    &DEFAULTS.roles
}

/// The default ClusterRoleBindings and RoleBindings.
pub fn bindings() -> &'static [Binding] {
    &DEFAULTS.bindings
}

/// All of them as objects ready to store (no uid, resourceVersion or creationTimestamp): ClusterRoles, Roles,
/// ClusterRoleBindings, RoleBindings, each kind in name order. Fields are in Go's order.
pub fn objects() -> &'static [Value] {
    &DEFAULTS.objects
}

fn metadata(name: &str, namespace: Option<&str>, labels: Value) -> Value {
    let mut metadata = Map::new();
    metadata.insert("name", json!(name));
    if let Some(namespace) = namespace {
        metadata.insert("namespace", json!(namespace));
    }
    metadata.insert("labels", labels);
    metadata.insert("annotations", json!({"rbac.authorization.kubernetes.io/autoupdate": "true"}));
    Value::Object(metadata)
}

fn object(kind: &str, metadata: Value) -> Map {
    let mut object = Map::new();
    object.insert("kind", json!(kind));
    object.insert("apiVersion", json!(format!("{GROUP}/v1")));
    object.insert("metadata", metadata);
    object
}

fn role_object(role: &Role) -> Value {
    let mut object = object(role.kind(), metadata(&role.name, role.namespace.as_deref(), json!(role.labels)));
    object.insert("rules", if role.rules.is_empty() { Value::Null } else { json!(role.rules) });
    if let Some(aggregation) = &role.aggregation_rule {
        object.insert("aggregationRule", json!(aggregation));
    }
    Value::Object(object)
}

fn binding_object(binding: &Binding) -> Value {
    let (key, value) = table::LABEL;
    let mut object = object(binding.kind(), metadata(&binding.name, binding.namespace.as_deref(), json!({key: value})));
    if !binding.subjects.is_empty() {
        object.insert("subjects", json!(binding.subjects));
    }
    object.insert("roleRef", json!(binding.role_ref));
    Value::Object(object)
}
