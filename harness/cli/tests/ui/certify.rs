//! `certify`, `verify` and `diff`

use std::path::Path;

use crate::support::{Ran, assert_snapshot, proofmark};

/// A key of nobody.
const KEY: &str = "harness/certify/tests/key.pem";
const OTHER: &str = "harness/certify/tests/other.pub";

/// What came of a command line whose paths lie in a folder that has another name every time.
fn within(folder: &Path, arguments: &[&str]) -> Ran {
    let named: Vec<String> = arguments.iter().map(|word| word.replace("DIR", &folder.display().to_string())).collect();
    let mut ran = proofmark(&named.iter().map(String::as_str).collect::<Vec<_>>());
    ran.hide(&folder.display().to_string(), "DIR");
    ran
}

const PROFILE: [&str; 3] = ["certify", "--profile", "models-web-app"];

#[test]
fn a_release_is_certified_twice_and_both_are_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let certify = |release: &'static str, rest: &[&'static str]| {
        within(folder.path(), &[&PROFILE[..], &["--kubeflow", release], rest].concat())
    };
    let bundles = [
        certify("1.10.1", &["-o", "DIR/one", "--key", KEY, "--project", "Example", "--project-version", "1.2"]),
        certify("1.10.1", &["-o", "DIR/two", "--project", "Example", "--project-version", "1.2"]),
        certify("1.9.1", &["-o", "DIR/older"]),
    ];
    assert_eq!(bundles[0].stdout.replace("/one", "/two"), bundles[1].stdout, "digests do not depend on time or keys");
    assert_snapshot("certify", &bundles.map(Ran::without_digests));

    let run = |arguments: &[&str]| within(folder.path(), arguments).without_digests();
    let mut verified = vec![
        run(&["verify", "DIR/one"]),
        run(&["verify", "DIR/one", "--key", "DIR/one/key.pub"]),
        run(&["verify", "DIR/one", "--key", OTHER]),
        run(&["verify", "DIR/two"]),
        run(&["verify", "DIR/two", "--key", OTHER]),
    ];
    let readme = folder.path().join("two/README.md");
    let text = std::fs::read_to_string(&readme).expect("written");
    std::fs::write(&readme, text.replace("Example", "Exemplar")).expect("changed");
    let changed = run(&["verify", "DIR/two"]);
    std::fs::remove_file(folder.path().join("two/report.yaml")).expect("removed");
    let missing = run(&["verify", "DIR/two"]);
    std::fs::write(folder.path().join("one/record/more.txt"), "").expect("added");
    let added = run(&["verify", "DIR/one"]);
    verified.extend([changed, missing, added]);
    assert_snapshot("verify", &verified);
    assert_snapshot(
        "diff",
        &[
            run(&["diff", "DIR/older", "DIR/one"]),
            run(&["diff", "DIR/one", "DIR/one"]),
            run(&["diff", "DIR/one", "DIR/two"]),
        ],
    );
}

#[test]
fn what_cannot_be_certified_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("full")).expect("made");
    std::fs::write(folder.path().join("full/file"), "").expect("written");
    let locked = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAA==\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n";
    std::fs::write(folder.path().join("locked.pem"), locked).expect("written");
    let certify = |rest: &[&str]| within(folder.path(), &[&["certify", "--kubeflow", "1.10.1"], rest].concat());
    assert_snapshot(
        "certify.wrong",
        &[
            certify(&["--profile", "models-web-app", "-o", "DIR/full"]),
            certify(&["--profile", "models-web-app", "-o", "DIR/new", "--key", OTHER]),
            certify(&["--profile", "models-web-app", "-o", "DIR/new", "--key", "DIR/locked.pem"]),
            certify(&["--profile", "models-web-app", "-o", "DIR/new", "--key", "DIR/none.pem"]),
            certify(&["--profile", "all", "-o", "DIR/new"]),
            within(folder.path(), &["verify", "DIR/none"]),
        ],
    );
    assert!(!folder.path().join("new").exists(), "what fails leaves nothing behind");
}
