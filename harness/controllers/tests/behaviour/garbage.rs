//! Garbage collection.

use proofmark_controllers::kit::Resource;
use proofmark_json::json;

use super::{CONFIG_MAPS, CRDS, Cluster, NAMESPACES, WIDGETS, owner};

const CLUSTER_ROLES: Resource = Resource::cluster("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole");

/// Orphans stay and lose the reference; other owners remain theirs.
pub(crate) async fn orphaning(cluster: &Cluster) {
    cluster.namespace("gc-orphan").await;
    let [first, second] =
        [cluster.config_map("gc-orphan", "first", &[]).await, cluster.config_map("gc-orphan", "second", &[]).await];
    cluster.config_map("gc-orphan", "a", &[owner(&first, json!({"blockOwnerDeletion": true}))]).await;
    cluster.config_map("gc-orphan", "b", &[owner(&first, json!({})), owner(&second, json!({}))]).await;
    cluster.delete(&CONFIG_MAPS, &first, "Orphan").await;
    cluster.gone(&CONFIG_MAPS, "gc-orphan", "first").await;
    cluster.owned_by("gc-orphan", "a", &[]).await;
    cluster.owned_by("gc-orphan", "b", &["second"]).await;
    cluster.stays(&CONFIG_MAPS, "gc-orphan", "a").await;
}

/// One owner of several going takes its reference along, the last one takes the dependent along.
pub(crate) async fn the_last_owner_counts(cluster: &Cluster) {
    cluster.namespace("gc-last").await;
    let [first, second] =
        [cluster.config_map("gc-last", "first", &[]).await, cluster.config_map("gc-last", "second", &[]).await];
    cluster.config_map("gc-last", "a", &[owner(&first, json!({})), owner(&second, json!({}))]).await;
    cluster.delete(&CONFIG_MAPS, &first, "Background").await;
    cluster.owned_by("gc-last", "a", &["second"]).await;
    cluster.delete(&CONFIG_MAPS, &second, "Background").await;
    cluster.gone(&CONFIG_MAPS, "gc-last", "a").await;
}

/// A reference counts only with the right uid, and only within the namespace.
pub(crate) async fn owners_that_never_were(cluster: &Cluster) {
    cluster.namespace("gc-uid").await;
    cluster.namespace("gc-elsewhere").await;
    let real = cluster.config_map("gc-uid", "real", &[]).await;
    cluster
        .config_map("gc-uid", "namesake", &[owner(&real, json!({"uid": "00000000-0000-0000-0000-000000000000"}))])
        .await;
    cluster.config_map("gc-uid", "misnamed", &[owner(&real, json!({"name": "other"}))]).await;
    cluster.config_map("gc-elsewhere", "stranger", &[owner(&real, json!({}))]).await;
    cluster.config_map("gc-uid", "child", &[owner(&real, json!({}))]).await;
    cluster.gone(&CONFIG_MAPS, "gc-uid", "namesake").await;
    cluster.gone(&CONFIG_MAPS, "gc-uid", "misnamed").await;
    cluster.gone(&CONFIG_MAPS, "gc-elsewhere", "stranger").await;
    cluster.stays(&CONFIG_MAPS, "gc-uid", "child").await;
}

/// Two references to one uid that disagree about the name: each is judged by itself.
pub(crate) async fn disagreeing_references(cluster: &Cluster) {
    cluster.namespace("gc-disagree").await;
    let ghost = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "11111111-0000-0000-0000-000000000000"}});
    cluster.config_map("gc-disagree", "one", &[owner(&ghost, json!({}))]).await;
    cluster.config_map("gc-disagree", "two", &[owner(&ghost, json!({"name": "b"}))]).await;
    cluster.config_map("gc-disagree", "three", &[owner(&ghost, json!({"kind": "Secret"}))]).await;
    for name in ["one", "two", "three"] {
        cluster.gone(&CONFIG_MAPS, "gc-disagree", name).await;
    }
}

/// A cluster-scoped object cannot have a namespaced owner: nothing is decided about it.
pub(crate) async fn a_namespaced_owner_of_a_cluster_scoped_object(cluster: &Cluster) {
    cluster.namespace("gc-scope").await;
    let real = cluster.config_map("gc-scope", "real", &[]).await;
    let metadata = json!({"name": "gc-scope", "ownerReferences": [owner(&real, json!({}))]});
    cluster
        .create(
            &CLUSTER_ROLES,
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata}),
        )
        .await;
    cluster.delete(&CONFIG_MAPS, &real, "Background").await;
    cluster.stays(&CLUSTER_ROLES, "", "gc-scope").await;
}

/// A cluster-scoped owner has dependents in every namespace.
pub(crate) async fn a_cluster_scoped_owner(cluster: &Cluster) {
    cluster.namespace("gc-cluster").await;
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "gc-cluster"}});
    let role = cluster.create(&CLUSTER_ROLES, role).await;
    cluster.config_map("gc-cluster", "child", &[owner(&role, json!({}))]).await;
    cluster.stays(&CONFIG_MAPS, "gc-cluster", "child").await;
    cluster.delete(&CLUSTER_ROLES, &role, "Background").await;
    cluster.gone(&CONFIG_MAPS, "gc-cluster", "child").await;
}

