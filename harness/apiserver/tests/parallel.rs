//! Many clients at once: nothing is lost, nothing is reordered, nobody sees what did not happen.

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use proofmark_apiserver::{ApiServer, Body};
use proofmark_json::{Value, json};

const WATCHERS: usize = 1_000;
const WRITERS: usize = 200;
const WRITES: usize = 1;
const PATH: &str = "/api/v1/namespaces/default/configmaps";

async fn send(server: &ApiServer, method: Method, path: &str, body: &Value) -> Response<Body> {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {}", server.admin_token()))
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    server.handle(request).await.unwrap()
}

async fn value(response: Response<Body>) -> Value {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    proofmark_json::from_slice(&bytes).unwrap()
}

/// What a watcher gets: as many events as there should be, as they come.
async fn follow(response: Response<Body>, events: usize) -> Vec<Bytes> {
    let mut body = response.into_body();
    let mut seen = Vec::with_capacity(events);
    while seen.len() < events {
        seen.push(body.frame().await.unwrap().unwrap().into_data().unwrap());
    }
    seen
}

/// An event's kind, name and revision.
fn read(event: &Bytes) -> (String, String, u64) {
    let event: Value = proofmark_json::from_slice(event).unwrap();
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let revision = text("/object/metadata/resourceVersion").parse().unwrap();
    (text("/type"), text("/object/metadata/name"), revision)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_watchers_see_what_two_hundred_writers_do() {
    let server = ApiServer::builder().build().unwrap();
    let start = value(send(&server, Method::GET, PATH, &Value::Null).await).await;
    let from = start["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    // Each writer makes an object of its own, changes it and one that all share, and deletes its own.
    let events = 1 + WRITERS * (WRITES + 2) + WRITERS;
    let mut watchers = Vec::new();
    for _ in 0..WATCHERS {
        let watch = send(&server, Method::GET, &format!("{PATH}?watch=1&resourceVersion={from}"), &Value::Null).await;
        watchers.push(tokio::spawn(follow(watch, events)));
    }
    let shared = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shared"}});
    assert_eq!(send(&server, Method::POST, PATH, &shared).await.status(), 201);
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| {
            let server = server.clone();
            tokio::spawn(async move {
                let own = |data: usize| {
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("own-{n}")}, "data": {"n": data.to_string()}})
                };
                let at = format!("{PATH}/own-{n}");
                assert_eq!(send(&server, Method::POST, PATH, &own(0)).await.status(), 201);
                for data in 1..=WRITES {
                    assert_eq!(send(&server, Method::PUT, &at, &own(data)).await.status(), 200);
                }
                // Without a version every write of the shared object goes through, whoever else writes it.
                let all = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shared"}, "data": {"n": n.to_string()}});
                assert_eq!(send(&server, Method::PUT, &format!("{PATH}/shared"), &all).await.status(), 200);
                assert_eq!(send(&server, Method::DELETE, &at, &Value::Null).await.status(), 200);
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let frames = watchers.remove(0).await.unwrap();
    let first: Vec<_> = frames.iter().map(read).collect();
    assert!(first.windows(2).all(|pair| pair[0].2 < pair[1].2), "revisions only grow");
    for n in 0..WRITERS {
        let name = format!("own-{n}");
        let life: Vec<&str> = first.iter().filter(|e| e.1 == name).map(|e| e.0.as_str()).collect();
        assert_eq!(life, ["ADDED", "MODIFIED", "DELETED"], "{name}");
    }
    assert_eq!(first.iter().filter(|e| e.1 == "shared" && e.0 == "MODIFIED").count(), WRITERS);
    for watcher in watchers {
        assert!(watcher.await.unwrap() == frames, "every watcher sees the same");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let server = ApiServer::builder().build().unwrap();
    let post = |body: Vec<u8>| {
        let request = Request::builder()
            .method(Method::POST)
            .uri(PATH)
            .header("authorization", format!("Bearer {}", server.admin_token()))
            .header("content-type", "application/json")
            .body(Bytes::from(body))
            .unwrap();
        server.handle(request)
    };
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let huge = [br#"{"data":""#.as_slice(), &vec![b'x'; 4 << 20], br#""}"#].concat();
    for (body, status) in
        [(deep, 400), (huge, 413), (b"\xff\xfe".to_vec(), 400), (b"{".to_vec(), 400), (Vec::new(), 400)]
    {
        let answer = value(post(body).await.unwrap()).await;
        assert_eq!(answer["code"], status, "{answer}");
    }
}
