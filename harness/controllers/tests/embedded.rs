//! The controllers on the embedded API server, on one thread and a paused clock.

mod behaviour;

use std::sync::Arc;
use std::time::Duration;

use behaviour::Cluster;
use kube::Client;
use proofmark_apiserver::ApiServer;
use proofmark_controllers::{Controllers, LegacyToken, Options, SecretTokens, start};
use proofmark_identity::{Claims, ObjectRef, TokenSigner};

/// A server with running controllers.
async fn running() -> (ApiServer, Controllers, Cluster) {
    let server = ApiServer::builder().seed(1).build().expect("a server");
    let signer = TokenSigner::simulator();
    let sign = move |token: LegacyToken<'_>| {
        let account = ObjectRef { name: token.service_account.to_owned(), uid: token.service_account_uid.to_owned() };
        signer.sign(&Claims::legacy(token.namespace, &account, token.secret))
    };
    let clock = server.clone();
    let options = Options {
        clock: Arc::new(move || clock.now()),
        root_ca: server.authority().certificate_pem(),
        secret_tokens: Some(SecretTokens::new(sign)),
    };
    let client = Client::new(server.service(), "default");
    let controllers = start(client.clone(), options);
    controllers.ready().await;
    (server, controllers, Cluster::new(client))
}

macro_rules! behaviours {
    ($($name:ident,)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            let (_server, _controllers, cluster) = running().await;
            behaviour::$name(&cluster).await;
        }
    )+};
}

behaviours! {
    orphaning,
    the_last_owner_counts,
    owners_that_never_were,
    disagreeing_references,
    a_namespaced_owner_of_a_cluster_scoped_object,
    a_cluster_scoped_owner,
    foreground_through_levels,
    foreground_released_by_the_reference,
    a_circle_in_the_foreground,
    kinds_that_come_and_go,
    with_their_namespace,
    what_holds_a_namespace,
    pods_go_first,
    other_finalizers_of_a_namespace,
    custom_objects_in_a_namespace,
}

/// Longer than the longest wait of a retry, and shorter than the server lets a watch live.
const LONG: Duration = Duration::from_secs(1500);

/// Without work no task asks anything.
#[tokio::test(start_paused = true)]
async fn at_rest_nothing_is_asked() {
    let (server, _controllers, cluster) = running().await;
    behaviour::the_last_owner_counts(&cluster).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.requests().clear();
    tokio::time::sleep(LONG).await;
    assert_eq!(server.requests().all().len(), 0);
}

/// Informers that lost their history list again and miss nothing.
#[tokio::test(start_paused = true)]
async fn history_that_is_gone() {
    let (server, _controllers, cluster) = running().await;
    server.compact();
    behaviour::orphaning(&cluster).await;
    // In the meantime the server ends every watch.
    tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
    server.compact();
    behaviour::what_holds_a_namespace(&cluster).await;
}

/// After they are dropped, nothing is done any more.
#[tokio::test(start_paused = true)]
async fn dropping_stops_them() {
    let (server, controllers, _cluster) = running().await;
    drop(controllers);
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.requests().clear();
    tokio::time::sleep(LONG).await;
    assert_eq!(server.requests().all().len(), 0);
}
