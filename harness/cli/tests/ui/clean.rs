//! `clean`, and runs that end before their time: the cluster is as it was, object by object.
#![cfg(unix)]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::process::{Command, Stdio};

use crate::support::{Ran, assert_snapshot, command, proofmark};

/// `versions` prints every object that is not made anew all the time, with its version. `mess` plays a case and is stopped (`$1` is the signal) once that has made its profile.
const FUNCTIONS: &str = r#"
    set -eu
    versions() {
        kinds=$(kubectl api-resources --verbs=list,delete -o name | grep -v -e '^events' -e '^leases' -e '^nodes' -e '^csinodes' | paste -s -d ,)
        kubectl get "$kinds" --all-namespaces --ignore-not-found -o jsonpath='{range .items[*]}{.kind} {.metadata.namespace} {.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\n"}{end}' 2>"$DIR/said" | sort
    }
    case="run trainedmodel-403/own-role --kserve 0.14.1 --env kubeconfig --kubeconfig $KUBECONFIG --quiet"
    mess() {
        "$0" $case >"$DIR/report" & playing=$!
        until kubectl get profiles.kubeflow.org -o name 2>/dev/null | grep -q .; do sleep 0.1; done
        kill "-$1" $playing
        wait $playing || true
    }
"#;

/// Runs a script with these functions beside an API server without KServe.
fn beside(script: &str) -> Option<Ran> {
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        eprintln!("skipped: kubectl is not on the path");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let script = format!("{FUNCTIONS}\n{script}");
    let arguments = ["up", "--bare", "--", "sh", "-c", &script, env!("CARGO_BIN_EXE_proofmark")];
    let output = command(&arguments).env("DIR", folder.path()).stdin(Stdio::null()).output().expect("the binary runs");
    Some(Ran::of(&["up", "--bare"], output))
}

#[test]
fn what_a_killed_run_left_is_taken_away() {
    let ran = beside(
        r#"
        kubectl create clusterrole theirs --verb=get --resource=pods >/dev/null
        versions >"$DIR/before"
        mess KILL
        versions | cmp -s "$DIR/before" - && exit 8
        "$0" clean --kubeconfig "$KUBECONFIG" --run nobody
        "$0" clean --kubeconfig "$KUBECONFIG" --dry-run >"$DIR/found"
        grep -q /apis/kubeflow.org/v1/profiles/ "$DIR/found"
        grep -q /apis/apiextensions.k8s.io/v1/customresourcedefinitions/trainedmodels.serving.kserve.io "$DIR/found"
        tail -n 1 "$DIR/found" | grep -q 'left behind$'
        "$0" clean --kubeconfig "$KUBECONFIG" | tail -n 1 | grep -q 'taken away$'
        "$0" clean --kubeconfig "$KUBECONFIG"
        versions | diff "$DIR/before" -
        "#,
    );
    let Some(ran) = ran else { return };
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "0 taken away\n0 taken away\n"), "{ran}");
}

#[test]
fn an_interrupted_run_cleans_up_after_itself() {
    let ran = beside(
        r#"
        versions >"$DIR/before"
        mess TERM
        versions | diff "$DIR/before" -
        tail -n 1 "$DIR/report"
        "#,
    );
    let Some(ran) = ran else { return };
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1 skipped (seed 0)\n"), "{ran}");
}

#[test]
fn what_others_have_under_the_same_name_is_not_touched() {
    let ran = beside(
        r#"
        kubectl create clusterrole our-trainedmodels-edit --verb=get --resource=pods >/dev/null
        versions >"$DIR/before"
        "$0" $case || echo "code $?"
        versions | diff "$DIR/before" -
        "#,
    );
    let Some(ran) = ran else { return };
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1 skipped (seed 0)\n"), "{ran}");
}

#[test]
fn a_cluster_that_cannot_be_reached_is_bad_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    let nowhere = r#"{"apiVersion": "v1", "kind": "Config", "current-context": "a", "clusters": [{"name": "a", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "a", "user": {}}], "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}]}"#;
    std::fs::write(&file, nowhere).expect("writable");
    let file = file.to_str().expect("UTF-8");
    let ran = [
        proofmark(&["clean", "--kubeconfig", file]),
        proofmark(&["clean", "--kubeconfig", "no-such-file"]),
        proofmark(&["clean"]),
        proofmark(&["run", "trainedmodel-403", "--env", "kubeconfig", "--kubeconfig", file]),
    ];
    let ran = ran.map(|ran| ran.naming(file, "[file]"));
    assert_snapshot("clean.wrong", &ran);
}
