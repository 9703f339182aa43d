//! `up`: over real sockets, on the real clock.
#![cfg(unix)]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::support::{assert_snapshot, command, proofmark};

/// `up -- sh -c SCRIPT`
fn up(arguments: &[&str], script: &str) -> crate::support::Ran {
    proofmark(&[&["up"], arguments, &["--", "sh", "-c", script]].concat())
}

#[test]
fn a_command_has_its_output_and_its_exit_code_to_itself() {
    let ran = up(&["--bare"], r#"test -s "$KUBECONFIG" && echo "$KUBECONFIG" && exit 7"#);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(7), ""), "{ran}");
    let kubeconfig = ran.stdout.trim_end();
    assert!(!std::path::Path::new(kubeconfig).exists(), "{kubeconfig} is left");
}

#[test]
fn a_command_that_cannot_run_is_bad_input() {
    assert_snapshot("up.no-command", &[proofmark(&["up", "--bare", "--", "no-such-command"])]);
}

#[test]
fn a_kubeconfig_of_somebody_else_is_not_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config");
    std::fs::write(&file, "apiVersion: v1\nkind: Config\nclusters: [{name: work}]\n").expect("writable");
    let path = file.to_str().expect("UTF-8");
    let refused = up(&["--bare", "--kubeconfig", path], "echo not reached");
    assert!(
        refused.code == Some(2) && refused.stdout.is_empty() && refused.stderr.contains("did not write"),
        "{refused}"
    );
    assert!(std::fs::read_to_string(&file).expect("still there").contains("name: work"));

    std::fs::remove_file(&file).expect("removable");
    let left = up(&["--bare", "--kubeconfig", path], &format!("ls -l {path} | cut -c 1-10"));
    assert_eq!((left.code, left.stdout.as_str(), file.exists()), (Some(0), "-rw-------\n", false), "{left}");
}

#[test]
fn signals_reach_the_command() {
    let mut child = command(&["up", "--bare", "--", "sh", "-c", "echo ready; exec sleep 60"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("readable");
    assert_eq!(line, "ready\n");
    send("TERM", child.id());
    assert_eq!(child.wait().expect("it ends").code(), Some(128 + 15));
}

#[test]
fn without_a_command_it_says_where_it_is_until_ctrl_c() {
    let mut child = command(&["up", "--kserve", "0.14.1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut welcome = String::new();
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    for line in lines.by_ref() {
        welcome.push_str(&line);
        welcome.push('\n');
        if line.starts_with("Ctrl-C") {
            break;
        }
    }
    send("INT", child.id());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
        snapshot_path => "../snapshots",
        filters => vec![(r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"), (r"KUBECONFIG=\S+", "KUBECONFIG=[file]")],
    }, {
        insta::assert_snapshot!("up", welcome);
    });
}

fn send(signal: &str, process: u32) {
    let sent = Command::new("kill").arg(format!("-{signal}")).arg(process.to_string()).status();
    assert!(sent.expect("kill is there").success());
}

/// Debian has no package of kubectl, so its absence is no failure in CI either.
#[test]
fn kubectl_works_unmodified() {
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        return eprintln!("skipped: kubectl is not on the path");
    }
    let script = r#"
        set -e
        kubectl create namespace team
        kubectl -n team create configmap settings --from-literal=size=1
        kubectl -n team get configmap settings -o jsonpath='{.data.size}{"\n"}'
        kubectl -n team patch configmap settings --type merge -p '{"data":{"size":"2"}}'
        printf '%s' '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"applied","namespace":"team"},"data":{"a":"b"}}' >"$HOME/applied.json"
        kubectl apply -f "$HOME/applied.json"
        kubectl apply -f "$HOME/applied.json"
        kubectl apply --server-side --field-manager=other -f "$HOME/applied.json"
        kubectl -n team create rolebinding alice --clusterrole=view --user=alice
        kubectl -n team auth can-i list configmaps --as=alice
        kubectl -n team auth can-i create configmaps --as=alice || true
        kubectl -n team get configmaps --as=bob 2>&1 || true
        kubectl api-resources --api-group=serving.kserve.io --no-headers -o name | sort
        printf '%s' '{"apiVersion":"kubeflow.org/v1","kind":"Profile","metadata":{"name":"ada"},"spec":{"owner":{"kind":"User","name":"ada@example.com"}}}' | kubectl apply -f -
        until kubectl -n ada get rolebinding namespaceAdmin -o name 2>/dev/null; do sleep 0.1; done
        kubectl -n ada auth can-i create inferenceservices.serving.kserve.io --as=ada@example.com
        kubectl -n ada auth can-i create trainedmodels.serving.kserve.io --as=ada@example.com || true
        kubectl delete namespace team --timeout=20s
    "#;
    let home = tempfile::tempdir().expect("a folder");
    let ran = command(&["up", "--kserve", "0.14.1", "--", "sh", "-c", script])
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let told = format!("{}--- standard error\n{}--- {}\n", text(&ran.stdout), text(&ran.stderr), ran.status);
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots"}, {
        insta::assert_snapshot!("up.kubectl", told);
    });
}

/// The commands of the README's section about it.
#[test]
fn a_person_gets_from_a_profile_to_a_prediction() {
    for program in ["kubectl", "curl"] {
        if Command::new(program).arg("--help").output().is_err() {
            return eprintln!("skipped: {program} is not on the path");
        }
    }
    let readme = std::fs::read_to_string(crate::support::root().join("README.md")).expect("readable");
    let (_, section) = readme.split_once("## From a Profile to a prediction").expect("the section");
    let script = section.split_once("```sh\n").and_then(|(_, rest)| rest.split_once("```")).expect("a script").0;
    let world = "--aws=fixtures/aws/cross-account.yaml";
    let ran = up(&["--kubeflow", "1.10.2", world], &format!("set -e\n{script}"));
    assert_eq!(ran.code, Some(0), "{ran}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.last(), Some(&r#"{"predictions":[1,1]}"#), "{ran}");
    assert!(ran.stdout.contains("Successfully copied s3://their-models/iris/ to /mnt/models"), "{ran}");
}

/// The status of a GET and curl's exit code, of which 55 and 56 mean a connection that was reset.
const GET: &str = r#"
    url=$(grep -o 'https://[^"]*' "$KUBECONFIG") token=$(grep -o '"token": *"[^"]*' "$KUBECONFIG" | grep -o '[^"]*$')
    get() { curl -sk -o /dev/null -w '%{http_code} %{exitcode}\n' -H "Authorization: Bearer $token" "$url$1" | sed 's/000 5[56]/reset/' || true; }
"#;

#[test]
fn faults_strike_over_https_and_are_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("requests.ndjson");
    let ours = "/api/v1/namespaces/default";
    let script = format!(
        "{GET} get {ours}/configmaps/ours; get {ours}/configmaps/ours; get {ours}/secrets/ours; get /api/v1/pods"
    );
    let ran = up(
        &[
            "--bare",
            "--fault",
            "resource=configmaps,name=ours,status=503,times=1",
            "--fault",
            "resource=secrets,name=ours,reset=request",
            "--request-log",
            log.to_str().expect("UTF-8"),
        ],
        &script,
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "503 0\n404 0\nreset\n200 0\n"), "{ran}");
    let log = std::fs::read_to_string(log).expect("written");
    let told = log.lines().map(|line| proofmark_json::from_str::<proofmark_json::Value>(line).expect("JSON"));
    let ours: Vec<_> = told.filter(|request| request["name"] == "ours").collect();
    let seen: Vec<_> = ours.iter().map(|r| (r["status"].as_u64().unwrap_or(1), r["faults"].is_array())).collect();
    assert_eq!(seen, [(503, true), (404, false), (0, true)], "{log}");
    assert!(ours.iter().all(|r| r["user"]["username"] == "admin" && r["decision"]["allowed"] == true), "{log}");
}

