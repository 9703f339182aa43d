//! The server embedded in a test of somebody else: a fixture of three lines, a `kube` client, and what the server remembers.
//! The README of this crate shows the same fixture.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, PostParams};
use proofmark_apiserver::ApiServer;
use rstest::{fixture, rstest};

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
