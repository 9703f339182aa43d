//! What is answered by reading, without playing anything: `check`, `lint`, `explain` and `can-i`.

use std::path::PathBuf;

use clap::Args;

use super::{PlainArgs, ReportArgs};

/// `proofmark lint`
#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// Scenario files
    #[arg(value_name = "FILE", required_unless_present = "schema")]
    pub(crate) files: Vec<PathBuf>,
    /// Print the JSON Schema of scenario files, for editors
    #[arg(long, conflicts_with = "files")]
    pub(crate) schema: bool,
}

/// `proofmark check`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Files, folders, kustomizations, or - for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    pub(crate) manifests: Vec<String>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// `proofmark explain`
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The scenario
    pub(crate) scenario: String,
    #[command(flatten)]
    pub(crate) plain: PlainArgs,
}

/// `proofmark can-i`
#[derive(Debug, Args)]
pub(crate) struct CanIArgs {
    /// get, list, watch, create, update, patch, delete, deletecollection, ...; for a URL the HTTP method
    pub(crate) verb: String,
    /// pods, deploy, trainedmodels.serving.kserve.io, pods/my-pod, or a URL such as /healthz
    #[arg(value_name = "RESOURCE[/NAME]")]
    pub(crate) resource: String,
    /// Who asks; a service account is system:serviceaccount:NAMESPACE:NAME
    #[arg(long = "as", value_name = "USER")]
    pub(crate) user: String,
    /// A group of the user beside those that the API server adds; may be repeated
    #[arg(long = "as-group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,
    /// The namespace of the request
    #[arg(long, short, value_name = "NAMESPACE", default_value = "default")]
    pub(crate) namespace: String,
    /// In all namespaces at once
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    pub(crate) all_namespaces: bool,
    /// A part of the object, as in log or status
    #[arg(long, value_name = "PART")]
    pub(crate) subresource: Option<String>,
    /// Roles and bindings beside those that every cluster has: a file, folder, kustomization, or -; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) manifests: Vec<String>,
    /// Print nothing: the exit code is the answer
    #[arg(long, short)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) plain: PlainArgs,
}
