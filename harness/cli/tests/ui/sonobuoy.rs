//! `ci/sonobuoy`: the pod that Sonobuoy makes of the plugin is one, and its script hands in a bundle, or that there is none.
#![cfg(unix)]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use proofmark_json::{Value, json};

use crate::support::{Ran, command, proofmark, root};

fn plugin() -> Value {
    let text = fs::read_to_string(root().join("ci/sonobuoy/plugin.yaml")).expect("the plugin is there");
    serde_yaml::from_str(&text).expect("YAML")
}

/// The pod of a plugin whose driver is `Job`: its container, and one that waits for the result.
fn pod(plugin: &Value) -> Value {
    let results = json!({"name": "results", "mountPath": "/tmp/sonobuoy/results"});
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "sonobuoy-proofmark-job", "namespace": "default"},
        "spec": {
            "containers": [
                plugin["spec"],
                {"name": "sonobuoy-worker", "image": "sonobuoy/sonobuoy", "volumeMounts": [results]},
            ],
            "volumes": [{"name": "results", "emptyDir": {}}],
        },
    })
}

/// Plays the container's part in `$DIR`, first with a cluster and then without.
const SCRIPT: &str = r#"
    set -eu
    kubectl create --dry-run=server --validate=strict -f "$DIR/pod.json" >&2
    mkdir "$DIR/config" "$DIR/with" "$DIR/without" "$DIR/bundle"
    cp "$KUBECONFIG" "$DIR/config/kubeconfig"
    export SONOBUOY_CONFIG_DIR="$DIR/config"
    SONOBUOY_RESULTS_DIR="$DIR/with" sh -euc "$(cat "$DIR/script")" >&2
    rm "$DIR/config/kubeconfig"
    SONOBUOY_RESULTS_DIR="$DIR/without" sh -euc "$(cat "$DIR/script")" >&2
"#;

#[test]
fn a_bundle_is_handed_in_or_that_there_is_none() {
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        return eprintln!("skipped: kubectl is not on the path");
    }
    let plugin = plugin();
    assert_eq!(plugin["sonobuoy-config"]["result-format"], "manual");
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    write("pod.json", &pod(&plugin).to_string());
    write("script", plugin["spec"]["args"][0].as_str().expect("a script"));
    let binary = Path::new(env!("CARGO_BIN_EXE_proofmark")).parent().expect("a folder").display();
    let script = format!("PATH=\"{binary}:$PATH\"\n{SCRIPT}");
    let around = ["up", "--kserve", "0.20.0", "--quiet"];
    let mut up = command(&[&around[..], &["--", "sh", "-c", &script]].concat());
    for variable in plugin["spec"]["env"].as_array().expect("variables") {
        up.env(variable["name"].as_str().expect("a name"), variable["value"].as_str().expect("a value"));
    }
    let ran = Ran::of(&around, up.env("DIR", folder.path()).stdin(Stdio::null()).output().expect("the binary runs"));
    assert_eq!(ran.code, Some(0), "{ran}");

    let with = handed_in(&folder.path().join("with"));
    let status = with.1["status"].as_str().expect("a status");
    assert!(with.1["name"] == "proofmark" && ["passed", "failed", "unknown"].contains(&status), "{:?}", with.1);
    assert_eq!(with.1["items"][0]["name"], "kubeflow-multiuser", "{:?}", with.1);
    let verified = proofmark(&["verify", with.0.path().to_str().expect("UTF-8")]);
    assert_eq!(verified.code, Some(0), "{verified}");

    let without = handed_in(&folder.path().join("without"));
    let certify = json!({"name": "certify", "status": "failed", "details": {"exit-code": 2}});
    assert_eq!(without.1, json!({"name": "proofmark", "status": "failed", "items": [certify]}));
    let why = fs::read_to_string(without.0.path().join("error.txt")).expect("why");
    assert!(why.contains("failed to read"), "{why}");
}

/// What Sonobuoy would find where `done` says, unpacked, and its own part of it.
fn handed_in(results: &Path) -> (tempfile::TempDir, Value) {
    let archive = fs::read_to_string(results.join("done")).expect("the worker is told");
    let unpacked = tempfile::tempdir().expect("a folder");
    let tar = Command::new("tar").args(["-xzf", &archive, "-C"]).arg(unpacked.path()).status().expect("tar runs");
    assert!(tar.success());
    let text = fs::read_to_string(unpacked.path().join("sonobuoy_results.yaml")).expect("a result");
    (unpacked, serde_yaml::from_str(&text).expect("YAML"))
}
