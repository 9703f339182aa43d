//! The command line. What it says in `--help` is the manual.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use proofmark_apiserver::faults::Fault;
use proofmark_kserve::Release;
use proofmark_kserve::extras::Project;
use proofmark_kubeflow::KubeflowRelease;
use proofmark_replay::{Profile, Shard, ShardError};
use proofmark_report::Format;

use crate::error::ExpectedError;

const EXIT_CODES: &str = "\
Exit codes:
  0  all as expected
  1  a finding: a scenario that failed or did not reproduce, an error in manifests, `can-i` says no, or `load` fails
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

/// `proofmark certify`
#[derive(Debug, Args)]
pub(crate) struct CertifyArgs {
    /// What for: kserve-core, kserve-extended, kubeflow-multiuser, aws-cross-account or models-web-app; may be repeated
    #[arg(long = "profile", value_name = "PROFILE", required = true)]
    pub(crate) profiles: Vec<Profile>,
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
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
    /// With --kubeconfig: the context in that file; the current one unless told
    #[arg(long, value_name = "NAME", requires = "kubeconfig")]
    pub(crate) context: Option<String>,
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
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Tell what would be taken away, and leave it
    #[arg(long)]
    pub(crate) dry_run: bool,
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

/// `proofmark check`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Files, folders, kustomizations, or - for standard input
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    pub(crate) manifests: Vec<String>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// How a run or a check is told.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// How to tell the result
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats())]
    pub(crate) format: Format,
    /// Write the result to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// With --format github: append a summary in Markdown to this file
    #[arg(long, value_name = "FILE", env = "GITHUB_STEP_SUMMARY")]
    pub(crate) github_summary: Option<PathBuf>,
    /// Tell only what is bad, and the totals
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| name.parse())
}

/// How something that is no run is told.
#[derive(Debug, Args)]
pub(crate) struct PlainArgs {
    /// How to tell the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: PlainFormat,
    /// Write the result to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Text for people, or JSON for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlainFormat {
    Text,
    Json,
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
    /// service accounts
    #[arg(long, value_name = "PROJECTS", value_delimiter = ',')]
    pub(crate) with: Vec<Project>,
    /// A cloud of AWS accounts beside the cluster, which pods reach by its usual names, with irsa; WORLD says what is in it, as `aws --world` does
    #[arg(long, value_name = "WORLD", num_args = 0..=1, require_equals = true)]
    pub(crate) aws: Option<Option<PathBuf>>,
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

/// `proofmark web`
///
/// Options that the real app has as environment variables can be given as these.
#[derive(Debug, Args)]
pub(crate) struct WebArgs {
    /// The cluster; unless told, what KUBECONFIG names, or the one in which this runs
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5000")]
    pub(crate) listen: SocketAddr,
    /// Do what the backend of this release does, flaws included: 0.14.0, 1.0.1; proofmark has none of them
    #[arg(long, value_name = "RELEASE", default_value = "proofmark")]
    pub(crate) release: proofmark_models_web_app::Release,
    /// Files for browsers instead of Proofmark's own; index.html is among them
    #[arg(long = "static", value_name = "DIR")]
    pub(crate) files: Option<PathBuf>,
    /// Who asks where no header says so: for a browser without a gateway in front
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// The header in which the gateway names the user [default: kubeflow-userid]
    #[arg(long, value_name = "NAME", env = "USERID_HEADER", hide_env_values = true)]
    pub(crate) user_header: Option<String>,
    /// What is taken off the user's name
    #[arg(long, value_name = "TEXT", env = "USERID_PREFIX", hide_env_values = true)]
    pub(crate) user_prefix: Option<String>,
    /// True: ask for no user and review no rights
    #[arg(long, value_name = "BOOL", env = "APP_DISABLE_AUTH", hide_env_values = true)]
    pub(crate) disable_auth: Option<String>,
    /// The path under which browsers find the app [default: /]
    #[arg(long, value_name = "PATH", env = "APP_PREFIX", hide_env_values = true)]
    pub(crate) prefix: Option<String>,
    /// Whether the cookie is for HTTPS only [default: true]
    #[arg(long, value_name = "BOOL", env = "APP_SECURE_COOKIES", hide_env_values = true)]
    pub(crate) secure_cookies: Option<String>,
    /// SameSite of the cookie: Strict, Lax or None [default: Strict]
    #[arg(long, value_name = "WHEN", env = "CSRF_SAMESITE", hide_env_values = true)]
    pub(crate) same_site: Option<String>,
    /// Which namespaces to offer, with commas between them; all unless told
    #[arg(long, value_name = "NAMES", env = "ALLOWED_NAMESPACES", hide_env_values = true)]
    pub(crate) namespaces: Option<String>,
    /// production or development
    #[arg(long, value_name = "MODE", env = "BACKEND_MODE", hide_env_values = true)]
    pub(crate) mode: Option<String>,
    /// Where Grafana is, for the page [default: /grafana]
    #[arg(long, value_name = "PATH", env = "GRAFANA_PREFIX", hide_env_values = true)]
    pub(crate) grafana: Option<String>,
    #[arg(long, hide = true, env = "GRAFANA_CPU_MEMORY_DB")]
    pub(crate) grafana_cpu_memory: Option<String>,
    #[arg(long, hide = true, env = "GRAFANA_HTTP_REQUESTS_DB")]
    pub(crate) grafana_http_requests: Option<String>,
    #[arg(long, hide = true, env = "APP_VERSION")]
    pub(crate) app_version: Option<String>,
    #[arg(long, hide = true, env = "APP_NAME")]
    pub(crate) app_name: Option<String>,
    #[arg(long, hide = true, env = "METRICS")]
    pub(crate) metrics: Option<String>,
    #[arg(long, hide = true, env = "GUNICORN_CMD_ARGS")]
    pub(crate) server_arguments: Option<String>,
    /// Say nothing but warnings
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

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
