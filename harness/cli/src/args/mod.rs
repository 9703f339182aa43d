//! The command line. What it says in `--help` is the manual.
//!
//! | room | what |
//! |---|---|
//! | `aws` | a cloud of several accounts: `aws` |
//! | `bundle` | bundles: `certify`, `verify` and `diff` |
//! | `environment` | where scenarios are played, and `clean`, which tidies up there |
//! | `load` | models: `load` |
//! | `read` | what is answered by reading, without playing anything: `check`, `lint`, `explain` and `can-i` |
//! | `report` | how a result is told, and where it goes |
//! | `run` | what is played, and on what: `run` and `merge` |
//! | `up` | the environment live: `up` |
//! | `web` | the Models Web App: `web` |

mod aws;
mod bundle;
mod environment;
mod load;
mod read;
mod report;
mod run;
mod up;
mod web;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use aws::{AwsArgs, AwsCommand, AwsExplainArgs, AwsServeArgs};
pub(crate) use bundle::{CertifyArgs, DiffArgs, SubjectArgs, VerifyArgs};
pub(crate) use environment::{CleanArgs, DeploymentMode, EnvironmentArgs, EnvironmentName, KindArgs};
pub(crate) use load::LoadArgs;
pub(crate) use read::{CanIArgs, CheckArgs, ExplainArgs, LintArgs};
pub(crate) use report::{PlainArgs, PlainFormat, ReportArgs};
pub(crate) use run::{MergeArgs, ReleaseArgs, RunArgs};
pub(crate) use up::UpArgs;
pub(crate) use web::WebArgs;

const EXIT_CODES: &str = "\
Exit codes:
  0  all as expected
  1  a finding: a scenario that failed or did not reproduce, an error in manifests or scenario files, a certificate that is no success, a bundle that is not
     whole, `can-i` says no, or `load` fails
  2  usage or bad input
  3  an inner error
`up -- CMD` and `aws -- CMD` end with the exit code of CMD; a run that Ctrl-C ended early ends with 130.";

/// Replays the documented failures of KServe on Kubeflow, proves each fix, and finds them in manifests.
#[derive(Debug, Parser)]
#[command(name = "proofmark", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) terminal: TerminalArgs,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play scenarios: reproduce each failure, fix it, verify the fix, guard what must stay shut
    Run(RunArgs),
    /// Find known failures in manifests, without a cluster
    Check(CheckArgs),
    /// Put the JSON reports of all parts of a run (run --shard) together
    Merge(MergeArgs),
    /// List the scenarios
    List(PlainArgs),
    /// Tell a scenario's story, cause and fix, and which releases have it
    Explain(ExplainArgs),
    /// Find what is wrong with scenario files, without playing them
    Lint(LintArgs),
    /// Make a scenario file of a test of chainsaw or kuttl
    Import {
        /// A chainsaw test, or the folder of a test of chainsaw or kuttl
        #[arg(value_name = "TEST")]
        test: PathBuf,
        /// Write to this file
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Tell whether a user may do something under the roles and bindings of manifests, and why
    #[command(name = "can-i")]
    CanI(CanIArgs),
    /// Start the environment for kubectl and every other client, until Ctrl-C or until a command ends
    Up(UpArgs),
    /// Serve KServe's Models Web App over any cluster, until Ctrl-C
    Web(Box<WebArgs>),
    /// Start a cloud of several AWS accounts for boto3, the AWS CLI and every other client, until Ctrl-C or until a command ends
    Aws(AwsArgs),
    /// Fetch a model from s3://, http(s):// or a local path into a directory
    Load(LoadArgs),
    /// Certify a release, manifests or a cluster for conformance profiles, as a signed bundle
    Certify(CertifyArgs),
    /// Check, offline, that a bundle is whole, that it says what its evidence shows, and who signed it
    Verify(VerifyArgs),
    /// Tell what got better and what got worse between two bundles; ends with 1 if anything got worse
    Diff(DiffArgs),
    /// Take away what a run left behind in a cluster because it was killed
    Clean(CleanArgs),
    /// Print a completion script
    Completions {
        /// The shell that it is for
        shell: Shell,
    },
}

/// How to speak to people.
#[derive(Debug, Args)]
pub(crate) struct TerminalArgs {
    /// Colours: on terminals unless NO_COLOR is set, always, or never
    #[arg(long, global = true, display_order = 900, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
    /// What Proofmark logs on standard error about itself, as a tracing filter
    #[arg(
        long,
        global = true,
        display_order = 901,
        value_name = "FILTER",
        env = "PROOFMARK_LOG",
        default_value = "error,kube_client=off,s3s=off"
    )]
    pub(crate) log: String,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}
