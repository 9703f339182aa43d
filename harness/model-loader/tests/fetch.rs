//! The loader of our own, over pipes to a server that keeps to HTTP but breaks off where it is told.

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use proofmark_model_loader::files::Disk;
use proofmark_model_loader::net::{Connecting, Network, Stream};
use proofmark_model_loader::{Environment, FetchError, FetchOptions, Fetched, Host, Progress, fetch};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Parts of this size make many of a small object.
const OPTIONS: FetchOptions = FetchOptions { jobs: 4, part: 1000 };

#[derive(Clone)]
struct Object {
    bytes: Bytes,
    etag: &'static str,
    /// The checksum that is told, in base64.
    crc32: Option<String>,
}

fn object(size: usize, seed: u8) -> Object {
    let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8 ^ seed).collect();
    Object { bytes: bytes.into(), etag: "\"one\"", crc32: None }
}

/// The same with its checksum.
fn with_crc(object: Object) -> Object {
    use base64::Engine as _;
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, &object.bytes);
    let crc = base64::engine::general_purpose::STANDARD.encode(u32::try_from(crc).unwrap().to_be_bytes());
    Object { crc32: Some(crc), ..object }
}

/// A server whose bucket is `bucket`, and whose other paths are pages.
#[derive(Default)]
struct Server {
    objects: Mutex<BTreeMap<String, Object>>,
    /// Answers to requests from this byte on end early.
    broken_from: Mutex<Option<u64>>,
    /// Parts can be asked for.
    ranges: bool,
    asked: Mutex<Vec<String>>,
    connections: AtomicU64,
}

impl Server {
    fn new(objects: &[(&str, Object)]) -> Arc<Self> {
        let objects = objects.iter().map(|(path, object)| ((*path).to_owned(), object.clone())).collect();
        Arc::new(Self { objects: Mutex::new(objects), ranges: true, ..Self::default() })
    }

    /// The ranges that were asked for since the last time.
    fn ranges_asked(&self) -> Vec<String> {
        let mut asked: Vec<String> =
            self.asked.lock().unwrap().drain(..).filter(|line| line.contains("bytes=")).collect();
        asked.sort();
        asked
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<BoxBody<Bytes, io::Error>> {
        let full = |text: String| Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed();
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let range = request.headers().get(header::RANGE).map(|range| range.to_str().unwrap().to_owned());
        self.asked.lock().unwrap().push(format!("{path} {}", range.clone().unwrap_or_default()));
        let objects = self.objects.lock().unwrap();
        if path == "bucket" {
            let keys = objects.iter().filter_map(|(path, object)| Some((path.strip_prefix("bucket/")?, object)));
            let contents: String = keys
                .map(|(key, object)| {
                    format!("<Contents><Key>{key}</Key><Size>{}</Size></Contents>", object.bytes.len())
                })
                .collect();
            return Response::new(full(format!(
                "<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
            )));
        }
        if path == "moved" {
            return Response::builder()
                .status(302)
                .header(header::LOCATION, "/page.bin")
                .body(full(String::new()))
                .unwrap();
        }
        let Some(object) = objects.get(&path) else {
            return Response::builder().status(404).body(full(String::new())).unwrap();
        };
        let mut response = Response::builder().header(header::ETAG, object.etag);
        if self.ranges {
            response = response.header(header::ACCEPT_RANGES, "bytes");
        }
        if let Some(crc32) = &object.crc32 {
            response = response.header("x-amz-checksum-crc32", crc32);
        }
        let (mut start, mut end) = (0, object.bytes.len());
        if let Some(range) = range.filter(|_| self.ranges) {
            let (first, last) = range.trim_start_matches("bytes=").split_once('-').unwrap();
            (start, end) = (first.parse().unwrap(), last.parse::<usize>().unwrap() + 1);
            response = response.status(206);
        }
        response = response.header(header::CONTENT_LENGTH, end - start);
        let broken = self.broken_from.lock().unwrap().is_some_and(|from| start as u64 >= from);
        let body = if request.method() == "HEAD" {
            full(String::new())
        } else if broken {
            let frames =
                [Ok(Frame::data(object.bytes.slice(start..start + 10))), Err(io::ErrorKind::ConnectionReset.into())];
            StreamBody::new(stream::iter(frames)).boxed()
        } else {
            Full::new(object.bytes.slice(start..end)).map_err(|never| match never {}).boxed()
        };
        response.body(body).unwrap()
    }
}

struct Pipes(Arc<Server>);

impl Network for Pipes {
    fn connect<'a>(&'a self, _: &'a str, _: u16) -> Connecting<'a> {
        let (here, there) = tokio::io::duplex(64 * 1024);
        let server = self.0.clone();
        server.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(|request| {
                let answer = server.answer(&request);
                async { Ok::<_, io::Error>(answer) }
            });
            // A connection that breaks is what the tests are about.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(there), service).await;
        });
        Box::pin(async { Ok(Box::new(here) as Box<dyn Stream>) })
    }
}

