//! The agent beside a server of several models.

use std::time::Duration;

use proofmark_json::{Value, json};

use crate::world::{ACCOUNT, IRIS, SECRET, World};

const CONFIGURATION: &str = "modelconfig-several-0";

/// A pod as KServe's webhook leaves it.
fn pod(secret: &str, variables: &[(&str, &str)]) -> Value {
    let own = [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", ACCOUNT), ("AWS_SECRET_ACCESS_KEY", secret)];
    let plain = [("AWS_ENDPOINT_URL", "http://s3.us-east-1.amazonaws.com")];
    let probe = [("SERVING_READINESS_PROBE", r#"{"tcpSocket":{"port":8080},"successThreshold":1}"#)];
    let env = own.iter().chain(&plain).chain(&probe).chain(variables);
    let env: Vec<Value> = env.map(|(name, value)| json!({"name": name, "value": value})).collect();
    let models = json!({"name": "model-dir", "mountPath": "/mnt/models"});
    json!({
        "volumes": [
            {"name": "model-dir", "emptyDir": {}},
            {"name": "model-config", "configMap": {"name": CONFIGURATION}},
        ],
        "containers": [
            {
                "name": "kserve-container", "image": "kserve/sklearnserver:v0.13.0", "volumeMounts": [models],
                "args": ["--model_name=several", "--model_dir=/mnt/models", "--http_port=8080"],
            },
            {
                "name": "agent", "image": "kserve/agent:v0.13.0", "env": env,
                "args": ["--enable-puller", "--config-dir", "/mnt/configs", "--model-dir", "/mnt/models", "--component-port", "8080"],
                "volumeMounts": [models, {"name": "model-config", "mountPath": "/mnt/configs"}],
                "readinessProbe": {"httpGet": {
                    "path": "/", "port": 9081, "httpHeaders": [{"name": "K-Network-Probe", "value": "queue"}],
                }},
            },
        ],
    })
}

/// The configuration of these models, by name and URI.
fn models(models: &[(&str, &str)]) -> String {
    let entry = |(name, uri): &(&str, &str)| {
        let spec = json!({"storageUri": uri, "framework": "sklearn", "memory": "256Mi"});
        json!({"modelName": name, "modelSpec": spec})
    };
    Value::Array(models.iter().map(entry).collect()).to_string()
}

async fn world(configured: &[(&str, &str)]) -> World {
    let world = World::new().await;
    world.put("models", b"").await;
    world.put("models/iris/model.joblib", IRIS).await;
    world.put("models/iris/notes/", b"").await;
    world.put("models/rose/v1/model.joblib", IRIS).await;
    world.put("models/text/README.md", b"").await;
    world.configure(CONFIGURATION, "models.json", &models(configured)).await;
    world
}

/// What a prediction of a model is answered with, through the agent.
async fn predict(world: &World, model: &str) -> (u16, Value) {
    let rows = json!({"instances": [[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]]});
    world.ask_at(9081, "several", "POST", &format!("/v1/models/{model}:predict"), &rows).await
}

fn unknown(model: &str) -> (u16, Value) {
    (404, json!({"error": format!("Model with name {model} does not exist.")}))
}

const SURE: &str = r#"{"predictions":[1,1]}"#;

#[tokio::test(start_paused = true)]
async fn models_come_and_go_with_the_configuration() {
    let world = world(&[("iris", "s3://models/iris")]).await;
    world.run("several", pod(SECRET, &[])).await;
    let log = world.log("several", "agent", false).await;
    assert!(log.contains("Successfully loaded model iris"), "{log}");
    assert_eq!(world.status("several", "agent").await["ready"], true);
    let found = predict(&world, "iris").await;
    assert_eq!((found.0, found.1.to_string().as_str()), (200, SURE));
    assert_eq!(predict(&world, "rose").await, unknown("rose"));

    world.configure(CONFIGURATION, "models.json", &models(&[("rose", "s3://models/rose/v1/")])).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let log = world.log("several", "agent", false).await;
    assert!(log.contains("Successfully unloaded model iris"), "{log}");
    assert_eq!(predict(&world, "rose").await.0, 200);
    assert_eq!(predict(&world, "iris").await, unknown("iris"));
}

#[rstest::rstest]
#[case::keys_that_are_wrong("s3://models/iris", "wrong", "SignatureDoesNotMatch: ")]
#[case::nothing_there(
    "s3://models/none",
    SECRET,
    "unable to get batch objects s3://models/none has no objects or does not exist"
)]
#[case::no_such_bucket("s3://others/iris", SECRET, "unable to get batch objects NoSuchBucket: ")]
#[case::no_model_in_it("s3://models/text", SECRET, "Failed to load model iris with status [503] and resp:")]
#[tokio::test(start_paused = true)]
async fn what_cannot_be_had_is_logged_and_the_pod_is_ready(
    #[case] uri: &str,
    #[case] secret: &str,
    #[case] words: &str,
) {
    let world = world(&[("iris", uri)]).await;
    world.run("several", pod(secret, &[])).await;
    let log = world.log("several", "agent", false).await;
    assert!(log.contains(words), "{log}");
    assert_eq!(world.status("several", "agent").await["ready"], true);
    assert_eq!(predict(&world, "iris").await, unknown("iris"));
}

#[tokio::test(start_paused = true)]
async fn a_bundle_that_nobody_mounts_for_it_keeps_every_model_away() {
    let world = world(&[("iris", "s3://models/iris")]).await;
    world.run("several", pod(SECRET, &[("AWS_CA_BUNDLE", "/etc/ssl/custom-certs/cabundle.crt")])).await;
    let log = world.log("several", "agent", false).await;
    let words = "LoadCustomCABundleError: unable to open custom CA bundle PEM file\\ncaused by: open /etc/ssl/custom-certs/cabundle.crt: no such file or directory";
    assert!(log.contains(words), "{log}");
}

#[tokio::test(start_paused = true)]
async fn without_a_server_it_is_not_ready_and_says_why() {
    let world = world(&[]).await;
    let mut spec = pod(SECRET, &[]);
    spec["containers"][0]["args"] = json!(["--model_dir=/nowhere"]);
    world.run("several", spec).await;
    assert_eq!(world.status("several", "agent").await["ready"], false);
    let answer = world.text_at(9081, "several", "/v1/models").await;
    assert_eq!(answer, (502, "dial tcp 127.0.0.1:8080: connect: connection refused\n".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn nobody_starts_it_without_saying_how_to_probe() {
    let world = world(&[]).await;
    let mut spec = pod(SECRET, &[]);
    spec["containers"][1]["env"] = json!([]);
    world.run("several", spec).await;
    let log = world.log("several", "agent", true).await;
    assert_eq!(log, "required key SERVING_READINESS_PROBE missing value\n");
    assert_eq!(world.status("several", "agent").await["lastState"]["terminated"]["exitCode"], 1);
}

#[tokio::test(start_paused = true)]
async fn predictions_are_asked_for_together() {
    let world = world(&[("iris", "s3://models/iris")]).await;
    let mut spec = pod(SECRET, &[]);
    let args = spec["containers"][1]["args"].as_array_mut().unwrap();
    args.extend(["--enable-batcher", "--max-batchsize", "3", "--max-latency", "500"].map(|arg| json!(arg)));
    world.run("several", spec).await;
    let ask = async |rows: Value| {
        let begin = tokio::time::Instant::now();
        let body = json!({"instances": rows});
        let (status, answer) = world.ask_at(9081, "several", "POST", "/v1/models/iris:predict", &body).await;
        (status, answer, begin.elapsed())
    };
    let (one, other) = (json!([6.8, 2.8, 4.8, 1.4]), json!([5.1, 3.5, 1.4, 0.2]));
    // Full with the second: nobody waits.
    let (first, second) = tokio::join!(ask(json!([one])), ask(json!([other, one])));
    assert_eq!((first.0, second.0, first.2.is_zero() && second.2.is_zero()), (200, 200, true));
    assert_eq!((&first.1["predictions"], &second.1["predictions"]), (&json!([1]), &json!([0, 1])));
    assert_eq!((&first.1["batchId"], &first.1["message"]), (&second.1["batchId"], &json!("")));
    assert_eq!(first.1["batchId"].as_str().map(str::len), Some(36));
    // Never full: it waits, and the next batch is another one.
    let third = ask(json!([one])).await;
    assert_eq!((third.0, third.2), (200, Duration::from_millis(500)));
    assert_ne!(third.1["batchId"], first.1["batchId"]);
    // What the server refuses is a message.
    let refused = ask(json!([[1]])).await;
    let words = json!({
        "message": "{\"error\":\"X has 1 features, but LinearDiscriminantAnalysis is expecting 4 features as input.\"}",
        "batchId": "", "predictions": null,
    });
    assert_eq!((refused.0, refused.1), (200, words));
    let empty = world.ask_at(9081, "several", "GET", "/v1/models", &Value::Null).await;
    assert_eq!(empty, (200, json!({"models": ["iris"]})));
}
