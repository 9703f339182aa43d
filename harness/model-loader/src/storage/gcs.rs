//! `gs://`: the objects under a prefix, by the JSON API.
//!
//! Only as an anonymous caller, and without the repetitions of Google's library. Credentials in a file are refused; a token of the machine's own
//! service account is not asked for.

use super::Storage;
use super::patterns::Patterns;
use super::translate::storage_error;
use crate::archive::{self, Archive};
use crate::boto::Teller;
use crate::exception::{Exception, Link, Result};
use crate::files::{FileError, Kind};
use crate::net::{self, Trust, Url};
use crate::python;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proofmark_json::Value;
use std::time::Duration;

const PLACE: &str = "storage.py:_download_gcs()";
const API: &str = "https://storage.googleapis.com";
/// What stays as it is in a query, and in a part of a path.
const KEEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A client of the API.
struct Api<'a> {
    storage: &'a Storage,
    base: String,
}

/// An object, and the generation that was listed.
struct Object {
    name: String,
    generation: Option<String>,
}

/// Fetches the objects under a prefix into a directory.
pub(super) async fn download(storage: &Storage, uri: &str, to: &str, wanted: &Patterns) -> Result<()> {
    let api = Api::open(storage).await?;
    let rest = uri.replacen("gs://", "", 1);
    let (bucket, path) = rest.split_once('/').unwrap_or((&rest, ""));
    let fetched = api.fetch(bucket, path, to, wanted).await.map_err(|error| {
        let translated = ["Forbidden", "NotFound"].contains(&error.name()) && error.class.starts_with("google.");
        if storage.is.modern_s3 && translated {
            storage_error(&storage.journal, "GCS", uri, error, bucket)
        } else {
            error
        }
    })?;
    let Some((count, object, file)) = fetched else {
        return Err(Exception::runtime(format!("Failed to fetch model. No model found in {uri}.")));
    };
    match Archive::of(&object) {
        Some(archive) if count == 1 => {
            storage.journal.info("storage.py:_unpack_archive_file()", format_args!("Unpacking: {file}"));
            archive::unpack(&*storage.host.files, &file, archive, to, storage.is.archive_filter)
        }
        _ => Ok(()),
    }
}

impl<'a> Api<'a> {
    /// Finds the API, and out whether the machine is one of Google's, as the library does.
    async fn open(storage: &'a Storage) -> Result<Self> {
        let environment = &storage.environment;
        if environment.filled("GOOGLE_APPLICATION_CREDENTIALS").is_some() {
            return Err(Exception::runtime("credentials of Google in a file are not supported by this loader"));
        }
        let emulator = environment.filled("STORAGE_EMULATOR_HOST");
        let api = Self { storage, base: emulator.unwrap_or(API).trim_end_matches('/').to_owned() };
        if emulator.is_none() || storage.is.gcs_old_library {
            let headers = [("metadata-flavor", "Google")];
            // An answer would change nothing.
            let _ = api.send("http://169.254.169.254/", &headers, Some(3)).await;
        }
        Ok(api)
    }

    /// How many objects were fetched, the last one, and its file.
    async fn fetch(
        &self,
        bucket: &str,
        path: &str,
        to: &str,
        wanted: &Patterns,
    ) -> Result<Option<(usize, String, String)>> {
        let files = &*self.storage.host.files;
        let prefix = if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
        let mut objects = self.list(bucket, &prefix).await?;
        if self.storage.is.gcs_single {
            if objects.is_empty() {
                let file = python::join(to, python::basename(path));
                self.storage.journal.info(PLACE, format_args!("Downloading single file to: {file}"));
                self.save(bucket, &Object { name: path.to_owned(), generation: None }, &file).await?;
                return Ok(Some((1, path.to_owned(), file)));
            }
            // The first listing was only looked at for its length.
            objects = self.list(bucket, &prefix).await?;
        }
        let (mut count, mut last) = (0, (String::new(), String::new()));
        for object in objects {
            let below =
                object.name.replacen(path, "", usize::from(!path.is_empty())).trim_start_matches('/').to_owned();
            if let Some((folder, _)) = below.rsplit_once('/') {
                let folder = python::join(to, folder);
                if files.kind(&folder) != Some(Kind::Directory) {
                    files.create_directories(&folder)?;
                }
            }
            last.0.clone_from(&object.name);
            if below.trim().is_empty() || below.ends_with('/') {
                continue;
            }
            if !wanted.want(&below) {
                self.storage.journal.info(PLACE, format_args!("Skipping {} due to file pattern filter", object.name));
                continue;
            }
            last.1 = python::join(to, &below);
            self.storage.journal.info(PLACE, format_args!("Downloading: {}", last.1));
            self.save(bucket, &object, &last.1).await?;
            count += 1;
        }
        Ok((count > 0).then_some((count, last.0, last.1)))
    }

    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>> {
        let mut objects = Vec::new();
        let mut page = String::new();
        loop {
            let url = format!(
                "{}/storage/v1/b/{}/o?projection=noAcl&prefix={}{page}&prettyPrint=false",
                self.base,
                utf8_percent_encode(bucket, KEEP),
                utf8_percent_encode(prefix, KEEP)
            );
            let response = self.send(&url, &[], None).await?;
            let status = response.status;
            let body = response.body.bytes().await.unwrap_or_default();
            if status != 200 {
                let answer: Option<Value> = proofmark_json::from_slice(&body).ok();
                let message = answer
                    .as_ref()
                    .and_then(|answer| answer.pointer("/error/message")?.as_str())
                    .unwrap_or("unknown error");
                return Err(api_error(status, &url, message));
            }
            let answer = python::loads(&String::from_utf8_lossy(&body))?;
            let text = |value: &Value, name: &str| value.get(name).and_then(|value| value.as_str().map(str::to_owned));
            for item in answer.get("items").and_then(Value::as_array).into_iter().flatten() {
                let Some(name) = text(item, "name") else { continue };
                let generation =
                    item.get("generation").map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                objects.push(Object { name, generation });
            }
            match text(&answer, "nextPageToken") {
                Some(token) => page = format!("&pageToken={}", utf8_percent_encode(&token, KEEP)),
                None => return Ok(objects),
            }
        }
    }

