//! The file that a cloud begins with.

use std::fs;
use std::path::Path;

use proofmark_aws::setup::Spec;

use crate::error::ExpectedError;

/// Reads a description in YAML, of which JSON is a part.
pub(crate) fn read(file: &Path) -> Result<Spec, ExpectedError> {
    let text = fs::read_to_string(file).map_err(|source| ExpectedError::Read { file: file.to_owned(), source })?;
    serde_yaml::from_str(&text).map_err(|error| ExpectedError::World { file: file.to_owned(), why: error.to_string() })
}
