//! Bad input: where, what, what to do about it, and exit code 2.

use crate::support::{assert_snapshot, proofmark, proofmark_reading};

const HERE: &str = "harness/cli/tests/manifests";

#[test]
fn manifests() {
    let files = [
        "broken.yaml",
        "unknown-kind.yaml",
        "misshapen.yaml",
        "no-such-kind.yaml",
        "same-file.yaml",
        "brokn.yaml",
        "empty",
        "empty/notes.txt",
    ];
    let ran = files.map(|file| proofmark(&["check", "--manifests", &format!("{HERE}/{file}")]));
    assert_snapshot("bad-input.manifests", &ran);
    assert_snapshot("bad-input.stdin", &[proofmark_reading("kind: [", &["check", "--manifests", "-"])]);
}

#[test]
fn what_is_merely_odd_is_told_and_does_no_harm() {
    let [odd, twice, team] = ["odd.yaml", "twice", "team"].map(|file| format!("{HERE}/{file}"));
    let ran = [proofmark(&["check", "--manifests", &odd, &team]), proofmark(&["check", "--manifests", &twice])];
    assert_snapshot("odd-input", &ran);
    let quiet = proofmark(&["check", "--quiet", "--manifests", &format!("{HERE}/odd.yaml")]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
}

#[test]
fn names() {
    let lines: [&[&str]; 9] = [
        &["run", "trainedmodl-403"],
        &["run", "trainedmodel-403/roles"],
        &["run", "--kserve", "0.14.7"],
        &["run", "--kubeflow", "1.9.3"],
        &["run", "--kserve", "0.14.1", "--manifests", "dist"],
        &["explain", "nothing-like-it"],
        &["check"],
        &["list", "--log", "proofmark=loud"],
        &["list", "--output", "no/such/folder/list.txt"],
    ];
    assert_snapshot("bad-input.names", &lines.map(proofmark));
}
