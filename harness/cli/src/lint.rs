//! `proofmark lint`

use crate::args::LintArgs;
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::scenarios;

pub(crate) fn run(args: &LintArgs) -> Result<Exit, ExpectedError> {
    let out = Destination::open(None)?;
    if args.schema {
        let schema = format!("{:#}\n", proofmark_scenario_files::schema());
        out.print(&schema)?;
        return Ok(Exit::AsExpected);
    }
    let mut lines = String::new();
    let mut exit = Exit::AsExpected;
    for path in &args.files {
        match scenarios::from_file(path) {
            Ok(scenario) => lines.push_str(&format!("{}: {} is well formed\n", path.display(), scenario.about().id)),
            Err(ExpectedError::BadScenario(problems)) => {
                exit = Exit::Finding;
                problems.iter().for_each(|problem| lines.push_str(&format!("{problem}\n")));
            }
            Err(error) => return Err(error),
        }
    }
    out.print(&lines)?;
    Ok(exit)
}
