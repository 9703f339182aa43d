//! The storage initializer in the init container of a pod.

use proofmark_json::{Value, json};

use crate::world::{ACCOUNT, ENDPOINT, IRIS, SECRET, World};

/// A pod as KServe's webhook leaves it.
pub(crate) fn pod(initializer: &str, uri: &str, secret: &str, server: Value) -> Value {
    let env = |name: &str, value: &str| json!({"name": name, "value": value});
    let mount = |read_only: bool| json!([{"name": "kserve-provision-location", "mountPath": "/mnt/models", "readOnly": read_only}]);
    let mut server = server;
    server["name"] = json!("kserve-container");
    server["volumeMounts"] = mount(true);
    json!({
        "volumes": [{"name": "kserve-provision-location", "emptyDir": {}}],
        "initContainers": [{
            "name": "storage-initializer", "image": initializer, "args": [uri, "/mnt/models"],
            "env": [
                env("AWS_ENDPOINT_URL", ENDPOINT), env("AWS_DEFAULT_REGION", "us-east-1"),
                env("AWS_ACCESS_KEY_ID", ACCOUNT), env("AWS_SECRET_ACCESS_KEY", secret),
            ],
            "terminationMessagePolicy": "FallbackToLogsOnError", "volumeMounts": mount(false),
        }],
        "containers": [server],
    })
}

/// What a server of scikit-learn's models is started with.
pub(crate) fn sklearn() -> Value {
    json!({
        "image": "kserve/sklearnserver:v0.15.2",
        "args": ["--model_name=iris", "--model_dir=/mnt/models", "--http_port=8080"],
    })
}

#[tokio::test(start_paused = true)]
async fn what_it_fetched_is_there_for_the_server() {
    let world = World::new().await;
    world.put("models", b"").await;
    world.put("models/iris/model.joblib", IRIS).await;
    for (name, tag) in [("old", "v0.11.2"), ("new", "v0.20.0")] {
        let image = format!("kserve/storage-initializer:{tag}");
        world.run(name, pod(&image, "s3://models/iris", SECRET, sklearn())).await;
        let initializer = world.status(name, "storage-initializer").await;
        let log = world.log(name, "storage-initializer", false).await;
        assert_eq!(initializer["state"]["terminated"]["exitCode"], 0, "{log}");
        assert!(log.contains("Initializing, args: "), "{log}");
        assert!(log.contains("Successfully copied s3://models/iris to /mnt/models"), "{log}");
        assert_eq!(world.status(name, "kserve-container").await["ready"], true);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_loops_and_says_why() {
    let world = World::new().await;
    world.put("models", b"").await;
    let image = "kserve/storage-initializer:v0.17.1";
    world.run("refused", pod(image, "s3://models/iris", "wrong", sklearn())).await;
    let status = world.status("refused", "storage-initializer").await;
    assert_eq!(status["state"]["waiting"]["reason"], "CrashLoopBackOff", "{status}");
    let told = "Storage initialization failed: S3 error [403]: Forbidden";
    let message = status["lastState"]["terminated"]["message"].as_str().unwrap_or_default();
    assert!(message.trim_end().ends_with(told), "{message}");
    assert!(world.log("refused", "storage-initializer", false).await.contains(told));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_tag_is_said() {
    let world = World::new().await;
    world.run("odd", pod("kserve/storage-initializer:ours", "s3://models/iris", SECRET, sklearn())).await;
    let log = world.log("odd", "storage-initializer", true).await;
    let told = "proofmark: no storage initializer ours is known; this one does what 0.21.0 does\n";
    assert!(log.starts_with(told), "{log}");
    // There is no bucket; the words are those of the newest release.
    assert!(log.contains("S3 resource 'models' not found."), "{log}");
}
