//! `check`

use crate::support::{assert_snapshot, command, proofmark, proofmark_reading, root};

/// Kinds of KServe 0.14.1.
const KINDS: [&str; 5] = [
    "--manifests",
    "fixtures/kserve/crds/inferenceservices",
    "fixtures/kserve/crds/inferencegraphs/v0.13.0.yaml",
    "fixtures/kserve/crds/servingruntimes/v0.11.0.yaml",
    "fixtures/kserve/crds/trainedmodels/v0.12.0.yaml",
];
/// Its users' roles, which do not name all of them; and those of a later release, which do.
const WITHOUT: &str = "fixtures/kserve/clusterroles/v0.11.0.yaml";
const WITH: &str = "fixtures/kserve/clusterroles/v0.15.0-rc1.yaml";

fn check<'a>(roles: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [&["check"], &KINDS[..], &[roles], rest].concat()
}

#[test]
fn a_missing_permission_is_found_where_it_is_missing() {
    let check = |roles, rest: &[&'static str]| proofmark(&check(roles, rest));
    assert_snapshot("check", &[check(WITHOUT, &[]), check(WITH, &[])]);
    for format in ["json", "ndjson", "junit", "markdown", "github"] {
        assert_snapshot(&format!("check.{format}"), &[check(WITHOUT, &["--format", format])]);
    }
    assert_snapshot("check.quiet", &[check(WITHOUT, &["--quiet"]), check(WITH, &["--quiet"])]);
}

#[test]
fn standard_input_is_a_file_too() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).expect("a fixture");
    let text = read(WITHOUT).replace("servingruntimes", "servingruntimes\n      - trainedmodels");
    let ran = proofmark_reading(&text, &check("-", &[]));
    assert!(
        ran.code == Some(1) && ran.stdout.contains("--> <stdin>:") && !ran.stdout.contains("missing   trainedmodels"),
        "{ran}"
    );
}

#[test]
fn colours_come_when_asked_for() {
    let coloured = |when, setting: Option<&str>| {
        let mut command = command(&check(WITHOUT, &["--color", when]));
        if let Some(value) = setting {
            command.env("NO_COLOR", value);
        }
        command.output().expect("the binary runs").stdout.contains(&0x1b)
    };
    assert!(coloured("always", None));
    assert!(coloured("always", Some("1")));
    assert!(!coloured("auto", None));
    assert!(!coloured("never", None));
}

#[test]
fn results_go_where_they_are_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let (result, summary) = (folder.path().join("result"), folder.path().join("summary.md"));
    let ran = command(&check(WITHOUT, &["--format", "github", "--output"]))
        .arg(&result)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("the binary runs");
    let text = |path| std::fs::read_to_string(path).expect("it was written");
    assert_eq!((ran.status.code(), ran.stdout), (Some(1), Vec::new()));
    assert!(text(result).starts_with("::error file="));
    assert!(text(summary).starts_with("## Proofmark: 4 errors"));
}
