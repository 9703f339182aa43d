//! Where models come from.

use super::FetchError;
use super::checksum::Sum;
use super::plan::{self, Item};
use crate::boto::{Client, Listed, Operation, Payload, Settings};
use crate::exception::Exception;
use crate::host::Host;
use crate::journal::Journal;
use crate::net::{self, Body, Url};
use crate::python;
use crate::release::Release;
use crate::storage::{Storage, s3_options};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// So many redirects are followed.
const MOST_REDIRECTS: usize = 10;
/// Asks for the checksums of an object.
fn checksums() -> (&'static str, String) {
    ("x-amz-checksum-mode", "ENABLED".to_owned())
}

/// Where a model comes from.
pub(super) enum Source {
    S3 { client: Box<Client>, bucket: String, prefix: String },
    Web { host: Host, uri: String },
    Local { path: PathBuf },
}

/// Bytes that arrive.
pub(super) enum Bytestream {
    Net(Body),
    File(io::Take<File>),
}

impl Bytestream {
    pub(super) async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::Net(body) => body.chunk().await.map_err(|_| io::ErrorKind::UnexpectedEof.into()),
            Self::File(file) => {
                let mut buffer = vec![0; 256 * 1024];
                let n = file.read(&mut buffer)?;
                buffer.truncate(n);
                Ok((n > 0).then(|| buffer.into()))
            }
        }
    }
}

impl Source {
    /// Finds out what a URI means.
    pub(super) async fn open(host: &Host, uri: &str) -> Result<Self, FetchError> {
        let failed = |exception: Exception| FetchError::source(uri, &exception);
        if uri.starts_with("s3://") {
            let silent = Journal::new(Release::V0_21.behaviour().log, host.clock.clone(), Arc::new(|_, _| {}));
            let storage = Storage::new(host, Release::V0_21.behaviour(), silent);
            let options = s3_options(&storage).map_err(failed)?;
            let settings = Settings::load(&host.environment, &*host.files, &storage.is).map_err(failed)?;
            let client = Client::s3(host, &settings, None, options).await.map_err(failed)?.keeping_connections();
            let parts = python::urlsplit(uri);
            let prefix = parts.path.trim_start_matches('/').to_owned();
            return Ok(Self::S3 { client: Box::new(client), bucket: parts.netloc, prefix });
        }
        if uri.starts_with("http://") || uri.starts_with("https://") {
            return Ok(Self::Web { host: host.clone(), uri: uri.to_owned() });
        }
        let path = uri.strip_prefix("file://").unwrap_or(uri);
        if path.contains("://") {
            return Err(FetchError::Unsupported(uri.to_owned()));
        }
        Ok(Self::Local { path: PathBuf::from(path) })
    }

    /// The files that there are.
    pub(super) async fn list(&self) -> Result<Vec<Item>, FetchError> {
        match self {
            Self::S3 { client, bucket, prefix } => list_bucket(client, bucket, prefix).await,
            Self::Web { host, uri } => Ok(vec![look_at(host, uri).await?]),
            Self::Local { path } => {
                let mut items = Vec::new();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if path.is_dir() {
                    walk(path, "", &mut items)?
                } else {
                    items.push(local_item(path, &name)?)
                }
                Ok(items)
            }
        }
    }

    /// What is to be known of a file before it is fetched in parts: its tag, and its checksum as a whole.
    pub(super) async fn look(&self, item: &Item) -> Result<Item, FetchError> {
        let Self::S3 { client, bucket, .. } = self else { return Ok(item.clone()) };
        let mut head = Operation::s3("HeadObject", Method::HEAD, bucket, Some(&item.place));
        head.headers.push(checksums());
        let reply = client.call(&head).await.map_err(|exception| FetchError::source(&item.path, &exception))?;
        let size = text(&reply.headers, header::CONTENT_LENGTH).and_then(|size| size.parse().ok());
        if size.is_some_and(|size: u64| size != item.size) {
            return Err(changed(&item.path));
        }
        Ok(Item { tag: text(&reply.headers, header::ETAG), sum: Sum::of(&reply.headers), ..item.clone() })
    }

    /// The bytes of a file, and what the source says about them.
    pub(super) async fn whole(&self, item: &Item) -> Result<(Bytestream, Option<Sum>), FetchError> {
        match self {
            Self::S3 { client, bucket, .. } => s3_get(client, bucket, item, [checksums()]).await,
            Self::Web { host, .. } => {
                let response = send(host, Method::GET, &item.place, HeaderMap::new()).await?;
                if response.status != 200 {
                    return Err(refused(&item.place, response.status));
                }
                Ok((Bytestream::Net(response.body), item.sum.clone()))
            }
            Self::Local { .. } => {
                let path = Path::new(&item.place);
                let file = File::open(path).map_err(|why| FetchError::disk(path, why))?;
                Ok((Bytestream::File(file.take(item.size)), None))
            }
        }
    }

    /// The bytes of a file from `start` to `end` (exclusive).
    pub(super) async fn part(&self, item: &Item, start: u64, end: u64) -> Result<Bytestream, FetchError> {
        let range = format!("bytes={start}-{}", end.saturating_sub(1));
        match self {
            Self::S3 { client, bucket, .. } => Ok(s3_get(client, bucket, item, [("range", range)]).await?.0),
            Self::Web { host, .. } => {
                let mut headers = HeaderMap::new();
                for (name, value) in [(header::RANGE, Some(&range)), (header::IF_RANGE, item.tag.as_ref())] {
                    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                        headers.insert(name, value);
                    }
                }
                let response = send(host, Method::GET, &item.place, headers).await?;
                match response.status {
                    206 => Ok(Bytestream::Net(response.body)),
                    200 => Err(changed(&item.place)),
                    status => Err(refused(&item.place, status)),
                }
            }
            Self::Local { .. } => {
                let path = Path::new(&item.place);
                let open = || -> io::Result<_> {
                    let mut file = File::open(path)?;
                    file.seek(SeekFrom::Start(start))?;
                    Ok(file.take(end - start))
                };
                open().map(Bytestream::File).map_err(|why| FetchError::disk(path, why))
            }
        }
    }
}