/// Bytes that were there already, and bytes that arrived.
#[derive(Default)]
struct Counted {
    resumed: AtomicU64,
    arrived: AtomicU64,
}

impl Progress for Counted {
    fn begin(&self, _: usize, _: u64) {}
    fn resumed(&self, bytes: u64) {
        self.resumed.fetch_add(bytes, Ordering::Relaxed);
    }
    fn arrived(&self, bytes: u64) {
        self.arrived.fetch_add(bytes, Ordering::Relaxed);
    }
}

async fn load(server: &Arc<Server>, uri: &str, to: &Path) -> (Result<Fetched, FetchError>, Counted) {
    let variables = [("AWS_ENDPOINT_URL", "http://127.0.0.1:9000"), ("awsAnonymousCredential", "true")];
    let host = Host {
        environment: Environment::from_iter(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))),
        files: Arc::new(Disk),
        network: Arc::new(Pipes(server.clone())),
        clock: Arc::new(|| jiff::Timestamp::UNIX_EPOCH),
        authorities: vec![].into(),
    };
    let counted = Counted::default();
    let fetched = fetch(&host, uri, to, OPTIONS, &counted).await;
    (fetched, counted)
}

/// Everything below a directory, hidden files too.
fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string())
            }
        }
    }
    found.sort();
    found
}

