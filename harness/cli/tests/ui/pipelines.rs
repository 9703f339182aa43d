//! The templates for other people's pipelines (`ci/github`, `ci/gitlab`, `ci/tekton`): their scripts are run as the pipeline would run them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use proofmark_json::Value;

use crate::support::root;

/// A distribution with the failure, or without.
fn distribution(is_bad: bool) -> Vec<String> {
    let roles = if is_bad { "v0.11.0.yaml" } else { "v0.15.0-rc1.yaml" };
    let paths =
        [Path::new("harness/cli/tests/data/kinds.yaml"), &Path::new("fixtures/kserve/clusterroles").join(roles)];
    paths.map(|path| root().join(path).to_string_lossy().into_owned()).to_vec()
}

fn template(path: &str) -> Value {
    let text = fs::read_to_string(root().join(path)).expect("the template is there");
    serde_yaml::from_str(&text).expect("YAML")
}

/// Runs a script in a shell with the binary on the path and in a variable; reports go into `folder`.
fn ran(shell: &str, script: &Value, arguments: &[String], folder: &Path, settings: &[(&str, &str)]) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_proofmark"));
    let script = format!("PATH=\"$FOLDER:$PATH\"\n{}", script.as_str().expect("a script"));
    let mut command = Command::new(shell);
    command.arg("-euc").arg(script).arg("job").args(arguments).current_dir(folder);
    command.env("FOLDER", binary.parent().expect("a folder")).env("PROOFMARK", binary);
    command.env_remove("GITHUB_STEP_SUMMARY").envs(settings.iter().copied());
    command.output().expect("the shell runs")
}

/// The report names the failure, or none.
fn assert_told(output: &Output, report: &Path, is_bad: bool) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(i32::from(is_bad)), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let report = fs::read_to_string(report).expect("a report");
    assert!(report.contains("<testsuite"), "{report}");
    assert_eq!(report.contains("<failure"), is_bad, "{report}");
}

#[test]
fn github_annotates_lines_and_sums_up() {
    let action = template("ci/github/action.yml");
    let script = &action["runs"]["steps"][1]["run"];
    for is_bad in [true, false] {
        let manifests = distribution(is_bad).join("\n");
        let folder = tempfile::tempdir().expect("a folder");
        let summary = folder.path().join("summary.md");
        let settings =
            [("MANIFESTS", &*manifests), ("JUNIT", "report.xml"), ("GITHUB_STEP_SUMMARY", &*summary.to_string_lossy())];
        let output = ran("bash", script, &[], folder.path(), &settings);
        assert_told(&output, &folder.path().join("report.xml"), is_bad);
        assert_eq!(String::from_utf8_lossy(&output.stdout).contains("::error file="), is_bad);
        assert!(!fs::read_to_string(&summary).expect("a summary").is_empty());
    }
}

#[test]
fn gitlab_keeps_a_report() {
    let job = &template("ci/gitlab/proofmark.gitlab-ci.yml")["proofmark"];
    for is_bad in [true, false] {
        let manifests = distribution(is_bad).join(" ");
        let folder = tempfile::tempdir().expect("a folder");
        let output = ran("sh", &job["script"][0], &[], folder.path(), &[("PROOFMARK_MANIFESTS", &*manifests)]);
        let report = job["artifacts"]["reports"]["junit"].as_str().expect("a path");
        assert_told(&output, &folder.path().join(report), is_bad);
    }
}

#[test]
fn tekton_takes_a_list() {
    let step = &template("ci/tekton/task.yaml")["spec"]["steps"][0];
    for is_bad in [true, false] {
        let manifests = distribution(is_bad);
        let folder = tempfile::tempdir().expect("a folder");
        let output = ran("sh", &step["script"], &manifests, folder.path(), &[("RESULT", "result")]);
        let report = fs::read_to_string(folder.path().join("result")).expect("the result names the report");
        assert_told(&output, &folder.path().join(report), is_bad);
    }
}
