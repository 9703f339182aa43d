//! What every cluster starts with: system namespaces, default roles and bindings, the API's own service, API services.
//!
//! Source: `pkg/controlplane` post-start hooks, release 1.35. Only what kube-apiserver itself makes; what controllers add
//! (default service accounts, root CA) is theirs.

use std::sync::Arc;

use proofmark_registry::meta;
use serde_json::{Value, json};

use crate::handlers;
use crate::resource::Resource;
use crate::server::Inner;
use crate::store::{Precondition, Snapshot};

/// Namespaces that kube-apiserver makes.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Fills a new server, or adds what one that began with objects lacks.
pub(crate) fn fill(server: &Arc<Inner>) {
    for name in NAMESPACES {
        let labels = json!({"kubernetes.io/metadata.name": name});
        create(
            server,
            json!({
                "kind": "Namespace", "apiVersion": "v1",
                "metadata": {"name": name, "labels": labels},
                "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
            }),
        );
    }
    let snapshot = server.store.snapshot();
    for object in proofmark_rbac::bootstrap::objects() {
        if !is_there(server, &snapshot, object) {
            create(server, object.clone());
        }
    }
    create(server, service());
    for group in proofmark_builtin::groups() {
        for (order, version) in group.versions.iter().enumerate() {
            create(server, api_service(server, &group.name, version, order));
        }
    }
    create(server, authentication_config(server));
    trust_own_authority(server);
    for (name, value, description) in PRIORITY_CLASSES {
        create(
            server,
            json!({
                "kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": name},
                "value": value, "description": description, "preemptionPolicy": "PreemptLowerPriority",
            }),
        );
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

/// Whether there is an object of that kind and name.
fn is_there(server: &Inner, snapshot: &Snapshot, object: &Value) -> bool {
    resource_of(server, object).is_some_and(|resource| {
        let place = resource.place(meta::text(object, "namespace"), meta::text(object, "name"));
        snapshot.get(&resource.prefix, &place).is_some()
    })
}

/// The resource of an object by its kind.
fn resource_of(server: &Inner, object: &Value) -> Option<Arc<Resource>> {
    let version = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    server.catalog.find_kind(group, version, kind)
}

/// Stores an object of the server's own making, with the system fields that every object has.
fn create(server: &Arc<Inner>, mut object: Value) {
    if is_there(server, &server.store.snapshot(), &object) {
        return;
    }
    let Some(resource) = resource_of(server, &object) else { return };
    let place = resource.place(meta::text(&object, "namespace"), meta::text(&object, "name"));
    handlers::complete(&resource, &mut object);
    let mut object = handlers::managed_by_server(server, &resource, &object);
    let meta = meta::of_mut(&mut object);
    meta.insert("uid".to_owned(), json!(server.random.uid()));
    meta.insert("creationTimestamp".to_owned(), json!(server.clock.stamp()));
    if resource.strategy.generation.starts() {
        meta.insert("generation".to_owned(), json!(1));
    }
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
