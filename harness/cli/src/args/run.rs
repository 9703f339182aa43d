//! What is played, and on what: `run` and `merge`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use proofmark_kserve::Release;
use proofmark_kubeflow::KubeflowRelease;
use proofmark_replay::{Shard, ShardError};

use super::{EnvironmentArgs, ReportArgs};
use crate::error::ExpectedError;

/// `proofmark run`
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Scenarios, or one way to fix one (trainedmodel-403/own-role), or scenario files (*.yaml); all known ones unless named
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<String>,
    #[command(flatten)]
    pub(crate) releases: ReleaseArgs,
    /// Also the release candidates of KServe, and every release of Kubeflow
    #[arg(long, conflicts_with_all = ["kserve", "kubeflow", "manifests"])]
    pub(crate) all_releases: bool,
    /// Where everything random comes from: the same seed gives the same report, byte by byte
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Play only this part of the cases: 2/3 is the second of three; job/3 is that of a pod of an Indexed Job with three completions
    #[arg(long, value_name = "PART")]
    pub(crate) shard: Option<Part>,
    /// With --shard job/N: which pod this is, counted from 0
    #[arg(long, value_name = "N", env = "JOB_COMPLETION_INDEX", hide_env_values = true)]
    pub(crate) completion_index: Option<u32>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) environment: EnvironmentArgs,
}

/// A part of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    /// By its number.
    Numbered(Shard),
    /// One of so many, by the number that Kubernetes gave the pod.
    OfJob(u32),
}

impl FromStr for Part {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        match text.strip_prefix("job/") {
            // The first part exists if any does.
            Some(of) => format!("1/{of}").parse().map(|first: Shard| Self::OfJob(first.of())),
            None => text.parse().map(Self::Numbered),
        }
    }
}

impl RunArgs {
    /// The part that is to be played, if not all of it.
    pub(crate) fn shard(&self) -> Result<Option<Shard>, ExpectedError> {
        match (self.shard, self.completion_index) {
            (None, _) => Ok(None),
            (Some(Part::Numbered(shard)), _) => Ok(Some(shard)),
            (Some(Part::OfJob(_)), None) => Err(ExpectedError::NoCompletionIndex),
            (Some(Part::OfJob(of)), Some(index)) => Ok(Some(Shard::new(index.saturating_add(1), of)?)),
        }
    }
}

/// `proofmark merge`
#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// Reports that `run --format json` wrote, one of each part, in any order
    #[arg(value_name = "REPORT", required = true)]
    pub(crate) reports: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// What to play against; every released KServe unless told.
#[derive(Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// This release of KServe, on the Kubeflow that its users most likely have
    #[arg(long, value_name = "RELEASE")]
    pub(crate) kserve: Vec<Release>,
    /// This release of Kubeflow, with the KServe that it bundles unless --kserve says another
    #[arg(long, value_name = "RELEASE")]
    pub(crate) kubeflow: Vec<KubeflowRelease>,
    /// A distribution's own manifests: files, folders, kustomizations, or - for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["kserve", "kubeflow"])]
    pub(crate) manifests: Vec<String>,
}
