//! A bucket behind an endpoint, as aws-sdk-go reads it: addressed by path, signed with the entry's keys, trusting the entry's certificates or the system.

use super::entry::Entry;
use crate::boto::{Listed, Listing, Service, failure};
use crate::host::Host;
use crate::net::{self, ConnectError, NameCheck, NetError, TlsError, Trust, Url};
use crate::python;
use bytes::Bytes;
use http::{HeaderMap, Method};
use proofmark_aws_sigv4::{Credentials, Payload, encode_path, encode_query, sign};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// So many objects are asked for; what a second page would have is not fetched, there as here.
const MOST: u32 = 100;

/// What is at an entry's endpoint.
pub(super) struct Repository<'a> {
    host: &'a Host,
    endpoint: &'a str,
    region: &'a str,
    keys: Credentials,
    http: net::Client,
}

/// Why an entry makes no repository.
pub(super) enum Unusable {
    /// It lacks this member, or has something else than a text there.
    Missing(&'static str),
    /// There is no certificate in its text.
    Certificate,
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
            Some(pem) => {
                let certificates: Vec<_> =
                    CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok).collect();
                if certificates.is_empty() {
                    return Err(Unusable::Certificate);
                }
                Trust::Authorities(certificates)
            }
        };
        let http = net::Client { trust, names: NameCheck::Afterwards, ..net::Client::new(&host.environment) };
        Ok(Self { host, endpoint, region, keys, http })
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
        let files = &self.host.files;
        let write = || -> Result<(), String> {
            files.create_directories(python::dirname(file)).map_err(|error| error.to_string())?;
            let mut writable = files.create(file).map_err(|error| error.to_string())?;
            writable.write_all(&body).map_err(|error| error.to_string())
        };
        write().map_err(|why| format!("unable to open local file '{file}' for writing: {why}"))
    }

    /// A signed GET of what stands behind the endpoint.
    async fn get(&self, target: &str) -> Result<Bytes, String> {
        let text = format!("{}{target}", self.endpoint.trim_end_matches('/'));
        let failed = |why: String| format!("RequestError: send request failed\ncaused by: Get \"{text}\": {why}");
        let url = Url::parse(&text).ok_or_else(|| failed("unsupported protocol scheme".to_owned()))?;
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.uri = url.target.parse().map_err(|_| failed("invalid URL".to_owned()))?;
        let authority = url.authority().parse().map_err(|_| failed("invalid URL".to_owned()))?;
        parts.headers = HeaderMap::from_iter([(http::header::HOST, authority)]);
        sign(&mut parts, &self.keys, self.region, "s3", Payload::Bytes(&[]), (self.host.clock)());
        let request =
            net::Request { method: Method::GET, url: url.clone(), headers: parts.headers, body: Bytes::new() };
        let response = self.http.send(self.host, request).await.map_err(|error| failed(in_go(&error, &url)))?;
        let (status, headers) = (response.status, response.headers);
        let body = response.body.bytes().await.map_err(|_| failed("unexpected EOF".to_owned()))?;
        if status < 300 {
            return Ok(body);
        }
        let told = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let error = failure(Service::S3, status, &body).map_err(|error| error.message)?.error;
        Err(format!(
            "{}: {}\n\tstatus code: {status}, request id: {}, host id: {}",
            error.code.unwrap_or_default(),
            error.message.unwrap_or_default(),
            told("x-amz-request-id"),
            told("x-amz-id-2"),
        ))
    }
}

/// What of a key comes after a path, if the key is that path or lies below it.
fn below<'k>(path: &str, key: &'k str) -> Option<&'k str> {
    let rest = key.strip_prefix(path)?;
    (rest.is_empty() || rest.starts_with('/') || path.ends_with('/')).then_some(rest)
}

/// A path below a directory that does not leave it, whatever `..` it has.
fn inside(directory: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("{directory}/{}", parts.join("/"))
}

/// A failure of the network in Go's words.
fn in_go(error: &NetError, url: &Url) -> String {
    match error {
        NetError::Connect(ConnectError::UnknownName) => format!("dial tcp: lookup {}: no such host", url.host),
        NetError::Connect(ConnectError::TimedOut) => "dial tcp: i/o timeout".to_owned(),
        NetError::Connect(ConnectError::System(errno)) => {
            format!(
                "dial tcp {}:{}: connect: {}",
                url.host,
                url.port_or_default(),
                python::strerror(*errno).to_lowercase()
            )
        }
        NetError::Tls(TlsError::Refused(why)) => {
            let why = match why.as_str() {
                "certificate has expired" | "certificate is not yet valid" => {
                    "certificate has expired or is not yet valid"
                }
                _ => "certificate signed by unknown authority",
            };
            format!("tls: failed to verify certificate: x509: {why}")
        }
        NetError::Tls(TlsError::OtherNames(names)) => format!(
            "tls: failed to verify certificate: x509: certificate is valid for {}, not {}",
            names.join(", "),
            url.host
        ),
        NetError::Tls(_) => "tls: first record does not look like a TLS handshake".to_owned(),
        NetError::ReadTimeout => "net/http: timeout awaiting response headers".to_owned(),
        NetError::Proxy(..) | NetError::Tunnel(..) => "proxyconnect tcp: connection failed".to_owned(),
        NetError::Closed | NetError::Protocol(_) => "EOF".to_owned(),
    }
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
