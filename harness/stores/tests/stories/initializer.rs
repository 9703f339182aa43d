//! The storage initializer of a release on a store, over sockets, with files in memory.

use proofmark_clock::Clock;
use proofmark_model_loader::files::{Entry, FileSystem as _, Memory};
use proofmark_model_loader::net::Sockets;
use proofmark_model_loader::{Environment, Host, Release, run};
use proofmark_stores::Store;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Where models go.
const DESTINATION: &str = "/mnt/models";

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) exit: i32,
    /// Files below the destination, by their path there, and others by their whole path.
    pub(crate) files: BTreeMap<String, String>,
    /// The last line that it wrote.
    pub(crate) last: String,
}

/// With whose keys it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keys {
    /// The store's own.
    Good,
    /// The store's own, with another secret.
    WrongSecret,
    /// Those of another account.
    Foreign,
    /// None, by `awsAnonymousCredential`.
    None,
}

/// Runs it for `s3://bucket/path`.
pub(crate) async fn fetch(store: &Store, release: Release, path: &str, keys: Keys) -> Ended {
    let mut variables = vec![("AWS_ENDPOINT_URL", store.url.as_str()), ("AWS_DEFAULT_REGION", &store.region)];
    let of = |key, secret| vec![("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", secret)];
    variables.extend(match keys {
        Keys::Good => of(store.access_key_id.as_str(), store.secret_access_key.as_str()),
        Keys::WrongSecret => of(&store.access_key_id, "another secret"),
        Keys::Foreign => of("222222222222", &store.secret_access_key),
        Keys::None => vec![("awsAnonymousCredential", "True")],
    });
    let files = Memory::default();
    files.create_directories(DESTINATION).expect("an empty file system");
    let clock = Clock::real();
    let host = Host {
        environment: variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<Environment>(),
        files: Arc::new(files.clone()),
        network: Arc::new(Sockets),
        clock: Arc::new(move || clock.now()),
        authorities: Arc::new([]),
    };
    let last = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&last);
    let sink =
        Arc::new(move |_, line: &str| line.clone_into(&mut heard.lock().unwrap_or_else(PoisonError::into_inner)));
    let outcome = run(release, &[format!("s3://{path}"), DESTINATION.to_owned()], &host, sink).await;
    let left = files.tree().into_iter().filter_map(|(path, entry)| {
        let Entry::File(bytes) = entry else { return None };
        let below = path.strip_prefix(DESTINATION).and_then(|path| path.strip_prefix('/')).map(str::to_owned);
        Some((below.unwrap_or(path), String::from_utf8_lossy(&bytes).into_owned()))
    });
    let last = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ended { exit: outcome.exit, files: left.collect(), last }
}
