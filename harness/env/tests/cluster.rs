//! A cluster over a fake API server: identities, evidence, time.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use k8s_openapi::api::core::v1::ConfigMap;
use proofmark_env::{ApiRequest, Body, Cluster, Decision, EnvError, Identity, PatchFormat, WireBody, transport};
use proofmark_json::{Value, json};

/// Says back what it was sent: a ConfigMap whose data are the request's method, user and content type.
async fn mirror(request: Request<WireBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let length = body.collect().await.unwrap().to_bytes().len();
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("-");
    let data =
        json!({"method": parts.method.as_str(), "user": header("impersonate-user"), "type": header("content-type")});
    let path = parts.uri.path();
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": path, "generation": length}, "data": data});
    let mut response = Response::new(Full::new(Bytes::from(object.to_string())));
    response.extensions_mut().insert(Decision::in_words(true, "u", "because"));
    Ok(response)
}

fn cluster() -> Cluster {
    Cluster::new(transport(tower::service_fn(mirror)), Duration::from_millis(1))
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_and_answered_is_kept_with_identity_and_decision() {
    let cluster = cluster();
    let who = Identity::service_account("team-a", "default-editor");
    let request = ApiRequest::patch("/api/v1/x?dryRun=All", PatchFormat::Merge, json!({"a": 1}));
    let exchange = cluster.send(&who, request.clone()).await.unwrap();

    let data = &exchange.response.body.json()["data"];
    assert_eq!(data["user"], "system:serviceaccount:team-a:default-editor");
    assert_eq!(data["type"], "application/merge-patch+json");
    assert_eq!(exchange.request.path, "/api/v1/x?dryRun=All");
    assert_eq!(exchange.request.body, Body::Json(json!({"a": 1})));
    assert_eq!(exchange.decision.as_ref().map(|d| d.explanation.as_str()), Some("because"));
    assert!(
        exchange.request.headers.iter().all(|(name, _)| !name.starts_with("impersonate")),
        "identity stands in `who`"
    );
    assert_eq!(cluster.take_exchanges(), [exchange]);
    assert_eq!(cluster.take_exchanges(), []);
}

#[tokio::test(start_paused = true)]
async fn a_typed_client_is_recorded_too() {
    let cluster = cluster();
    let api: kube::Api<ConfigMap> = kube::Api::default_namespaced(cluster.client(&Identity::service_account("a", "b")));
    let object = api.get("c").await.unwrap();
    assert_eq!(object.data.unwrap()["user"], "system:serviceaccount:a:b");

    let kept = cluster.take_exchanges();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].request.path, "/api/v1/namespaces/a/configmaps/c");
    assert_eq!(kept[0].response.body.json()["kind"], "ConfigMap");
}

#[tokio::test(start_paused = true)]
async fn a_watch_is_handed_on_unread() {
    let cluster = cluster();
    let exchange = cluster.send(&Identity::Admin, ApiRequest::get("/api/v1/configmaps?watch=true")).await.unwrap();
    assert_eq!(exchange.response.body, Body::Stream);
}

#[tokio::test(start_paused = true)]
async fn settling_lets_all_ready_work_finish_and_no_later_work() {
    let cluster = cluster();
    let (sent, mut got) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        sent.send("now").unwrap();
        tokio::time::sleep(Duration::from_secs(600)).await;
        sent.send("later").unwrap();
    });
    cluster.settle().await;
    assert_eq!((got.try_recv().ok(), got.try_recv().ok()), (Some("now"), None));
    cluster.advance(Duration::from_secs(600)).await;
    assert_eq!(got.try_recv().ok(), Some("later"));
    assert_eq!(cluster.elapsed(), Duration::from_millis(600_001));
}

#[tokio::test(start_paused = true)]
async fn failures_of_the_environment_are_told_apart() {
    let lost = Cluster::new(
        transport(tower::service_fn(|_: Request<WireBody>| async { Err::<Response<Full<Bytes>>, _>("cable cut") })),
        Duration::from_millis(1),
    );
    let got = lost.send(&Identity::Admin, ApiRequest::get("/version")).await;
    assert!(matches!(&got, Err(EnvError::Transport(why)) if why == "cable cut"), "{got:?}");
    let got = lost.send(&Identity::Admin, ApiRequest::get("no path")).await;
    assert!(matches!(&got, Err(EnvError::Request(_))), "{got:?}");
    let got = lost.send(&Identity::user("a\nb"), ApiRequest::get("/version")).await;
    assert!(matches!(&got, Err(EnvError::Request(_))), "{got:?}");
}

#[test]
fn bodies_are_read_as_what_they_are() {
    let table: [(&[u8], Body); 4] = [
        (b"", Body::Empty),
        (b"{\"a\":1}", Body::Json(json!({"a": 1}))),
        (b"ok then", Body::Text("ok then".into())),
        (b"\xff\x00", Body::Omitted(2)),
    ];
    for (bytes, expected) in table {
        assert_eq!(Body::from_bytes(bytes), expected);
    }
    assert_eq!(Body::Empty.json(), &Value::Null);
}
