//! `s3://`: the objects under a prefix.

use super::patterns::Patterns;
use super::translate::storage_error;
use super::{Storage, ca, mapping};
use crate::archive::{self, Archive};
use crate::boto::{self, Addressing, Client, Credentials, Listed, Listing, Options, RetryRule, Settings};
use crate::exception::{Exception, Result};
use crate::journal::Level;
use crate::python;
use crate::release::Workers;
use futures_util::future::join_all;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

const PLACE: &str = "storage.py:_download_s3()";

/// An object that is wanted, and its file.
struct Wanted {
    key: String,
    target: String,
}

/// Fetches the objects under a prefix into a directory.
pub(super) async fn download(storage: &Storage, uri: &str, to: &str, wanted: &Patterns) -> Result<()> {
    let options = options(storage)?;
    let parts = python::urlsplit(uri);
    let bucket = parts.netloc.as_str();
    let prefix = parts.path.trim_start_matches('/');
    if storage.is.modern_s3 {
        return modern(storage, uri, to, wanted, options, bucket, prefix).await;
    }
    let settings = Settings::load(&storage.environment, &*storage.host.files, &storage.is)?;
    let client = Client::s3(&storage.host, &settings, None, options).await?;
    let (mut count, mut last) = (0, String::new());
    let mut marker = None;
    'pages: loop {
        let page = client.list(bucket, prefix, marker.as_deref()).await?;
        for Listed { key, .. } in &page.objects {
            if key.ends_with('/') {
                continue;
            }
            last = target(storage, to, prefix, key)?;
            boto::download(&client, bucket, key, &last).await?;
            storage.journal.info(PLACE, format_args!("Downloaded object {key} to {last}"));
            count += 1;
            if key == prefix {
                break 'pages;
            }
        }
        match page.next {
            Some(next) => marker = Some(next),
            None => break,
        }
    }
    finish(storage, to, prefix, count, &last)
}

/// Looks at the bucket first, lists everything, and then fetches several objects at once.
async fn modern(
    storage: &Storage,
    uri: &str,
    to: &str,
    wanted: &Patterns,
    options: Options,
    bucket: &str,
    prefix: &str,
) -> Result<()> {
    let settings = Settings::load(&storage.environment, &*storage.host.files, &storage.is)?;
    let client =
        Client::s3(&storage.host, &settings, None, options.clone()).await.map_err(|error| match error.class {
            "ValueError" | "botocore.exceptions.InvalidRegionError" => {
                let endpoint = storage.environment.get("AWS_ENDPOINT_URL").unwrap_or_default();
                storage_error(&storage.journal, "S3", uri, error, endpoint)
            }
            _ => error,
        })?;
    let objects = collect(storage, &client, to, wanted, bucket, prefix).await.map_err(|error| {
        if error.is_client_error() || error.name() == "NoCredentialsError" {
            storage_error(&storage.journal, "S3", uri, error, bucket)
        } else {
            error
        }
    })?;
    let last = objects.front().map(|object| object.target.clone()).unwrap_or_default();
    let total = objects.len();
    if total > 0 {
        fetch(storage, &settings, &client, options, bucket, objects).await?;
    }
    finish(storage, to, prefix, total, &last)
}

/// The objects that are wanted.
async fn collect(
    storage: &Storage,
    client: &Client,
    to: &str,
    wanted: &Patterns,
    bucket: &str,
    prefix: &str,
) -> Result<VecDeque<Wanted>> {
    client.head_bucket(bucket).await?;
    let mut objects = VecDeque::new();
    let mut marker = None;
    loop {
        let page: Listing = client.list(bucket, prefix, marker.as_deref()).await?;
        for Listed { key, size, .. } in page.objects {
            if key.ends_with('/') || size == 0 {
                continue;
            }
            storage.journal.info(PLACE, format_args!("Found S3 object: {key} ({size} bytes)"));
            let exact = key == prefix;
            if !exact && !wanted.want(&mapping::target(storage.is.mapping, prefix, &key)) {
                storage.journal.info(PLACE, format_args!("Skipping {key} due to file pattern filter"));
                continue;
            }
            let target = target(storage, to, prefix, &key)?;
            objects.push_back(Wanted { key, target });
            if exact {
                return Ok(objects);
            }
        }
        match page.next {
            Some(next) => marker = Some(next),
            None => return Ok(objects),
        }
    }
}

