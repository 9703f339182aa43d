//! From what a user names to scenarios: those of the catalogue, and files.

use std::fs;
use std::path::Path;

use proofmark_replay::Scenario;

use crate::error::ExpectedError;

/// The scenario of a name: a scenario file if it ends like one, otherwise one of the catalogue.
///
/// # Errors
/// There is no such scenario, or the file is none.
pub(crate) fn named(name: &str) -> Result<Scenario, ExpectedError> {
    let path = Path::new(name);
    let is_file = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    if is_file { from_file(path) } else { Ok(proofmark_catalog::find(name)?) }
}

/// The scenario of a file.
///
/// # Errors
/// It cannot be read, or is no scenario.
pub(crate) fn from_file(path: &Path) -> Result<Scenario, ExpectedError> {
    let text = fs::read_to_string(path).map_err(|source| ExpectedError::Read { file: path.to_owned(), source })?;
    proofmark_scenario_files::read(path, &text).map_err(ExpectedError::BadScenario)
}
