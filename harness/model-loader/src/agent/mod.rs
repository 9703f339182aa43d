//! What KServe's agent asks of the world outside of its pod: a TrainedModel's model into a directory of its own, and what its logger posts.
//!
//! The agent stands beside a server of several models and brings each as it is asked for, with another program than the storage initializer: it is written
//! in Go, reads other variables, lists one page only, and its failures have other words.
//!
//! | module | what it handles |
//! |---|---|
//! | `post` | what the logger sends |
//! | `s3` | `s3://`, by aws-sdk-go |
//! | `web` | `http://` and `https://`: files, zip and tar.gz archives |
//!
//! What it does not: Google Cloud Storage and transfer acceleration (refused). The name of a success file is a digest of the specification as JSON; the
//! original's is one of how Go prints it.
//!
//! Source: KServe `pkg/agent` v0.11 to v0.18 (downloader, `storage`), aws-sdk-go v1.

mod post;
mod s3;
mod web;

pub use post::{Authorities, Unposted, post};

use crate::files::{FileError, FileSystem, Kind};
use crate::go::{join, path_error};
use crate::host::Host;
use crate::python;

/// The prefixes of what is pulled, as the agent has them.
const PREFIXES: [&str; 4] = ["s3://", "gs://", "https://", "http://"];

/// Where a model goes.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    host: &'a Host,
    /// The directory of the model.
    directory: &'a str,
}

impl Place<'_> {
    /// Writes a file below the directory in place of what was there.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), String> {
        let files = &*self.host.files;
        if files.kind(path) == Some(Kind::File) {
            files
                .remove(path)
                .map_err(|error| format!("file is unable to be deleted: {}", path_error("remove", &error)))?;
        }
        let create = || {
            files.create_directories(python::dirname(path))?;
            let mut file = files.create(path)?;
            file.write_all(bytes).map_err(|error| FileError::at(path, &error))
        };
        create().map_err(|error| format!("file is already created: {}", path_error("open", &error)))
    }
}

/// Fetches the model of this name into a directory below `models`, from where its URI says.
///
/// # Errors
/// When it cannot be had, in the agent's words.
pub async fn download(host: &Host, models: &str, name: &str, uri: &str) -> Result<(), String> {
    let unsupported = |why: &str| Err(format!("unsupported protocol: {why}"));
    if uri.is_empty() {
        return unsupported("there is no storageUri supplied");
    }
    if !uri.split_once("://").is_some_and(|(scheme, _)| scheme.ends_with(|c: char| c.is_alphanumeric() || c == '_')) {
        return unsupported("there is no protocol specified for the storageUri");
    }
    let Some(prefix) = PREFIXES.into_iter().find(|prefix| uri.starts_with(prefix)) else {
        return unsupported("protocol not supported for storageUri");
    };
    let directory = join(models, name);
    let place = Place { host, directory: &directory };
    let downloaded = match prefix {
        "s3://" => {
            let provider = s3::Provider::new(host);
            let provider =
                provider.map_err(|why| format!("unable to create or get provider for protocol s3://: {why}"))?;
            provider.download(place, uri).await
        }
        "gs://" => Err("proofmark: the agent does not read Google Cloud Storage here".to_owned()),
        _ => web::download(place, uri).await,
    };
    downloaded.map_err(|why| format!("failed to download model: {why}"))
}

