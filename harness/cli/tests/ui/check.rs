//! `check`

use crate::support::{assert_snapshot, command, proofmark, proofmark_reading, root};

/// Kinds of KServe 0.14.1.
const KINDS: [&str; 2] = ["--manifests", "harness/cli/tests/data/kinds.yaml"];
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

#[test]
fn github_finds_the_lines_wherever_in_the_repository_it_runs() {
    let repository = tempfile::tempdir().expect("a folder");
    let dist = repository.path().join("dist, 100%");
    std::fs::create_dir_all(&dist).expect("made");
    std::fs::create_dir(repository.path().join(".git")).expect("made");
    std::fs::copy(root().join(WITHOUT), dist.join("roles.yaml")).expect("copied");
    let kinds = KINDS[1..].iter().map(|kinds| root().join(kinds).display().to_string());
    let whole = dist.join("roles.yaml").canonicalize().expect("it is there");
    for (here, roles) in
        [(repository.path(), "dist, 100%/roles.yaml"), (&dist, "roles.yaml"), (&dist, "../dist, 100%/./roles.yaml")]
    {
        let roles = [roles.to_owned(), whole.display().to_string()];
        for roles in roles {
            let mut command = command(&["check", "--format", "github", "--manifests"]);
            let output = command.args(kinds.clone()).arg(&roles).current_dir(here).output().expect("the binary runs");
            let said = String::from_utf8(output.stdout).expect("UTF-8");
            let start = "::error file=dist%2C 100%25/roles.yaml,line=";
            assert!(
                said.lines().filter(|line| line.starts_with("::error")).all(|line| line.starts_with(start)),
                "{said}"
            );
            assert!(said.contains(start), "{said}");
        }
    }
}

#[test]
fn what_could_not_be_read_is_told_even_when_quiet() {
    let folder = tempfile::tempdir().expect("a folder");
    let remote =
        "resources:\n- https://github.com/kserve/kserve//config/default?ref=v0.15.2\nhelmCharts:\n- name: kserve\n";
    std::fs::write(folder.path().join("kustomization.yaml"), remote).expect("written");
    let path = folder.path().display().to_string();
    let ran =
        ["--quiet", "--format=text"].map(|how| proofmark(&["check", how, "--manifests", &path]).naming(&path, "DIR"));
    assert_snapshot("check.unread", &ran);
}
