//! The agent's logger, which tells somebody else what is asked and answered.

use bytes::Bytes;
use http::Request;
use proofmark_json::{Value, json};

use crate::world::{EVENTS, World};

/// A server of one model, and the agent of a release before it, with what KServe's webhook would tell it.
fn pod(release: &str, url: &str, more: &[&str]) -> Value {
    let own = [
        ("--log-url", url),
        ("--source-uri", "several"),
        ("--inference-service", "iris"),
        ("--namespace", "default"),
        ("--endpoint", ""),
        ("--component", "predictor"),
        ("--component-port", "8080"),
    ];
    let args = own.into_iter().flat_map(<[&str; 2]>::from).chain(more.iter().copied());
    let endpoint = json!({"name": "AWS_ENDPOINT_URL", "value": crate::world::ENDPOINT});
    let models = json!([{"name": "models", "mountPath": "/mnt/models"}]);
    json!({
        "volumes": [{"name": "models", "emptyDir": {}}],
        "initContainers": [{
            "name": "storage-initializer", "image": "kserve/storage-initializer:v0.15.0", "args": ["s3://models/iris", "/mnt/models"],
            "env": [
                {"name": "AWS_ACCESS_KEY_ID", "value": crate::world::ACCOUNT},
                {"name": "AWS_SECRET_ACCESS_KEY", "value": crate::world::SECRET},
                endpoint,
            ],
            "volumeMounts": models,
        }],
        "containers": [
            {
                "name": "kserve-container", "image": "kserve/sklearnserver:v0.13.0", "volumeMounts": models,
                "args": ["--model_name=iris", "--model_dir=/mnt/models", "--http_port=8080"],
            },
            {"name": "agent", "image": format!("kserve/agent:{release}"), "args": args.collect::<Vec<_>>(),
                "env": [{"name": "SERVING_READINESS_PROBE", "value": ""}]},
        ],
    })
}

async fn world(spec: Value) -> World {
    let world = World::new().await;
    world.put("models", b"").await;
    world.put("models/iris/model.joblib", crate::world::IRIS).await;
    world.run("iris", spec).await;
    world
}

/// Asks for a prediction through the agent, and lets the events go.
async fn predict(world: &World, body: &'static str) -> u16 {
    let request = Request::post("/v1/models/iris:predict").header("content-type", "application/json");
    let request = request.header("ce-id", "one").header("x-who", "a<b").header("x-who", "c");
    let request = request.body(Bytes::from_static(body.as_bytes())).expect("a request");
    let status = world.send(9081, "iris", request).await.status().as_u16();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    status
}

const ROW: &str = r#"{"instances":[[6.8,2.8,4.8,1.4]]}"#;

/// The messages of the agent's log from the first event on.
async fn messages(world: &World) -> Vec<String> {
    let log = world.log("iris", "agent", false).await;
    let lines = log.lines().map(|line| proofmark_json::from_slice::<Value>(line.as_bytes()).expect("JSON"));
    let messages = lines.map(|line| line["message"].as_str().unwrap_or_default().to_owned());
    messages.skip_while(|message| !message.starts_with("Building server")).skip(1).collect()
}

/// Events without the moment that they happened.
fn timeless(events: &[String]) -> String {
    let lines = events.iter().flat_map(|event| event.lines()).filter(|line| !line.starts_with("ce-time: "));
    lines.collect::<Vec<_>>().join("\n")
}

#[rstest::rstest]
#[case("v0.13.1")]
#[case("v0.14.0")]
#[case("v0.15.2")]
#[case("v0.16.0")]
#[tokio::test(start_paused = true)]
async fn requests_and_answers_are_events_of_one_id(#[case] release: &str) {
    let more = ["--metadata-headers", "X-Who", "--metadata-annotations", "owner=me"];
    let world = world(pod(release, EVENTS, &more)).await;
    assert_eq!(predict(&world, ROW).await, 200);
    insta::assert_snapshot!(format!("events_{release}"), timeless(&world.events()));
}

