//! `http://` and `https://`: one answer, which is a file, or an archive of files.

use super::Place;
use crate::go::{self, UrlError, join};
use crate::net::{self, Url};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proofmark_json::{Map, Value};
use std::io::{Cursor, Read};

/// So many redirects are followed.
const MOST: usize = 10;

/// Fetches what is at a URI.
///
/// # Errors
/// When it cannot be had, or is no archive though its type says so.
pub(super) async fn download(place: Place<'_>, uri: &str) -> Result<(), String> {
    let answer = ask(place, uri).await?;
    let kind = answer.headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is = |names: &[&str]| names.iter().any(|name| kind.contains(name));
    if is(&["application/zip"]) {
        unzip(place, &answer.body)
    } else if is(&["application/x-tar", "application/x-gtar", "application/x-gzip", "application/gzip"]) {
        untar(place, &answer.body)
    } else {
        let path = Url::parse(uri).map(|url| url.target).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
        place.write(&join(place.directory, &name), &answer.body)
    }
}

struct Answer {
    headers: HeaderMap,
    body: Bytes,
}

fn failed(error: UrlError) -> String {
    format!("failed to make a request: {error}")
}

/// Asks, and follows redirects.
async fn ask(place: Place<'_>, uri: &str) -> Result<Answer, String> {
    let headers = headers(place, uri)?;
    let http = net::Client::new(&place.host.environment);
    let mut text = uri.to_owned();
    for _ in 0..=MOST {
        let url = go::parse(&Method::GET, &text).map_err(failed)?;
        let request =
            net::Request { method: Method::GET, url: url.clone(), headers: headers.clone(), body: Bytes::new() };
        let response = go::send(place.host, &http, &text, request).await.map_err(failed)?;
        let status = response.status;
        let location = response.headers.get(http::header::LOCATION).and_then(|value| value.to_str().ok());
        if matches!(status, 301 | 302 | 303 | 307 | 308)
            && let Some(location) = location
        {
            text = url.join(location);
            continue;
        }
        if status != 200 {
            return Err(format!("URI: {uri} returned a {status} response code"));
        }
        let headers = response.headers;
        let body = response.body.bytes().await;
        return Ok(Answer {
            headers,
            body: body.map_err(|_| "unable to copy file content: unexpected EOF".to_owned())?,
        });
    }
    Err(failed(UrlError::new(&Method::GET, &text, format!("stopped after {MOST} redirects"))))
}

/// The headers that a variable named after the host has for it, as JSON.
fn headers(place: Place<'_>, uri: &str) -> Result<HeaderMap, String> {
    let Some(url) = Url::parse(uri) else { return Ok(HeaderMap::new()) };
    let Some(text) = place.host.environment.filled(&format!("{}-headers", url.host)) else {
        return Ok(HeaderMap::new());
    };
    let members: Map = proofmark_json::from_slice(text.as_bytes()).map_err(|error| error.to_string())?;
    let mut headers = HeaderMap::new();
    for (name, value) in &members {
        let value = value
            .as_str()
            .ok_or_else(|| format!("json: cannot unmarshal {} into Go value of type string", kind(value)))?;
        let invalid = || format!("failed to make a request: Get \"{uri}\": net/http: invalid header field \"{name}\"");
        let header = HeaderName::try_from(name.as_str()).map_err(|_| invalid())?;
        headers.append(header, HeaderValue::from_str(value).map_err(|_| invalid())?);
    }
    Ok(headers)
}

/// What Go calls a value of JSON.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::Bool(_) => "bool",
        _ => "number",
    }
}

fn unzip(place: Place<'_>, bytes: &[u8]) -> Result<(), String> {
    let archive = zip::ZipArchive::new(Cursor::new(bytes));
    let mut archive = archive.map_err(|_| "unable to create new reader: zip: not a valid zip file".to_owned())?;
    for number in 0..archive.len() {
        let mut member = archive.by_index(number).map_err(|error| format!("unable to open file: {error}"))?;
        let path = join(place.directory, member.name());
        if !path.starts_with(&format!("{}/", place.directory)) {
            return Err(format!("{path}: illegal file path"));
        }
        if member.is_dir() {
            folder(place, &path)?;
            continue;
        }
        let mut content = Vec::new();
        member.read_to_end(&mut content).map_err(|error| error.to_string())?;
        place.write(&path, &content)?;
    }
    Ok(())
}

/// Whatever its type says, it is a tar archive in gzip. Names may lead out of the directory.
fn untar(place: Place<'_>, bytes: &[u8]) -> Result<(), String> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return Err(if bytes.len() < 10 { "EOF".to_owned() } else { "gzip: invalid header".to_owned() });
    }
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(bytes));
    let broken = |why: std::io::Error| format!("unable to access next tar file: {why}");
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = join(place.directory, &name);
        if entry.header().entry_type().is_dir() {
            folder(place, &path)?;
            continue;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| format!("unable to copy contents to {name}: {error}"))?;
        place.write(&path, &content)?;
    }
    Ok(())
}

fn folder(place: Place<'_>, path: &str) -> Result<(), String> {
    place.host.files.create_directories(path).map_err(|_| format!("unable to create new directory {path}"))
}
