//! `proofmark check`

use crate::args::CheckArgs;
use crate::error::{Exit, ExpectedError};
use crate::terminal::Terminal;
use crate::{input, report};

pub(crate) fn run(args: &CheckArgs, terminal: &Terminal) -> Result<Exit, ExpectedError> {
    let manifests = input::manifests(&args.manifests, terminal, args.report.quiet)?;
    let scenarios = proofmark_catalog::all();
    let result = report::told(&args.report, terminal, |sink| proofmark_replay::check(&scenarios, &manifests, sink))?;
    Ok(result.bottom().into())
}
