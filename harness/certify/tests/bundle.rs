//! Bundles on disk: what they say, and that every byte of them counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proofmark_certify::{
    Bundle, ConformanceReport, Implementation, Key, Outcome, Signed, Subject, Tool, VerifyError, compare, verify,
};
use proofmark_replay::{
    About, Affected, Case, CaseResult, Conclusion, Expected, Level, Profile, RunResult, Scenario, Verdict,
};
use serde_json::json;

/// Keys of nobody.
const KEY: &str = include_str!("key.pem");
const OTHER: &str = include_str!("other.pub");

fn about(id: &str, level: Level) -> About {
    let affected = Affected::new("every release", |_| Expected::Absent);
    Scenario::new(id, "A title", affected).profile(Profile::KserveCore, level).about().clone()
}

/// A run of scenarios that came out so.
fn run(of: &[(Level, Verdict)]) -> RunResult {
    let name = |index: usize| format!("scenario-{index}");
    let case = |index: usize, verdict: Verdict| CaseResult {
        case: Case {
            scenario: name(index),
            variant: None,
            target: "t".into(),
            expected: Expected::Absent,
            rerun: String::new(),
        },
        conclusion: Conclusion { verdict, reason: None, simulated_ms: 0, left_out: Vec::new() },
        phases: Vec::new(),
    };
    RunResult {
        scenarios: of.iter().enumerate().map(|(index, (level, _))| about(&name(index), *level)).collect(),
        cases: of.iter().enumerate().map(|(index, (_, verdict))| case(index, *verdict)).collect(),
        ..RunResult::default()
    }
}

fn report(of: &[(Level, Verdict)]) -> ConformanceReport {
    ConformanceReport::of(&run(of), &[Profile::KserveCore], Implementation::default())
}

#[test]
fn what_was_not_tested_is_never_a_success() {
    use Level::{Core, Extended};
    use Verdict::{Failed, InnerError, NotApplicable, Passed, Skipped};
    let table: [(&[(Level, Verdict)], Outcome); 8] = [
        (&[(Core, Passed)], Outcome::Success),
        (&[(Core, Passed), (Core, NotApplicable)], Outcome::Success),
        (&[(Core, Passed), (Core, Skipped)], Outcome::Partial),
        (&[(Core, NotApplicable)], Outcome::Partial),
        (&[], Outcome::Partial),
        (&[(Core, Passed), (Core, Skipped), (Core, Failed)], Outcome::Failure),
        (&[(Core, Passed), (Core, InnerError)], Outcome::Failure),
        (&[(Core, Passed), (Extended, Failed), (Extended, Skipped)], Outcome::Success),
    ];
    for (of, outcome) in table {
        assert_eq!(report(of).outcome(), outcome, "{of:?}");
    }
    let extended = report(&[(Core, Passed), (Extended, Failed)]).profiles[0].extended.clone().unwrap();
    assert_eq!(extended.result, Outcome::Failure);
}

fn bundle(of: &[(Level, Verdict)], date: &str) -> Bundle {
    let subject = Subject::objects("release", "KServe 1", &[json!({"kind": "ClusterRole", "metadata": {"name": "r"}})]);
    let tool = Tool { name: "proofmark".into(), version: "1".into(), sha256: "0".into() };
    let record = BTreeMap::from([("date".to_owned(), date.to_owned())]);
    Bundle::new(&report(of), &run(of), &subject, &tool, &record, "proofmark certify").unwrap()
}

const GOOD: [(Level, Verdict); 1] = [(Level::Core, Verdict::Passed)];
const BAD: [(Level, Verdict); 1] = [(Level::Core, Verdict::Failed)];

fn written(bundle: &Bundle, key: Option<&Key>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    bundle.write(folder.path(), key).unwrap();
    folder
}

#[test]
fn the_digest_depends_on_the_result_alone() {
    let (monday, tuesday) = (bundle(&GOOD, "monday"), bundle(&GOOD, "tuesday"));
    assert_eq!(monday.digest(), tuesday.digest());
    assert_ne!(monday, tuesday);
    assert_ne!(monday.digest(), bundle(&BAD, "monday").digest());
}

#[test]
fn differences_are_told_by_scenario() {
    let (good, bad) = (written(&bundle(&GOOD, "monday"), None), written(&bundle(&BAD, "monday"), None));
    assert_eq!(compare(good.path(), good.path()).unwrap(), Vec::<String>::new());
    let differences = compare(good.path(), bad.path()).unwrap();
    let told = "report.profiles.kserve-core.core.tests.scenario-0.result: passed -> failed";
    assert!(differences.iter().any(|line| line == told), "{differences:#?}");
}

#[test]
fn a_signature_is_known_by_its_key() {
    let key = Key::from_pem(KEY).unwrap();
    let folder = written(&bundle(&GOOD, "monday"), Some(&key));
    let signed = |key: Option<&str>| verify(folder.path(), key).map(|verified| verified.signed);
    assert!(matches!(signed(None), Ok(Signed::ByOwnKey(_))));
    assert_eq!(signed(Some(key.public_pem())).unwrap(), Signed::ByGivenKey);
    assert!(matches!(signed(Some(OTHER)), Err(VerifyError::Signature(_))));
    std::fs::remove_file(folder.path().join("bundle.json.sig")).unwrap();
    assert!(matches!(signed(None), Err(VerifyError::Unsigned)));

    let unsigned = written(&bundle(&GOOD, "monday"), None);
    assert_eq!(verify(unsigned.path(), None).unwrap().signed, Signed::No);
    assert!(matches!(verify(unsigned.path(), Some(OTHER)), Err(VerifyError::Unsigned)));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_changed_byte_anywhere_is_found_and_its_file_named() {
    let key = Key::from_pem(KEY).unwrap();
    let folder = written(&bundle(&GOOD, "monday"), Some(&key));
    let all = files(folder.path());
    assert_eq!(all.len(), 11, "{all:?}");
    for path in all {
        let whole = std::fs::read(&path).unwrap();
        let named = path.file_name().unwrap().to_str().unwrap();
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, changed).unwrap();
            let told = verify(folder.path(), Some(key.public_pem())).unwrap_err().to_string();
            assert!(told.contains(named), "{named} {at}: {told}");
        }
        std::fs::write(&path, whole).unwrap();
    }
    verify(folder.path(), Some(key.public_pem())).unwrap();
    std::fs::write(folder.path().join("record/more"), "").unwrap();
    assert!(matches!(verify(folder.path(), None), Err(VerifyError::Added(name)) if name == "record/more"));
}
