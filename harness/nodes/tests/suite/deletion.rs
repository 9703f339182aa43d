//! How pods go.

use std::time::Duration;

use proofmark_json::{Value, json};
use proofmark_nodes::process::{Images, Script};
use rstest::rstest;

use crate::world::{World, container, image};

/// How a process takes SIGTERM, the deletion's options, and how many seconds the pod stays.
#[rstest]
#[case(Script::new(), json!({}), 0)]
#[case(Script::new().stops(Duration::from_secs(5), 0), json!({}), 5)]
#[case(Script::new().ignores_stop(), json!({}), 30)]
#[case(Script::new().ignores_stop(), json!({"gracePeriodSeconds": 10}), 10)]
#[case(Script::new().ignores_stop(), json!({"gracePeriodSeconds": 1}), 2)]
#[case(Script::new().ignores_stop(), json!({"gracePeriodSeconds": 0}), 0)]
#[tokio::test(start_paused = true)]
async fn grace(#[case] script: Script, #[case] options: Value, #[case] stays: u64) {
    let world = World::new(image("x", script)).await;
    world.run("p", json!({"containers": [container("c", "x", json!({}))]})).await;
    world.after(1.0).await;
    world.delete("p", options).await;
    let mut seconds = 0;
    world.after(0.5).await;
    while world.find("p").await.is_some() {
        seconds += 1;
        assert!(seconds < 100, "still there");
        world.after(1.0).await;
    }
    assert_eq!(seconds, stays);
    if stays > 0 {
        assert_eq!(world.events_of("p", "Killing").await, ["Normal Killing Stopping container c"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_deletion_hurries_the_first() {
    let world = World::new(image("x", Script::new().ignores_stop())).await;
    world.run("p", json!({"terminationGracePeriodSeconds": 600, "containers": [container("c", "x", json!({}))]})).await;
    world.after(1.0).await;
    world.delete("p", json!({})).await;
    world.after(100.0).await;
    assert!(world.find("p").await.is_some());
    world.delete("p", json!({"gracePeriodSeconds": 5})).await;
    world.after(6.0).await;
    assert!(world.find("p").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn finalizers_keep_a_stopped_pod_and_its_end() {
    let world = World::new(image("x", Script::new().ignores_stop())).await;
    let pod = json!({
        "metadata": {"name": "p", "finalizers": ["example.com/hold"]},
        "spec": {"terminationGracePeriodSeconds": 3, "containers": [container("c", "x", json!({}))]},
    });
    world.create(&crate::world::PODS, pod).await;
    world.after(1.0).await;
    world.delete("p", json!({})).await;
    world.after(5.0).await;
    assert_eq!(world.state("p", "c").await, "terminated Error 137");
    assert_eq!(world.phase("p").await, "Failed");
}

#[tokio::test(start_paused = true)]
async fn a_name_can_be_used_again() {
    let world = World::new(Images::default()).await;
    let spec = json!({"containers": [container("c", "x", json!({}))]});
    let first = world.run("p", spec.clone()).await;
    world.after(1.0).await;
    world.delete("p", json!({})).await;
    world.after(1.0).await;
    let second = world.run("p", spec).await;
    world.after(1.0).await;
    assert_ne!(first["metadata"]["uid"], second["metadata"]["uid"]);
    assert_eq!(world.phase("p").await, "Running");
}
