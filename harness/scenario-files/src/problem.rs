//! What is wrong with a scenario file, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use proofmark_manifests::Position;
use serde_saphyr::{Location, Spanned};

/// What is wrong with a scenario file: `guests.yaml:12:3: unknown identity ...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Line and column from 1; none for what concerns the whole file.
    pub at: Option<(u64, u64)>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(file: &Path, at: Location, message: impl Into<String>) -> Self {
        let known = at != Location::UNKNOWN;
        Self { file: file.to_owned(), at: known.then(|| (at.line(), at.column())), message: message.into() }
    }

    pub(crate) fn at(position: Position, message: impl Into<String>) -> Self {
        let Position { file, line, column, .. } = position;
        Self { file, at: (line > 0).then_some((line as u64, column as u64)), message: message.into() }
    }

    pub(crate) fn whole(file: &Path, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: None, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Problem {}

/// Where something stands.
pub(crate) fn place<T>(of: &Spanned<T>) -> Location {
    of.referenced
}
