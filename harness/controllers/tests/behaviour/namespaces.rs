//! Namespace deletion.

use proofmark_controllers::kit::{Resource, object};
use proofmark_json::{Value, json};

use super::{CONFIG_MAPS, Cluster, NAMESPACES};

const PODS: Resource = Resource::namespaced("", "v1", "pods", "Pod");

/// The message of a condition that is true.
fn condition<'a>(namespace: &'a Value, kind: &str) -> Option<&'a str> {
    let conditions = object::list(namespace, "/status/conditions");
    let found = conditions.iter().find(|c| object::text(c, "/type") == kind && object::text(c, "/status") == "True");
    found.map(|condition| object::text(condition, "/message"))
}

async fn hold(cluster: &Cluster, namespace: &str, name: &str, finalizers: &[&str]) {
    let metadata = json!({"name": name, "namespace": namespace, "finalizers": finalizers});
    cluster.create(&CONFIG_MAPS, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})).await;
}

/// The status follows what remains, object by object, until nothing does.
pub(crate) async fn what_holds_a_namespace(cluster: &Cluster) {
    cluster.namespace("ns-held").await;
    hold(cluster, "ns-held", "a", &["example.com/one"]).await;
    hold(cluster, "ns-held", "b", &["example.com/one", "example.com/two"]).await;
    cluster.api.delete(&NAMESPACES, "", "ns-held", &json!({})).await.expect("deletable");
    for (released, remaining, finalizers) in [
        (
            "a",
            "configmaps. has 2 resource instances",
            "example.com/one in 2 resource instances, example.com/two in 1 resource instances",
        ),
        (
            "b",
            "configmaps. has 1 resource instances",
            "example.com/one in 1 resource instances, example.com/two in 1 resource instances",
        ),
    ] {
        let (remaining, finalizers) = (
            format!("Some resources are remaining: {remaining}"),
            format!("Some content in the namespace has finalizers remaining: {finalizers}"),
        );
        cluster
            .until(&remaining, async || {
                let namespace = cluster.find(&NAMESPACES, "", "ns-held").await?;
                let as_told = condition(&namespace, "NamespaceContentRemaining") == Some(&remaining)
                    && condition(&namespace, "NamespaceFinalizersRemaining") == Some(&finalizers);
                as_told.then_some(())
            })
            .await;
        cluster.release(&CONFIG_MAPS, "ns-held", released).await;
    }
    cluster.gone(&NAMESPACES, "", "ns-held").await;
}

/// As long as a Pod is left, nothing else is deleted.
pub(crate) async fn pods_go_first(cluster: &Cluster) {
    cluster.namespace("ns-pods").await;
    cluster.config_map("ns-pods", "needed", &[]).await;
    let metadata = json!({"name": "p", "namespace": "ns-pods", "finalizers": ["example.com/hold"]});
    let spec = json!({"containers": [{"name": "app", "image": "busybox:1.36"}], "automountServiceAccountToken": false});
    cluster.create(&PODS, json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})).await;
    cluster.api.delete(&NAMESPACES, "", "ns-pods", &json!({})).await.expect("deletable");
    cluster
        .until("the pod is being deleted", async || {
            cluster.find(&PODS, "ns-pods", "p").await?.pointer("/metadata/deletionTimestamp").cloned()
        })
        .await;
    cluster.stays(&CONFIG_MAPS, "ns-pods", "needed").await;
    cluster.release(&PODS, "ns-pods", "p").await;
    cluster.gone(&NAMESPACES, "", "ns-pods").await;
}

/// A namespace with a finalizer of somebody else's is emptied and stays.
pub(crate) async fn other_finalizers_of_a_namespace(cluster: &Cluster) {
    cluster.namespace("ns-kept").await;
    cluster.config_map("ns-kept", "a", &[]).await;
    let patch = json!({"metadata": {"finalizers": ["example.com/hold"]}});
    cluster.api.merge_patch(&NAMESPACES, "", "ns-kept", &patch).await.expect("changeable");
    cluster.api.delete(&NAMESPACES, "", "ns-kept", &json!({})).await.expect("deletable");
    cluster.gone(&CONFIG_MAPS, "ns-kept", "a").await;
    cluster.stays(&NAMESPACES, "", "ns-kept").await;
    cluster.release(&NAMESPACES, "", "ns-kept").await;
    cluster.gone(&NAMESPACES, "", "ns-kept").await;
}

/// Custom objects are content like any other.
pub(crate) async fn custom_objects_in_a_namespace(cluster: &Cluster) {
    cluster.namespace("ns-custom").await;
    let definition = cluster.define_widgets().await;
    cluster.widget("ns-custom", "a").await;
    cluster.api.delete(&NAMESPACES, "", "ns-custom", &json!({})).await.expect("deletable");
    cluster.gone(&NAMESPACES, "", "ns-custom").await;
    cluster.delete(&super::CRDS, &definition, "Background").await;
    cluster.gone(&super::CRDS, "", "widgets.example.com").await;
}
