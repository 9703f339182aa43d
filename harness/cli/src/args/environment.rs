//! Where scenarios are played, and `clean`, which tidies up there.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Where to play.
#[derive(Debug, Args)]
pub(crate) struct EnvironmentArgs {
    /// What stands behind the Kubernetes API: an API server in this process, a real kube-apiserver and etcd for each case, the cluster of
    /// --kubeconfig, on which the releases are installed and taken away again, or a cluster that kind makes for this run
    #[arg(long, value_name = "ENVIRONMENT", default_value = "embedded")]
    pub(crate) env: EnvironmentName,
    /// With --env envtest: the folder that holds kube-apiserver and etcd [default: /usr/local/kubebuilder/bin]
    #[arg(long, value_name = "DIR", env = "KUBEBUILDER_ASSETS", hide_env_values = true)]
    pub(crate) assets: Option<PathBuf>,
    /// With --env kubeconfig: the file that leads to the cluster
    #[arg(long, value_name = "FILE", required_if_eq("env", "kubeconfig"))]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// With --env kubeconfig: the context in that file; the current one unless told
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// With --env kubeconfig: write nothing there. What is installed is read, and of the scenarios only those are played that need no more
    #[arg(long, conflicts_with_all = ["manifests", "all_releases"])]
    pub(crate) read_only: bool,
    /// With --env kubeconfig or kind: the name or the IP address at which the cluster's API server reaches this machine; from a container of kind that is the
    /// gateway of its network, as `docker network inspect kind` tells it. KServe's control plane then runs in this process, and its webhooks answer there,
    /// on a free port; without it scenarios that need a control plane are skipped
    #[arg(long, value_name = "HOST", value_parser = host, conflicts_with_all = ["read_only", "install"])]
    pub(crate) reached_at: Option<String>,
    #[command(flatten)]
    pub(crate) kind: KindArgs,
}

/// A cluster that kind makes.
#[derive(Debug, Args)]
#[command(next_help_heading = "With --env kind")]
pub(crate) struct KindArgs {
    /// What is installed before anything is played, by kubectl and in this order: files, folders, kustomizations and URLs; may be repeated. The
    /// scenarios are played against that, as the release that --kserve or --kubeflow says it is, or as its kinds and roles say
    #[arg(long, value_name = "PATH|URL", conflicts_with_all = ["manifests", "all_releases"])]
    pub(crate) install: Vec<String>,
    /// How KServe, once installed, deploys what does not say it
    #[arg(long, value_name = "MODE", requires = "install")]
    pub(crate) deployment_mode: Option<DeploymentMode>,
    /// An image of this machine's container engine that the cluster's node shall have; may be repeated
    #[arg(long, value_name = "IMAGE")]
    pub(crate) load_image: Vec<String>,
    /// The image of the node, which decides the version of Kubernetes; kind's own unless told
    #[arg(long, value_name = "IMAGE")]
    pub(crate) node_image: Option<String>,
    /// How the cluster is called
    #[arg(long, value_name = "NAME", default_value = "proofmark")]
    pub(crate) cluster_name: String,
    /// Keep the cluster
    #[arg(long)]
    pub(crate) retain: bool,
    /// Print the commands as a shell script, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How KServe deploys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeploymentMode {
    Raw,
    Knative,
}

/// What stands behind the Kubernetes API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EnvironmentName {
    Embedded,
    Envtest,
    Kubeconfig,
    Kind,
}

/// `proofmark clean`
#[derive(Debug, Args)]
pub(crate) struct CleanArgs {
    /// The file that leads to the cluster
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: PathBuf,
    /// The context in that file; the current one unless told
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Only what this run made: the value of the label proofmark.dev/run
    #[arg(long, value_name = "RUN", value_parser = run_name)]
    pub(crate) run: Option<String>,
    /// Tell what would be taken away, and leave it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A DNS name or an IP address, which a certificate can be for.
fn host(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        let fits = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        fits && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    match text.parse::<IpAddr>().is_ok() || (text.split('.').all(label) && text.len() <= 253) {
        true => Ok(text.to_owned()),
        false => Err("neither a DNS name nor an IP address; a port is chosen by the system".to_owned()),
    }
}

/// The name of a run, which is the value of a label.
fn run_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match text.chars().all(fits) && !text.is_empty() {
        true => Ok(text.to_owned()),
        false => Err("runs are called as in the output of `proofmark clean --dry-run`".to_owned()),
    }
}
