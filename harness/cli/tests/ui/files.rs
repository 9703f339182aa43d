//! Scenario files: `lint`, and `run` of a file.

use crate::support::{assert_snapshot, proofmark, root};

const GUEST: &str = "harness/scenario-files/tests/files/guest.yaml";
const MISSPELT: &str = "harness/scenario-files/tests/files/misspelt.yaml";
const DEAF: &str = "harness/scenario-files/tests/files/deaf.yaml";
const BROKEN: &str = "harness/scenario-files/tests/files/broken.yaml";

#[test]
fn a_file_is_played_like_any_scenario() {
    assert_snapshot("files.run", &[proofmark(&["run", GUEST, "--kserve", "0.14.1"])]);
}

#[test]
fn what_is_wrong_with_a_file_is_said_before_it_is_played() {
    let lint = proofmark(&["lint", GUEST, MISSPELT, DEAF, BROKEN]);
    assert_snapshot("files.wrong", &[lint, proofmark(&["run", BROKEN]), proofmark(&["run", "nowhere.yaml"])]);
}

#[test]
fn nothing_is_wrong_with_the_files_of_the_catalogue() {
    let families = std::fs::read_dir(root().join("scenarios")).expect("the folder of all families");
    let folders = families.map(|family| family.expect("a family").path().join("stories"));
    let files = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let mut files: Vec<String> = files.map(|file| file.expect("a file").path().display().to_string()).collect();
    files.sort();
    assert!(files.len() >= 6, "{files:?}");
    let ran = proofmark(&["lint"].into_iter().chain(files.iter().map(String::as_str)).collect::<Vec<_>>());
    let expected: String = files.iter().map(|file| format!("{file}: nothing is wrong\n")).collect();
    assert_eq!((ran.stdout, ran.stderr, ran.code), (expected, String::new(), Some(0)));
}

#[test]
fn editors_get_a_schema() {
    let ran = proofmark(&["lint", "--schema"]);
    let schema: proofmark_json::Value = proofmark_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((ran.code, schema["title"].as_str()), (Some(0), Some("Scenario")));
}

#[test]
fn tests_of_other_tools_are_imported_as_far_as_possible() {
    let test = "harness/scenario-files/tests/files/chainsaw";
    assert_snapshot("files.import", &[proofmark(&["import", test]), proofmark(&["import", "fixtures"])]);
}
