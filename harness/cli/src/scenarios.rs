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
    if is_file {
        return from_file(path);
    }
    proofmark_catalog::find(name).map_err(|error| match path.exists() {
        true => ExpectedError::NoScenarioFile(path.to_owned()),
        false => error.into(),
    })
}

/// The scenario of a file.
fn from_file(path: &Path) -> Result<Scenario, ExpectedError> {
    proofmark_scenario_files::read(path, &text(path)?).map_err(ExpectedError::BadScenario)
}

/// What a scenario file says.
///
/// # Errors
/// It cannot be read.
pub(crate) fn text(path: &Path) -> Result<String, ExpectedError> {
    fs::read_to_string(path).map_err(|source| ExpectedError::Read { file: path.to_owned(), source })
}
