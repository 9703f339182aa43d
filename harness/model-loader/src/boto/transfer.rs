//! s3transfer: an object into a file.
//!
//! The object is looked at first. A small one is fetched in one piece, a large one in parts, several at once. Bytes go to a file beside the target,
//! which takes its place when everything is there. A body that ends too soon is fetched again.
//!
//! Source: `s3transfer/download.py`, defaults of `TransferConfig`.

use super::checksum::Checksum;
use super::client::{Client, Operation, Payload};
use crate::exception::{Exception, Link, Result};
use crate::files::{FileError, Writable};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use http::{Method, header};
use std::io::{self, SeekFrom};
use std::sync::{Mutex, PoisonError};

/// Objects of this size and more are fetched in parts of this size.
const PART: u64 = 8 * 1024 * 1024;
/// So many parts of an object are fetched at once.
const AT_ONCE: usize = 10;
/// So often a body that ends too soon is fetched.
const ATTEMPTS: usize = 5;

/// The parts of an object, as the `range` header has them; the last one has no end.
fn parts(size: u64) -> impl Iterator<Item = (u64, String)> {
    (0..size.div_ceil(PART)).map(move |number| {
        let start = number * PART;
        let range = if start + PART >= size {
            format!("bytes={start}-")
        } else {
            format!("bytes={start}-{}", start + PART - 1)
        };
        (start, range)
    })
}

/// Fetches an object into a file.
pub(crate) async fn download(client: &Client, bucket: &str, key: &str, target: &str) -> Result<()> {
    let head = client.call(&Operation::s3("HeadObject", Method::HEAD, bucket, Some(key))).await?;
    let text = |name| head.headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let size: u64 = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()).unwrap_or_default();
    let temporary = format!("{target}.{}", suffix(target));
    let download = Download { client, bucket, key, temporary: &temporary, file: Mutex::new(None) };
    let result = if size < PART {
        download.part(0, None, None).await
    } else {
        let etag = text(header::ETAG).filter(|_| client.behaviour.parts_if_match);
        stream::iter(parts(size))
            .map(|(start, range)| download.part(start, Some(range), etag.map(str::to_owned)))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
    };
    drop(download);
    let files = &*client.host.files;
    let result = result.and_then(|()| Ok(files.rename(&temporary, target)?));
    if result.is_err() {
        // It may never have been made.
        let _ = files.remove(&temporary);
    }
    result
}

/// Eight characters that tell downloads of different targets apart.
fn suffix(target: &str) -> String {
    proofmark_aws_sigv4::sha256_hex(target.as_bytes()).chars().take(8).collect()
}

struct Download<'a> {
    client: &'a Client,
    bucket: &'a str,
    key: &'a str,
    temporary: &'a str,
    file: Mutex<Option<Box<dyn Writable>>>,
}

impl Download<'_> {
    async fn part(&self, start: u64, range: Option<String>, etag: Option<String>) -> Result<()> {
        let mut get = Operation::s3("GetObject", Method::GET, self.bucket, Some(self.key));
        get.streams = true;
        get.headers.extend(range.map(|range| ("range", range)));
        get.headers.extend(etag.map(|etag| ("if-match", etag)));
        if self.client.behaviour.checksums {
            get.headers.push(("x-amz-checksum-mode", "ENABLED".to_owned()));
        }
        for _ in 0..ATTEMPTS {
            let reply = self.client.call(&get).await?;
            let Payload::Stream(mut body) = reply.payload else { continue };
            let mut checksum = Checksum::of(&reply.headers).filter(|_| self.client.behaviour.checksums);
            let mut at = start;
            self.write(at, &[])?;
            let complete = loop {
                match body.chunk().await {
                    Ok(Some(chunk)) => {
                        self.write(at, &chunk)?;
                        at += chunk.len() as u64;
                        if let Some(checksum) = &mut checksum {
                            checksum.update(&chunk);
                        }
                    }
                    Ok(None) => break true,
                    Err(_) => break false,
                }
            };
            if complete {
                return checksum.map_or(Ok(()), Checksum::finish);
            }
        }
        let message = "Max Retries Exceeded";
        Err(Exception::new("boto3.exceptions.RetriesExceededError", message)
            .because(Link::Context, Exception::new("s3transfer.exceptions.RetriesExceededError", message)))
    }

    /// Writes at a place of the file, which is made by the first who writes.
    fn write(&self, at: u64, bytes: &[u8]) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(self.client.host.files.create(self.temporary)?),
        };
        let mut write = || -> io::Result<()> {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(bytes)
        };
        write().map_err(|error| FileError::at(self.temporary, &error).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_object_of_one_part_has_one_open_range() {
        assert_eq!(parts(PART).map(|(_, range)| range).collect::<Vec<_>>(), ["bytes=0-"]);
        assert_eq!(parts(PART + 1).map(|(_, range)| range).collect::<Vec<_>>(), ["bytes=0-8388607", "bytes=8388608-"]);
    }

    proptest! {
        /// The parts touch, and the last one reaches the end.
        #[test]
        fn parts_cover_the_object(size in PART..PART * 40) {
            let mut next = 0;
            for (start, range) in parts(size) {
                prop_assert_eq!(start, next);
                let (_, end) = range.split_once('-').unwrap();
                next = end.parse::<u64>().map_or(size, |end| end + 1);
            }
            prop_assert_eq!(next, size);
        }
    }
}
