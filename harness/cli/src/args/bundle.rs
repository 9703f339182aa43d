//! Bundles: `certify`, `verify` and `diff`.

use std::path::PathBuf;

use clap::Args;
use proofmark_kserve::Release;
use proofmark_kubeflow::KubeflowRelease;
use proofmark_replay::Profile;

/// `proofmark certify`
#[derive(Debug, Args)]
pub(crate) struct CertifyArgs {
    /// What for: kserve-core, kserve-extended, kubeflow-multiuser, aws-cross-account or models-web-app; may be repeated
    #[arg(long = "profile", value_name = "PROFILE", required = true)]
    pub(crate) profiles: Vec<Profile>,
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
    /// With --kubeconfig: the context in that file; the current one unless told
    #[arg(long, value_name = "NAME", requires = "kubeconfig")]
    pub(crate) context: Option<String>,
    /// With --kubeconfig: write nothing there. What needs to is skipped, so that the result is partial at best
    #[arg(long, requires = "kubeconfig")]
    pub(crate) read_only: bool,
    /// Where the bundle goes: a folder that is empty or not there yet
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Sign it with this key (ECDSA P-256 or Ed25519, PEM, PKCS#8, no password), as cosign does
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Who made the distribution
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) organization: String,
    /// How the distribution is called
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) project: String,
    /// Its version
    #[arg(long = "project-version", value_name = "VERSION", default_value = "")]
    pub(crate) version: String,
    /// Where to read about it
    #[arg(long, value_name = "URL", default_value = "")]
    pub(crate) url: String,
    /// Whom to ask; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) contact: Vec<String>,
}

/// What is certified.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct SubjectArgs {
    /// The distribution on the cluster of this file, which is left as it was found
    #[arg(long, value_name = "FILE", conflicts_with_all = ["manifests", "kserve", "kubeflow"])]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// A distribution's own manifests: files, folders, kustomizations, or - for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["kserve", "kubeflow"])]
    pub(crate) manifests: Vec<String>,
    /// This release of KServe, on the Kubeflow that its users most likely have
    #[arg(long, value_name = "RELEASE")]
    pub(crate) kserve: Option<Release>,
    /// This release of Kubeflow, with the KServe that it bundles unless --kserve says another
    #[arg(long, value_name = "RELEASE")]
    pub(crate) kubeflow: Option<KubeflowRelease>,
}

/// `proofmark verify`
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The bundle's folder
    pub(crate) bundle: PathBuf,
    /// The public key (PEM) of who must have signed it; without it the key in the bundle is used, which proves only that nothing was damaged
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

/// `proofmark diff`
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The earlier bundle
    pub(crate) before: PathBuf,
    /// The later one
    pub(crate) after: PathBuf,
}