    /// Writes an object to a file, which is made before anything is asked for.
    async fn save(&self, bucket: &str, object: &Object, file: &str) -> Result<()> {
        let mut sink = self.storage.host.files.create(file)?;
        let generation =
            object.generation.as_ref().map(|generation| format!("&generation={generation}")).unwrap_or_default();
        let url = format!(
            "{}/download/storage/v1/b/{}/o/{}?alt=media{generation}",
            self.base,
            utf8_percent_encode(bucket, KEEP),
            utf8_percent_encode(&object.name, KEEP)
        );
        let headers = [("x-upload-content-type", "application/json; charset=UTF-8")];
        let headers: &[_] = if self.storage.is.gcs_old_library { &[] } else { &headers };
        let mut response = self.send(&url, headers, None).await?;
        if !matches!(response.status, 200 | 206) {
            let status = response.status;
            let body = response.body.bytes().await.unwrap_or_default();
            let why = format!(
                "('Request failed with status code', {status}, 'Expected one of', <HTTPStatus.OK: 200>, <HTTPStatus.PARTIAL_CONTENT: 206>)"
            );
            let message = format!("{}: {why}", String::from_utf8_lossy(&body));
            return Err(api_error(status, &url, &message)
                .because(Link::Context, Exception::new("google.resumable_media.common.InvalidResponse", why)));
        }
        loop {
            match response.body.chunk().await {
                Ok(Some(chunk)) => sink.write_all(&chunk).map_err(|error| FileError::at(file, &error))?,
                Ok(None) => return Ok(()),
                Err(_) => {
                    let message = "Response stream ended before all of it was there";
                    return Err(Exception::new("requests.exceptions.ChunkedEncodingError", message));
                }
            }
        }
    }

    async fn send(
        &self,
        text: &str,
        headers: &[(&'static str, &'static str)],
        seconds: Option<u64>,
    ) -> Result<net::Response> {
        let url = Url::parse(text)
            .ok_or_else(|| Exception::new("requests.exceptions.InvalidURL", format!("Failed to parse: {text}")))?;
        let environment = &self.storage.environment;
        let mut client = net::Client::new(environment);
        if let Some(path) = environment.filled("REQUESTS_CA_BUNDLE") {
            client.trust = Trust::Bundle(path.to_owned());
        }
        let seconds = seconds.unwrap_or(60);
        client.connect_timeout = Some(Duration::from_secs(seconds));
        client.read_timeout = client.connect_timeout;
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let request = net::Request {
            method: Method::GET,
            url: url.clone(),
            headers: HeaderMap::from_iter(headers),
            body: Bytes::new(),
        };
        client.send(&self.storage.host, request).await.map_err(|error| {
            let urllib3 = self.storage.is.urllib3;
            Teller { urllib3, url: &url, text, read_timeout: seconds, connect_timeout: seconds }.requests(&error)
        })
    }
}

/// The exception of Google's library for a status.
fn api_error(status: u16, url: &str, message: &str) -> Exception {
    let class = match status {
        400 => "google.api_core.exceptions.BadRequest",
        401 => "google.api_core.exceptions.Unauthorized",
        403 => "google.api_core.exceptions.Forbidden",
        404 => "google.api_core.exceptions.NotFound",
        429 => "google.api_core.exceptions.TooManyRequests",
        500 => "google.api_core.exceptions.InternalServerError",
        502 => "google.api_core.exceptions.BadGateway",
        503 => "google.api_core.exceptions.ServiceUnavailable",
        504 => "google.api_core.exceptions.GatewayTimeout",
        _ => "google.api_core.exceptions.GoogleAPICallError",
    };
    Exception::new(class, format!("{status} GET {url}: {message}"))
}
