//! The server embedded in a test of somebody else: a fixture of three lines, a `kube` client, and what the server remembers.
//! The README of this crate shows the same fixture.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use proofmark_apiserver::ApiServer;
use rstest::{fixture, rstest};
use serde_json::json;

/// A server of its own for each test.
#[fixture]
fn server() -> ApiServer {
    ApiServer::builder().seed(1).build().unwrap()
}

fn config_maps(server: &ApiServer) -> Api<ConfigMap> {
    Api::default_namespaced(kube::Client::new(server.service(), "default"))
}

fn named(name: &str) -> ConfigMap {
    let mut map = ConfigMap::default();
    map.metadata.name = Some(name.to_owned());
    map
}

#[rstest]
#[tokio::test]
async fn objects_live_as_on_a_cluster(server: ApiServer) {
    let maps = config_maps(&server);
    let made = maps.create(&PostParams::default(), &named("settings")).await.unwrap();
    assert!(made.metadata.uid.is_some());
    let again = maps.create(&PostParams::default(), &named("settings")).await.unwrap_err();
    assert!(matches!(again, kube::Error::Api(status) if status.code == 409 && status.reason == "AlreadyExists"));
    maps.delete("settings", &DeleteParams::default()).await.unwrap();
    assert!(maps.get_opt("settings").await.unwrap().is_none());
}

#[rstest]
#[tokio::test]
async fn servers_share_nothing(server: ApiServer, #[from(server)] other: ApiServer) {
    config_maps(&server).create(&PostParams::default(), &named("settings")).await.unwrap();
    assert!(config_maps(&other).get_opt("settings").await.unwrap().is_none());
}

#[rstest]
#[tokio::test]
async fn the_log_says_what_was_asked(server: ApiServer) {
    config_maps(&server).create(&PostParams::default(), &named("settings")).await.unwrap();
    let log: Vec<_> =
        server.requests().all().into_iter().map(|r| (r.verb, r.resource, r.namespace, r.status)).collect();
    assert_eq!(log, [("create".to_owned(), "configmaps".to_owned(), "default".to_owned(), 201)]);
}

/// Of all kinds only Deployments count changes of their annotations as a new generation.
#[rstest]
#[case::deployment("deployments", "Deployment", 2)]
#[case::replica_set("replicasets", "ReplicaSet", 1)]
#[tokio::test]
async fn generations_count(server: ApiServer, #[case] plural: &str, #[case] kind: &str, #[case] generation: i64) {
    let resource = ApiResource {
        group: "apps".to_owned(),
        version: "v1".to_owned(),
        api_version: "apps/v1".to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    };
    let client = kube::Client::new(server.service(), "default");
    let objects: Api<DynamicObject> = Api::default_namespaced_with(client, &resource);
    let labels = json!({"app": "a"});
    let pod = json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let spec = json!({"selector": {"matchLabels": labels}, "template": pod});
    let made = DynamicObject::new("a", &resource).data(json!({"spec": spec}));
    objects.create(&PostParams::default(), &made).await.unwrap();
    for (patch, expected) in [(json!({"labels": {"a": "b"}}), 1), (json!({"annotations": {"a": "b"}}), generation)] {
        let patch = Patch::Merge(json!({"metadata": patch}));
        let patched = objects.patch("a", &PatchParams::default(), &patch).await.unwrap();
        assert_eq!(patched.metadata.generation, Some(expected), "{kind} {patch:?}");
    }
}