#[test]
fn a_fault_that_makes_no_sense_is_bad_input() {
    let lines: [&[&str]; 3] = [
        &["up", "--bare", "--fault", "verb=update,stats=409"],
        &["up", "--bare", "--fault", "verb=get,status=409"],
        &["up", "--bare", "--request-log", "no/such/folder/log"],
    ];
    assert_snapshot("up.faults", &lines.map(proofmark));
}

#[test]
fn what_is_saved_is_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (file, foreign, cut) = (path("world"), path("foreign"), path("cut"));
    let maps = "/api/v1/namespaces/default/configmaps";
    let body = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept"}}"#;
    let uid = r#"grep -o '"uid": "[^"]*"' | head -n 1"#;
    let ask = "curl -sk -H \"Authorization: Bearer $token\"";
    let script = format!("{GET} {ask} -H 'Content-Type: application/json' -d '{body}' $url{maps} | {uid}");
    let first = up(&["--bare", "--save", &file], &script);
    let then = up(&["--bare", "--restore", &file], &format!("{GET} {ask} $url{maps}/kept | {uid}"));
    assert!(first.stdout.starts_with("\"uid\":"), "{first}");
    assert_eq!((then.code, &then.stdout), (Some(0), &first.stdout), "{then}");

    std::fs::write(&foreign, "kind: ConfigMap\n").expect("writable");
    let whole = std::fs::read(&file).expect("saved");
    std::fs::write(&cut, &whole[..whole.len() / 2]).expect("writable");
    for (file, why) in
        [(&foreign, "this is no saved world"), (&cut, "damaged: it ends early"), (&path("none"), "No such file")]
    {
        let refused = up(&["--bare", "--restore", file], "echo not reached");
        assert!(refused.code == Some(2) && refused.stdout.is_empty() && refused.stderr.contains(why), "{refused}");
    }
    let refused = up(&["--bare", "--save", "no/such/folder/world"], "echo not reached");
    assert!(refused.code == Some(2) && refused.stdout.is_empty(), "{refused}");
}
