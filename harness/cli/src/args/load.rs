//! Models: `load`.

use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::Args;

/// `proofmark load`
#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// s3://BUCKET/PREFIX, http(s)://..., file:///PATH or a path; credentials and endpoints come from the variables of boto3 and KServe
    pub(crate) uri: String,
    /// Where the files go; a load that was killed goes on where it stopped
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// Do what the storage initializer of this release of KServe does, mistakes included
    #[arg(long, value_name = "RELEASE", conflicts_with = "jobs")]
    pub(crate) release: Option<proofmark_model_loader::Release>,
    /// How many parts are fetched at once
    #[arg(long, short, value_name = "N", default_value = "16")]
    pub(crate) jobs: NonZeroU16,
    /// Print nothing but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}