fn changed(path: &str) -> FetchError {
    FetchError::Source { path: path.to_owned(), why: "it changed while it was fetched".to_owned() }
}

fn refused(path: &str, status: u16) -> FetchError {
    FetchError::Source { path: path.to_owned(), why: format!("the server answered {status}") }
}

/// Gets an object as it was when it was listed, or a part of it.
async fn s3_get(
    client: &Client,
    bucket: &str,
    item: &Item,
    headers: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<(Bytestream, Option<Sum>), FetchError> {
    let failed = |exception: Exception| FetchError::source(&item.path, &exception);
    let mut get = Operation::s3("GetObject", Method::GET, bucket, Some(&item.place));
    get.streams = true;
    get.headers.extend(headers);
    get.headers.extend(item.tag.clone().map(|tag| ("if-match", tag)));
    let reply = client.call(&get).await.map_err(failed)?;
    match reply.payload {
        Payload::Stream(body) => Ok((Bytestream::Net(body), Sum::of(&reply.headers))),
        Payload::Whole(_) => Err(failed(Exception::runtime("the answer has no body"))),
    }
}

/// Lists a folder of a bucket.
async fn list_bucket(client: &Client, bucket: &str, prefix: &str) -> Result<Vec<Item>, FetchError> {
    let failed = |exception: Exception| FetchError::source(&format!("s3://{bucket}/{prefix}"), &exception);
    let mut items = Vec::new();
    let mut marker = None;
    loop {
        let page = client.list(bucket, prefix, marker.as_deref()).await.map_err(failed)?;
        for Listed { key, size, tag } in page.objects {
            let Some(path) = plan::path_of(prefix, &key) else { continue };
            items.push(Item { path: path?, place: key, size, tag, sum: None, ranges: true });
        }
        match page.next {
            Some(next) => marker = Some(next),
            None => break,
        }
    }
    // An object of that very name is meant, whatever else begins with it.
    if let Some(exact) = items.iter().position(|item| item.place == prefix) {
        items = vec![items.swap_remove(exact)];
    }
    Ok(items)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Looks at a file on the web.
async fn look_at(host: &Host, uri: &str) -> Result<Item, FetchError> {
    let path = python::basename(&python::urlsplit(uri).path).to_owned();
    let path = plan::safe(&path)?;
    let response = send(host, Method::HEAD, uri, HeaderMap::new()).await?;
    if response.status != 200 {
        return Err(FetchError::Source {
            path: uri.to_owned(),
            why: format!("the server answered {}", response.status),
        });
    }
    let size = text(&response.headers, header::CONTENT_LENGTH).and_then(|size| size.parse().ok());
    let size = size.ok_or_else(|| FetchError::Source {
        path: uri.to_owned(),
        why: "the server does not tell its size".to_owned(),
    })?;
    // A weak tag does not promise the same bytes.
    let tag = text(&response.headers, header::ETAG).filter(|tag| !tag.starts_with("W/"));
    let ranges =
        text(&response.headers, header::ACCEPT_RANGES).is_some_and(|ranges| ranges == "bytes") && tag.is_some();
    Ok(Item { path, place: uri.to_owned(), size, sum: Sum::of(&response.headers), tag, ranges })
}

/// Sends a request and follows redirects.
async fn send(host: &Host, method: Method, uri: &str, headers: HeaderMap) -> Result<net::Response, FetchError> {
    let failed = |why: String| FetchError::Source { path: uri.to_owned(), why };
    let mut text = uri.to_owned();
    for _ in 0..=MOST_REDIRECTS {
        let url = Url::parse(&text).ok_or_else(|| failed(format!("{text} is no URL")))?;
        let mut client = net::Client::new(&host.environment);
        client.connect_timeout = Some(Duration::from_secs(15));
        client.read_timeout = Some(Duration::from_secs(60));
        if let Some(bundle) =
            host.environment.filled("REQUESTS_CA_BUNDLE").or_else(|| host.environment.filled("SSL_CERT_FILE"))
        {
            client.trust = net::Trust::Bundle(bundle.to_owned());
        }
        let request =
            net::Request { method: method.clone(), url: url.clone(), headers: headers.clone(), body: Bytes::new() };
        let response = client.send(host, request).await.map_err(|error| failed(error.to_string()))?;
        match response.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()) {
            Some(location) if matches!(response.status, 301 | 302 | 303 | 307 | 308) => text = url.join(location),
            _ => return Ok(response),
        }
    }
    Err(failed(format!("it was redirected more than {MOST_REDIRECTS} times")))
}

/// The files below a folder.
fn walk(folder: &Path, below: &str, items: &mut Vec<Item>) -> Result<(), FetchError> {
    let entries = fs::read_dir(folder).map_err(|why| FetchError::disk(folder, why))?;
    let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let below = if below.is_empty() { name } else { format!("{below}/{name}") };
        if path.is_dir() { walk(&path, &below, items)? } else { items.push(local_item(&path, &below)?) }
    }
    Ok(())
}

fn local_item(path: &Path, below: &str) -> Result<Item, FetchError> {
    let size = fs::metadata(path).map_err(|why| FetchError::disk(path, why))?.len();
    Ok(Item { path: plan::safe(below)?, place: path.display().to_string(), size, tag: None, sum: None, ranges: false })
}
