//! `run`

use crate::support::{assert_snapshot, command, proofmark};

#[test]
fn one_case_is_shown_phase_by_phase() {
    assert_snapshot("run.case", &[proofmark(&["run", "trainedmodel-403/own-role", "--kserve", "0.14.1"])]);
}

#[test]
fn many_cases_are_a_matrix() {
    let releases = ["--kserve", "0.14.1", "--kserve", "0.15.2"];
    let run =
        |rest: &[&str]| proofmark(&[&["run", "trainedmodel-403", "inferencegraph-403"], &releases[..], rest].concat());
    assert_snapshot("run.matrix", &[run(&[])]);
    assert_snapshot("run.quiet", &[run(&["--quiet"])]);
    assert_snapshot("run.markdown", &[run(&["--format", "markdown"])]);
    assert_snapshot("run.junit", &[run(&["--format", "junit"])]);
}

#[test]
fn kubeflow_brings_its_own_kserve_unless_told() {
    let run = |targets: &[&str]| proofmark(&[&["run", "trainedmodel-403/role"], targets].concat());
    assert_snapshot(
        "run.kubeflow",
        &[
            run(&["--quiet", "--kubeflow", "1.10.0", "--kubeflow", "1.10.1"]),
            run(&["--quiet", "--kubeflow", "1.10.1", "--kserve", "0.14.1"]),
        ],
    );
}

#[test]
fn a_distribution_is_played_as_its_manifests_say() {
    let distribution = [
        "fixtures/kubeflow/namespaces/1.5.0.yaml",
        "fixtures/kubeflow/clusterroles/1.5.0.yaml",
        "fixtures/kubeflow/crds",
        "harness/cli/tests/data/kinds.yaml",
        "fixtures/kserve/clusterroles/v0.11.0.yaml",
    ];
    let run =
        [&["run", "trainedmodel-403/role", "--format", "markdown", "--seed", "3", "--manifests"], &distribution[..]]
            .concat();
    assert_snapshot("run.manifests", &[proofmark(&run)]);
}

#[test]
fn a_seed_decides_every_byte() {
    let run = |seed| {
        let ran = proofmark(&["run", "trainedmodel-403", "--kserve", "0.14.1", "--format", "json", "--seed", seed]);
        assert_eq!(ran.code, Some(0), "{ran}");
        ran.stdout
    };
    let first = run("7");
    assert_eq!(first, run("7"));
    assert_ne!(first, run("8"));
}

#[test]
fn an_output_file_takes_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.xml");
    let ran = command(&["run", "trainedmodel-403/role", "--kserve", "0.14.1", "--format", "junit", "--output"])
        .arg(&file)
        .output()
        .expect("the binary runs");
    assert_eq!((ran.status.code(), ran.stdout, ran.stderr), (Some(0), Vec::new(), Vec::new()));
    assert!(std::fs::read_to_string(file).expect("written").starts_with("<?xml"));
}
