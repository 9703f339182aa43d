//! A cloud of several accounts: `aws`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::PlainArgs;

/// `proofmark aws`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AwsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<AwsCommand>,
    #[command(flatten)]
    pub(crate) serve: AwsServeArgs,
}

/// What else there is to do with a cloud.
#[derive(Debug, Subcommand)]
pub(crate) enum AwsCommand {
    /// Tell what a running cloud decided, and why
    Explain(AwsExplainArgs),
}

/// `proofmark aws` without a subcommand
#[derive(Debug, Args)]
pub(crate) struct AwsServeArgs {
    /// Where to listen for every service; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// An address for S3 alone
    #[arg(long, value_name = "ADDR")]
    pub(crate) s3_listen: Option<SocketAddr>,
    /// An address for STS alone
    #[arg(long, value_name = "ADDR")]
    pub(crate) sts_listen: Option<SocketAddr>,
    /// Speak HTTPS, with a certificate of an authority made for the occasion (AWS_CA_BUNDLE)
    #[arg(long)]
    pub(crate) tls: bool,
    /// Accounts, users, roles, policies, providers and an organisation to begin with, in YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) world: Option<PathBuf>,
    /// Certificates, as PEM, that OpenID Connect issuers may show beside those that the system trusts
    #[arg(long, value_name = "FILE")]
    pub(crate) oidc_ca: Option<PathBuf>,
    /// The region of requests that name none
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    pub(crate) region: String,
    /// Where identifiers and secrets come from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Say nothing but warnings
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// A command to run with AWS_ENDPOINT_URL and the like set; the cloud ends with it, with its exit code
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// `proofmark aws explain`
#[derive(Debug, Args)]
pub(crate) struct AwsExplainArgs {
    /// Where the cloud is
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL")]
    pub(crate) endpoint: String,
    /// The certificates, as PEM, that vouch for it
    #[arg(long, value_name = "FILE", env = "AWS_CA_BUNDLE")]
    pub(crate) ca: Option<PathBuf>,
    /// Only what was decided about this request, by the id in its answer
    #[arg(long, value_name = "ID")]
    pub(crate) request: Option<String>,
    #[command(flatten)]
    pub(crate) plain: PlainArgs,
}
