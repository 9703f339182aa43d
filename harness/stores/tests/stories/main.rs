//! What the storage initializer makes of a store, release by release: the same on our cloud behind a socket, on MinIO, on LocalStack and on any other
//! store, as far as each can.
//!
//! Containers need the feature `docker` and a Docker engine. Another store is named by variables: `PROOFMARK_S3_URL`, `PROOFMARK_S3_ACCESS_KEY_ID`,
//! `PROOFMARK_S3_SECRET_ACCESS_KEY`; other images by `PROOFMARK_MINIO_IMAGE`, `PROOFMARK_LOCALSTACK_IMAGE`. What is not there is told as skipped, and
//! what a store cannot do as unsupported.
#![expect(clippy::print_stderr, reason = "what is skipped and unsupported is told")]

mod bucket;
mod initializer;
mod settings;
mod story;

use proofmark_aws::transport::Listener;
use proofmark_aws::{Cloud, Settings};
use proofmark_clock::Clock;
use proofmark_stores::{Ability, Store};
use tokio_util::sync::CancellationToken;

/// Plays every story on a store.
async fn play(store: &Store) {
    let (mut held, mut unsupported, mut failed) = (0, 0, vec![]);
    for story in story::all() {
        match store.lacks(story.needs) {
            Some(ability) => {
                unsupported += 1;
                eprintln!("unsupported: {}: {} does not {ability}", story.name, store.name);
            }
            None => match story.play(store).await {
                Ok(()) => held += 1,
                Err(why) => failed.push(format!("{}: {why}", story.name)),
            },
        }
    }
    eprintln!("{}: {held} stories hold, {unsupported} unsupported", store.name);
    assert!(held > 0 && failed.is_empty(), "{}:\n{}", store.name, failed.join("\n"));
}

#[tokio::test]
async fn on_our_own_cloud() {
    let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let url = format!("http://{}", listener.address());
    let stop = CancellationToken::new();
    tokio::spawn(listener.serve(Cloud::new(Settings::default(), Clock::real()), stop.clone()));
    let abilities = vec![Ability::Signatures, Ability::AnyKey, Ability::BucketPolicies, Ability::Accounts];
    play(&Store { name: "our cloud".to_owned(), abilities, ..Store::at(url, "111111111111", "test") }).await;
    stop.cancel();
}

#[tokio::test]
async fn on_a_store_at_an_address() {
    match settings::read().store() {
        Some(store) => play(&store).await,
        None => eprintln!("skipped: PROOFMARK_S3_URL names no store"),
    }
}

#[cfg(feature = "docker")]
#[rstest::rstest]
#[case::minio(proofmark_stores::Product::MinIo)]
#[case::localstack(proofmark_stores::Product::LocalStack)]
#[tokio::test]
async fn in_a_container(#[case] product: proofmark_stores::Product) {
    match product.start(settings::read().image(product)).await {
        Ok(container) => play(&container.store).await,
        Err(why @ proofmark_stores::StartError::NoEngine(_)) => eprintln!("skipped: {}: {why}", product.name()),
        Err(why) => panic!("{why}"),
    }
}
