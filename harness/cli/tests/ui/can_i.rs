//! `can-i`

use crate::support::{assert_snapshot, proofmark, proofmark_reading};

const TEAM: [&str; 2] = ["--manifests", "harness/cli/tests/manifests/team"];

fn can_i(arguments: &[&str]) -> crate::support::Ran {
    proofmark(&[&["can-i"], &TEAM[..], arguments].concat())
}

#[test]
fn answers_explain_themselves() {
    let lines: [&[&str]; 7] = [
        &["--as", "alice", "-n", "team", "list", "gadgets"],
        &["--as", "alice", "-n", "team", "delete", "gg/one"],
        &["--as", "alice", "-n", "elsewhere", "get", "gadget.example.org"],
        &["--as", "alice", "-A", "list", "gadgets"],
        &["--as", "system:serviceaccount:team:builder", "-n", "team", "get", "gadgets", "--subresource", "status"],
        &["--as", "bob", "get", "/healthz"],
        &["--as", "root", "--as-group", "system:masters", "delete", "nodes"],
    ];
    assert_snapshot("can-i", &lines.map(can_i));
}

#[test]
fn every_cluster_has_some_roles() {
    let binding = "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b}, \
                   roleRef: {kind: ClusterRole, name: edit}, subjects: [{kind: Group, name: devs}]}";
    let ask =
        ["can-i", "--manifests", "-", "--as", "eve", "--as-group", "devs", "--format", "json", "create", "deploy"];
    assert_snapshot("can-i.bootstrap", &[proofmark_reading(binding, &ask)]);
}

#[test]
fn the_exit_code_is_the_answer() {
    let quiet = |user| can_i(&["-q", "--as", user, "-n", "team", "get", "gadgets"]);
    let (yes, no) = (quiet("alice"), quiet("bob"));
    assert_eq!((yes.code, no.code), (Some(0), Some(1)));
    assert_eq!([yes.stdout, yes.stderr, no.stdout, no.stderr], [""; 4]);
}

#[test]
fn a_word_that_names_nothing_is_no_answer() {
    let lines: [&[&str]; 3] = [
        &["--as", "alice", "get", "gadgts"],
        &["--as", "alice", "get", "qqq"],
        &["--as", "alice", "get", "sprockets.example.com"],
    ];
    assert_snapshot("can-i.unknown", &lines.map(can_i));
}
