//! Runs a command to its end, or until it has taken too long, or until somebody wants the run to end.
//!
//! Commands lead a process group of their own, so that Ctrl-C at a terminal reaches us alone, and we decide what becomes of the cluster. What they say is kept: its last lines
//! are the reason when they fail.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout_at};

use super::Told;
use super::plan::Step;

/// How long to wait before a command is tried again.
const PAUSE: Duration = Duration::from_secs(5);
/// How often it is looked whether somebody wants the run to end.
const BLINK: Duration = Duration::from_millis(100);
/// How many lines of what a command said are a reason.
const LAST_LINES: usize = 3;

/// Why a step is not done.
pub(super) enum Failure {
    Absent(String),
    Failed { what: String, why: String },
    TooLong { what: String, minutes: u64, why: String },
    Interrupted,
}

/// Runs commands whose cluster is that of one kubeconfig.
pub(super) struct Commands {
    kubeconfig: PathBuf,
    told: Told,
    interrupted: Arc<AtomicBool>,
}

impl Commands {
    pub(super) fn new(kubeconfig: &Path, told: Told) -> Self {
        Self { kubeconfig: kubeconfig.to_owned(), told, interrupted: Arc::default() }
    }

    /// Ends the command that is under way once this flag is set.
    pub(super) fn until(mut self, interrupted: Arc<AtomicBool>) -> Self {
        self.interrupted = interrupted;
        self
    }

    /// Runs a step; what it wrote to standard output comes back.
    pub(super) async fn run(&self, step: &Step) -> Result<String, Failure> {
        (self.told)(&step.what);
        let deadline = Instant::now() + step.patience;
        let mut last_words = "it said nothing".to_owned();
        loop {
            match timeout_at(deadline, self.unless_interrupted(attempt(step, &self.kubeconfig))).await {
                Ok(output) => {
                    let output = output?.map_err(|error| absent(step, &error))?;
                    if output.status.success() {
                        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
                    }
                    last_words = words(&output);
                }
                Err(_elapsed) => return Err(too_long(step, last_words)),
            }
            if !step.again {
                return Err(Failure::Failed { what: step.what.clone(), why: last_words });
            }
            if Instant::now() + PAUSE >= deadline {
                return Err(too_long(step, last_words));
            }
            self.unless_interrupted(sleep(PAUSE)).await?;
        }
    }

    async fn unless_interrupted<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let watch = async {
            while !self.interrupted.load(Ordering::Relaxed) {
                sleep(BLINK).await;
            }
        };
        tokio::select! {
            done = work => Ok(done),
            () = watch => Err(Failure::Interrupted),
        }
    }
}

fn too_long(step: &Step, why: String) -> Failure {
    Failure::TooLong { what: step.what.clone(), minutes: step.patience.as_secs() / 60, why }
}

fn absent(step: &Step, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => Failure::Absent(step.program.to_owned()),
        _ => Failure::Failed { what: step.what.clone(), why: error.to_string() },
    }
}

/// Runs it once.
async fn attempt(step: &Step, kubeconfig: &Path) -> io::Result<Output> {
    let mut command = Command::new(step.program);
    command.args(&step.arguments).env("KUBECONFIG", kubeconfig).kill_on_drop(true);
    command.stdin(if step.input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    if let (Some(input), Some(mut pipe)) = (&step.input, child.stdin.take()) {
        // A command that does not read it says itself what is wrong.
        let _ = pipe.write_all(input.as_bytes()).await;
    }
    child.wait_with_output().await
}

/// The last lines of what it said, in one.
fn words(output: &Output) -> String {
    let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.get(lines.len().saturating_sub(LAST_LINES)..) {
        Some(last) if !last.is_empty() => last.join("; "),
        _ => output.status.to_string(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::real_runtime;

    fn step(script: &str, patience: Duration, again: bool) -> Step {
        let arguments = ["-c".to_owned(), script.to_owned()].into();
        Step { what: "trying".to_owned(), program: "sh", arguments, input: Some("in\n".to_owned()), patience, again }
    }

    fn run(step: &Step, interrupted: bool) -> (Result<String, Failure>, Vec<String>) {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = lines.clone();
        let told: Told = Arc::new(move |line| heard.lock().unwrap().push(line.to_owned()));
        let commands = Commands::new(Path::new("/there"), told).until(Arc::new(AtomicBool::new(interrupted)));
        let ran = real_runtime().unwrap().block_on(commands.run(step));
        let lines = lines.lock().unwrap().clone();
        (ran, lines)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_command_has_its_input_and_its_cluster() {
        let (ran, told) = run(&step(r#"read -r line; echo "$line $KUBECONFIG""#, LONG, false), false);
        assert!(matches!(ran, Ok(said) if said == "in /there\n"));
        assert_eq!(told, ["trying"]);
    }

    #[test]
    fn a_failure_has_the_last_words() {
        let (ran, _) = run(&step("for i in 1 2 3 4; do echo line $i >&2; done; exit 1", LONG, false), false);
        assert!(matches!(ran, Err(Failure::Failed { why, .. }) if why == "line 2; line 3; line 4"));
        let (ran, _) = run(&step("exit 7", LONG, false), false);
        assert!(matches!(ran, Err(Failure::Failed { why, .. }) if why == "exit status: 7"));
        let missing = Step { program: "no-such-program", ..step("", LONG, false) };
        assert!(matches!(run(&missing, false).0, Err(Failure::Absent(program)) if program == "no-such-program"));
    }

    #[test]
    fn patience_and_interruptions_end_it() {
        let (ran, _) = run(&step("exec sleep 1000", Duration::ZERO, false), false);
        assert!(matches!(ran, Err(Failure::TooLong { .. })));
        let (ran, _) = run(&step("echo no >&2; exit 1", Duration::from_millis(4900), true), false);
        assert!(matches!(ran, Err(Failure::TooLong { why, .. }) if why == "no"));
        assert!(matches!(run(&step("exec sleep 1000", LONG, false), true).0, Err(Failure::Interrupted)));
    }
}