/// Fetches objects with several workers. Each has a client of its own; where credentials come from depends on the release.
async fn fetch(
    storage: &Storage,
    settings: &Settings,
    parent: &Client,
    options: Options,
    bucket: &str,
    objects: VecDeque<Wanted>,
) -> Result<()> {
    let most = python::int(storage.environment.get("S3_MAX_FILE_CONCURRENCY").unwrap_or("4"))?;
    let workers = usize::try_from(most).unwrap_or(0).min(objects.len());
    if workers == 0 {
        return Err(Exception::value("Number of processes must be at least 1"));
    }
    let total = objects.len();
    let queue = Mutex::new(objects);
    let take = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let failures = Mutex::new(Vec::new());
    let work = || async {
        let inherited: Option<Credentials> = match storage.is.workers {
            Workers::Inherit => parent.credentials.clone(),
            Workers::None | Workers::Own => None,
        };
        // A worker reads the bundle's path once more, and tells so.
        let client = match ca::for_s3(storage) {
            Ok(_) => Client::s3(&storage.host, settings, inherited, options.clone()).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &client {
            storage.journal.write(
                Level::Error,
                "kserve_storage.py:_init_s3_worker()",
                &format!("Failed to initialize S3 worker: {}", error.message),
            );
        }
        while let Some(object) = take() {
            let result = match &client {
                Ok(client) => boto::download(client, bucket, &object.key, &object.target).await,
                Err(_) => Err(Exception::runtime("S3 resource not initialized in worker process")),
            };
            match result {
                Ok(()) => storage.journal.info(PLACE, format_args!("Downloaded object {}", object.key)),
                Err(error) => {
                    let message = format!("Failed to download object {}: {}", object.key, error.message);
                    storage.journal.write(Level::Error, PLACE, &message);
                    failures
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(format!("{}: {}", object.key, error.message));
                }
            }
        }
    };
    join_all((0..workers.min(total)).map(|_| work())).await;
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() {
        return Ok(());
    }
    Err(Exception::runtime(format!("Failed to download {} files: {}", failures.len(), failures.join("; "))))
}

/// The file of an object; its directory is made.
fn target(storage: &Storage, to: &str, prefix: &str, key: &str) -> Result<String> {
    let target = format!("{to}/{}", mapping::target(storage.is.mapping, prefix, key));
    let folder = python::dirname(&target);
    if storage.host.files.kind(folder).is_none() {
        storage.host.files.create_directories(folder)?;
    }
    Ok(target)
}

fn finish(storage: &Storage, to: &str, prefix: &str, count: usize, last: &str) -> Result<()> {
    match (count, Archive::of(last)) {
        (0, _) => Err(Exception::runtime(format!("Failed to fetch model. No model found in {prefix}."))),
        (1, Some(archive)) => {
            storage.journal.info("storage.py:_unpack_archive_file()", format_args!("Unpacking: {last}"));
            archive::unpack(&*storage.host.files, last, archive, to, storage.is.archive_filter)
        }
        _ => Ok(()),
    }
}

/// What the module tells boto3.
pub(crate) fn options(storage: &Storage) -> Result<Options> {
    let environment = &storage.environment;
    let mut options = Options::default();
    if storage.is.modern_s3 {
        let number = |name: &str, default: &str| python::int(environment.get(name).unwrap_or(default));
        let connect = number("S3_CONNECT_TIMEOUT", "15")?;
        let read = number("S3_READ_TIMEOUT", "30")?;
        let attempts = number("S3_MAX_ATTEMPTS", "3")?;
        if attempts < 0 {
            let message = format!(
                "Value provided to \"max_attempts\": {attempts} must be an integer greater than or equal to 0."
            );
            return Err(Exception::new("botocore.exceptions.InvalidMaxRetryAttemptsError", message));
        }
        options.connect_timeout = Some(u64::try_from(connect).unwrap_or_default());
        options.read_timeout = Some(u64::try_from(read).unwrap_or_default());
        // What is called attempts here are repetitions.
        options.retries = Some(RetryRule::standard(u32::try_from(attempts).unwrap_or(u32::MAX).saturating_add(1)));
    }
    options.anonymous = environment.says_true("awsAnonymousCredential");
    options.accelerate = storage.is.accelerate && environment.says_true("S3_USE_ACCELERATE");
    options.endpoint = environment.filled("AWS_ENDPOINT_URL").map(str::to_owned);
    let elsewhere = environment.get("AWS_DEFAULT_REGION").is_some_and(|region| region != "us-east-1");
    let legacy = storage.is.legacy_endpoint_virtual
        && elsewhere
        && options.endpoint.as_deref() == Some("https://s3.amazonaws.com");
    if legacy || environment.says_true("S3_USER_VIRTUAL_BUCKET") {
        options.addressing = Addressing::Virtual;
    }
    options.trust = ca::for_s3(storage)?;
    Ok(options)
}
