//! How a result is told, and where it goes.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use proofmark_report::Format;

/// How a run or a check is told.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// How to tell the result
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats())]
    pub(crate) format: Format,
    /// Write the result to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// With --format github: append a summary in Markdown to this file
    #[arg(long, value_name = "FILE", env = "GITHUB_STEP_SUMMARY")]
    pub(crate) github_summary: Option<PathBuf>,
    /// Tell only what is bad, and the totals
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| name.parse())
}

/// How something that is no run is told.
#[derive(Debug, Args)]
pub(crate) struct PlainArgs {
    /// How to tell the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: PlainFormat,
    /// Write the result to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Text for people, or JSON for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlainFormat {
    Text,
    Json,
}
