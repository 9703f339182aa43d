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
fn nothing_is_played_beside_what_another_run_left() {
    let ran = beside(
        r#"
        mess KILL
        "$0" $case 2>"$DIR/said" || echo "code $?"
        sed -E 's/made, [0-9]+ in/made, N in/; s/[0-9a-f]{12}/RUN/; s/127.0.0.1:[0-9]+/SERVER/' "$DIR/said"
        "#,
    );
    let Some(ran) = ran else { return };
    let refused = "code 2\nerror: https://SERVER/ has what a run of Proofmark made, N in all (RUN)\n  \
                   help: once nobody plays there any more, `proofmark clean` takes them away\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), refused), "{ran}");
}

#[test]
fn nothing_is_installed_over_what_is_there() {
    let ran = beside(
        r#"
        printf '%s\n' 'apiVersion: apiextensions.k8s.io/v1' 'kind: CustomResourceDefinition' \
            'metadata: {name: trainedmodels.serving.kserve.io}' 'spec: {group: serving.kserve.io, scope: Namespaced,' \
            '  names: {plural: trainedmodels, singular: trainedmodel, kind: TrainedModel, listKind: TrainedModelList},' \
            '  versions: [{name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}' |
            kubectl create -f - >/dev/null
        versions >"$DIR/before"
        "$0" $case 2>"$DIR/refused" || echo "code $?"
        versions | diff "$DIR/before" -
        sed -E 's/127.0.0.1:[0-9]+/SERVER/' "$DIR/refused"
        "#,
    );
    let Some(ran) = ran else { return };
    let refused = "code 2\nerror: https://SERVER/ has trainedmodels.serving.kserve.io already\n  \
                   help: a run installs what it plays against and changes nothing that is there: \
                   name a cluster without it, or try what this one has with `certify`\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), refused), "{ran}");
}

#[test]
fn whoever_is_not_known_or_may_not_look_is_told() {
    let ran = beside(
        r#"
        as() {
            kubectl config view --raw --flatten >"$DIR/kubeconfig"
            kubectl --kubeconfig "$DIR/kubeconfig" config set-credentials somebody --token="$1" >/dev/null
            kubectl --kubeconfig "$DIR/kubeconfig" config set-context --current --user=somebody >/dev/null
        }
        clean() {
            "$0" clean --kubeconfig "$DIR/kubeconfig" 2>&1 | sed -E 's/127.0.0.1:[0-9]+/SERVER/; s/(listed: )configmaps.*/\1.../; s/(listed: ).*secrets.*/\1.../'
        }
        as nonsense
        clean
        "$0" run wrong-namespace --env kubeconfig --kubeconfig "$DIR/kubeconfig" >&2 || echo "code $?"
        "$0" run --read-only --env kubeconfig --kubeconfig "$DIR/kubeconfig" >&2 || echo "code $?"
        kubectl create serviceaccount somebody >/dev/null
        as "$(kubectl create token somebody)"
        clean
        kubectl create clusterrolebinding somebody --clusterrole=view --serviceaccount=default:somebody >/dev/null
        kubectl create clusterrole lister --verb=list --resource=configmaps >/dev/null
        kubectl create clusterrolebinding lister --clusterrole=lister --serviceaccount=default:somebody >/dev/null
        clean
        "#,
    );
    let Some(mut ran) = ran else { return };
    assert_eq!(ran.code, Some(0), "{ran}");
    ran.stderr.clear();
    assert_snapshot("clean.refused", &[ran]);
}

#[test]
fn a_cluster_that_cannot_be_reached_is_bad_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = |name: &str, server: &str, user: &str| {
        let file = folder.path().join(name);
        let text = format!(
            r#"{{"apiVersion": "v1", "kind": "Config", "current-context": "a", "clusters": [{{"name": "a", "cluster": {{"server": "{server}"}}}}],
            "users": [{{"name": "a", "user": {user}}}], "contexts": [{{"name": "a", "context": {{"cluster": "a", "user": "a"}}}}]}}"#
        );
        std::fs::write(&file, text).expect("writable");
        file.to_str().expect("UTF-8").to_owned()
    };
    let nowhere = "https://127.0.0.1:1";
    let (file, tokenless) =
        (kubeconfig("file", nowhere, "{}"), kubeconfig("tokenless", nowhere, r#"{"tokenFile": "/no/such/token"}"#));
    let (file, folder) = (file.as_str(), folder.path().to_str().expect("UTF-8"));
    let bundle = format!("{folder}/bundle");
    let ran = [
        proofmark(&["clean", "--kubeconfig", file]),
        proofmark(&["clean", "--kubeconfig", "no-such-file"]),
        proofmark(&["clean", "--kubeconfig", file, "--context", "b"]),
        proofmark(&["clean", "--kubeconfig", &tokenless]),
        proofmark(&["clean"]),
        proofmark(&["clean", "--kubeconfig", file, "--run", "a b"]),
        proofmark(&["run", "trainedmodel-403", "--env", "kubeconfig", "--kubeconfig", file]),
        proofmark(&["certify", "--profile", "kserve-core", "--kubeconfig", file, "-o", &bundle]),
    ];
    let ran = ran.map(|ran| ran.naming(file, "[file]").naming(folder, "[folder]"));
    assert_snapshot("clean.wrong", &ran);
}
