//! `http://` and `https://`: one file, or an archive.

use super::translate::storage_error;
use super::{Storage, spec};
use crate::archive::{self, Archive};
use crate::boto::Teller;
use crate::exception::{Exception, Link, Result};
use crate::files::FileError;
use crate::net::{self, BodyError, NetError, Trust, Url};
use crate::python;
use crate::release::Urllib3;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use proofmark_json::Value;
use std::io::Write;
use std::time::Duration;

/// The types that an answer may have for an archive.
const ZIP_TYPES: [&str; 3] = ["application/x-zip-compressed", "application/zip", "application/zip-compressed"];
const TAR_TYPES: [&str; 4] = ["application/x-tar", "application/x-gtar", "application/x-gzip", "application/gzip"];
/// So many redirects are followed.
const MOST_REDIRECTS: usize = 30;
/// Seconds that newer releases wait.
const TIMEOUT: u64 = 30;

/// Fetches the file of a URI into a directory.
pub(super) async fn download(storage: &Storage, uri: &str, to: &str) -> Result<()> {
    let parts = python::urlsplit(uri);
    let name = python::basename(&parts.path);
    let by_path = archive::guess(&parts.path);
    let guess =
        if by_path.media_type.is_none() && !parts.query.is_empty() { archive::guess(&parts.query) } else { by_path };
    if name.is_empty() {
        let message = format!("No filename contained in URI: {uri}");
        return Err(if storage.is.modern_s3 { Exception::runtime(message) } else { Exception::value(message) });
    }
    let host = parts
        .hostname()
        .ok_or_else(|| Exception::new("TypeError", "unsupported operand type(s) for +: 'NoneType' and 'str'"))?;
    let headers = python::loads(storage.environment.get(&format!("{host}-headers")).unwrap_or("{}"))?;
    let headers = header_map(&headers)?;
    let response = get(storage, uri, headers).await.map_err(|error| {
        let known =
            ["ConnectionError", "SSLError", "ProxyError", "ConnectTimeout", "ReadTimeout"].contains(&error.name());
        if storage.is.modern_s3 && known && error.class.starts_with("requests.") {
            storage_error(&storage.journal, "HTTP", uri, error, &host)
        } else {
            error
        }
    })?;
    check_status(storage, uri, response.status)?;
    let kind = guess.media_type.and_then(Archive::of_type);
    let media_type =
        response.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    check_type(uri, kind, media_type)?;
    let gzip = guess.encoding == Some("gzip");
    let path = python::join(to, &if gzip { format!("{name}.tar") } else { name.to_owned() });
    save(storage, response.body, &path, gzip).await?;
    match kind {
        Some(kind) => {
            storage.journal.info("storage.py:_unpack_archive_file()", format_args!("Unpacking: {path}"));
            archive::unpack(&*storage.host.files, &path, kind, to, storage.is.archive_filter)
        }
        None => Ok(()),
    }
}

fn check_status(storage: &Storage, uri: &str, status: u16) -> Result<()> {
    if status == 200 {
        return Ok(());
    }
    let message = match (storage.is.modern_s3, status) {
        (false, status) => format!("URI: {uri} returned a {status} response code."),
        (true, 401) => format!("HTTP authentication failed for '{uri}'. Verify credentials."),
        (true, 403) => format!("HTTP access denied for '{uri}'. Verify permissions."),
        (true, 404) => format!("HTTP resource not found at '{uri}'."),
        (true, status) => format!("HTTP request to '{uri}' failed with status code {status}."),
    };
    Err(Exception::runtime(message))
}

