//! The objects that a Profile has, as they should be.

use proofmark_controllers::kit::Resource;
use proofmark_json::{Value, json};

use super::config::Config;
use super::model::Profile;
use crate::roles;

pub(super) const NAMESPACES: Resource = Resource::cluster("", "v1", "namespaces", "Namespace");
pub(crate) const POLICIES: Resource =
    Resource::namespaced("security.istio.io", "v1beta1", "authorizationpolicies", "AuthorizationPolicy");
pub(super) const ACCOUNTS: Resource = Resource::namespaced("", "v1", "serviceaccounts", "ServiceAccount");
pub(crate) const BINDINGS: Resource =
    Resource::namespaced("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding");
pub(super) const QUOTAS: Resource = Resource::namespaced("", "v1", "resourcequotas", "ResourceQuota");

/// The kinds whose objects bring their Profile back for another look.
pub(super) const WATCHED: [Resource; 4] = [NAMESPACES, POLICIES, ACCOUNTS, BINDINGS];

/// The service account of those who may change things; plugins annotate it.
pub(super) const EDITOR: &str = "default-editor";
/// The service account of those who may look at things.
pub(super) const VIEWER: &str = "default-viewer";
/// The name of a profile's quota.
pub(super) const QUOTA: &str = "kf-resource-quota";

/// The namespace of a Profile, with `istio-injection` beside the configured labels.
pub(super) fn namespace(profile: &Profile, config: &Config) -> Value {
    let mut namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {
            "name": profile.name(), "annotations": {"owner": profile.owner_name()}, "labels": {"istio-injection": "enabled"},
            "ownerReferences": [profile.as_owner()],
        },
    });
    label(&mut namespace, config);
    namespace
}

/// Adds the configured labels that a namespace lacks and takes away those that are configured empty; whether anything changed.
pub(super) fn label(namespace: &mut Value, config: &Config) -> bool {
    let before = namespace["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    let mut labels = before.clone();
    for (key, value) in &config.namespace_labels {
        if value.is_empty() {
            labels.shift_remove(key);
        } else {
            labels.entry(key.as_str()).or_insert_with(|| json!(value));
        }
    }
    let changed = labels != before;
    namespace["metadata"]["labels"] = Value::Object(labels);
    changed
}

/// Who may reach the workloads in the namespace: the owner through the gateway, the namespace itself, probes, and the culler of notebooks.
pub(super) fn authorization_policy(profile: &Profile, config: &Config) -> Value {
    let mut policy = child(profile, &POLICIES, "ns-owner-access-istio");
    policy["metadata"]["annotations"] = json!({"role": "admin", "user": profile.owner_name()});
    policy["spec"] = json!({"rules": [
        owner_rule(profile.owner_name(), config),
        {"when": [{"key": "source.namespace", "values": [profile.name()]}]},
        {"to": [{"operation": {"paths": ["/healthz", "/metrics", "/wait-for-drain"]}}]},
        {
            "from": [{"source": {"principals": [config.notebook_controller_principal]}}],
            "to": [{"operation": {"methods": ["GET"], "paths": ["*/api/kernels"]}}],
        },
    ]});
    policy
}

/// Lets a user in through the gateway: the first rule of the owner's policy, and the only one of a contributor's.
pub(crate) fn owner_rule(user: &str, config: &Config) -> Value {
    json!({
        "from": [{"source": {"principals": [config.ingress_gateway_principal, config.pipelines_ui_principal]}}],
        "when": [{
            "key": format!("request.headers[{}]", config.userid_header), "values": [format!("{}{user}", config.userid_prefix)],
        }],
    })
}

/// A service account of the Profile.
pub(super) fn account(profile: &Profile, name: &str) -> Value {
    child(profile, &ACCOUNTS, name)
}

/// What a service account of the Profile may do.
pub(super) fn account_binding(profile: &Profile, name: &str, role: &str) -> Value {
    binding(profile, name, role, &json!({"kind": "ServiceAccount", "name": name, "namespace": profile.name()}))
}

/// What the owner may do.
pub(super) fn owner_binding(profile: &Profile) -> Value {
    let mut binding = binding(profile, "namespaceAdmin", roles::ADMIN, profile.owner());
    binding["metadata"]["annotations"] = json!({"role": "admin", "user": profile.owner_name()});
    binding
}

fn binding(profile: &Profile, name: &str, role: &str, subject: &Value) -> Value {
    let mut binding = child(profile, &BINDINGS, name);
    binding["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role});
    binding["subjects"] = json!([subject]);
    binding
}

/// The quota of the namespace.
pub(super) fn quota(profile: &Profile, spec: &Value) -> Value {
    let mut quota = child(profile, &QUOTAS, QUOTA);
    quota["spec"] = spec.clone();
    quota
}

fn child(profile: &Profile, of: &Resource, name: &str) -> Value {
    let metadata = json!({"name": name, "namespace": profile.name(), "ownerReferences": [profile.as_owner()]});
    json!({"apiVersion": of.api_version(), "kind": of.kind, "metadata": metadata})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_added_but_never_changed() {
        let mut config = Config::default();
        config.namespace_labels.insert("unwanted".to_owned(), String::new());
        let mut namespace =
            json!({"metadata": {"labels": {"pipelines.kubeflow.org/enabled": "no", "unwanted": "x", "mine": "y"}}});
        assert!(label(&mut namespace, &config));
        let labels = &namespace["metadata"]["labels"];
        assert_eq!(labels["pipelines.kubeflow.org/enabled"], "no");
        assert_eq!(labels["serving.kubeflow.org/inferenceservice"], "enabled");
        assert_eq!((labels.get("unwanted"), &labels["mine"]), (None, &json!("y")));
        assert!(!label(&mut namespace, &config));
    }
}
