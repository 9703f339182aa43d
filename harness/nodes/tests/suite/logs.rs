//! Logs and commands, by way of the API server's client of the nodes.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use proofmark_json::json;
use proofmark_nodes::logs::LogQuery;
use proofmark_nodes::process::{Image, Images, Script};

use crate::world::{World, container, image};

async fn text(world: &World, container: &str, query: LogQuery) -> Result<String, String> {
    let stream = world.nodes.logs("default", "p", container, &query).map_err(|error| error.to_string())?;
    let chunks: Vec<Bytes> = stream.collect().await;
    Ok(String::from_utf8(chunks.concat()).expect("text"))
}

#[tokio::test(start_paused = true)]
async fn the_present_run_and_the_one_before() {
    let world =
        World::new(image("x", Script::new().log("begin").after(Duration::from_secs(3)).error("end").exit(1))).await;
    world.run("p", json!({"containers": [container("c", "x", json!({}))]})).await;
    world.after(1.0).await;
    let previous = LogQuery { previous: true, ..LogQuery::default() };
    assert_eq!(text(&world, "c", LogQuery::default()).await.as_deref(), Ok("begin\n"));
    let none = "previous terminated container \"c\" in pod \"p\" not found";
    assert_eq!(text(&world, "c", previous.clone()).await, Err(none.to_owned()));
    world.after(3.0).await;
    assert_eq!(text(&world, "c", LogQuery::default()).await.as_deref(), Ok("begin\n"));
    assert_eq!(text(&world, "c", previous.clone()).await.as_deref(), Ok("begin\nend\n"));
    // In back-off the last run is what there is.
    world.after(4.0).await;
    assert_eq!(text(&world, "c", LogQuery::default()).await.as_deref(), Ok("begin\nend\n"));
    assert_eq!(text(&world, "c", previous).await.as_deref(), Ok("begin\nend\n"));
}

#[tokio::test(start_paused = true)]
async fn what_has_no_log() {
    let images = Images::default().with("gone", Image::missing("no")).with("init", Image::new(Script::new()));
    let world = World::new(images).await;
    let spec = json!({
        "initContainers": [container("i", "init", json!({}))],
        "containers": [container("c", "gone", json!({})), container("d", "x", json!({}))],
    });
    world.run("p", spec).await;
    world.after(1.0).await;
    let waits = "container \"c\" in pod \"p\" is waiting to start: PodInitializing";
    assert_eq!(text(&world, "c", LogQuery::default()).await, Err(waits.to_owned()));
    assert_eq!(text(&world, "i", LogQuery::default()).await.as_deref(), Ok(""));
    let unknown = "container \"none\" in pod \"p\" is not available";
    assert_eq!(text(&world, "none", LogQuery::default()).await, Err(unknown.to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_image_that_does_not_come_has_no_log() {
    let world = World::new(Images::default().with("gone", Image::missing("no"))).await;
    world.run("p", json!({"containers": [container("c", "gone", json!({}))]})).await;
    world.after(5.0).await;
    let why = "container \"c\" in pod \"p\" is waiting to start: trying and failing to pull image";
    assert_eq!(text(&world, "c", LogQuery::default()).await, Err(why.to_owned()));
}

#[tokio::test(start_paused = true)]
async fn following_ends_with_the_container() {
    let world = World::new(image("x", Script::new().log("a").after(Duration::from_secs(60)).log("b").exit(0))).await;
    world.run("p", json!({"restartPolicy": "Never", "containers": [container("c", "x", json!({}))]})).await;
    world.after(1.0).await;
    let follow = LogQuery { follow: true, ..LogQuery::default() };
    assert_eq!(text(&world, "c", follow).await.as_deref(), Ok("a\nb\n"));
}

#[tokio::test(start_paused = true)]
async fn commands() {
    let world = World::new(image("bare", Script::new())).await;
    world.run("p", json!({"containers": [container("c", "x", json!({})), container("d", "bare", json!({}))]})).await;
    world.after(1.0).await;
    let command = ["ls".to_owned()];
    let ran = world.nodes.exec("default", "p", "c", &command).await.unwrap();
    assert_eq!((ran.code, ran.output.as_str()), (0, ""));
    assert_eq!(world.nodes.exec("default", "p", "d", &command).await.unwrap().code, 127);
    let missing = world.nodes.exec("default", "p", "e", &command).await.unwrap_err();
    assert_eq!(missing.to_string(), "container not found (\"e\")");
}
