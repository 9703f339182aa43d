//! `run --env kind`, with programs of the test in place of kind and kubectl: they write down how they are called, and the cluster that they make is an embedded API
//! server behind TLS.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Ran, assert_snapshot, command, proofmark};

/// `$CLUSTER` is the kubeconfig of the cluster.
const KIND: &str = r#"#!/bin/sh
echo "kind $*" >>"$LOG"
case "$1 $2" in
"version ") echo "kind ${KIND_VERSION:-v0.29.0} go1.24.2 linux/amd64" ;;
"get clusters")
    if [ -n "$NO_ENGINE" ]; then echo "ERROR: failed to list clusters: Cannot connect to the Docker daemon" >&2; exit 1; fi
    echo "${KIND_CLUSTERS:-No kind clusters found.}" ;;
"create cluster")
    cat >>"$LOG"
    if [ -n "$NO_NODE" ]; then echo "ERROR: failed to create cluster: node is not ready" >&2; exit 1; fi
    cp "$CLUSTER" "$KUBECONFIG" ;;
esac
"#;

const KUBECTL: &str = r#"#!/bin/sh
echo "kubectl $*" >>"$LOG"
case "$1" in
wait) if [ -n "$NOT_AVAILABLE" ]; then echo "error: timed out waiting for the condition on deployments/istiod" >&2; exit 1; fi ;;
esac
"#;

/// A folder with these programs.
fn programs(names: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in names {
        let file = folder.path().join(name);
        fs::write(&file, text).expect("writable");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("ours");
    }
    folder
}

/// Runs `proofmark run` beside these programs, around the cluster that `up` with these arguments starts. What the programs were called with comes after what was said.
fn run(folder: &Path, up: &[&str], arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let log = folder.join("log");
    let script = r#"CLUSTER="$KUBECONFIG" exec "$0" "$@""#;
    let binary = env!("CARGO_BIN_EXE_proofmark");
    let around = [&["up"], up, &["--", "sh", "-c", script, binary, "run"], arguments].concat();
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let mut running = command(&around);
    running.env("LOG", &log).env("PATH", path).envs(variables.iter().copied());
    let mut ran = Ran::of(&[&["run"], arguments].concat(), running.output().expect("the binary runs"));
    ran.stderr.push_str("--- called\n");
    ran.stderr.push_str(&fs::read_to_string(&log).unwrap_or_default());
    // Nobody's log is mixed with the next one's.
    let _ = fs::remove_file(log);
    ran
}

#[test]
fn a_release_is_played_on_a_cluster_that_is_made_for_it() {
    let folder = programs(&[("kind", KIND), ("kubectl", KUBECTL)]);
    let arguments = ["trainedmodel-403/role", "--kserve", "0.14.1", "--env", "kind", "--load-image", "ours:1"];
    let ran = run(folder.path(), &["--bare"], &[&arguments[..], &["--format", "markdown"]].concat(), &[]);
    assert_snapshot("kind.run", &[ran]);
}

#[test]
fn its_api_server_asks_webhooks_in_this_process() {
    let folder = programs(&[("kind", KIND), ("kubectl", KUBECTL)]);
    let arguments = ["same-priority-denied", "--kserve", "0.14.1", "--env", "kind", "--reached-at", "127.0.0.1"];
    let ran = run(folder.path(), &["--bare"], &[&arguments[..], &["--format", "markdown"]].concat(), &[]);
    assert_snapshot("kind.reached", &[ran]);
}

#[test]
fn what_is_installed_is_played_as_it_is() {
    let folder = programs(&[("kind", KIND), ("kubectl", KUBECTL)]);
    let install =
        ["--env", "kind", "--install", "https://example.org/kserve.yaml", "--deployment-mode", "raw", "--retain"];
    let as_told =
        [&["trainedmodel-403/own-role", "runtimes-not-installed", "--kserve", "0.14.1"], &install[..]].concat();
    let as_found = [&["trainedmodel-403/own-role"], &install[..], &["--quiet"]].concat();
    let up = ["--kserve", "0.14.1"];
    let ran = [run(folder.path(), &up, &as_told, &[]), run(folder.path(), &up, &as_found, &[])];
    assert_snapshot("kind.installed", &ran);
}

#[test]
fn what_cannot_work_is_one_sentence() {
    let folder = programs(&[("kind", KIND), ("kubectl", KUBECTL)]);
    let run = |variables: &[(&str, &str)], rest: &[&str]| {
        let arguments = [&["trainedmodel-403/role", "--kserve", "0.14.1", "--env", "kind"], rest].concat();
        run(folder.path(), &["--bare"], &arguments, variables)
    };
    let ran = [
        run(&[("KIND_VERSION", "v0.11.1")], &[]),
        run(&[("NO_ENGINE", "1")], &[]),
        run(&[("KIND_CLUSTERS", "proofmark")], &[]),
        run(&[("NO_NODE", "1")], &[]),
        run(&[("NOT_AVAILABLE", "1")], &["--install", "istio.yaml"]),
    ];
    assert_snapshot("kind.wrong", &ran);
    let without = programs(&[("kind", KIND)]);
    let absent = |folder: &Path| {
        let mut running = command(&["run", "trainedmodel-403", "--env", "kind"]);
        running.env("LOG", folder.join("log")).env("PATH", folder);
        Ran::of(&["run", "trainedmodel-403", "--env", "kind"], running.output().expect("the binary runs"))
    };
    // The script of kind needs a shell's own commands only.
    assert_snapshot("kind.absent", &[absent(&without.path().join("empty")), absent(without.path())]);
}

#[test]
fn a_dry_run_is_a_script() {
    let kind = ["run", "trainedmodel-403", "--env", "kind"];
    let script = proofmark(
        &[
            &kind[..],
            &["--dry-run", "--cluster-name", "mine", "--node-image", "kindest/node:v1.35.0", "--load-image", "ours:1"],
            &["--install", "https://example.org/cert-manager.yaml", "--install", "https://example.org/kserve.yaml"],
            &["--deployment-mode", "knative"],
        ]
        .concat(),
    );
    let install = ["--install", "kserve.yaml"];
    let wrong: [&[&str]; 6] = [
        &["--env", "embedded", "--reached-at", "192.0.2.1"],
        &["--env", "kind", "--install", "kserve.yaml", "--reached-at", "192.0.2.1"],
        &["--env", "embedded", "--dry-run"],
        &["--env", "kind", "--deployment-mode", "raw"],
        &["--env", "kind", "--install", "kserve.yaml", "--manifests", "dist"],
        &["--env", "kind", "--kserve", "0.14.1", "--kserve", "0.15.2"],
    ];
    let mut ran = vec![script];
    ran.extend(wrong[..5].iter().map(|arguments| proofmark(&[&["run"], *arguments].concat())));
    ran.push(proofmark(&[&["run"], wrong[5], &install[..]].concat()));
    assert_snapshot("kind.dry-run", &ran);
}
