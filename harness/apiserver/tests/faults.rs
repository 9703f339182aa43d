//! What a client sees when things go wrong on purpose, through `kube` and at the wire.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams, PostParams, WatchEvent, WatchParams};
use kube::core::Status;
use proofmark_apiserver::ApiServer;
use proofmark_apiserver::faults::{ConnectionReset, Fault};
use rstest::{fixture, rstest};
use tokio::time::Instant;

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

fn fault(line: &str) -> Fault {
    line.parse().unwrap()
}

fn refused<T: std::fmt::Debug>(outcome: kube::Result<T>) -> Status {
    match outcome.unwrap_err() {
        kube::Error::Api(status) => *status,
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn writes_conflict_as_often_as_asked(server: ApiServer) {
    let maps = config_maps(&server);
    let made = maps.create(&PostParams::default(), &named("a")).await.unwrap();
    let id = server.faults().add(fault("verb=update,resource=configmaps,status=409,times=2"));
    for _ in 0..2 {
        let status = refused(maps.replace("a", &PostParams::default(), &made).await);
        assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
        let words = "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again";
        assert_eq!(status.message, words);
    }
    maps.replace("a", &PostParams::default(), &made).await.unwrap();
    assert_eq!(server.faults().remove(id), Some(2));
    let last = server.requests().all().into_iter().rev().nth(1).unwrap();
    assert_eq!(last.faults, ["verb=update,resource=configmaps,times=2,status=409"]);
}

#[rstest]
#[tokio::test]
async fn names_are_taken(server: ApiServer) {
    server.faults().add(fault("verb=create,status=409"));
    let maps = config_maps(&server);
    let status = refused(maps.create(&PostParams::default(), &named("a")).await);
    assert_eq!((status.reason.as_str(), status.message.as_str()), ("AlreadyExists", "configmaps \"a\" already exists"));
    let mut generated = ConfigMap::default();
    generated.metadata.generate_name = Some("a-".to_owned());
    let status = refused(maps.create(&PostParams::default(), &generated).await);
    let words = "already exists, the server was not able to generate a unique name for the object";
    assert!(status.message.ends_with(words), "{}", status.message);
    assert_eq!(status.details.unwrap().retry_after_seconds, 1);
}

#[rstest]
#[case("status=500", 500, "", "etcdserver: request timed out")]
#[case("status=503", 503, "ServiceUnavailable", "apiserver is shutting down")]
#[case(
    "status=504",
    504,
    "Timeout",
    "Timeout: request did not complete within requested timeout - context deadline exceeded"
)]
#[case("status=410", 410, "Expired", "The resourceVersion for the provided list is too old.")]
#[tokio::test]
async fn statuses_are_worded(
    server: ApiServer,
    #[case] line: &str,
    #[case] code: u16,
    #[case] reason: &str,
    #[case] words: &str,
) {
    server.faults().add(fault(line));
    let status = refused(config_maps(&server).list(&ListParams::default()).await);
    assert_eq!((status.code, status.reason.as_str(), status.message.as_str()), (code, reason, words));
}

#[rstest]
#[tokio::test]
async fn busy_servers_say_when_to_try_again(server: ApiServer) {
    server.faults().add(fault("status=429,retry-after=7"));
    let request =
        http::Request::get("/api/v1/nodes").header("authorization", format!("Bearer {}", server.admin_token()));
    let response = server.handle(request.body(bytes::Bytes::new()).unwrap()).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn answers_take_their_time(server: ApiServer) {
    server.faults().add(fault("resource=configmaps,latency=90s"));
    let begun = Instant::now();
    config_maps(&server).list(&ListParams::default()).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 90);
    assert_eq!(server.requests().all().last().unwrap().duration.as_secs(), 90);
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_is_not_a_lost_write(server: ApiServer) {
    let maps = config_maps(&server);
    for (reset, exists) in [("request", false), ("answer", true)] {
        server.faults().clear();
        server.faults().add(fault(&format!("verb=create,reset={reset}")));
        match maps.create(&PostParams::default(), &named(reset)).await.unwrap_err() {
            kube::Error::Service(error) => assert!(error.downcast_ref::<ConnectionReset>().is_some(), "{error}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(server.requests().all().last().unwrap().status, 0);
        assert_eq!(maps.get_opt(reset).await.unwrap().is_some(), exists);
    }
}

#[rstest]
#[case("watch-events=2", &["a", "b"], None)]
#[case("watch-events=1,status=410", &["a"], Some("too old resource version"))]
#[case("verb=watch,status=410", &[], Some("too old resource version"))]
#[tokio::test(start_paused = true)]
async fn watches_end(server: ApiServer, #[case] line: &str, #[case] names: &[&str], #[case] error: Option<&str>) {
    let maps = config_maps(&server);
    for name in ["a", "b", "c"] {
        maps.create(&PostParams::default(), &named(name)).await.unwrap();
    }
    server.faults().add(fault(line));
    let events = tokio::time::timeout(Duration::from_secs(10), async {
        maps.watch(&WatchParams::default(), "0").await.unwrap().try_collect::<Vec<_>>().await.unwrap()
    });
    let (mut seen, mut told) = (Vec::new(), None);
    for event in events.await.unwrap() {
        match event {
            WatchEvent::Added(map) => seen.push(map.metadata.name.unwrap()),
            WatchEvent::Error(status) => {
                assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
                told = Some(status.message);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, names);
    assert_eq!(told.is_some(), error.is_some());
    assert!(told.unwrap_or_default().starts_with(error.unwrap_or_default()));
}
