//! What can go wrong outside a scenario, and how the program ends then.
//!
//! These are the errors that are expected: each says what is wrong, what to do about it and who has to do it (the exit code). Anything else is
//! a bug of Proofmark, and ends as an inner error too.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use proofmark_apiserver::transport::TransportError;
use proofmark_apiserver::{BuildError, WorldError};
use proofmark_catalog::NotFound;
use proofmark_certify::{BundleError, VerifyError};
use proofmark_env::EnvError;
use proofmark_env::envtest::MissingAssets;
use proofmark_env::kind::KindError;
use proofmark_env::kubeconfig::{Missing, Needs};
use proofmark_manifests::Diagnostic;
use proofmark_model_loader::FetchError;
use proofmark_replay::{Bottom, MergeError, ShardError};
use proofmark_report::ReadError;
use proofmark_scenario_files::Problem;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All as expected.
    AsExpected,
    /// There is a finding.
    Finding,
    /// The arguments or the input are wrong.
    BadInput,
    /// Proofmark failed.
    InnerError,
    /// A signal ended it (this number), or a command did (this code).
    Other(u8),
}

impl Exit {
    /// What a shell reports for a program that Ctrl-C ended.
    pub(crate) const INTERRUPTED: Self = Self::Other(130);
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::AsExpected => 0,
            Exit::Finding => 1,
            Exit::BadInput => 2,
            Exit::InnerError => 3,
            Exit::Other(code) => code,
        })
    }
}

impl From<Bottom> for Exit {
    fn from(bottom: Bottom) -> Self {
        match bottom {
            Bottom::AsExpected => Self::AsExpected,
            Bottom::Findings => Self::Finding,
            Bottom::InnerError => Self::InnerError,
        }
    }
}

