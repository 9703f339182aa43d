//! Model servers in pods, asked over both protocols.

use proofmark_json::{Value, json};

use crate::initializer::{pod, sklearn};
use crate::world::{IRIS, SECRET, World};

const INITIALIZER: &str = "kserve/storage-initializer:v0.15.2";

async fn iris(uri: &str, server: Value) -> World {
    let world = World::new().await;
    world.put("models", b"").await;
    world.put("models/iris/model.joblib", IRIS).await;
    world.put("models/triton/iris/2/model.savedmodel", IRIS).await;
    world.put("models/pickle/model.pkl", b"\x80\x04\x95").await;
    world.put("models/garbage/model.pkl", b"no pickle").await;
    world.put("models/text/README.md", b"iris").await;
    world.put("models/two/a.pkl", IRIS).await;
    world.put("models/two/b.pkl", IRIS).await;
    world.run("iris", pod(INITIALIZER, uri, SECRET, server)).await;
    world
}

#[tokio::test(start_paused = true)]
async fn both_protocols_are_answered() {
    let world = iris("s3://models/iris/", sklearn()).await;
    let rows = json!([[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]]);
    let tensor = |shape: Value, data: Value| json!({"id": "7", "inputs": [{"name": "in", "shape": shape, "datatype": "FP32", "data": data}]});
    let output = json!({"name": "output-0", "shape": [2], "datatype": "INT64", "parameters": null, "data": [1, 1]});
    let inferred =
        json!({"model_name": "iris", "model_version": null, "id": "7", "parameters": null, "outputs": [output]});
    let error = |words: &str| json!({"error": words});
    let table = [
        ("GET", "/", Value::Null, 200, json!({"status": "alive"})),
        ("GET", "/v1/models", Value::Null, 200, json!({"models": ["iris"]})),
        ("GET", "/v1/models/iris", Value::Null, 200, json!({"name": "iris", "ready": true})),
        ("GET", "/v1/models/rose", Value::Null, 404, error("Model with name rose does not exist.")),
        ("POST", "/v1/models/iris:predict", json!({"instances": rows}), 200, json!({"predictions": [1, 1]})),
        ("POST", "/v1/models/iris:predict", json!({"inputs": rows}), 200, json!({"predictions": [1, 1]})),
        ("POST", "/v1/models/rose:predict", json!({}), 404, error("Model with name rose does not exist.")),
        ("POST", "/v1/models/iris:predict", json!({}), 400, error("Expected key \"instances\" in request body")),
        (
            "POST",
            "/v1/models/iris:predict",
            json!({"instances": "x"}),
            400,
            error("Expected \"instances\" to be a list"),
        ),
        (
            "POST",
            "/v1/models/iris:predict",
            json!({"instances": [[1, 2, 3]]}),
            500,
            error("X has 3 features, but LinearDiscriminantAnalysis is expecting 4 features as input."),
        ),
        ("POST", "/v1/models/iris:explain", json!({}), 501, error("explain is not implemented.")),
        ("POST", "/v1/models", json!({}), 405, json!({"detail": "Method Not Allowed"})),
        ("GET", "/v3", Value::Null, 404, json!({"detail": "Not Found"})),
        ("GET", "/v2/health/live", Value::Null, 200, json!({"live": true})),
        ("GET", "/v2/health/ready", Value::Null, 200, json!({"ready": true})),
        ("GET", "/v2/models/iris/ready", Value::Null, 200, json!({"name": "iris", "ready": true})),
        ("GET", "/v2/models/rose/ready", Value::Null, 404, error("Model with name rose does not exist.")),
        ("GET", "/v2/models/iris/versions/1", Value::Null, 501, error("Model versioning not supported yet.")),
        ("POST", "/v2/models/iris/infer", tensor(json!([2, 4]), rows.clone()), 200, inferred.clone()),
        (
            "POST",
            "/v2/models/iris/infer",
            tensor(json!([2, 4]), json!([6.8, 2.8, 4.8, 1.4, 6.0, 3.4, 4.5, 1.6])),
            200,
            inferred,
        ),
        (
            "POST",
            "/v2/models/iris/infer",
            tensor(json!([2, 4]), json!([1, 2, 3])),
            500,
            error("cannot reshape array of size 3 into shape (2,4)"),
        ),
        ("POST", "/v2/repository/models/iris/unload", Value::Null, 200, json!({"name": "iris", "unload": true})),
        ("GET", "/v2/models", Value::Null, 200, json!({"models": []})),
    ];
    for (method, path, body, status, answer) in table {
        assert_eq!(world.ask("iris", method, path, &body).await, (status, answer), "{method} {path} {body}");
    }
    let log = world.log("iris", "kserve-container", false).await;
    assert!(log.contains("Registering model: iris\n"), "{log}");
    assert!(log.contains("\"POST /v1/models/iris:predict HTTP/1.1\" 200 OK"), "{log}");
}

#[rstest::rstest]
#[case("s3://models/pickle", sklearn(), "is no JSON", 1)]
#[case("s3://models/garbage", sklearn(), "KeyError: 110", 1)]
#[case(
    "s3://models/two",
    sklearn(),
    "RuntimeError: More than one model file is detected, Only one is allowed within model_dir: [PosixPath('/mnt/models/a.pkl'), PosixPath('/mnt/models/b.pkl')]",
    1
)]
#[case("s3://models/text", sklearn(), "fail to locate model file for model iris under dir /mnt/models,", 0)]
#[tokio::test(start_paused = true)]
async fn what_it_cannot_load_it_says(#[case] uri: &str, #[case] server: Value, #[case] words: &str, #[case] code: i64) {
    let world = iris(uri, server).await;
    let log = world.log("iris", "kserve-container", false).await;
    let words = if words == "is no JSON" { "/mnt/models/model.pkl cannot be read here: no JSON" } else { words };
    assert!(log.contains(words), "{log}");
    let status = world.status("iris", "kserve-container").await;
    match code {
        // It starts without a model, as KServe's servers do.
        0 => {
            assert_eq!(status["ready"], true);
            assert_eq!(world.ask("iris", "GET", "/v1/models/iris", &Value::Null).await.0, 404);
        }
        code => assert_eq!(status["lastState"]["terminated"]["exitCode"], code, "{status}"),
    }
}

#[tokio::test(start_paused = true)]
async fn triton_serves_the_newest_version_of_every_model_of_its_repository() {
    let server = json!({
        "image": "nvcr.io/nvidia/tritonserver:23.05-py3",
        "args": ["tritonserver", "--model-store=/mnt/models", "--http-port=8080"],
    });
    let world = iris("s3://models/triton/", server).await;
    assert_eq!(world.ask("iris", "GET", "/v2/models", &Value::Null).await, (200, json!({"models": ["iris"]})));
    let unknown = json!({"error": "Request for unknown model: 'rose' is not found"});
    assert_eq!(world.ask("iris", "GET", "/v2/models/rose", &Value::Null).await, (404, unknown));
    assert_eq!(world.ask("iris", "GET", "/v1/models", &Value::Null).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_waits_and_says_so() {
    let world = iris("s3://models/iris/", json!({"image": "docker.io/tensorflow/serving:2.6.2"})).await;
    let waiting = world.status("iris", "kserve-container").await["state"]["waiting"].clone();
    let message = waiting["message"].as_str().unwrap_or_default();
    assert!(message.contains("tensorflow/serving is not simulated: nothing here can run it"), "{message}");
}
