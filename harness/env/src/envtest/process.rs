//! A process that ends when we end, however that happens.
//!
//! Destructors do not run when a program is killed, or when a second Ctrl-C ends it at once. So each process is started by a shell that holds the
//! other end of a pipe of ours. When the pipe closes, which the operating system sees to, the shell kills the process and removes its folder.
//! Ending it in order is the same: the pipe is closed. The shell leads a process group of its own, so that Ctrl-C at a terminal reaches us alone.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Descriptor 3 is our end of the pipe; nobody writes to it. A process that ends by itself keeps its folder, for its log.
const GUARD: &str = r#"
folder=$1; log=$2; shift 2
exec 3<&0
"$@" </dev/null >"$log" 2>&1 3<&- & child=$!
(read -r nothing <&3; kill -9 $child) & watch=$!
wait $child; code=$?
kill $watch
[ $code -ne 137 ] || rm -rf -- "$folder"
exit $code
"#;

/// How the Go runtime of what is started manages memory, unless the user has said so. It is gone before it would need much, so collecting less often costs
/// nothing, and saves kube-apiserver a third of its work; near the limit it collects as ever.
const GO: [(&str, &str); 2] = [("GOGC", "400"), ("GOMEMLIMIT", "2GiB")];

/// How often a process is looked for that should be gone, and the time between: ten seconds in all. Then its guard goes, too.
const LOOKS: u32 = 5000;
const BLINK: Duration = Duration::from_millis(2);

/// A running process. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    /// Starts a program in a folder, which goes with it. What it says goes to `log` in there.
    pub(super) fn start(program: &Path, arguments: &[String], folder: &Path, log: &str) -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", GUARD, "guard"]).arg(folder).arg(folder.join(log)).arg(program).args(arguments);
        shell.envs(GO.into_iter().filter(|(name, _)| std::env::var_os(name).is_none()));
        shell.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        shell.spawn().map(Self)
    }

    /// Whether it has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        // Whoever cannot be waited for is not there.
        self.0.try_wait().map_or(true, |status| status.is_some())
    }
}

impl Drop for Process {
    #[expect(clippy::disallowed_methods, reason = "processes live in real time, and what is dropped cannot await")]
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It ends in milliseconds; nobody is left who could be told that it did not.
        for _ in 0..LOOKS {
            if self.has_ended() {
                break;
            }
            std::thread::sleep(BLINK);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn start(script: &str, folder: &Path) -> Process {
        Process::start(Path::new("/bin/sh"), &["-c".to_owned(), script.to_owned()], folder, "log").unwrap()
    }

    #[test]
    fn a_process_ends_with_its_guard_and_takes_its_folder_along() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("data");
        std::fs::create_dir(&folder).unwrap();
        let mut process = start("echo $$ >../pid; exec sleep 1000", &folder);
        let pid = loop {
            match std::fs::read_to_string(above.path().join("pid")) {
                Ok(pid) if pid.ends_with('\n') => break pid,
                _ => std::thread::yield_now(),
            }
        };
        assert!(!process.has_ended());
        drop(process);
        assert!(!folder.exists());
        let alive = Command::new("kill").args(["-0", pid.trim()]).stderr(Stdio::null()).status().unwrap();
        assert!(!alive.success(), "{pid} is still there");
    }

    #[test]
    fn a_process_that_ends_by_itself_leaves_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = start("echo why; exit 3", folder.path());
        while !process.has_ended() {
            std::thread::yield_now();
        }
        drop(process);
        assert_eq!(std::fs::read_to_string(folder.path().join("log")).unwrap(), "why\n");
    }
}