#[tokio::test(start_paused = true)]
async fn a_folder_is_fetched_and_nothing_beside_it() {
    let server = Server::new(&[
        ("bucket/models/a/big.bin", object(5500, 1)),
        ("bucket/models/empty.txt", object(0, 0)),
        ("bucket/models/small.txt", object(10, 2)),
        ("bucket/models2/other.bin", object(10, 3)),
    ]);
    let to = tempfile::tempdir().unwrap();
    let (fetched, _) = load(&server, "s3://bucket/models", to.path()).await;
    assert_eq!(fetched.unwrap(), Fetched { files: 3, bytes: 5510, verified: 0 });
    assert_eq!(tree(to.path()), ["a/big.bin", "empty.txt", "small.txt"]);
    assert_eq!(std::fs::read(to.path().join("a/big.bin")).unwrap(), object(5500, 1).bytes);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_ended_early_goes_on_where_it_stopped() {
    let server = Server::new(&[("bucket/models/big.bin", with_crc(object(5500, 1)))]);
    let to = tempfile::tempdir().unwrap();
    *server.broken_from.lock().unwrap() = Some(4000);
    let (failed, _) = load(&server, "s3://bucket/models", to.path()).await;
    assert!(matches!(failed, Err(FetchError::Source { .. })), "{failed:?}");
    assert_eq!(tree(to.path()), [".big.bin.partial", ".big.bin.partial.json"]);

    *server.broken_from.lock().unwrap() = None;
    server.ranges_asked();
    let (fetched, counted) = load(&server, "s3://bucket/models", to.path()).await;
    assert_eq!(fetched.unwrap().verified, 1);
    assert_eq!(tree(to.path()), ["big.bin"]);
    assert_eq!(std::fs::read(to.path().join("big.bin")).unwrap(), object(5500, 1).bytes);
    let resumed = counted.resumed.load(Ordering::Relaxed);
    assert!(resumed > 0);
    assert_eq!(resumed + counted.arrived.load(Ordering::Relaxed), 5500);
    assert!(server.ranges_asked().iter().all(|range| !range.contains("bytes=0-")));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_fits_into_a_part_is_there_as_a_whole_or_not_at_all() {
    let server = Server::new(&[("bucket/models/a.bin", object(900, 1)), ("bucket/models/b.bin", object(900, 2))]);
    let to = tempfile::tempdir().unwrap();
    *server.broken_from.lock().unwrap() = Some(0);
    let (failed, _) = load(&server, "s3://bucket/models", to.path()).await;
    assert!(matches!(failed, Err(FetchError::Source { .. })), "{failed:?}");
    assert!(tree(to.path()).is_empty(), "{:?}", tree(to.path()));

    *server.broken_from.lock().unwrap() = None;
    std::fs::write(to.path().join(".a.bin.partial"), "what a killed load left").unwrap();
    load(&server, "s3://bucket/models", to.path()).await.0.unwrap();
    assert_eq!(tree(to.path()), ["a.bin", "b.bin"]);
    assert_eq!(std::fs::read(to.path().join("a.bin")).unwrap(), object(900, 1).bytes);
}

#[tokio::test(start_paused = true)]
async fn connections_are_used_again() {
    let names: Vec<String> = (0..40).map(|at| format!("bucket/models/{at}.bin")).collect();
    let mut objects: Vec<_> = names.iter().map(|name| (name.as_str(), object(100, 1))).collect();
    objects.push(("bucket/models/big.bin", object(9000, 1)));
    let server = Server::new(&objects);
    let to = tempfile::tempdir().unwrap();
    assert_eq!(load(&server, "s3://bucket/models", to.path()).await.0.unwrap().files, 41);
    let connections = server.connections.load(Ordering::Relaxed);
    assert!(connections <= OPTIONS.jobs as u64, "{connections} connections");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_changed_is_fetched_anew() {
    let server = Server::new(&[("bucket/models/big.bin", object(5500, 1))]);
    let to = tempfile::tempdir().unwrap();
    *server.broken_from.lock().unwrap() = Some(4000);
    load(&server, "s3://bucket/models", to.path()).await.0.unwrap_err();
    *server.broken_from.lock().unwrap() = None;
    let changed = Object { etag: "\"two\"", ..object(5500, 9) };
    server.objects.lock().unwrap().insert("bucket/models/big.bin".to_owned(), changed);
    let (fetched, counted) = load(&server, "s3://bucket/models", to.path()).await;
    fetched.unwrap();
    assert_eq!(counted.resumed.load(Ordering::Relaxed), 0);
    assert_eq!(std::fs::read(to.path().join("big.bin")).unwrap(), object(5500, 9).bytes);
}

#[tokio::test(start_paused = true)]
async fn content_is_held_against_its_checksum() {
    let mut good = with_crc(object(2500, 1));
    let to = tempfile::tempdir().unwrap();
    let server = Server::new(&[("bucket/m/a.bin", good.clone())]);
    assert_eq!(load(&server, "s3://bucket/m", to.path()).await.0.unwrap().verified, 1);

    let to = tempfile::tempdir().unwrap();
    good.crc32 = Some("AAAAAA==".to_owned());
    let server = Server::new(&[("bucket/m/a.bin", good)]);
    let (failed, _) = load(&server, "s3://bucket/m", to.path()).await;
    assert!(matches!(failed, Err(FetchError::Checksum { algorithm: "crc32", .. })), "{failed:?}");
    assert!(tree(to.path()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_would_leave_the_destination_is_refused_before_anything_is_fetched() {
    for (keys, wanted) in [
        (vec!["bucket/m/ok.bin", "bucket/m/../../evil.bin"], "outside"),
        (vec!["bucket/m/a", "bucket/m/a/b"], "a file and a folder"),
        (vec!["bucket/other"], "no model"),
    ] {
        let objects: Vec<_> = keys.iter().map(|key| (*key, object(10, 1))).collect();
        let to = tempfile::tempdir().unwrap();
        let error = load(&Server::new(&objects), "s3://bucket/m", to.path()).await.0.unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
        assert!(tree(to.path()).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_fetched_with_and_without_ranges() {
    for ranges in [true, false] {
        let mut server = Server::new(&[("page.bin", object(3500, 4))]);
        Arc::get_mut(&mut server).unwrap().ranges = ranges;
        for uri in ["http://web/page.bin", "http://web/moved"] {
            let to = tempfile::tempdir().unwrap();
            let (fetched, _) = load(&server, uri, to.path()).await;
            assert_eq!(fetched.unwrap().bytes, 3500);
            let name = uri.rsplit('/').next().unwrap();
            assert_eq!(std::fs::read(to.path().join(name)).unwrap(), object(3500, 4).bytes);
        }
        assert_eq!(server.ranges_asked().is_empty(), !ranges);
    }
}

#[tokio::test(start_paused = true)]
async fn local_files_are_copied() {
    let from = tempfile::tempdir().unwrap();
    std::fs::create_dir(from.path().join("sub")).unwrap();
    std::fs::write(from.path().join("sub/a.txt"), "alpha").unwrap();
    let to = tempfile::tempdir().unwrap();
    let uri = format!("file://{}", from.path().display());
    let (fetched, _) = load(&Server::new(&[]), &uri, to.path()).await;
    assert_eq!(fetched.unwrap().files, 1);
    assert_eq!(tree(to.path()), ["sub/a.txt"]);
    assert!(matches!(load(&Server::new(&[]), "ftp://h/x", to.path()).await.0, Err(FetchError::Unsupported(_))));
}
