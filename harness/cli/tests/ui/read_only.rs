//! `run --read-only`: what a cluster has is read, and nothing there is written.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;

use crate::support::{Ran, assert_snapshot, command, proofmark};

/// Reads, and nothing else.
const READING: &str = "apiVersion: proofmark.dev/v1alpha1
kind: Scenario
metadata: {name: no-kubeflow}
title: There is no namespace of Kubeflow's control plane
affected: {none: true}
reproduce:
- step: somebody looks for the namespace
  get: &place {apiVersion: v1, kind: Namespace, name: no-such-namespace}
  expect: {code: 200}
verify:
- step: the namespace kube-system is there
  get: {apiVersion: v1, kind: Namespace, name: kube-system}
  expect: {shows: {status: {phase: Active}}}
";

#[test]
fn what_a_cluster_has_is_read_and_nothing_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, log) = (folder.path().join("reading.yaml"), folder.path().join("requests"));
    fs::write(&file, READING).expect("writable");
    let script = r#"
        playing="run --env kubeconfig --kubeconfig $KUBECONFIG --read-only --quiet"
        "$0" $playing --format json trainedmodel-403 wrong-namespace >"$DIR/found.json"; echo "code $?"
        "$0" $playing --format json --kserve 0.14.1 trainedmodel-403/role "$DIR/reading.yaml" >"$DIR/told.json"; echo "code $?"
    "#;
    // A node would renew its lease every ten seconds, which slow machines see.
    let around = ["up", "--kserve", "0.14.1", "--no-nodes", "--quiet", "--request-log", log.to_str().expect("UTF-8")];
    let arguments = [&around[..], &["--", "sh", "-c", script, env!("CARGO_BIN_EXE_proofmark")]].concat();
    let output = command(&arguments).env("DIR", folder.path()).stdin(Stdio::null()).output().expect("the binary runs");
    let ran = Ran::of(&around, output);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "code 1\ncode 0\n"), "{ran}");

    let report = |name: &str| {
        let text = fs::read_to_string(folder.path().join(name)).expect("written");
        proofmark_json::from_str::<proofmark_json::Value>(&text).expect("JSON")
    };
    let cases = |report: &proofmark_json::Value| {
        let told = |case: &proofmark_json::Value| {
            let of = |pointer: &str| case.pointer(pointer).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
            (of("/case/scenario"), of("/conclusion/verdict"), of("/conclusion/reason"))
        };
        report["run"]["cases"].as_array().expect("cases").iter().map(told).collect::<Vec<_>>()
    };
    let owned = |told: [&str; 3]| (told[0].to_owned(), told[1].to_owned(), told[2].to_owned());
    let writes = "nothing may be written, and the scenario has to (arrange: the profile rchiores is created)";
    // What is wrong with the cluster is found by reading, whoever may not be played.
    let found = report("found.json");
    let expected = [
        ["trainedmodel-403", "notApplicable", writes],
        ["trainedmodel-403", "notApplicable", writes],
        ["wrong-namespace", "notApplicable", "cannot be told from manifests"],
    ];
    assert_eq!(cases(&found), expected.map(owned));
    let place = &found["run"]["inspections"][0]["findings"][0]["location"];
    assert_eq!(place["file"], "ClusterRole/kubeflow-kserve-edit", "{found:#}");
    let expected = [["trainedmodel-403", "notApplicable", writes], ["no-kubeflow", "passed", ""]];
    assert_eq!(cases(&report("told.json")), expected.map(owned));

    let requests = fs::read_to_string(log).expect("written");
    let verbs: BTreeSet<String> = requests
        .lines()
        .map(|line| proofmark_json::from_str::<proofmark_json::Value>(line).expect("JSON")["verb"].to_string())
        .collect();
    assert_eq!(verbs, ["\"get\"", "\"list\""].map(str::to_owned).into());
}

#[test]
fn options_of_clusters_are_for_clusters() {
    let ran = [
        proofmark(&["run", "--read-only"]),
        proofmark(&["run", "--read-only", "--env", "kubeconfig"]),
        proofmark(&["run", "--read-only", "--env", "kubeconfig", "--kubeconfig", "no-such-file"]),
        proofmark(&["run", "--read-only", "--env", "kubeconfig", "--kubeconfig", "f", "--manifests", "d"]),
        proofmark(&["run", "--kubeconfig", "f"]),
        proofmark(&["run", "--env", "envtest", "--context", "c"]),
    ];
    assert_snapshot("read-only.wrong", &ran);
}
