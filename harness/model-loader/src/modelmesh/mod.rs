//! ModelMesh's puller: an entry of `storage-config` and a model's path in, files out.
//!
//! It reads the secret that KServe's storage initializer reads, and means other things by some of its keys: `certificate` is the text of certificates here
//! and was the path of a file there (kserve/kserve#3462, kserve/modelmesh-serving#460).
//!
//! | module | what it handles |
//! |---|---|
//! | `entry` | an entry of the secret, as files of a mount |
//! | `s3` | a bucket behind an endpoint: listed, and read |
//!
//! What it does: entries of type `s3` with keys, endpoint, region, bucket and certificate; one page of a listing, as the original; files below the model's
//! directory and nowhere else. What it does not: parameters of a predictor, default entries, schemas, the other types of storage (all refused), requests in
//! parts or sent again, clients kept between models, gRPC. Words of JSON mistakes are ours, and so is the time in those about a certificate's validity.
//!
//! Source: kserve/modelmesh-runtime-adapter v0.12.0 (`model-serving-puller`, `pullman`), aws-sdk-go v1.

mod entry;
mod s3;

use crate::aws_go;
use crate::host::Host;
use crate::python;
use entry::Entry;

/// Where the secret is mounted.
pub const STORAGE_CONFIG: &str = "/storage-config";

/// Why there is no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// The answer to the request to load it.
    #[error("{0}")]
    Refused(String),
    /// The process that answers for every model ends; what Go prints first.
    #[error("panic: {0}")]
    Panicked(String),
}

/// Fetches what is at `path` in the storage of an entry into the directory `to`. The host's files hold the mounted secret.
///
/// # Errors
/// [`PullError`], in the original's words.
pub async fn pull(host: &Host, key: &str, path: &str, to: &str) -> Result<(), PullError> {
    let entry = Entry::read(host, key)
        .map_err(|why| PullError::Refused(format!("Did not find storage config for key {key}: {why}")))?;
    let kind = entry.text("type").ok_or_else(|| PullError::Refused("Predictor Storage field missing".to_owned()))?;
    let failed = |why: String| PullError::Refused(format!("Failed to pull model from storage due to error: {why}"));
    let unable = |why: String| failed(format!("could not process pull command: {why}"));
    if kind != "s3" {
        return Err(unable(format!("no provider registered for repositories of type '{kind}'")));
    }
    let repository = s3::Repository::of(host, &entry).map_err(|error| match error {
        s3::Unusable::Missing(key) => {
            unable(format!("unable to create repository of type 's3': missing required string configuration '{key}'"))
        }
        s3::Unusable::Certificate(error) => PullError::Panicked(aws_go::bundle_error("", &error)),
    })?;
    let bucket = entry.text("bucket");
    let bucket = bucket.ok_or_else(|| failed("required configuration 'bucket' missing from command".to_owned()))?;
    let name = match python::basename(path.trim_end_matches('/')) {
        "" | "." => "_model",
        name => name,
    };
    repository.pull(bucket, path, &format!("{to}/{name}")).await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::files::{FileSystem as _, Memory};
    use crate::host::alone;

    fn host(entry: &str) -> Host {
        let files = Memory::default();
        files.create_directories(STORAGE_CONFIG).unwrap();
        files.write(&format!("{STORAGE_CONFIG}/minio"), entry).unwrap();
        alone(Environment::default(), files)
    }

    fn entry(change: &str) -> String {
        format!(
            r#"{{"type": "s3", "access_key_id": "a", "secret_access_key": "b", "endpoint_url": "https://minio", "region": "r", "bucket": "models"{change}}}"#
        )
    }

    #[tokio::test]
    #[rstest::rstest]
    #[case("missing", entry(""), "Did not find storage config for key missing: Storage secretKey not found: missing")]
    #[case("minio", "{}".to_owned(), "Predictor Storage field missing")]
    #[case("minio", r#"{"type": "ftp"}"#.to_owned(), "Failed to pull model from storage due to error: could not process pull command: no provider registered for repositories of type 'ftp'")]
    #[case("minio", r#"{"type": "s3"}"#.to_owned(), "Failed to pull model from storage due to error: could not process pull command: unable to create repository of type 's3': missing required string configuration 'access_key_id'")]
    #[case(
        "minio",
        entry(r#", "bucket": 1"#),
        "Failed to pull model from storage due to error: required configuration 'bucket' missing from command"
    )]
    #[case(
        "minio",
        entry(r#", "certificate": "/etc/ssl/ca.crt""#),
        "panic: LoadCustomCABundleError: failed to load custom CA bundle PEM file"
    )]
    // What is no text is not there.
    #[case(
        "minio",
        entry(r#", "certificate": 1"#),
        "Failed to pull model from storage due to error: unable to list objects in bucket 'models': RequestError: send request failed\ncaused by: Get \"https://minio/models?list-type=2&max-keys=100&prefix=a%20b\": dial tcp: lookup minio: no such host"
    )]
    async fn failures_have_the_words_of_the_original(#[case] key: &str, #[case] entry: String, #[case] words: &str) {
        assert_eq!(pull(&host(&entry), key, "a b", "/models/m").await.unwrap_err().to_string(), words);
    }

    #[tokio::test]
    async fn a_default_bucket_counts_where_there_is_no_other() {
        let entry = entry("").replace("bucket", "default_bucket");
        let error = pull(&host(&entry), "minio", "a", "/models/m").await.unwrap_err().to_string();
        assert!(error.contains("unable to list objects in bucket 'models'"), "{error}");
    }
}
