//! A file that comes in one answer: its checksum is computed as it arrives, and there is no journal.
//!
//! Its bytes are in a hidden file until all of them are there. What a killed load leaves of it is written over by the next one.

use super::FetchError;
use super::checksum::{Check, Sum};
use super::partial::places;
use super::plan::Item;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that is arriving. Unless it is finished, its bytes are thrown away.
pub(super) struct Whole {
    target: PathBuf,
    path: PathBuf,
    file: File,
    check: Option<Check>,
    /// Bytes so far.
    pub(super) len: u64,
}

impl Whole {
    /// Begins a file; `sum` is what the source says about it.
    pub(super) fn create(directory: &Path, item: &Item, sum: Option<Sum>) -> Result<Self, FetchError> {
        let (target, path) = places(directory, item)?;
        let file = File::create(&path).map_err(|why| FetchError::disk(&path, why))?;
        Ok(Self { target, path, file, check: sum.map(Sum::begin), len: 0 })
    }

    /// Takes the next bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.file.write_all(bytes).map_err(|why| FetchError::disk(&self.path, why))?;
        if let Some(check) = &mut self.check {
            check.update(bytes);
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Holds the content against its checksum and puts it in its place; whether there was one.
    pub(super) fn finish(mut self) -> Result<bool, FetchError> {
        let check = self.check.take();
        let verified = check.is_some();
        check.map_or(Ok(()), Check::finish).map_err(|mismatch| FetchError::checksum(&self.target, mismatch))?;
        fs::rename(&self.path, &self.target).map_err(|why| FetchError::disk(&self.target, why))?;
        Ok(verified)
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // After it was finished there is none.
        let _ = fs::remove_file(&self.path);
    }
}
