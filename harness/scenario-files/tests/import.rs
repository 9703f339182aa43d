//! Tests of other tools become scenario files that can be read.

use std::path::Path;

use proofmark_scenario_files::{import, read};

#[rstest::rstest]
#[case::kuttl("kuttl")]
#[case::chainsaw("chainsaw")]
fn a_test_becomes_a_scenario_file(#[case] tool: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(tool);
    let imported = import(&folder).expect("it is a test");
    let text = imported.text.replace(&format!("{}/", folder.display()), "");
    insta::assert_snapshot!(format!("import.{tool}"), text);
    if let Err(problems) = read(&folder.join("scenario.yaml"), &imported.text) {
        panic!("{problems:?}");
    }
}

#[rstest::rstest]
#[case::no_folder("nowhere", "No such file or directory")]
#[case::no_test("../files", "no test: neither chainsaw-test.yaml nor files such as 00-install.yaml")]
#[case::another_file("role.yaml", "no Test of chainsaw.kyverno.io")]
fn what_is_no_test_is_refused(#[case] name: &str, #[case] words: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name);
    let refused = import(&path).expect_err("it is refused").to_string();
    assert!(refused.contains(words), "{refused}");
}
