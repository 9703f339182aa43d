//! `proofmark import`

use std::path::Path;

use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::tell;

pub(crate) fn run(test: &Path, output: Option<&Path>) -> Result<Exit, ExpectedError> {
    let imported =
        proofmark_scenario_files::import(test).map_err(|problem| ExpectedError::NoTest(problem.to_string()))?;
    for problem in &imported.left_out {
        tell::line(format_args!("warning: not imported: {problem}"));
    }
    Destination::open(output)?.print(&imported.text)?;
    Ok(Exit::AsExpected)
}
