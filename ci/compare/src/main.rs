//! Plays one load to the embedded API server and to a real control plane, in turns, and prints both with their ratio.
//!
//! Ratios are what counts: both sides run on the same machine, minutes apart at most, driven by the same client over TLS. A side is started
//! afresh for each round; of the rounds, the median is printed.
//!
//! ```text
//! compare --ours target/release/proofmark --real PATH/TO/up
//! compare scale --ours target/release/proofmark
//! ```
//!
//! `--real` is any program that starts a control plane, prints one line of JSON with `kubeconfig`, `pids` and `ready_s`, and stays until it is
//! killed. What it refuses to do: judge. It has no limits and never fails because of a figure.

mod client;
mod figures;
mod load;
mod scale;
mod side;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use figures::Figures;
use load::Size;
use scale::Scale;
use side::Side;

/// Play one load to the embedded API server and to a real control plane, side by side
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    other: Option<Other>,
    /// The proofmark binary, built for release
    #[arg(long, value_name = "FILE", default_value = "target/release/proofmark", global = true)]
    ours: PathBuf,
    /// The program that starts a real control plane
    #[arg(long, value_name = "FILE")]
    real: Option<PathBuf>,
    /// How often each side is started and measured
    #[arg(long, value_name = "N", default_value_t = 3, global = true)]
    rounds: usize,
    /// Objects to create, and requests of each kind to send
    #[arg(long, value_name = "N", default_value_t = 2000)]
    requests: usize,
    /// Watches that are open at once
    #[arg(long, value_name = "N", default_value_t = 100)]
    watchers: usize,
}

/// What else is measured.
#[derive(Debug, Subcommand)]
enum Other {
    /// Start many pods on many nodes of the embedded control plane, and print a line for each round
    Scale(Scale),
}

/// Why a comparison came to no end.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// A server did not start, or did not say what it is to say.
    #[error("{side}: {what}")]
    Start {
        /// Which side.
        side: &'static str,
        /// What happened.
        what: String,
    },
    /// The load met something unexpected.
    #[error(transparent)]
    Load(#[from] client::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let table = match &args.other {
        Some(Other::Scale(scale)) => grow(&args, *scale).await,
        None => compare(&args).await,
    };
    match table {
        Ok(table) => {
            use std::io::Write as _;
            let _ = std::io::stdout().write_all(table.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn compare(args: &Args) -> Result<String, Error> {
    let size = Size { requests: args.requests, watchers: args.watchers };
    let (mut ours, mut real) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds.max(1) {
        ours.push(round(Side::ours(&args.ours, 0).await?, size).await?);
        if let Some(program) = &args.real {
            real.push(round(Side::real(program).await?, size).await?);
        }
    }
    Ok(table::markdown(&Figures::median(&ours), (!real.is_empty()).then(|| Figures::median(&real)).as_ref()))
}

async fn round(side: Side, size: Size) -> Result<Figures, Error> {
    let figures = load::play(&side, size).await;
    side.stop().await;
    Ok(figures?)
}

async fn grow(args: &Args, scale: Scale) -> Result<String, Error> {
    let mut table = scale::HEAD.to_owned();
    for _ in 0..args.rounds.max(1) {
        let side = Side::ours(&args.ours, scale.nodes).await?;
        let figures = scale::play(&side, scale).await;
        side.stop().await;
        table.push_str(&scale::row(&figures?));
    }
    Ok(table)
}
