//! What can be read without running anything.

use crate::support::{assert_snapshot, proofmark};

#[test]
fn help() {
    assert_snapshot("help", &[proofmark(&["--help"])]);
    for command in ["run", "merge", "check", "list", "explain", "can-i", "up", "web", "aws", "load", "completions"] {
        assert_snapshot(&format!("help.{command}"), &[proofmark(&[command, "--help"])]);
    }
}

#[test]
fn list() {
    assert_snapshot("list", &[proofmark(&["list"])]);
    let json = proofmark(&["list", "--format", "json"]);
    let document: proofmark_json::Value = proofmark_json::from_str(&json.stdout).expect("JSON");
    let ids: Vec<_> = document["scenarios"].as_array().into_iter().flatten().map(|about| &about["id"]).collect();
    assert_eq!((&document["schemaVersion"], ids.contains(&&"trainedmodel-403".into())), (&1.into(), true));
}

#[test]
fn explain() {
    let explain = ["explain", "trainedmodel-403"];
    assert_snapshot("explain", &[proofmark(&explain), proofmark(&[&explain[..], &["--format", "json"]].concat())]);
}

#[test]
fn completions_know_scenarios_and_releases() {
    for (shell, positional) in [("bash", true), ("zsh", true), ("fish", false)] {
        let script = proofmark(&["completions", shell]);
        let knows = |word| script.stdout.contains(word);
        assert!(script.code == Some(0) && knows("0.14.1") && knows("1.10.0"), "{script}");
        assert_eq!(knows("trainedmodel-403"), positional, "{script}");
    }
}
