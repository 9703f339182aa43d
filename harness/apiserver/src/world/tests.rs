use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use proofmark_json::{Value, json};

use super::{World, WorldError};
use crate::ApiServer;

async fn send(server: &ApiServer, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let token = format!("Bearer {}", server.admin_token());
    let request = Request::builder().method(method).uri(path).header("authorization", token);
    let response = server.handle(request.header("content-type", "application/json").body(body).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, proofmark_json::from_slice(&bytes).unwrap_or(Value::Null))
}

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
}

fn saved(server: &ApiServer) -> Vec<u8> {
    let mut file = Vec::new();
    server.world().write(&mut file).unwrap();
    file
}

async fn restored(file: &[u8]) -> ApiServer {
    ApiServer::builder().world(World::read(file).unwrap()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_restored_server_goes_on() {
    let server = ApiServer::builder().seed(3).build().unwrap();
    let (_, made) = send(&server, Method::POST, MAPS, &map("a")).await;
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    let file = saved(&server);
    let again = restored(&file).await;
    assert_eq!(again.now(), server.now());
    assert_eq!(send(&again, Method::GET, &format!("{MAPS}/a"), &Value::Null).await, (200, made.clone()));
    // What comes next is what would have come next, with nothing in between.
    assert_eq!(send(&again, Method::POST, MAPS, &map("b")).await, send(&server, Method::POST, MAPS, &map("b")).await);
    // The two go separate ways.
    send(&again, Method::DELETE, &format!("{MAPS}/a"), &Value::Null).await;
    assert_eq!(send(&server, Method::GET, &format!("{MAPS}/a"), &Value::Null).await.0, 200);
}

#[tokio::test]
async fn what_follows_objects_follows_restored_ones() {
    let server = ApiServer::builder().build().unwrap();
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "gears.example.org"},
        "spec": {"group": "example.org", "scope": "Namespaced", "names": {"plural": "gears", "kind": "Gear"}, "versions": [
            {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "properties": {"teeth": {"type": "integer", "minimum": 1}}}}}}}]},
    });
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    assert_eq!(send(&server, Method::POST, definitions, &definition).await.0, 201);
    let gear = |name: &str, teeth: i64| json!({"apiVersion": "example.org/v1", "kind": "Gear", "metadata": {"name": name}, "spec": {"teeth": teeth}});
    let gears = "/apis/example.org/v1/namespaces/default/gears";
    assert_eq!(send(&server, Method::POST, gears, &gear("a", 3)).await.0, 201);
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "ann"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"}],
    });
    assert_eq!(
        send(&server, Method::POST, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", &binding).await.0,
        201
    );
    let again = restored(&saved(&server)).await;
    assert_eq!(send(&again, Method::GET, &format!("{gears}/a"), &Value::Null).await.1["spec"]["teeth"], 3);
    assert_eq!(send(&again, Method::POST, gears, &gear("b", 0)).await.0, 422);
    let ask = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": "ann", "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "default"}},
    });
    let reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    assert_eq!(send(&again, Method::POST, reviews, &ask).await.1["status"]["allowed"], true);
}

#[tokio::test(start_paused = true)]
async fn history_from_before_is_gone() {
    let server = ApiServer::builder().build().unwrap();
    let (_, made) = send(&server, Method::POST, MAPS, &map("a")).await;
    send(&server, Method::POST, MAPS, &map("b")).await;
    let again = restored(&saved(&server)).await;
    let revision = made["metadata"]["resourceVersion"].as_str().unwrap();
    let watch = format!("{MAPS}?watch=1&resourceVersion={revision}");
    let (_, event) = send(&again, Method::GET, &watch, &Value::Null).await;
    assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(410)));
    let exact = format!("{MAPS}?resourceVersionMatch=Exact&resourceVersion={revision}");
    assert_eq!(send(&again, Method::GET, &exact, &Value::Null).await.0, 410);
    // From where it ended, a watch misses nothing.
    let watch = format!("{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={}", again.world().revision());
    let next = map("c");
    let (later, watched) =
        tokio::join!(send(&again, Method::GET, &watch, &Value::Null), send(&again, Method::POST, MAPS, &next));
    assert_eq!(later.1["object"], watched.1, "{later:?}");
}

#[tokio::test]
async fn damaged_and_foreign_files_are_told() {
    let file = saved(&ApiServer::builder().build().unwrap());
    let why = |bytes: &[u8]| World::read(bytes).unwrap_err();
    assert!(matches!(why(b""), WorldError::Foreign));
    assert!(matches!(why(b"apiVersion: v1\nkind: ConfigMap\n"), WorldError::Foreign));
    for end in [8, 11, 12, 20, file.len() / 2, file.len() - 1] {
        assert!(matches!(why(&file[..end]), WorldError::Damaged(_)), "{end}: {:?}", why(&file[..end]));
    }
    let mut later = file.clone();
    later[11] = 2;
    assert_eq!(why(&later).to_string(), "the world is saved in format 2; this release reads format 1 only");
    // What deflate fills its last byte up with says nothing.
    let is_harmless = |bytes: &[u8]| {
        let mut again = Vec::new();
        World::read(bytes).is_ok_and(|world| world.write(&mut again).is_ok()) && again == file
    };
    // gzip's own header may change without harm as well.
    for at in (25..file.len()).step_by(file.len() / 50) {
        let mut flipped = file.clone();
        flipped[at] ^= 0x10;
        if !is_harmless(&flipped) {
            assert!(matches!(why(&flipped), WorldError::Damaged(_)), "{at}");
        }
    }
}
