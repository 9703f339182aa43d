//! A container as the process in it sees it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use jiff::Timestamp;
use parking_lot::Mutex;
use proofmark_controllers::Clock;
use tokio_util::sync::CancellationToken;

use super::{Dial, Files, Neighbours, Ports};
use crate::logs::LogWriter;

/// Which pod a process belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodIdentity {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its service account.
    pub service_account: String,
    /// The node it runs on.
    pub node: String,
    /// Its address.
    pub ip: IpAddr,
}

/// A container as the process in it sees it. Clones share it.
#[derive(Clone)]
pub struct Container(Arc<ContainerParts>);

/// What a container is made of.
pub struct ContainerParts {
    /// The pod.
    pub pod: PodIdentity,
    /// The container's name.
    pub name: String,
    /// The image, as the pod names it.
    pub image: String,
    /// `command`, with references to variables expanded; empty for the image's own.
    pub command: Vec<String>,
    /// `args`, likewise.
    pub args: Vec<String>,
    /// `workingDir`; empty for the image's own.
    pub working_dir: String,
    /// The environment: service links, `envFrom` and `env`.
    pub env: BTreeMap<String, String>,
    /// The file system: what is mounted, and what the process writes beside it.
    pub files: Files,
    /// Standard output and standard error.
    pub log: LogWriter,
    /// The ports that it listens on.
    pub ports: Ports,
    /// The containers of its pod, itself among them.
    pub(crate) neighbours: Weak<Neighbours>,
    pub(crate) clock: Clock,
    pub(crate) stop: CancellationToken,
    /// Cancelled once the process has begun, so that nobody asks it for anything before it could open its ports.
    pub(crate) begun: CancellationToken,
    pub(crate) exec: Mutex<Option<Exec>>,
}

impl Deref for Container {
    type Target = ContainerParts;

    fn deref(&self) -> &ContainerParts {
        &self.0
    }
}

impl Container {
    pub(crate) fn new(parts: ContainerParts) -> Self {
        Self(Arc::new(parts))
    }

    /// Returns when the process is asked to stop (SIGTERM). It then has its grace period to end before it is killed.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// The present moment on the cluster's clock.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Who listens on a port of the pod's own address (`localhost`), in whichever container.
    pub fn dial(&self, port: u16) -> Dial {
        self.neighbours.upgrade().map_or(Dial::Refused, |neighbours| neighbours.dial(port))
    }

    /// Has commands (`exec` probes and hooks, `kubectl exec`) answered. Without it every command succeeds and prints nothing in a container that answers
    /// everything ([`Ports::answer_all`]), and is not found in any other.
    pub fn on_exec<F, R>(&self, run: F)
    where
        F: Fn(Vec<String>) -> R + Send + Sync + 'static,
        R: Future<Output = ExecOutput> + Send + 'static,
    {
        *self.exec.lock() = Some(Arc::new(move |command| Box::pin(run(command))));
        self.ports.changed();
    }

    /// Lets go of what the process left: it is gone, or its whole world is.
    pub(crate) fn abandon(&self) {
        self.ports.abandon();
        let exec = self.exec.lock().take();
        drop(exec);
    }

    /// Runs a command in the container.
    pub(crate) async fn execute(&self, command: &[String]) -> ExecOutput {
        self.begun.cancelled().await;
        let run = self.exec.lock().clone();
        match run {
            Some(run) => run(command.to_vec()).await,
            None if self.ports.answers_all() => ExecOutput { code: 0, output: String::new() },
            None => {
                let program = command.first().map_or("", String::as_str);
                let why = format!("exec: \"{program}\": executable file not found in $PATH");
                ExecOutput { code: 127, output: format!("OCI runtime exec failed: {why}: unknown") }
            }
        }
    }
}

impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Container").field("pod", &self.pod).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Answers commands.
pub type Exec = Arc<dyn Fn(Vec<String>) -> Pin<Box<dyn Future<Output = ExecOutput> + Send>> + Send + Sync>;

/// What a command in a container left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecOutput {
    /// Its exit code.
    pub code: i32,
    /// What it printed, to standard output and standard error.
    pub output: String,
}
