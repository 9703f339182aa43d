//! `web`, and the Models Web App of `up`.
#![cfg(unix)]

use crate::support::proofmark;

#[test]
fn the_environment_serves_the_app() {
    let script = r#"
        curl -s "$MODELS_WEB_APP_URL/healthz/liveness"
        curl -s "$MODELS_WEB_APP_URL/api/namespaces/default/inferenceservices"
        curl -s -H 'kubeflow-userid: ada@example.com' "$MODELS_WEB_APP_URL/api/namespaces/default/inferenceservices"
        curl -s -H 'kubeflow-userid: ada@example.com' "$MODELS_WEB_APP_URL/" | grep -c 'static/app.js'
    "#;
    let ran = proofmark(&["up", "--kserve", "0.15.2", "--no-nodes", "--", "sh", "-c", script]);
    let refused = "User 'ada@example.com' is not authorized to list serving.kserve.io/v1beta1/inferenceservices";
    assert!(ran.stdout.starts_with("\"alive\"\n{\"log\":\"No user detected.\",\"status\":401"), "{ran}");
    assert!(ran.stdout.contains(refused) && ran.stdout.ends_with("\n1\n"), "{ran}");
}

#[test]
fn a_cluster_and_settings_are_needed() {
    for (arguments, words) in [
        (["web", "--kubeconfig", "/no/such/file"], "no cluster to speak to"),
        (["web", "--kubeconfig", "/dev/null"], "no cluster to speak to"),
        (["web", "--mode", "test"], "BACKEND_MODE is \"test\""),
        (["web", "--release", "0.1"], "unknown release of the Models Web App"),
    ] {
        let ran = proofmark(&arguments);
        assert!(ran.code == Some(2) && ran.stderr.contains(words), "{ran}");
    }
}
