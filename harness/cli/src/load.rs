//! `proofmark load`: a model into a directory, fast, or as a release of KServe's storage initializer would do it.

use std::path::Path;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use proofmark_clock::Clock;
use proofmark_model_loader::{Environment, FetchOptions, Host, Output, Progress, Release, fetch};

use crate::args::LoadArgs;
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::tell;

pub(crate) fn run(args: &LoadArgs) -> Result<Exit, ExpectedError> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|source| ExpectedError::System { what: "start threads", source })?;
    runtime.block_on(async {
        let clock = Clock::real();
        // Variables that are no text cannot mean anything to a loader.
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let host = Host::machine(Environment::from_iter(variables), Arc::new(move || clock.now()));
        match args.release {
            Some(release) => Ok(play(release, args, &host).await),
            None => load(args, &host).await,
        }
    })
}

/// Plays a release, which says itself what it does.
async fn play(release: Release, args: &LoadArgs, host: &Host) -> Exit {
    let write = |output: Output, line: &str| match output {
        Output::Stderr => tell::line(line),
        Output::Stdout => tell::result(line),
    };
    let arguments = [args.uri.clone(), args.directory.display().to_string()];
    let outcome = proofmark_model_loader::run(release, &arguments, host, Arc::new(write)).await;
    if outcome.exit == 0 { Exit::AsExpected } else { Exit::Finding }
}

async fn load(args: &LoadArgs, host: &Host) -> Result<Exit, ExpectedError> {
    let bar = Bar::new(args.quiet);
    let options = FetchOptions { jobs: usize::from(args.jobs.get()), ..FetchOptions::default() };
    let fetched = fetch(host, &args.uri, Path::new(&args.directory), options, &bar).await;
    bar.0.finish_and_clear();
    let fetched = fetched?;
    if !args.quiet {
        let text = format!(
            "{} files, {} bytes in {}; checksums of {} files were right\n",
            fetched.files,
            fetched.bytes,
            args.directory.display(),
            fetched.verified
        );
        Destination::open(None)?.print(&text)?;
    }
    Ok(Exit::AsExpected)
}

/// A bar on standard error, where that is a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec}, {eta} to go");
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }
}

impl Progress for Bar {
    fn begin(&self, _: usize, bytes: u64) {
        self.0.set_length(bytes);
    }

    fn resumed(&self, bytes: u64) {
        self.0.inc(bytes);
        // What was there already says nothing about the speed.
        self.0.reset_eta();
    }

    fn arrived(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}
