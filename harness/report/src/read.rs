//! Reads back what the JSON output wrote.

use proofmark_replay::RunResult;
use serde::Deserialize;
use thiserror::Error;

use crate::SCHEMA_VERSION;

/// A report, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The version of Proofmark that wrote it.
    pub proofmark: String,
    /// What the run came to.
    pub run: RunResult,
}

/// Something that is no report.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Not what the JSON output writes.
    #[error("not a report in JSON")]
    Json(#[from] proofmark_json::Error),
    /// A report of another time.
    #[error("a report of format {0}; this program reads {SCHEMA_VERSION}")]
    Format(u32),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    schema_version: u32,
}

#[derive(Deserialize)]
struct Document {
    proofmark: String,
    run: RunResult,
}

impl Report {
    /// Reads a document.
    ///
    /// # Errors
    /// [`ReadError`] when it is none, or one that this program does not know.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        // What another format means, only its own program knows.
        let Head { schema_version } = proofmark_json::from_str(text)?;
        if schema_version != SCHEMA_VERSION {
            return Err(ReadError::Format(schema_version));
        }
        let Document { proofmark, run } = proofmark_json::from_str(text)?;
        Ok(Self { proofmark, run })
    }
}
