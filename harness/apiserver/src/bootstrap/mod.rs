//! What every cluster starts with: system namespaces, default roles and bindings, the API's own service, API services.
//!
//! Source: `pkg/controlplane` post-start hooks, release 1.35. Only what kube-apiserver itself makes; what controllers add
//! (default service accounts, root CA) is theirs.

use std::sync::Arc;

use proofmark_json::{Value, json};
use proofmark_registry::meta;

use crate::server::Inner;
use crate::store::Precondition;
use crate::{flow_control, handlers};

/// Namespaces that kube-apiserver makes.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Fills a new server, or adds what one that began with objects lacks.
pub(crate) fn fill(server: &Arc<Inner>) {
    for name in NAMESPACES {
        provide(server, ("", "v1", "namespaces"), ("", name), || {
            json!({
                "kind": "Namespace", "apiVersion": "v1",
                "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
            })
        });
    }
    for object in proofmark_rbac::bootstrap::objects() {
        let plural = match object.get("kind").and_then(Value::as_str) {
            Some("ClusterRole") => "clusterroles",
            Some("Role") => "roles",
            Some("ClusterRoleBinding") => "clusterrolebindings",
            _ => "rolebindings",
        };
        let at = (meta::text(object, "namespace"), meta::text(object, "name"));
        provide(server, (proofmark_rbac::GROUP, "v1", plural), at, || object.clone());
    }
    flow_control::provide(server);
    provide(server, ("", "v1", "services"), ("default", "kubernetes"), service);
    for group in proofmark_builtin::groups() {
        for (order, version) in group.versions.iter().enumerate() {
            let name = format!("{version}.{}", group.name);
            let made = || api_service(server, &group.name, version, order);
            provide(server, ("apiregistration.k8s.io", "v1", "apiservices"), ("", &name), made);
        }
    }
    let config = ("kube-system", "extension-apiserver-authentication");
    provide(server, ("", "v1", "configmaps"), config, || authentication_config(server));
    trust_own_authority(server);
    for (name, value, description) in PRIORITY_CLASSES {
        provide(server, ("scheduling.k8s.io", "v1", "priorityclasses"), ("", name), || {
            json!({
                "kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": name},
                "value": value, "description": description, "preemptionPolicy": "PreemptLowerPriority",
            })
        });
    }
}

const PRIORITY_CLASSES: [(&str, i64, &str); 2] = [
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
];

/// A server that began with the objects of another one has an authority of its own.
fn trust_own_authority(server: &Arc<Inner>) {
    let wanted = authentication_config(server);
    let Some(maps) = server.catalog.find("", "v1", "configmaps") else { return };
    let place = maps.place(meta::text(&wanted, "namespace"), meta::text(&wanted, "name"));
    if let Some(stored) = server.store.snapshot().get(&maps.prefix, &place)
        && stored.value["data"] != wanted["data"]
    {
        let mut object = Value::clone(&stored.value);
        object["data"] = wanted["data"].clone();
        let _ = handlers::write(server, &maps, &place, object, Precondition::Revision(stored.revision));
    }
}

/// Stores an object of the server's own making, with the system fields that every object has, unless it is there. A resource is named by group,
/// version and plural, the object by namespace and name.
fn provide(server: &Arc<Inner>, resource: (&str, &str, &str), place: (&str, &str), make: impl FnOnce() -> Value) {
    provide_as(server, "kube-apiserver", resource, place, make);
}

/// The same of a part of the server that has a name of its own.
pub(crate) fn provide_as(
    server: &Arc<Inner>,
    manager: &str,
    (group, version, plural): (&str, &str, &str),
    (namespace, name): (&str, &str),
    make: impl FnOnce() -> Value,
) {
    let Some(resource) = server.catalog.find(group, version, plural) else { return };
    let place = resource.place(namespace, name);
    if server.store.snapshot().get(&resource.prefix, &place).is_some() {
        return;
    }
    let mut object = make();
    handlers::complete(&resource, &mut object);
    let mut object = handlers::managed_by_server(server, &resource, &object, manager);
    (resource.strategy.prepare_create)(&mut object);
    let meta = meta::of_mut(&mut object);
    meta.insert("uid", json!(server.random.uid()));
    if resource.strategy.generation.starts() {
        meta.insert("generation", json!(1));
    }
    meta.insert("creationTimestamp", json!(server.clock.stamp()));
    // Nobody else writes yet.
    let _ = handlers::write(server, &resource, &place, object, Precondition::Absent);
}

/// The service under which pods reach the server.
fn service() -> Value {
    json!({
        "kind": "Service", "apiVersion": "v1",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": 6443}],
            "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "type": "ClusterIP", "sessionAffinity": "None",
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
        },
    })
}

/// The APIService of a group version that the server serves itself.
fn api_service(server: &Arc<Inner>, group: &str, version: &str, order: usize) -> Value {
    let name = format!("{version}.{group}");
    let priority = 15_i64.saturating_sub(i64::try_from(order).unwrap_or(0)).max(1);
    json!({
        "kind": "APIService", "apiVersion": "apiregistration.k8s.io/v1",
        "metadata": {"name": name, "labels": {"kube-aggregator.kubernetes.io/automanaged": "onstart"}},
        "spec": {"group": group, "version": version, "groupPriorityMinimum": 17_000, "versionPriority": priority},
        "status": {"conditions": [{
            "type": "Available", "status": "True", "lastTransitionTime": server.clock.stamp(),
            "reason": "Local", "message": "Local APIServices are always available",
        }]},
    })
}

/// How extension servers learn whom to trust.
fn authentication_config(server: &Arc<Inner>) -> Value {
    json!({
        "kind": "ConfigMap", "apiVersion": "v1",
        "metadata": {"name": "extension-apiserver-authentication", "namespace": "kube-system"},
        "data": {"client-ca-file": server.authority.certificate_pem()},
    })
}
