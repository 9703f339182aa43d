//! Images that do not arrive, or only later; containers that cannot be made.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use proofmark_json::{Value, json};
use proofmark_nodes::process::{Container, Exit, Image, Images, Process, Pull, Running, Script};
use rstest::rstest;

use crate::world::{CONFIG_MAPS, World, container};

#[tokio::test(start_paused = true)]
async fn a_missing_image_backs_off() {
    let why = "failed to resolve reference \"example.com/gone:1\": not found";
    let world = World::new(Images::default().with("example.com/gone", Image::missing(why))).await;
    world.run("p", json!({"containers": [container("c", "example.com/gone:1", json!({}))]})).await;
    world.after(0.5).await;
    let waiting = |status: Value| status["state"]["waiting"].clone();
    assert_eq!(waiting(world.status("p", "c").await), json!({"reason": "ErrImagePull", "message": why}));
    world.after(1.0).await;
    assert_eq!(
        waiting(world.status("p", "c").await),
        json!({
            "reason": "ImagePullBackOff",
            "message": format!("Back-off pulling image \"example.com/gone:1\": ErrImagePull: {why}"),
        })
    );
    assert_eq!(world.phase("p").await, "Pending");
    assert_eq!(
        world.events("p").await[1..],
        [
            "Normal Pulling Pulling image \"example.com/gone:1\"".to_owned(),
            format!("Warning Failed Failed to pull image \"example.com/gone:1\": {why}"),
            "Warning Failed Error: ErrImagePull".to_owned(),
            "Normal BackOff Back-off pulling image \"example.com/gone:1\"".to_owned(),
            "Warning Failed Error: ImagePullBackOff".to_owned(),
        ]
    );
    // At 10, 30, 70, 150 and 310 seconds.
    world.after(320.0).await;
    assert_eq!(world.events_of("p", "Pulling").await, ["Normal Pulling Pulling image \"example.com/gone:1\" (x6)"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_image_keeps_a_container_waiting_once_a_node() {
    let slow = Image::new(Script::server()).pull(Pull::Takes(Duration::from_millis(90_500))).size(5);
    let world = World::new(Images::default().with("big", slow)).await;
    world.run("p", json!({"containers": [container("c", "big", json!({}))]})).await;
    world.after(90.0).await;
    assert_eq!(world.state("p", "c").await, "waiting ContainerCreating");
    world.after(1.0).await;
    assert_eq!(world.state("p", "c").await, "running");
    let told =
        "Normal Pulled Successfully pulled image \"big\" in 1m30.5s (1m30.5s including waiting). Image size: 5 bytes.";
    assert_eq!(world.events_of("p", "Pulled").await, [told]);
    let spec = json!({"imagePullPolicy": "IfNotPresent"});
    world.run("q", json!({"containers": [container("c", "big", spec)]})).await;
    world.after(1.0).await;
    let told = "Normal Pulled Container image \"big\" already present on machine and can be accessed by the pod";
    assert_eq!(world.events_of("q", "Pulled").await, [told]);
}

#[rstest]
#[case("Bad:1", json!({}), "InvalidImageName", "Failed to apply default image tag \"Bad:1\": couldn't parse image name \"Bad:1\": repository name must be lowercase")]
#[case("x", json!({"imagePullPolicy": "Never"}), "ErrImageNeverPull", "Container image \"x\" is not present with pull policy of Never")]
#[case("x", json!({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "none", "key": "k"}}}]}),
    "CreateContainerConfigError", "configmap \"none\" not found")]
#[case("x", json!({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "none", "key": "k"}}}]}),
    "CreateContainerConfigError", "secret \"none\" not found")]
#[case("x", json!({"envFrom": [{"secretRef": {"name": "none"}}]}), "CreateContainerConfigError", "secret \"none\" not found")]
#[case("x", json!({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "have", "key": "nope"}}}]}),
    "CreateContainerConfigError", "couldn't find key nope in ConfigMap default/have")]
#[case("x", json!({"securityContext": {"runAsNonRoot": true, "runAsUser": 0}}), "CreateContainerConfigError",
    "container's runAsUser breaks non-root policy (pod: \"p_default(UID)\", container: c)")]
#[tokio::test(start_paused = true)]
async fn containers_that_cannot_be_made(
    #[case] image: &str,
    #[case] more: Value,
    #[case] reason: &str,
    #[case] message: &str,
) {
    let world = World::new(Images::default()).await;
    world.create(&CONFIG_MAPS, json!({"metadata": {"name": "have"}, "data": {"k": "v"}})).await;
    let pod = world.run("p", json!({"containers": [container("c", image, more)]})).await;
    world.after(0.5).await;
    let message = message.replace("UID", pod["metadata"]["uid"].as_str().unwrap());
    let status = world.status("p", "c").await;
    assert_eq!(status["state"]["waiting"], json!({"reason": reason, "message": message}));
    let error = if reason == "CreateContainerConfigError" { message } else { reason.to_owned() };
    assert_eq!(world.events_of("p", "Failed").await, [format!("Warning Failed Error: {error}")]);
}

#[tokio::test(start_paused = true)]
async fn a_container_starts_once_what_it_needs_is_there() {
    let world = World::new(Images::default()).await;
    let env = json!({"envFrom": [{"configMapRef": {"name": "late"}}]});
    world.run("p", json!({"containers": [container("c", "x", env)]})).await;
    world.after(15.0).await;
    assert_eq!(world.state("p", "c").await, "waiting CreateContainerConfigError");
    world.create(&CONFIG_MAPS, json!({"metadata": {"name": "late"}})).await;
    world.after(10.0).await;
    assert_eq!(world.state("p", "c").await, "running");
}

/// Holds its container in what it listens with.
struct Clinging(Arc<()>);

impl Process for Clinging {
    fn run(&self, container: Container) -> Running {
        let (held, ours) = (self.0.clone(), container.clone());
        container.ports.serve(80, move |_| {
            let _held = (&held, &ours);
            async { Response::new(Bytes::new()) }
        });
        Box::pin(async move {
            container.stopped().await;
            Exit::code(0)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_process_left_goes_with_it() {
    let held = Arc::new(());
    let images = Images::default().with("clings", Image::new(Clinging(held.clone())));
    let world = World::new(images).await;
    world.run("p", json!({"containers": [container("c", "clings", json!({}))]})).await;
    world.after(1.0).await;
    assert_eq!(Arc::strong_count(&held), 3);
    world.delete("p", json!({})).await;
    world.after(1.0).await;
    // Ours, and the image's.
    assert_eq!(Arc::strong_count(&held), 2);
}