/// Removes a directory with all that is in it, as far as there are files.
///
/// # Errors
/// When it is not there.
pub fn remove(files: &dyn FileSystem, directory: &str) -> Result<(), String> {
    if files.kind(directory) != Some(Kind::Directory) {
        return Err(path_error("open", &FileError::new(2, directory)));
    }
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for name in files.list(&folder).map_err(|error| path_error("open", &error))? {
            let path = join(&folder, &name);
            match files.kind(&path) {
                Some(Kind::Directory) => folders.push(path),
                _ => files.remove(&path).map_err(|error| path_error("unlinkat", &error))?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::files::Memory;
    use crate::host::alone;

    fn host(variables: &[(&str, &str)]) -> Host {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        alone(variables.collect::<Environment>(), Memory::default())
    }

    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    const SENT: &str =
        "failed to download model: unable to get batch objects RequestError: send request failed\ncaused by: Get";

    async fn failed(variables: &[(&str, &str)], uri: &str) -> String {
        download(&host(variables), "/mnt/models", "m", uri).await.unwrap_err()
    }

    #[tokio::test]
    #[rstest::rstest]
    #[case("", "unsupported protocol: there is no storageUri supplied")]
    #[case("models/m", "unsupported protocol: there is no protocol specified for the storageUri")]
    #[case("pvc://claim/m", "unsupported protocol: protocol not supported for storageUri")]
    #[case("gs://b/m", "failed to download model: proofmark: the agent does not read Google Cloud Storage here")]
    #[case(
        "s3://models/m",
        "failed to download model: unable to get batch objects MissingRegion: could not find region configuration"
    )]
    #[case(
        "http://web/m.bin",
        "failed to download model: failed to make a request: Get \"http://web/m.bin\": dial tcp: lookup web: no such host"
    )]
    async fn failures_have_the_words_of_the_original(#[case] uri: &str, #[case] words: &str) {
        assert_eq!(failed(&[], uri).await, words);
    }

    #[tokio::test]
    #[rstest::rstest]
    #[case(&[("AWS_REGION", "us-east-1")], "models.s3.amazonaws.com/?prefix=m")]
    #[case(&[("AWS_REGION", "eu-west-1")], "models.s3.eu-west-1.amazonaws.com/?prefix=m")]
    #[case(&[("AWS_REGION", "eu-west-1"), ("S3_USER_VIRTUAL_BUCKET", "False")], "s3.eu-west-1.amazonaws.com/models?prefix=m")]
    #[case(&[("AWS_REGION", "r"), ("AWS_ENDPOINT_URL", "minio:9000")], "models.minio:9000/?prefix=m")]
    #[case(&[("AWS_REGION", "r"), ("AWS_ENDPOINT_URL", "https://minio"), ("S3_USER_VIRTUAL_BUCKET", "false")], "minio/models?prefix=m")]
    async fn buckets_are_where_the_variables_say(#[case] variables: &[(&str, &str)], #[case] place: &str) {
        let variables: Vec<_> = KEYS.iter().chain(variables).copied().collect();
        let host = place.split([':', '/']).next().unwrap();
        let words = format!("{SENT} \"https://{place}\": dial tcp: lookup {host}: no such host");
        assert_eq!(failed(&variables, "s3://models/m").await, words);
    }

    #[tokio::test]
    async fn a_bundle_that_is_not_there_stops_everything_before_a_request() {
        let variables = [("AWS_CA_BUNDLE", "/etc/ssl/ca.crt"), ("AWS_REGION", "r")];
        assert_eq!(
            failed(&variables, "s3://models/m").await,
            "unable to create or get provider for protocol s3://: LoadCustomCABundleError: unable to open custom CA bundle PEM file\n\
             caused by: open /etc/ssl/ca.crt: no such file or directory"
        );
    }

    #[tokio::test]
    async fn a_role_without_a_token_is_told() {
        let variables = [("AWS_REGION", "r"), ("AWS_ROLE_ARN", "arn"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token")];
        assert_eq!(
            failed(&variables, "s3://models/m").await,
            "failed to download model: unable to get batch objects WebIdentityErr: failed fetching WebIdentity token: \n\
             caused by: WebIdentityErr: unable to read file at /var/token\n\
             caused by: open /var/token: no such file or directory"
        );
    }

    #[test]
    fn removed_is_what_is_in_a_directory_and_nothing_beside() {
        let files = Memory::default();
        for path in ["/m/a/x", "/m/a/b/y", "/m/ab/z"] {
            files.create_directories(python::dirname(path)).unwrap();
            files.write(path, "1").unwrap();
        }
        assert_eq!(remove(&files, "/m/a"), Ok(()));
        assert!(remove(&files, "/m/c").is_err());
        let there = ["/m/a/x", "/m/a/b/y", "/m/ab/z"].map(|path| files.kind(path).is_some());
        assert_eq!(there, [false, false, true]);
    }
}