/// An error that is not a bug, or that at least has a name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExpectedError {
    /// The manifests cannot be taken as they are; each finding has its place.
    #[error("the manifests cannot be read")]
    Manifests(Vec<Diagnostic>),
    /// The paths hold no object at all.
    #[error("no Kubernetes objects in {0}")]
    NoObjects(String),
    /// Standard input is not text.
    #[error("failed to read standard input")]
    Stdin(#[source] io::Error),
    /// No scenario is called this, or it has no such variant.
    #[error(transparent)]
    NoScenario(#[from] NotFound),
    /// A file that is there, by a name that scenario files do not have.
    #[error("{0}: not a scenario file")]
    NoScenarioFile(PathBuf),
    /// A file is no scenario; each problem has its place.
    #[error("the scenario file is not well formed")]
    BadScenario(Vec<Problem>),
    /// A test of another tool cannot be imported.
    #[error("nothing to import: {0}")]
    NoTest(String),
    /// No kind is called this.
    #[error(
        "unknown resource `{given}`: neither Kubernetes nor a CustomResourceDefinition in the manifests defines it"
    )]
    UnknownResource {
        given: String,
        /// What to do about it.
        help: String,
    },
    /// The log filter makes no sense.
    #[error("invalid log filter `{filter}`: {why}")]
    LogFilter { filter: String, why: String },
    /// The result cannot be written.
    #[error("failed to write {}", file.display())]
    Write {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    /// What was saved cannot be restored.
    #[error("failed to restore {}", file.display())]
    Restore {
        file: PathBuf,
        #[source]
        source: WorldError,
    },
    /// A file that is needed cannot be read.
    #[error("failed to read {}", file.display())]
    Read {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    /// A description of a cloud makes no sense, or no cloud.
    #[error("{}: {why}", file.display())]
    World { file: PathBuf, why: String },
    /// The address cannot be had.
    #[error("failed to listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    /// No cloud answers there.
    #[error("{endpoint} tells nothing: {why}")]
    NoCloud { endpoint: String, why: String },
    /// A file that somebody else wrote would be lost.
    #[error("{} is a kubeconfig that Proofmark did not write", .0.display())]
    ForeignKubeconfig(PathBuf),
    /// The address cannot be had, or no certificate for it.
    #[error("failed to serve")]
    Serve(#[from] TransportError),
    /// The API server could not be built.
    #[error("failed to build the API server")]
    Build(#[from] BuildError),
    /// A real API server has no binaries.
    #[error("envtest cannot start")]
    Assets(#[from] MissingAssets),
    /// A cluster does not allow what is needed.
    #[error("{cluster} does not allow what is needed")]
    NotAllowed { cluster: String, missing: Vec<Missing>, needs: Needs },
    /// A cluster has kinds already that would be installed.
    #[error("{cluster} has {kind} already{}", and_others(*.others))]
    Installed { cluster: String, kind: String, others: usize },
    /// What an earlier run made is still there, or a run is under way.
    #[error("{cluster} has what a run of Proofmark made, {objects} in all ({runs})")]
    LeftBehind { cluster: String, objects: usize, runs: String },
    /// A cluster answers, but not to whoever asks here.
    #[error("{cluster} refuses {why}")]
    Refused { cluster: String, status: u16, why: String },
    /// A part of a Job, outside of any.
    #[error("nobody says which pod this is")]
    NoCompletionIndex,
    /// A part that there is not.
    #[error(transparent)]
    NoShard(#[from] ShardError),
    /// A file is no report of a run.
    #[error("{}", file.display())]
    Report {
        file: PathBuf,
        #[source]
        source: ReadError,
    },
    /// A report is of another Proofmark.
    #[error("{} is of Proofmark {found}, and this is Proofmark {}", file.display(), env!("CARGO_PKG_VERSION"))]
    OtherProofmark { file: PathBuf, found: String },
    /// Reports do not make one run.
    #[error("failed to merge")]
    Merge(#[from] MergeError),
    /// A bundle cannot be written.
    #[error("failed to write the bundle")]
    Bundle(#[from] BundleError),
    /// A bundle is not what it was.
    #[error("the bundle is not whole")]
    NotWhole(#[from] VerifyError),
    /// No cluster answers.
    #[error("no cluster answers at {cluster}: {why}")]
    Unreachable { cluster: String, why: String },
    /// kind made no cluster.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// An option that says nothing where it is given.
    #[error("{option} is for --env {environment}")]
    OnlyFor { option: &'static str, environment: &'static str },
    /// What is installed is one release, and several are named.
    #[error("what is installed is one release, so name at most one with --kserve and one with --kubeflow")]
    SeveralInstalled,
    /// The environment does not come up.
    #[error("the environment did not come up")]
    Environment(#[from] EnvError),
    /// What cases left for each other is still there.
    #[error("the cluster is not as it was found")]
    NotLeftAsFound(#[source] EnvError),
    /// The command of `up -- CMD` cannot be started.
    #[error("failed to run {command}")]
    Command {
        command: String,
        #[source]
        source: io::Error,
    },
    /// No cluster can be reached by a kubeconfig.
    #[error("no cluster to speak to: {0}")]
    NoCluster(String),
    /// Who asks cannot be said in a header.
    #[error("{value:?} cannot stand in a header {name:?}")]
    NoHeader { name: String, value: String },
    /// The Models Web App would not start with these settings.
    #[error(transparent)]
    WebApp(#[from] proofmark_models_web_app::SettingsError),
    /// A model cannot be fetched.
    #[error("failed to load")]
    Load(#[from] FetchError),
    /// The operating system refused something that is never refused.
    #[error("failed to {what}")]
    System {
        /// Fits after `failed to`.
        what: &'static str,
        #[source]
        source: io::Error,
    },
}

impl ExpectedError {
    /// How the program ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            // Whoever read the output wants no more of it. That is how shells report it.
            Self::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => Exit::Other(141),
            Self::Manifests(_)
            | Self::NoObjects(_)
            | Self::Stdin(_)
            | Self::NoScenario(_)
            | Self::NoScenarioFile(_)
            | Self::BadScenario(_)
            | Self::NoTest(_)
            | Self::UnknownResource { .. }
            | Self::LogFilter { .. }
            | Self::Write { .. }
            | Self::ForeignKubeconfig(_)
            | Self::Restore { .. }
            | Self::Read { .. }
            | Self::World { .. }
            | Self::Listen { .. }
            | Self::NoCloud { .. }
            | Self::Assets(_)
            | Self::NotAllowed { .. }
            | Self::LeftBehind { .. }
            | Self::Installed { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::OnlyFor { .. }
            | Self::SeveralInstalled
            | Self::Kind(KindError::Absent(_) | KindError::Version(_) | KindError::NoEngine(_) | KindError::Taken(_))
            | Self::NoCompletionIndex
            | Self::NoShard(_)
            | Self::Report { .. }
            | Self::OtherProofmark { .. }
            | Self::Merge(_)
            | Self::NoCluster(_)
            | Self::WebApp(_)
            | Self::NoHeader { .. }
            | Self::Bundle(BundleError::Write { .. } | BundleError::NotEmpty(_))
            | Self::NotWhole(VerifyError::Key("the given key", _))
            | Self::Serve(TransportError::Bind { .. })
            | Self::Command { .. } => Exit::BadInput,
            Self::Kind(KindError::Interrupted) => Exit::INTERRUPTED,
            Self::Load(FetchError::Unsupported(_)) => Exit::BadInput,
            Self::Load(_) | Self::NotWhole(_) => Exit::Finding,
            Self::Serve(TransportError::Certificate(_))
            | Self::Build(_)
            | Self::Bundle(_)
            | Self::Environment(_)
            | Self::NotLeftAsFound(_)
            | Self::Kind(_)
            | Self::System { .. } => Exit::InnerError,
        }
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::NoObjects(_) => {
                Some("name files that end in .yaml, .yml or .json, or folders that hold some".to_owned())
            }
            Self::NoScenario(NotFound::Scenario { .. }) => {
                Some("`proofmark list` has all of them; scenario files end in .yaml or .yml".to_owned())
            }
            Self::NoScenarioFile(_) => Some("scenario files end in .yaml or .yml".to_owned()),
            Self::UnknownResource { help, .. } => Some(help.clone()),
            Self::LogFilter { .. } => Some("for instance: debug, or proofmark_apiserver=debug,error".to_owned()),
            Self::NotAllowed { missing, needs, .. } => {
                let missing: Vec<_> = missing.iter().map(ToString::to_string).collect();
                let how = match needs {
                    Needs::Install => "this must be a cluster of your own",
                    Needs::Certify => "ci/in-cluster/cluster-role.yaml has all of it",
                };
                Some(format!("nothing was made. Missing: {}; {how}", missing.join(", ")))
            }
            Self::Installed { .. } => Some(
                "a run installs what it plays against and changes nothing that is there: \
                 name a cluster without it, or try what this one has with `certify`"
                    .to_owned(),
            ),
            Self::LeftBehind { .. } | Self::NotLeftAsFound(_) => {
                Some("once nobody plays there any more, `proofmark clean` takes them away".to_owned())
            }
            Self::Refused { status: 401, .. } => {
                Some("the credentials in the kubeconfig are wrong, or no longer valid".to_owned())
            }
            Self::Merge(MergeError::Missing { .. }) => {
                Some("name the reports of these parts, too, or play them with `proofmark run --shard`".to_owned())
            }
            Self::NoCompletionIndex => {
                Some("--shard job/N is for pods of an Indexed Job: they have JOB_COMPLETION_INDEX".to_owned())
            }
            Self::OtherProofmark { .. } => Some("merge with the program that played".to_owned()),
            Self::Kind(error) => error.help(),
            Self::Assets(missing) => Some(missing.help().to_owned()),
            Self::ForeignKubeconfig(_) => Some("name a file that does not exist yet".to_owned()),
            Self::NoCluster(_) => Some("name a kubeconfig, or start a cluster with `proofmark up`".to_owned()),
            Self::NoCloud { .. } => {
                Some("start one with `proofmark aws`, and name the address that it prints".to_owned())
            }
            _ => None,
        }
    }
}

/// What stands behind the first of several.
fn and_others(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => ", and another kind that would be installed".to_owned(),
        others => format!(", and {others} other kinds that would be installed"),
    }
}
