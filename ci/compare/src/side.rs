//! A server under comparison: started, ready, and at the end gone.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Duration, Instant};

use crate::Error;
use crate::client::Target;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running server.
pub(crate) struct Side {
    child: Child,
    /// Where it answers, and with which credentials.
    pub(crate) target: Target,
    /// From the start of its process until it answered `/readyz`.
    pub(crate) ready: Duration,
    pids: Vec<u32>,
}

/// What a starter of a real control plane says about itself.
#[derive(Debug, Deserialize)]
struct Started {
    kubeconfig: PathBuf,
    pids: std::collections::BTreeMap<String, u32>,
    ready_s: f64,
}

impl Side {
    /// Starts `proofmark up --bare`, with so many simulated nodes.
    pub(crate) async fn ours(program: &Path, nodes: usize) -> Result<Self, Error> {
        let fail = |what: String| Error::Start { side: "proofmark", what };
        let folder = std::env::temp_dir().join(format!("proofmark-compare-{}", std::process::id()));
        let kubeconfig = folder.join("kubeconfig");
        let io = |e: std::io::Error| fail(format!("{}: {e}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(io)?;
        let started = Instant::now();
        let mut command = Command::new(program);
        command.args(["up", "--bare", "--quiet", "--nodes", &nodes.to_string(), "--kubeconfig"]).arg(&kubeconfig);
        let child = command.stdout(Stdio::null()).kill_on_drop(true).spawn().map_err(|e| {
            fail(format!("failed to run {}: {e}; build it with: cargo build --release", program.display()))
        })?;
        // The kubeconfig appears when the server is about to answer.
        let target = loop {
            if let Ok(target) = Target::read(&kubeconfig).await
                && target.ready().await
            {
                break target;
            }
            if started.elapsed() > PATIENCE {
                return Err(fail("not ready in time".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let ready = started.elapsed();
        let pids = child.id().into_iter().collect();
        Ok(Self { child, target, ready, pids })
    }

    /// Starts a real control plane.
    pub(crate) async fn real(program: &Path) -> Result<Self, Error> {
        let fail = |what: String| Error::Start { side: "the real control plane", what };
        let mut child = Command::new(program)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| fail(format!("failed to run {}: {e}", program.display())))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let mut reader = BufReader::new(stdout);
            match tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await {
                Ok(Ok(_)) => {}
                Ok(Err(e)) => return Err(fail(e.to_string())),
                Err(_) => return Err(fail("not ready in time".to_owned())),
            }
        }
        let started: Started = proofmark_json::from_str(&line).map_err(|e| fail(format!("it said {line:?}: {e}")))?;
        let target = Target::read(&started.kubeconfig).await?;
        Ok(Self {
            child,
            target,
            ready: Duration::from_secs_f64(started.ready_s),
            pids: started.pids.into_values().collect(),
        })
    }

    /// The resident memory of its processes, in bytes. Source: `VmRSS` of `/proc/PID/status`.
    pub(crate) fn memory(&self) -> u64 {
        self.pids.iter().filter_map(|pid| of_memory(*pid, "VmRSS:")).sum()
    }

    /// The most resident memory that its processes ever had, in bytes. Source: `VmHWM` of `/proc/PID/status`.
    pub(crate) fn peak(&self) -> u64 {
        self.pids.iter().filter_map(|pid| of_memory(*pid, "VmHWM:")).sum()
    }

    /// The processor time that its processes have used, their children not included. Source: `utime` and `stime` of `/proc/PID/stat`.
    pub(crate) fn processor(&self) -> Duration {
        self.pids.iter().filter_map(|pid| processor(*pid)).sum()
    }

    /// Ends it, as its user would.
    pub(crate) async fn stop(mut self) {
        if let Some(pid) = self.child.id() {
            let _ = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await;
        }
        let _ = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
    }
}

fn of_memory(pid: u32, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix(field))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The kernel counts in hundredths of a second, whatever its own tick is.
const TICK: Duration = Duration::from_millis(10);

fn processor(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, a name in parentheses, may have spaces of its own.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u32>().ok();
    Some(TICK * (ticks(11)? + ticks(12)?))
}
