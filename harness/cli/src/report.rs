//! A run or a check, told to whoever asked for it.

use std::io;

use proofmark_replay::{RunResult, Sink};
use proofmark_report::{Format, GithubSummary, Progress, Tee, output};

use crate::args::ReportArgs;
use crate::destination::Destination;
use crate::error::ExpectedError;
use crate::repository::FromRoot;
use crate::terminal::Terminal;

/// Plays, and writes what is played in the format and to the place that the arguments name.
pub(crate) fn told(
    args: &ReportArgs,
    terminal: &Terminal,
    play: impl FnOnce(&mut dyn Sink) -> io::Result<RunResult>,
) -> Result<RunResult, ExpectedError> {
    let mut result = Destination::open(args.output.as_deref())?;
    let mut summary = match (&args.github_summary, args.format) {
        (Some(file), Format::Github) => Some(Destination::append(file)?),
        _ => None,
    };
    let options = terminal.options(args.output.is_some(), args.quiet);
    let mut sinks = Tee::new();
    if !args.quiet {
        // The bar goes away before the result comes.
        sinks = sinks.and(Box::new(Progress::new()));
    }
    let told = output(args.format, &mut result, &options);
    sinks = sinks.and(if args.format == Format::Github { Box::new(FromRoot::new(told)) } else { told });
    if let Some(summary) = &mut summary {
        sinks = sinks.and(Box::new(GithubSummary::new(summary)));
    }
    let played = play(&mut sinks);
    drop(sinks);
    played.map_err(|source| result.failed(source))
}
