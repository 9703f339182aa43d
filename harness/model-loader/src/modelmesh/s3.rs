//! A bucket behind an endpoint, as aws-sdk-go reads it: addressed by path, signed with the entry's keys, trusting the entry's certificates or the system.

use super::entry::Entry;
use crate::aws_go;
use crate::boto::{Listed, Listing};
use crate::files::clean;
use crate::host::Host;
use crate::net::{self, BundleError, NameCheck, Trust, certificates};
use crate::python;
use bytes::Bytes;
use proofmark_aws_sigv4::{Credentials, encode_path, encode_query};

/// So many objects are asked for; what a second page would have is not fetched, there as here.
const MOST: u32 = 100;

/// What is at an entry's endpoint.
pub(super) struct Repository<'a> {
    endpoint: &'a str,
    client: aws_go::Client<'a>,
}

/// Why an entry makes no repository.
pub(super) enum Unusable {
    /// It lacks this member, or has something else than a text there.
    Missing(&'static str),
    /// Its certificates are none.
    Certificate(BundleError),
}

impl<'a> Repository<'a> {
    pub(super) fn of(host: &'a Host, entry: &'a Entry) -> Result<Self, Unusable> {
        let needed = |key: &'static str| entry.text(key).ok_or(Unusable::Missing(key));
        let keys = Credentials {
            access_key_id: needed("access_key_id")?.to_owned(),
            secret_access_key: needed("secret_access_key")?.to_owned(),
            session_token: None,
        };
        let (endpoint, region) = (needed("endpoint_url")?, needed("region")?);
        let trust = match entry.text("certificate") {
            None | Some("") => Trust::System,
            Some(pem) => Trust::Authorities(certificates(pem.as_bytes()).map_err(Unusable::Certificate)?),
        };
        let http = net::Client { trust, names: NameCheck::Afterwards, ..net::Client::new(&host.environment) };
        let (region, asked) = (region.to_owned(), endpoint.to_owned());
        Ok(Self { endpoint, client: aws_go::Client { host, http, region, keys: Some(keys), endpoint: asked } })
    }

    /// Fetches the objects below a path into a directory, or the one that it names into a file of that name.
    pub(super) async fn pull(&self, bucket: &str, path: &str, to: &str) -> Result<(), String> {
        let query = format!("list-type=2&max-keys={MOST}&prefix={}", encode_query(path));
        let listed = self.get(&format!("/{bucket}?{query}")).await;
        let page = listed.and_then(|body| Listing::parse(&body).map_err(|error| error.message));
        let page = page.map_err(|why| format!("unable to list objects in bucket '{bucket}': {why}"))?;
        for Listed { key, size, .. } in page.objects {
            let Some(below) = below(path, &key).filter(|_| size > 0 && !key.ends_with('/')) else { continue };
            let file = if below.is_empty() { to.to_owned() } else { inside(to, below) };
            let fetched = self.fetch(bucket, &key, &file).await;
            fetched.map_err(|why| {
                let unable = format!("unable to download objects in bucket '{bucket}': ");
                format!("{unable}{unable}{why}")
            })?;
        }
        Ok(())
    }

    async fn fetch(&self, bucket: &str, key: &str, file: &str) -> Result<(), String> {
        let body = self.get(&format!("/{bucket}/{}", encode_path(key))).await?;
        let files = &self.client.host.files;
        let write = || -> Result<(), String> {
            files.create_directories(python::dirname(file)).map_err(|error| error.to_string())?;
            let mut writable = files.create(file).map_err(|error| error.to_string())?;
            writable.write_all(&body).map_err(|error| error.to_string())
        };
        write().map_err(|why| format!("unable to open local file '{file}' for writing: {why}"))
    }

    async fn get(&self, target: &str) -> Result<Bytes, String> {
        let url = format!("{}{target}", self.endpoint.trim_end_matches('/'));
        self.client.get(&url, None).await.map(|answer| answer.body).map_err(|error| error.to_string())
    }
}

/// What of a key comes after a path, if the key is that path or lies below it.
fn below<'k>(path: &str, key: &'k str) -> Option<&'k str> {
    let rest = key.strip_prefix(path)?;
    (rest.is_empty() || rest.starts_with('/') || path.ends_with('/')).then_some(rest)
}

/// A path below a directory that does not leave it, whatever `..` it has.
fn inside(directory: &str, path: &str) -> String {
    format!("{directory}{}", clean(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("models", "models/a.bin", Some("/a.bin"))]
    #[case("models", "models2/a.bin", None)]
    #[case("models/", "models/a.bin", Some("a.bin"))]
    #[case("models/a.bin", "models/a.bin", Some(""))]
    #[case("", "/a.bin", Some("/a.bin"))]
    fn only_what_is_below_a_path_is_fetched(#[case] path: &str, #[case] key: &str, #[case] rest: Option<&str>) {
        assert_eq!(below(path, key), rest);
    }

    #[test]
    fn nothing_leaves_its_directory() {
        assert_eq!(inside("/models/m", "/a/../../../b//./c"), "/models/m/b/c");
    }
}
