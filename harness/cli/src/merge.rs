//! `proofmark merge`

use proofmark_replay::Sink;
use proofmark_report::Report;

use crate::args::MergeArgs;
use crate::error::{Exit, ExpectedError};
use crate::report;
use crate::terminal::Terminal;

pub(crate) fn run(args: &MergeArgs, terminal: &Terminal) -> Result<Exit, ExpectedError> {
    let mut parts = Vec::new();
    for file in &args.reports {
        let text =
            std::fs::read_to_string(file).map_err(|source| ExpectedError::Read { file: file.clone(), source })?;
        let read = Report::read(&text).map_err(|source| ExpectedError::Report { file: file.clone(), source })?;
        if read.proofmark != env!("CARGO_PKG_VERSION") {
            return Err(ExpectedError::OtherProofmark { file: file.clone(), found: read.proofmark });
        }
        parts.push((file.display().to_string(), read.run));
    }
    let whole = proofmark_replay::merge(parts)?;
    let told = report::told(&args.report, terminal, |sink: &mut dyn Sink| {
        whole.events().iter().try_for_each(|event| sink.event(event))?;
        Ok(whole)
    })?;
    Ok(told.bottom().into())
}
