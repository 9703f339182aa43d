//! Scenario files: read, refused with places, and described by the schema.

use std::path::{Path, PathBuf};

use proofmark_replay::{Expected, Target};
use proofmark_scenario_files::{Problem, read, schema};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

fn read_file(name: &str) -> Result<proofmark_replay::Scenario, Vec<Problem>> {
    let path = file(name);
    read(&path, &std::fs::read_to_string(&path).expect("a file of this test"))
}

/// Problems without the folder that the tests stand in.
fn told(problems: &[Problem]) -> String {
    let folder = file("");
    let lines = problems.iter().map(|problem| problem.to_string().replace(&*folder.to_string_lossy(), ""));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_file_becomes_a_scenario() {
    let scenario = read_file("guest.yaml").unwrap_or_else(|problems| panic!("{}", told(&problems)));
    insta::assert_json_snapshot!("about", scenario.about());
}

#[test]
fn everything_that_is_wrong_is_said_at_its_place() {
    let problems = read_file("broken.yaml").err().expect("it is refused");
    insta::assert_snapshot!("problems", told(&problems));
}

#[test]
fn requests_to_aws_are_checked_before_they_are_sent() {
    let scenario = read_file("accounts.yaml").unwrap_or_else(|problems| panic!("{}", told(&problems)));
    assert_eq!(scenario.about().id, "bucket-of-another-account");
    let problems = read_file("strangers.yaml").err().expect("it is refused");
    insta::assert_snapshot!("strangers", told(&problems));
}

#[test]
fn what_is_said_of_releases_must_fit() {
    let problems = read_file("elsewhere.yaml").err().expect("it is refused");
    insta::assert_snapshot!("elsewhere", told(&problems));
}

#[rstest::rstest]
#[case::before_it_had_a_meaning("0.11.2", Err("KServe 0.11.2 has none of this"))]
#[case::before_the_failure("0.12.0-rc0", Ok(Expected::Absent))]
#[case::with_the_failure("0.15.2", Ok(Expected::Reproduces))]
#[case::after_the_failure("0.16.0", Ok(Expected::Absent))]
fn files_say_what_is_expected_of_releases(#[case] release: &str, #[case] expected: Result<Expected, &str>) {
    let scenario = read_file("sometimes.yaml").unwrap_or_else(|problems| panic!("{}", told(&problems)));
    let target = Target::kserve(release.parse().expect("a release"));
    let expected = expected.unwrap_or_else(|reason| Expected::NotApplicable { reason: reason.to_owned() });
    assert_eq!(scenario.expected(&target), expected);
    insta::assert_json_snapshot!("about_sometimes", scenario.about());
}

#[rstest::rstest]
#[case::no_yaml("apiVersion: [", "1:13")]
#[case::another_kind("apiVersion: v1\nkind: Pod\n", "1:13")]
#[case::unknown_member(
    "apiVersion: proofmark.dev/v1alpha1\nkind: Scenario\nmetadata: {name: a}\ntitle: t\nreproduces: []\n",
    "5:1"
)]
#[case::nothing("", "1:1")]
fn what_is_no_scenario_is_refused(#[case] text: &str, #[case] at: &str) {
    let problems = read(Path::new("s.yaml"), text).err().expect("it is refused");
    let place = problems.iter().find_map(|problem| problem.at).map(|(line, column)| format!("{line}:{column}"));
    assert_eq!(place.unwrap_or_default(), at, "{}", told(&problems));
}

#[test]
fn the_schema_describes_every_member() {
    let schema = schema();
    insta::assert_json_snapshot!("schema", schema);
}