fn check_type(uri: &str, kind: Option<Archive>, media_type: &str) -> Result<()> {
    let begins = |types: &[&str]| types.iter().any(|known| media_type.starts_with(known));
    let types: &[&str] = match kind {
        Some(Archive::Zip) => &ZIP_TYPES,
        Some(Archive::Tar) => &TAR_TYPES,
        None if begins(&["application/octet-stream"]) => return Ok(()),
        None => {
            return Err(Exception::runtime(format!(
                "URI: {uri} did not respond with 'Content-Type': 'application/octet-stream'"
            )));
        }
    };
    if begins(types) {
        return Ok(());
    }
    Err(Exception::runtime(format!(
        "URI: {uri} did not respond with any of following 'Content-Type': {}",
        types.join(", ")
    )))
}

/// The headers that a secret has for a host.
fn header_map(headers: &Value) -> Result<HeaderMap> {
    let mut map = HeaderMap::new();
    if !headers.is_object() && !spec::is_empty(headers) {
        return Err(spec::no_attribute(headers, "items"));
    }
    for (name, value) in headers.as_object().into_iter().flatten() {
        let shown = match value {
            Value::Null => continue,
            Value::String(text) => {
                let invalid = || {
                    Exception::new(
                        "requests.exceptions.InvalidHeader",
                        format!(
                            "Invalid leading whitespace, reserved character(s), or return character(s) in header value: {}",
                            python::repr(text)
                        ),
                    )
                };
                if text.starts_with([' ', '\t']) {
                    return Err(invalid());
                }
                let value = HeaderValue::from_str(text).map_err(|_| invalid())?;
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                    let message = format!(
                        "Invalid leading whitespace, reserved character(s), or return character(s) in header name: {}",
                        python::repr(name)
                    );
                    Exception::new("requests.exceptions.InvalidHeader", message)
                })?;
                map.insert(name, value);
                continue;
            }
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            other => other.to_string(),
        };
        let message = format!(
            "Header part ({shown}) from ({}, {shown}) must be of type str or bytes, not <class '{}'>",
            python::repr(name),
            spec::type_name(value)
        );
        return Err(Exception::new("requests.exceptions.InvalidHeader", message));
    }
    Ok(map)
}

/// Follows redirects to an answer.
async fn get(storage: &Storage, uri: &str, mut headers: HeaderMap) -> Result<net::Response> {
    let mut text = uri.to_owned();
    let mut first_host = None;
    for _ in 0..=MOST_REDIRECTS {
        let url = parse(&text)?;
        if let Some((user, password)) = python::urlsplit(&text).user() {
            let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", decode(user), decode(password))));
            if let Ok(basic) = HeaderValue::from_str(&basic) {
                headers.insert(header::AUTHORIZATION, basic);
            }
        }
        if *first_host.get_or_insert_with(|| url.host.clone()) != url.host {
            headers.remove(header::AUTHORIZATION);
        }
        let response = send(storage, &url, headers.clone()).await?;
        let location = response.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        match location {
            Some(location) if matches!(response.status, 301 | 302 | 303 | 307 | 308) => text = url.join(location),
            _ => return Ok(response),
        }
    }
    Err(Exception::new("requests.exceptions.TooManyRedirects", format!("Exceeded {MOST_REDIRECTS} redirects.")))
}

fn parse(text: &str) -> Result<Url> {
    let parts = python::urlsplit(text);
    if parts.hostname().is_none() {
        let message = format!("Invalid URL {}: No host supplied", python::repr(text));
        return Err(Exception::new("requests.exceptions.InvalidURL", message));
    }
    let mut url = Url::parse(text)
        .ok_or_else(|| Exception::new("requests.exceptions.InvalidURL", format!("Failed to parse: {text}")))?;
    url.target = quote(&url.target);
    Ok(url)
}

/// Encodes what cannot stand in a URL; what is encoded already stays as it is.
fn quote(target: &str) -> String {
    const UNSAFE: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    percent_encoding::utf8_percent_encode(target, UNSAFE).to_string()
}

