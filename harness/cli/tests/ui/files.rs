//! Scenario files: `lint`, and `run` of a file.

use crate::support::{assert_snapshot, proofmark};

const GUEST: &str = "harness/scenario-files/tests/files/guest.yaml";
const MISSPELT: &str = "harness/scenario-files/tests/files/misspelt.yaml";
const BROKEN: &str = "harness/scenario-files/tests/files/broken.yaml";

#[test]
fn a_file_is_played_like_any_scenario() {
    assert_snapshot("files.run", &[proofmark(&["run", GUEST, "--kserve", "0.14.1"])]);
}

#[test]
fn what_is_wrong_with_a_file_is_said_before_it_is_played() {
    let lint = proofmark(&["lint", GUEST, MISSPELT, BROKEN]);
    assert_snapshot("files.wrong", &[lint, proofmark(&["run", BROKEN]), proofmark(&["run", "nowhere.yaml"])]);
}

#[test]
fn editors_get_a_schema() {
    let ran = proofmark(&["lint", "--schema"]);
    let schema: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((ran.code, schema["title"].as_str()), (Some(0), Some("Scenario")));
}

#[test]
fn tests_of_other_tools_are_imported_as_far_as_possible() {
    let test = "harness/scenario-files/tests/files/chainsaw";
    assert_snapshot("files.import", &[proofmark(&["import", test]), proofmark(&["import", "fixtures"])]);
}