#[tokio::test(start_paused = true)]
async fn the_time_of_an_event_is_the_clusters() {
    let world = world(pod("v0.15.2", EVENTS, &["--log-mode", "request"])).await;
    predict(&world, ROW).await;
    let events = world.events();
    assert_eq!(events.len(), 1, "{events:?}");
    let time = events[0].lines().find_map(|line| line.strip_prefix("ce-time: ")).expect("a time");
    let log = world.log("iris", "agent", false).await;
    assert!(log.contains(&format!(r#""timestamp":"{time}""#)), "{time}: {log}");
}

#[rstest::rstest]
#[case("all", 2)]
#[case("request", 1)]
#[case("response", 1)]
#[tokio::test(start_paused = true)]
async fn the_mode_says_what_is_sent(#[case] mode: &str, #[case] number: usize) {
    let world = world(pod("v0.15.2", EVENTS, &["--log-mode", mode])).await;
    predict(&world, ROW).await;
    let events = world.events();
    assert_eq!(events.len(), number, "{events:?}");
    let kind = format!("ce-type: org.kubeflow.serving.inference.{mode}");
    assert!(mode == "all" || events[0].contains(&kind), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_not_200_are_told_in_the_log_alone() {
    let world = world(pod("v0.15.2", EVENTS, &[])).await;
    assert_eq!(predict(&world, r#"{"instances":[[1]]}"#).await, 500);
    let events = world.events();
    assert_eq!(events.len(), 1, "{events:?}");
    let log = world.log("iris", "agent", false).await;
    assert!(log.contains(r#""message":"Failed to proxy request","logger":"Logger","status code":500}"#), "{log}");
}

#[rstest::rstest]
#[case("v0.13.1", 2)]
#[case("v0.15.2", 1)]
#[tokio::test(start_paused = true)]
async fn answers_of_batches_are_not_sent_since_v0_14(#[case] release: &str, #[case] number: usize) {
    let world = world(pod(release, EVENTS, &["--enable-batcher", "--max-batchsize", "1"])).await;
    assert_eq!(predict(&world, ROW).await, 200);
    assert_eq!(world.events().len(), number);
}

#[rstest::rstest]
#[case::taken("v0.15.2", EVENTS, &["Sent with status code 200, error: <nil>"])]
#[case::refused("v0.15.2", "http://events.example.com/500", &["Sent with status code 500, error: "])]
#[case::refused_in_silence("v0.13.1", "http://events.example.com/500", &[])]
#[case::refused_long_ago(
    "v0.11.2",
    "http://events.example.com/500",
    &["while sending event: error sending cloudevent: 500 Internal Server ErrorFailed to send cloud event, url: %shttp://events.example.com/500"]
)]
#[case::nobody_there(
    "v0.15.2",
    "http://events.example.com:81",
    &["Send did not return an HTTP response: Post \"http://events.example.com:81\": dial tcp events.example.com:81: connect: connection refused"]
)]
#[case::no_authorities(
    "v0.15.2",
    "https://events.example.com",
    &[
        "using https endpoint but could not find CA cert file /etc/tls/logger/service-ca.crt",
        "Send did not return an HTTP response: Post \"https://events.example.com\": dial tcp events.example.com:443: connect: connection refused",
    ]
)]
#[case::no_url(
    "v0.15.2",
    "s3://models/events",
    &["Send did not return an HTTP response: Post \"s3://models/events\": unsupported protocol scheme \"s3\""]
)]
#[tokio::test(start_paused = true)]
async fn what_becomes_of_an_event_is_told(#[case] release: &str, #[case] url: &str, #[case] words: &[&str]) {
    let world = world(pod(release, url, &["--log-mode", "request"])).await;
    assert_eq!(predict(&world, ROW).await, 200);
    let told = messages(&world).await;
    let begin = format!("Received work request 1, url: {url}, requestId: one");
    let expected: Vec<&str> = std::iter::once(begin.as_str()).chain(words.iter().copied()).collect();
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_mode_ends_the_agent() {
    let world = world(pod("v0.15.2", EVENTS, &["--log-mode", "none"])).await;
    let log = world.log("iris", "agent", true).await;
    assert!(log.contains("Malformed log-mode none"), "{log}");
    assert_eq!(world.status("iris", "agent").await["lastState"]["terminated"]["exitCode"], 255);
}