async fn send(storage: &Storage, url: &Url, headers: HeaderMap) -> Result<net::Response> {
    let mut client = net::Client::new(&storage.environment);
    if let Some(path) =
        storage.environment.filled("REQUESTS_CA_BUNDLE").or_else(|| storage.environment.filled("CURL_CA_BUNDLE"))
    {
        if url.https && storage.host.files.kind(path).is_none() {
            let message = format!("Could not find a suitable TLS CA certificate bundle, invalid path: {path}");
            return Err(Exception::new("OSError", message));
        }
        client.trust = Trust::Bundle(path.to_owned());
    }
    if storage.is.modern_s3 {
        client.connect_timeout = Some(Duration::from_secs(TIMEOUT));
        client.read_timeout = client.connect_timeout;
    }
    let request = net::Request { method: Method::GET, url: url.clone(), headers, body: Bytes::new() };
    client.send(&storage.host, request).await.map_err(|error: NetError| {
        let text = url.to_string();
        let teller =
            Teller { urllib3: storage.is.urllib3, url, text: &text, read_timeout: TIMEOUT, connect_timeout: TIMEOUT };
        teller.requests(&error)
    })
}

/// Writes a body to a file as it arrives.
async fn save(storage: &Storage, mut body: net::Body, path: &str, gzip: bool) -> Result<()> {
    let file = storage.host.files.create(path)?;
    let mut sink = if gzip {
        FileSink::Gzip(Box::new(flate2::write::MultiGzDecoder::new(file)), Vec::new())
    } else {
        FileSink::Plain(file)
    };
    loop {
        match body.chunk().await {
            Ok(Some(chunk)) => sink.write(&chunk, path)?,
            Ok(None) => return sink.finish(),
            // Nobody counted the bytes before urllib3 2.
            Err(BodyError::Incomplete { .. }) if storage.is.urllib3 == Urllib3::V1 => return sink.finish(),
            Err(BodyError::Incomplete { received, expected }) => {
                let more = expected
                    .map(|expected| format!(", {} more expected", expected.saturating_sub(received)))
                    .unwrap_or_default();
                let incomplete = format!("IncompleteRead({received} bytes read{more})");
                let message = format!("('Connection broken: {incomplete}', {incomplete})");
                return Err(Exception::new("urllib3.exceptions.ProtocolError", message)
                    .because(Link::Cause, Exception::new("urllib3.exceptions.IncompleteRead", incomplete)));
            }
            Err(BodyError::TimedOut) => {
                return Err(Exception::new("urllib3.exceptions.ReadTimeoutError", "Read timed out."));
            }
        }
    }
}

enum FileSink<W: Write> {
    Plain(W),
    /// With the first three bytes of the body.
    Gzip(Box<flate2::write::MultiGzDecoder<W>>, Vec<u8>),
}

impl<W: Write> FileSink<W> {
    fn write(&mut self, chunk: &[u8], path: &str) -> Result<()> {
        match self {
            Self::Plain(file) => file.write_all(chunk).map_err(|error| FileError::at(path, &error).into()),
            Self::Gzip(decoder, head) => {
                if head.len() < 3 {
                    head.extend(chunk.iter().take(3 - head.len()));
                }
                if head.get(2).is_some_and(|method| *method != 8) && head.starts_with(b"\x1f\x8b") {
                    return Err(Exception::new("gzip.BadGzipFile", "Unknown compression method"));
                }
                if let Some(head) = head.get(..2)
                    && head != b"\x1f\x8b"
                {
                    let message = format!("Not a gzipped file ({})", python::repr_bytes(head));
                    return Err(Exception::new("gzip.BadGzipFile", message));
                }
                decoder.write_all(chunk).map_err(|error| {
                    Exception::new("zlib.error", format!("Error -3 while decompressing data: {error}"))
                })
            }
        }
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Gzip(mut decoder, head) if !head.is_empty() => decoder.try_finish().map_err(|_| {
                Exception::new("EOFError", "Compressed file ended before the end-of-stream marker was reached")
            }),
            _ => Ok(()),
        }
    }
}
