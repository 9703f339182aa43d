//! The command of `up -- CMD` and `aws -- CMD`.
//!
//! It stays in the process group of its terminal, so that it may read from it. A signal that asks us to end is handed on to it; if it has not
//! ended a while later, or if a second one comes, it is killed.

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep_until};

use super::signals::{Signal, Signals};
use crate::error::{Exit, ExpectedError};

/// How long the command may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(10);

/// Runs the command to its end.
pub(crate) async fn run(
    program: &OsStr,
    arguments: &[OsString],
    variables: &[(&str, OsString)],
    signals: &mut Signals,
) -> Result<Exit, ExpectedError> {
    let failed = |source| ExpectedError::Command { command: program.display().to_string(), source };
    let mut child = Command::new(program)
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let mut deadline: Option<Instant> = None;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit(status.map_err(failed)?)),
            signal = signals.next() => match deadline {
                None => {
                    hand_on(&child, signal);
                    deadline = Some(Instant::now() + GRACE);
                }
                Some(_) => child.start_kill().map_err(failed)?,
            },
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                child.start_kill().map_err(failed)?;
                return Ok(exit(child.wait().await.map_err(failed)?));
            }
        }
    }
}

/// The command's own code; for one that a signal ended what a shell reports.
fn exit(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    let code = {
        use std::os::unix::process::ExitStatusExt as _;
        status.code().or_else(|| status.signal().map(|signal| 128 + signal))
    };
    #[cfg(not(unix))]
    let code = status.code();
    Exit::Other(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}

#[cfg(unix)]
fn hand_on(child: &Child, signal: Signal) {
    use rustix::process::{Pid, Signal as Posix, kill_process};

    // A terminal sends its interrupt to the command as well as to us.
    if signal == Signal::Interrupt && std::io::stdin().is_terminal() {
        return;
    }
    let posix = match signal {
        Signal::Interrupt => Posix::INT,
        Signal::Terminate => Posix::TERM,
        Signal::HangUp => Posix::HUP,
    };
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended in the meantime.
        let _ = kill_process(pid, posix);
    }
}

/// Where there are no signals the console tells the command itself.
#[cfg(not(unix))]
fn hand_on(_: &Child, _: Signal) {}
