//! A loader of our own: fast, and without the mistakes that [`run`](crate::run) plays.
//!
//! - Every file that is larger than a part is fetched in parts, many parts of many files at once. Memory is bounded by the number of parts that are
//!   under way. Connections are kept from one to the next.
//! - Bytes go to a hidden file beside the target. Beside that of a large file, a journal says which parts are there: a load that was killed goes on
//!   where it stopped, as long as the source has not changed. The target appears by renaming, when everything is there and its checksum is right.
//! - A prefix means a folder: `s3://bucket/models` fetches `models/...`, not `models2/...`. Keys that would leave the destination are refused before
//!   anything is fetched.
//!
//! Sources are `s3://` (with KServe's variables and botocore's credentials), `http(s)://` (one file) and local paths. What it refuses to do: unpack
//! archives, delete files that the source does not have, run twice into one directory at once.

mod checksum;
mod partial;
mod plan;
mod source;
mod whole;
mod writer;

pub use plan::Parts;

use crate::exception::Exception;
use crate::host::Host;
use checksum::Sum;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use partial::Partial;
use plan::Item;
use source::Source;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Semaphore;
use whole::Whole;
use writer::Writer;

/// So often a part is tried whose body ends too soon.
const ATTEMPTS: usize = 5;

/// How to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchOptions {
    /// So many parts are fetched at once; at least one.
    pub jobs: usize,
    /// Bytes in a part; at least one.
    pub part: u64,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self { jobs: 16, part: 16 * 1024 * 1024 }
    }
}

/// Hears how a load gets on.
pub trait Progress: Send + Sync {
    /// What there is to do: files, and bytes in all of them.
    fn begin(&self, files: usize, bytes: u64);
    /// So many bytes were there already, from an earlier load.
    fn resumed(&self, bytes: u64);
    /// So many bytes arrived.
    fn arrived(&self, bytes: u64);
}

/// What a load did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fetched {
    /// Files that are there now.
    pub files: usize,
    /// Bytes in them.
    pub bytes: u64,
    /// Files whose content was held against a checksum of the source, beside their size.
    pub verified: usize,
}

/// Why a load failed. Files that were complete by then stay.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URI is of no kind that can be fetched.
    #[error("{0} cannot be fetched: only s3://, http://, https://, file:// and local paths can")]
    Unsupported(String),
    /// There is nothing.
    #[error("there is no model at {0}")]
    Nothing(String),
    /// A name that would lead out of the destination.
    #[error("{0:?} would be written outside of the destination")]
    Unsafe(String),
    /// A name that is a file and a folder.
    #[error("{0:?} is a file and a folder at once")]
    Conflict(String),
    /// The source failed.
    #[error("{path}: {why}")]
    Source {
        /// What was fetched.
        path: String,
        /// What went wrong.
        why: String,
    },
    /// The content is not what the source says it is.
    #[error("{path}: the {algorithm} of what arrived is {computed}, and of the source {expected}")]
    Checksum {
        /// The file.
        path: String,
        /// `sha256`, ...
        algorithm: &'static str,
        /// What the source says, in hexadecimal digits.
        expected: String,
        /// What arrived, in hexadecimal digits.
        computed: String,
    },
    /// The disk failed.
    #[error("{path}: {why}")]
    Disk {
        /// The path.
        path: String,
        /// What went wrong.
        why: io::Error,
    },
}

impl FetchError {
    fn source(path: &str, exception: &Exception) -> Self {
        Self::Source { path: path.to_owned(), why: exception.message.clone() }
    }

    fn checksum(path: &Path, mismatch: checksum::Mismatch) -> Self {
        let checksum::Mismatch { algorithm, expected, computed } = mismatch;
        Self::Checksum { path: path.display().to_string(), algorithm, expected, computed }
    }

    /// Connections that end too soon, again and again.
    fn incomplete(item: &Item) -> Self {
        let why = format!("the connection ended {ATTEMPTS} times before all of it was there");
        Self::Source { path: item.path.clone(), why }
    }

    fn disk(path: &Path, why: io::Error) -> Self {
        Self::Disk { path: path.display().to_string(), why }
    }
}

