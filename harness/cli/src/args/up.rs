//! The environment live: `up`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use proofmark_apiserver::faults::Fault;
use proofmark_kserve::Release;
use proofmark_kserve::extras::Project;
use proofmark_kubeflow::KubeflowRelease;

/// `proofmark up`
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// This release of KServe, on the Kubeflow that its users most likely have
    #[arg(long, value_name = "RELEASE")]
    pub(crate) kserve: Option<Release>,
    /// This release of Kubeflow, with the KServe that it bundles unless --kserve says another; the newest unless told
    #[arg(long, value_name = "RELEASE")]
    pub(crate) kubeflow: Option<KubeflowRelease>,
    /// A distribution's own manifests instead: files, folders, kustomizations, or - for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["kserve", "kubeflow"])]
    pub(crate) manifests: Vec<String>,
    /// Kinds of other projects for KServe to use: knative, istio, keda, gateway-api, local-model; and irsa, the webhook that gives pods the IAM roles of their
    /// service accounts. KServe before 0.13 needs those of Knative and Istio, and has them in any case
    #[arg(long, value_name = "PROJECTS", value_delimiter = ',')]
    pub(crate) with: Vec<Project>,
    /// A cloud of AWS accounts beside the cluster, which pods reach by its usual names, with irsa; WORLD says what is in it, as `aws --world` does
    #[arg(long, value_name = "WORLD", num_args = 0..=1, require_equals = true)]
    pub(crate) aws: Option<Option<PathBuf>>,
    /// Issue service account tokens in the name of this https URL, or of the API server's own, and let everybody read the keys that they are signed
    /// with, as AWS asks of a cluster whose service accounts have roles (IRSA). OIDC_ISSUER and OIDC_THUMBPRINT say what an OpenID Connect provider needs,
    /// one in another process (`aws`), too
    #[arg(long, value_name = "URL", num_args = 0..=1, require_equals = true, conflicts_with = "aws", value_parser = issuer)]
    pub(crate) issuer: Option<Option<String>>,
    /// The API server with Kubernetes' own controllers alone
    #[arg(long, conflicts_with_all = ["kserve", "kubeflow", "manifests"])]
    pub(crate) bare: bool,
    /// So many simulated nodes, on which pods are scheduled and run; 1 unless told, none with --bare
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub(crate) nodes: Option<u32>,
    /// No nodes: pods stay pending
    #[arg(long, conflicts_with = "nodes")]
    pub(crate) no_nodes: bool,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Who may manage every Profile through KFAM
    #[arg(long, value_name = "USER", default_value = "root@example.com")]
    pub(crate) cluster_admin: String,
    /// Write the kubeconfig here instead of to a temporary file; it is removed at the end
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Where uids and random names come from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Have something go wrong once the environment is up: verb, group, resource, subresource, namespace, name and user say with which requests;
    /// after, times and probability with which of them; status, retry-after, latency, watch-events and reset say what. May be repeated
    #[arg(long = "fault", value_name = "KEY=VALUE,...")]
    pub(crate) faults: Vec<Fault>,
    /// Go on with what an earlier run saved. Say otherwise what it said: what that installs is brought up to date
    #[arg(long, value_name = "FILE")]
    pub(crate) restore: Option<PathBuf>,
    /// Save all objects to this file at the end, for --restore
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Write every request, once the environment is up, as a line of JSON to this file, or - for standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) request_log: Option<PathBuf>,
    /// Say nothing but warnings
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// A command to run with KUBECONFIG and the like set; the environment ends with it, with its exit code
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// An issuer as kube-apiserver and IAM take one: `https`, a host, and perhaps a path.
fn issuer(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if host.is_empty() || text.contains(['?', '#', '@']) || text.contains(char::is_whitespace) {
        return Err("an issuer is a URL that begins with https:// and has no query and no fragment".to_owned());
    }
    Ok(text.to_owned())
}
