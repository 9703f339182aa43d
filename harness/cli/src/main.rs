//! The `proofmark` binary: arguments in, a rendered result out. What it does is done by the crates below it.
//!
//! | module | what |
//! |---|---|
//! | `args` | the command line |
//! | `run`, `merge`, `check`, `list`, `explain`, `lint`, `import`, `can_i`, `up`, `web`, `aws`, `load`, `clean`, `completions` | one subcommand each |
//! | `scenarios` | what a user names, found in the catalogue or in files |
//! | `certify` | `certify`, `verify` and `diff`: bundles |
//! | `environment` | where scenarios are played |
//! | `input`, `kinds`, `vet` | manifests, the kinds that they speak of, and what is odd about them |
//! | `report`, `repository`, `json`, `destination` | results on their way out |
//! | `error`, `tell`, `terminal` | what went wrong, and how people are told |
//! | `process`, `interrupt` | commands that run beside, and Ctrl-C |
//! | `http_server` | services behind sockets without TLS |

mod args;
mod aws;
mod can_i;
mod certify;
mod check;
mod clean;
mod completions;
mod destination;
mod environment;
mod error;
mod explain;
mod http_server;
mod import;
mod input;
mod interrupt;
mod json;
mod kinds;
mod lint;
mod list;
mod load;
mod merge;
mod process;
mod random;
mod report;
mod repository;
mod run;
mod scenarios;
mod tell;
mod terminal;
mod up;
mod vet;
mod web;

use std::panic::catch_unwind;
use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Command};
use crate::error::{Exit, ExpectedError};
use crate::terminal::Terminal;

/// Universes are made of millions of small allocations, on many threads at once. The allocator asks for no huge pages (`no_thp`): with them an idle server
/// holds three times what it uses, and the kernel clears what nobody writes to.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let exit = catch_unwind(move || {
        let terminal = Terminal::new(&cli.terminal);
        log(&cli.terminal.log).and_then(|()| run(&cli.command, &terminal)).unwrap_or_else(|error| {
            tell::error(&error, &terminal);
            error.exit()
        })
    });
    exit.unwrap_or_else(|_panic| {
        tell::line("error: this is a bug in Proofmark");
        Exit::InnerError
    })
    .into()
}

fn run(command: &Command, terminal: &Terminal) -> Result<Exit, ExpectedError> {
    match command {
        Command::Run(args) => run::run(args, terminal),
        Command::Check(args) => check::run(args, terminal),
        Command::Merge(args) => merge::run(args, terminal),
        Command::List(args) => list::run(args),
        Command::Explain(args) => explain::run(args, terminal),
        Command::Lint(args) => lint::run(args),
        Command::Import { test, output } => import::run(test, output.as_deref()),
        Command::CanI(args) => can_i::run(args, terminal),
        Command::Up(args) => up::run(args, terminal),
        Command::Web(args) => web::run(args),
        Command::Aws(args) => aws::run(args),
        Command::Load(args) => load::run(args),
        Command::Certify(args) => certify::run(args, terminal),
        Command::Verify(args) => certify::check(args),
        Command::Diff(args) => certify::diff(args),
        Command::Clean(args) => clean::run(args),
        Command::Completions { shell } => completions::run(*shell),
    }
}

/// Sends what Proofmark logs about itself to standard error.
fn log(filter: &str) -> Result<(), ExpectedError> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| ExpectedError::LogFilter { filter: filter.to_owned(), why: error.to_string() })?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}
