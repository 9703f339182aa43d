//! The Models Web App over the API server in process: no socket, no TLS.

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::Request;
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use proofmark_apiserver::ApiServer;
use proofmark_json::{Value, json};
use proofmark_kserve::{Flavor, Release, install};
use proofmark_models_web_app::{App, Release as AppRelease, Settings};
use tokio::runtime::Builder;

const SERVICES: &str = "/apis/serving.kserve.io/v1beta1/namespaces/default/inferenceservices";

async fn post(client: &Client, path: &str, object: &Value) {
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.body(Body::from(object.to_string().into_bytes())).expect("a request");
    let response = client.send(request).await.expect("answered");
    assert!(response.status().is_success(), "{path}: {}", response.status());
}

/// A service as it is when it serves: with a status.
fn service(n: usize) -> Value {
    let condition = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": "2024-05-01T10:00:00Z"});
    let conditions = ["PredictorReady", "IngressReady", "Ready"].map(condition);
    json!({
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": format!("model-{n}"), "labels": {"team": "bench"}},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "gs://example/model"}}},
        "status": {
            "url": format!("http://model-{n}.default.example.com"),
            "conditions": conditions,
        },
    })
}

fn list(c: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let app = runtime.block_on(async {
        let server = ApiServer::builder().seed(1).build().expect("a server");
        let client = Client::new(server.service(), "default");
        for crd in install::objects(Release::V0_15_2, Flavor::Standalone) {
            if crd["metadata"]["name"] == "inferenceservices.serving.kserve.io" {
                post(&client, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &crd).await;
            }
        }
        for n in 0..1_000 {
            post(&client, SERVICES, &service(n)).await;
        }
        App::new(client, Settings { authorize: false, ..Settings::of(AppRelease::Proofmark) })
    });
    c.bench_function("models_web_app/list_1000", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let request = Request::get("/api/namespaces/default/inferenceservices").body(Bytes::new());
                let response = app.answer(request.expect("a request")).await;
                assert!(response.status().is_success());
                response.into_body().collect().await.map(|body| body.to_bytes().len())
            })
        });
    });
}

criterion_group!(benches, list);
criterion_main!(benches);