/// Fetches what a URI names into a directory of the machine.
///
/// # Errors
/// When anything cannot be fetched as a whole; see [`FetchError`].
pub async fn fetch(
    host: &Host,
    uri: &str,
    directory: &Path,
    options: FetchOptions,
    progress: &dyn Progress,
) -> Result<Fetched, FetchError> {
    let source = Source::open(host, uri).await?;
    let items = source.list().await?;
    if items.is_empty() {
        return Err(FetchError::Nothing(uri.to_owned()));
    }
    check_names(&items)?;
    let bytes = items.iter().map(|item| item.size).sum();
    progress.begin(items.len(), bytes);
    let load = Load { source: &source, directory, options, progress };
    let jobs = options.jobs.max(1);
    // One limit for all parts, whatever file they belong to.
    let slots = tokio::sync::Semaphore::new(jobs);
    let slots = &slots;
    let verified = stream::iter(items.iter().map(|item| load.file(item, slots)))
        .buffer_unordered(jobs)
        .try_fold(0, |verified, is_verified| async move { Ok(verified + usize::from(is_verified)) })
        .await?;
    Ok(Fetched { files: items.len(), bytes, verified })
}

/// Refuses sets of names that no disk can hold.
fn check_names(items: &[Item]) -> Result<(), FetchError> {
    let files: BTreeSet<&str> = items.iter().map(|item| item.path.as_str()).collect();
    for path in &files {
        let mut folder = *path;
        while let Some((parent, _)) = folder.rsplit_once('/') {
            if files.contains(parent) {
                return Err(FetchError::Conflict(parent.to_owned()));
            }
            folder = parent;
        }
    }
    Ok(())
}

struct Load<'a> {
    source: &'a Source,
    directory: &'a Path,
    options: FetchOptions,
    progress: &'a dyn Progress,
}

impl Load<'_> {
    /// Fetches a file; whether there was a checksum to hold it against.
    async fn file(&self, item: &Item, slots: &Semaphore) -> Result<bool, FetchError> {
        if item.ranges && item.size > self.options.part.max(1) {
            self.in_parts(item, slots).await
        } else {
            // Never closed, so it always grants.
            let _slot = slots.acquire().await;
            self.whole(item).await
        }
    }

    async fn whole(&self, item: &Item) -> Result<bool, FetchError> {
        for _ in 0..ATTEMPTS {
            let (mut body, sum) = self.source.whole(item).await?;
            let mut file = Whole::create(self.directory, item, sum)?;
            while let Ok(Some(chunk)) = body.chunk().await {
                file.write(&chunk)?;
                self.progress.arrived(chunk.len() as u64);
            }
            if file.len == item.size {
                return file.finish();
            }
        }
        Err(FetchError::incomplete(item))
    }

    async fn in_parts(&self, item: &Item, slots: &Semaphore) -> Result<bool, FetchError> {
        let item = &self.source.look(item).await?;
        let partial = Arc::new(Partial::open(self.directory, item, self.options.part.max(1))?);
        let missing = partial.missing();
        let there = item.size - missing.iter().map(|(start, end)| end - start).sum::<u64>();
        self.progress.resumed(there);
        stream::iter(missing)
            .map(|(start, end)| {
                let partial = &partial;
                async move {
                    let _slot = slots.acquire().await;
                    self.part(item, partial, start, end).await
                }
            })
            .buffer_unordered(self.options.jobs.max(1))
            .try_collect::<()>()
            .await?;
        let sum = item.sum.clone();
        let verified = sum.is_some();
        // Reading everything back must not keep other parts waiting.
        let finished = tokio::task::spawn_blocking(move || partial.finish(sum)).await;
        finished.map_err(|why| FetchError::disk(self.directory, io::Error::other(why)))??;
        Ok(verified)
    }

    async fn part(&self, item: &Item, partial: &Arc<Partial>, start: u64, end: u64) -> Result<(), FetchError> {
        let mut at = start;
        let mut writer = Writer::new(partial, start, item.sum.as_ref().and_then(Sum::part));
        for _ in 0..ATTEMPTS {
            let mut body = self.source.part(item, at, end).await?;
            while let Ok(Some(chunk)) = body.chunk().await {
                // A server that sends more than it was asked for must not write into the next part.
                let wanted = usize::try_from(end - at).unwrap_or(usize::MAX).min(chunk.len());
                let chunk = chunk.slice(..wanted);
                at += chunk.len() as u64;
                self.progress.arrived(chunk.len() as u64);
                writer.write(chunk).await?;
                if at == end {
                    return partial.done(start, writer.finish().await?);
                }
            }
        }
        Err(FetchError::incomplete(item))
    }
}
