//! The API server in process: no socket, no TLS, but every room of the pipeline.

use std::cell::Cell;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use proofmark_apiserver::ApiServer;
use proofmark_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn server(runtime: &Runtime) -> ApiServer {
    runtime.block_on(async { ApiServer::builder().seed(1).build().expect("a server") })
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"app": "bench"}}, "data": {"key": "value"}})
}

async fn send(server: &ApiServer, method: Method, path: &str, body: Option<&Value>) -> Bytes {
    let bytes = body.map(|b| Bytes::from(b.to_string())).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Full::new(bytes))
        .expect("a well-formed request");
    let response = server.service().oneshot(request).await.expect("no fault");
    assert!(response.status().is_success(), "{path}: {}", response.status());
    match response.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    }
}

fn crud(c: &mut Criterion) {
    let runtime = runtime();
    let next = Cell::new(0_u64);
    c.bench_function("apiserver/ready", |b| b.iter(|| server(&runtime)));

    let creating = server(&runtime);
    c.bench_function("apiserver/create", |b| {
        b.iter(|| {
            next.set(next.get() + 1);
            let object = config_map(&format!("c-{}", next.get()));
            runtime.block_on(send(&creating, Method::POST, CONFIG_MAPS, Some(&object)))
        });
    });

    let reading = server(&runtime);
    for n in 0..500 {
        runtime.block_on(send(&reading, Method::POST, CONFIG_MAPS, Some(&config_map(&format!("r-{n}")))));
    }
    c.bench_function("apiserver/get", |b| {
        b.iter(|| runtime.block_on(send(&reading, Method::GET, &format!("{CONFIG_MAPS}/r-250"), None)));
    });
    c.bench_function("apiserver/list-500", |b| {
        b.iter(|| runtime.block_on(send(&reading, Method::GET, CONFIG_MAPS, None)))
    });
}

fn watched_create(c: &mut Criterion) {
    let runtime = runtime();
    let server = server(&runtime);
    let next = Cell::new(0_u64);
    let mut watch = runtime.block_on(async {
        let request = Request::builder()
            .uri(format!("{CONFIG_MAPS}?watch=1"))
            .body(Full::new(Bytes::new()))
            .expect("a well-formed request");
        let response = server.service().oneshot(request).await.expect("no fault");
        response.into_body()
    });
    c.bench_function("apiserver/create-watched", |b| {
        b.iter(|| {
            next.set(next.get() + 1);
            let object = config_map(&format!("w-{}", next.get()));
            runtime.block_on(async {
                send(&server, Method::POST, CONFIG_MAPS, Some(&object)).await;
                watch.frame().await.expect("the watch goes on")
            })
        });
    });
}

criterion_group!(benches, crud, watched_create);
criterion_main!(benches);
