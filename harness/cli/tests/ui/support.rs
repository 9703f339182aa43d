//! Runs the binary, and puts what came of it into one text.

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A command line that was run.
pub(crate) struct Ran {
    arguments: Vec<String>,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary in the root of the workspace, without the settings of whoever runs the tests.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.args(arguments).current_dir(root());
    for setting in [
        "NO_COLOR",
        "KUBEBUILDER_ASSETS",
        "PROOFMARK_LOG",
        "GITHUB_STEP_SUMMARY",
        "KUBECONFIG",
        "COLUMNS",
        "JOB_COMPLETION_INDEX",
    ] {
        command.env_remove(setting);
    }
    command
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Runs the binary without input.
pub(crate) fn proofmark(arguments: &[&str]) -> Ran {
    let output = command(arguments).stdin(Stdio::null()).output().expect("the binary runs");
    Ran::of(arguments, output)
}

/// Runs the binary with this on standard input.
pub(crate) fn proofmark_reading(text: &str, arguments: &[&str]) -> Ran {
    let mut command = command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(text.as_bytes()).expect("the binary reads");
    drop(input);
    Ran::of(arguments, child.wait_with_output().expect("the binary ends"))
}

impl Ran {
    /// What came of a command.
    pub(crate) fn of(arguments: &[&str], output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self {
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Puts other words in place of some, wherever they stand.
    pub(crate) fn hide(&mut self, words: &str, instead: &str) {
        let texts = self.arguments.iter_mut().chain([&mut self.stdout, &mut self.stderr]);
        texts.for_each(|text| *text = text.replace(words, instead));
    }

    /// Without SHA-256 digests, which depend on the program.
    pub(crate) fn without_digests(mut self) -> Self {
        for text in [&mut self.stdout, &mut self.stderr] {
            let word = |word: &str| word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
            let words: Vec<String> =
                text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| word(w)).map(str::to_owned).collect();
            words.iter().for_each(|digest| *text = text.replace(digest, "[digest]"));
        }
        self
    }
}

impl Ran {
    /// The same with another name for something that is different every time.
    pub(crate) fn naming(mut self, this: &str, name: &str) -> Self {
        self.arguments
            .iter_mut()
            .chain([&mut self.stdout, &mut self.stderr])
            .for_each(|text| *text = text.replace(this, name));
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ proofmark {}", self.arguments.join(" "))?;
        write!(f, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "--- standard error\n{}", self.stderr)?;
        }
        match self.code {
            Some(code) => writeln!(f, "--- exit code {code}"),
            None => writeln!(f, "--- ended by a signal"),
        }
    }
}

/// Holds one or more command lines and what came of them against a snapshot.
#[track_caller]
pub(crate) fn assert_snapshot(name: &str, ran: &[Ran]) {
    let text: Vec<_> = ran.iter().map(Ran::to_string).collect();
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
        snapshot_path => "../snapshots",
        filters => vec![(r#"("proofmark": )"[^"]*""#, r#"$1"[version]""#), (r"Proofmark \d[^,\s]*", "Proofmark [version]")],
    }, {
        insta::assert_snapshot!(name, text.join("\n"));
    });
}