/// Foreground deletion goes down all levels, and the top goes last.
pub(crate) async fn foreground_through_levels(cluster: &Cluster) {
    cluster.namespace("gc-levels").await;
    let block = || json!({"blockOwnerDeletion": true});
    let top = cluster.config_map("gc-levels", "top", &[]).await;
    let middle = cluster.config_map("gc-levels", "middle", &[owner(&top, block())]).await;
    let bottom = json!({"name": "bottom", "namespace": "gc-levels", "ownerReferences": [owner(&middle, block())], "finalizers": ["example.com/hold"]});
    cluster.create(&CONFIG_MAPS, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": bottom})).await;
    cluster.delete(&CONFIG_MAPS, &top, "Foreground").await;
    cluster
        .until("the bottom is being deleted", async || {
            let bottom = cluster.find(&CONFIG_MAPS, "gc-levels", "bottom").await?;
            bottom.pointer("/metadata/deletionTimestamp").cloned()
        })
        .await;
    cluster.stays(&CONFIG_MAPS, "gc-levels", "top").await;
    cluster.stays(&CONFIG_MAPS, "gc-levels", "middle").await;
    cluster.release(&CONFIG_MAPS, "gc-levels", "bottom").await;
    for name in ["bottom", "middle", "top"] {
        cluster.gone(&CONFIG_MAPS, "gc-levels", name).await;
    }
}

/// A dependent that no longer blocks, or is no dependent any more, lets its owner go.
pub(crate) async fn foreground_released_by_the_reference(cluster: &Cluster) {
    cluster.namespace("gc-unblock").await;
    let top = cluster.config_map("gc-unblock", "top", &[]).await;
    let held = json!({
        "name": "held", "namespace": "gc-unblock", "finalizers": ["example.com/hold"], "ownerReferences": [owner(&top, json!({"blockOwnerDeletion": true}))],
    });
    cluster.create(&CONFIG_MAPS, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held})).await;
    cluster.delete(&CONFIG_MAPS, &top, "Foreground").await;
    cluster.stays(&CONFIG_MAPS, "gc-unblock", "top").await;
    let patch = json!({"metadata": {"ownerReferences": [owner(&top, json!({"blockOwnerDeletion": false}))]}});
    cluster.api.merge_patch(&CONFIG_MAPS, "gc-unblock", "held", &patch).await.expect("changeable");
    cluster.gone(&CONFIG_MAPS, "gc-unblock", "top").await;
    cluster.release(&CONFIG_MAPS, "gc-unblock", "held").await;
}

/// Objects that own each other and wait for each other go all the same.
pub(crate) async fn a_circle_in_the_foreground(cluster: &Cluster) {
    cluster.namespace("gc-circle").await;
    let block = || json!({"blockOwnerDeletion": true});
    let a = cluster.config_map("gc-circle", "a", &[]).await;
    let b = cluster.config_map("gc-circle", "b", &[owner(&a, block())]).await;
    let patch = json!({"metadata": {"ownerReferences": [owner(&b, block())]}});
    cluster.api.merge_patch(&CONFIG_MAPS, "gc-circle", "a", &patch).await.expect("changeable");
    cluster.delete(&CONFIG_MAPS, &a, "Foreground").await;
    cluster.gone(&CONFIG_MAPS, "gc-circle", "a").await;
    cluster.gone(&CONFIG_MAPS, "gc-circle", "b").await;
}

/// An owner of a kind that does not exist is neither there nor gone; it is decided when the kind comes. With the kind, its objects go.
pub(crate) async fn kinds_that_come_and_go(cluster: &Cluster) {
    cluster.namespace("gc-kinds").await;
    let ghost = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "ghost", "uid": "22222222-0000-0000-0000-000000000000"}});
    cluster.config_map("gc-kinds", "early", &[owner(&ghost, json!({}))]).await;
    cluster.stays(&CONFIG_MAPS, "gc-kinds", "early").await;
    let definition = cluster.define_widgets().await;
    cluster.gone(&CONFIG_MAPS, "gc-kinds", "early").await;

    let [one, two] = [cluster.widget("gc-kinds", "one").await, cluster.widget("gc-kinds", "two").await];
    cluster
        .config_map("gc-kinds", "of-one", &[owner(&one, json!({"blockOwnerDeletion": true, "controller": true}))])
        .await;
    cluster.config_map("gc-kinds", "of-two", &[owner(&two, json!({"controller": true}))]).await;
    cluster.delete(&WIDGETS, &one, "Foreground").await;
    cluster.gone(&WIDGETS, "gc-kinds", "one").await;
    cluster.gone(&CONFIG_MAPS, "gc-kinds", "of-one").await;
    cluster.stays(&CONFIG_MAPS, "gc-kinds", "of-two").await;

    cluster.delete(&CRDS, &definition, "Background").await;
    cluster.gone(&CRDS, "", "widgets.example.com").await;
    // A real server goes on serving the kind in its discovery for a little while.
    cluster.gone(&CONFIG_MAPS, "gc-kinds", "of-two").await;
}

/// Owner and dependents in one namespace that is deleted.
pub(crate) async fn with_their_namespace(cluster: &Cluster) {
    cluster.namespace("gc-namespace").await;
    let top = cluster.config_map("gc-namespace", "top", &[]).await;
    cluster.config_map("gc-namespace", "child", &[owner(&top, json!({"blockOwnerDeletion": true}))]).await;
    cluster.api.delete(&NAMESPACES, "", "gc-namespace", &json!({})).await.expect("deletable");
    cluster.gone(&NAMESPACES, "", "gc-namespace").await;
}
