//! The controllers on a real, bare kube-apiserver: recorded exchanges with a real control plane, and what else they are to bring about.
//!
//! `oracle/real/up` beside the repository starts one; without it, or without its binaries, the tests are skipped.

mod behaviour;
mod control_plane;

use std::process::Command;

use behaviour::Cluster;
use control_plane::{ControlPlane, oracle};
use proofmark_controllers::start;

/// Replays cases whose names begin so.
async fn agrees(file: &str, prefixes: &[&str]) {
    let Some(server) = ControlPlane::start() else { return };
    let controllers = start(server.client().await, server.options());
    controllers.ready().await;
    let mut referee = Command::new(oracle().join("referee"));
    referee.arg("--kubeconfig").arg(&server.kubeconfig);
    for prefix in prefixes {
        referee.args(["--only", prefix]);
    }
    referee.arg(oracle().join("cases").join(file));
    let output =
        tokio::task::spawn_blocking(move || referee.output()).await.expect("not cancelled").expect("python3 is there");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn namespaces_and_what_is_in_each() {
    agrees(
        "controllers.json",
        &["controllers/namespace-", "controllers/token-secret", "controllers/clusterrole-aggregation"],
    )
    .await;
}

#[tokio::test]
async fn background_and_foreground() {
    agrees("controllers.json", &["controllers/gc-background", "controllers/gc-foreground"]).await;
}

#[tokio::test]
async fn aggregated_roles() {
    agrees("rbac.json", &["rbac/aggregate-"]).await;
}

#[tokio::test]
async fn garbage_and_namespaces() {
    let Some(server) = ControlPlane::start() else { return };
    let client = server.client().await;
    let controllers = start(client.clone(), server.options());
    controllers.ready().await;
    let cluster = Cluster::new(client);
    behaviour::orphaning(&cluster).await;
    behaviour::the_last_owner_counts(&cluster).await;
    behaviour::owners_that_never_were(&cluster).await;
    behaviour::disagreeing_references(&cluster).await;
    behaviour::a_namespaced_owner_of_a_cluster_scoped_object(&cluster).await;
    behaviour::a_cluster_scoped_owner(&cluster).await;
    behaviour::foreground_through_levels(&cluster).await;
    behaviour::foreground_released_by_the_reference(&cluster).await;
    behaviour::a_circle_in_the_foreground(&cluster).await;
    behaviour::kinds_that_come_and_go(&cluster).await;
    behaviour::with_their_namespace(&cluster).await;
    behaviour::what_holds_a_namespace(&cluster).await;
    behaviour::pods_go_first(&cluster).await;
    behaviour::other_finalizers_of_a_namespace(&cluster).await;
    behaviour::custom_objects_in_a_namespace(&cluster).await;
}
