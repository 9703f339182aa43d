//! Bundles on disk: what they say, and that every byte of them counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use proofmark_certify::{
    Bundle, Comparison, ConformanceReport, Implementation, Key, Outcome, SignatureError, Signed, Subject, Tool,
    VerifyError, compare, sha256, verify,
};
use proofmark_json::{Value, json};
use proofmark_replay::{
    About, Affected, Case, CaseResult, Conclusion, Expected, Level, Profile, RunResult, Scenario, Verdict,
};
use proptest::prelude::*;

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

#[test]
fn a_scenario_counts_in_each_of_its_profiles() {
    use Level::{Core, Extended};
    let (passed, skipped) = (Verdict::Passed, Verdict::Skipped);
    let mut run = run(&[(Core, passed), (Extended, skipped)]);
    run.scenarios[1].profiles.insert(Profile::AwsCrossAccount, Core);
    let profiles = [Profile::KserveCore, Profile::KserveExtended, Profile::AwsCrossAccount, Profile::ModelsWebApp];
    let report = ConformanceReport::of(&run, &profiles, Implementation::default());
    let told = |index: usize| {
        let profile = &report.profiles[index];
        (
            profile.core.result,
            profile.core.statistics.passed,
            profile.core.statistics.skipped,
            profile.extended.is_some(),
        )
    };
    assert_eq!(told(0), (Outcome::Success, 1, 0, true), "what is beyond the core may be skipped");
    assert_eq!(told(1), (Outcome::Partial, 1, 1, false), "what builds on it requires all of it");
    assert_eq!(told(2), (Outcome::Partial, 0, 1, false));
    assert_eq!(told(3), (Outcome::Partial, 0, 0, false), "nothing was tested");
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
fn differences_are_told_by_what_they_mean() {
    use Level::{Core, Extended};
    use Verdict::{Failed, NotApplicable, Passed, Skipped};
    let before = [(Core, Passed), (Core, Failed), (Core, Skipped), (Extended, NotApplicable)];
    let after = [(Core, Failed), (Core, Passed), (Core, Skipped), (Extended, Passed), (Extended, Passed)];
    let (before, after) = (written(&bundle(&before, "monday"), None), written(&bundle(&after, "monday"), None));
    assert!(compare(before.path(), before.path()).unwrap().is_empty());
    let Comparison { better, worse, other } = compare(before.path(), after.path()).unwrap();
    assert_eq!(better, ["kserve-core extended: partial -> success", "kserve-core scenario-1: failed -> passed"]);
    assert_eq!(worse, ["kserve-core scenario-0: passed -> failed"]);
    assert_eq!(
        other[..2],
        ["kserve-core scenario-3: not applicable -> passed", "kserve-core scenario-4: none -> passed",]
    );
    assert!(other[2].starts_with("environment.catalogueSha256: "), "{other:?}");
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

#[rstest::rstest]
#[case::p256("P256", &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])]
#[case::ed25519("ED25519", &["genpkey", "-algorithm", "ed25519"])]
fn openssl_checks_what_is_signed_here(#[case] kind: &str, #[case] make: &[&str]) {
    let run = |arguments: &[&str], folder: &Path| Command::new("openssl").args(arguments).current_dir(folder).output();
    let home = tempfile::tempdir().unwrap();
    let Ok(made) = run(make, home.path()) else { return skip("no openssl") };
    let key = Key::from_pem(&String::from_utf8(made.stdout).unwrap()).unwrap();
    let folder = written(&bundle(&GOOD, "monday"), Some(&key));
    assert_eq!(verify(folder.path(), Some(key.public_pem())).unwrap().signed, Signed::ByGivenKey);
    let signature = home.path().join("signature").display().to_string();
    // cosign writes and reads the same: base64 of what OpenSSL takes.
    let decode = run(&["base64", "-d", "-A", "-in", "bundle.json.sig", "-out", &signature], folder.path()).unwrap();
    assert!(decode.status.success(), "{decode:?}");
    let how: &[&str] = match kind {
        "P256" => &["dgst", "-sha256", "-verify", "key.pub", "-signature", &signature, "bundle.json"],
        _ => &[
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "key.pub",
            "-rawin",
            "-in",
            "bundle.json",
            "-sigfile",
            &signature,
        ],
    };
    let checked = run(how, folder.path()).unwrap();
    assert!(checked.status.success(), "{checked:?}");
}

#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a skipped test says so, and fails in CI")]
fn skip(why: &str) {
    assert!(std::env::var("CI").is_err(), "{why}");
    eprintln!("skipped: {why}");
}

#[test]
fn keys_that_cannot_be_used_are_told_apart() {
    let of = |text: &str| Key::from_pem(text).map(|_| ()).unwrap_err();
    assert_eq!(of("no key"), SignatureError::PrivateKey);
    assert_eq!(of(OTHER), SignatureError::PrivateKey);
    assert_eq!(of("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAA==\n"), SignatureError::Encrypted);
}

/// Makes a bundle's list right again for files that were edited, as somebody without a key could.
fn listed_anew(folder: &Path) {
    let list = folder.join("bundle.json");
    let mut value: Value = proofmark_json::from_slice(&std::fs::read(&list).unwrap()).unwrap();
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    for (name, entry) in value["files"].as_object_mut().unwrap() {
        let digest = sha256(&std::fs::read(folder.join(name)).unwrap());
        *lines.entry(entry["part"].as_str().unwrap().to_owned()).or_default() += &format!("{digest}  {name}\n");
        entry["sha256"] = digest.into();
    }
    value["digest"] = sha256(lines["result"].as_bytes()).into();
    value["recordDigest"] = sha256(lines["record"].as_bytes()).into();
    std::fs::write(list, format!("{value:#}\n")).unwrap();
}

#[rstest::rstest]
#[case::the_report("report.yaml", "result: skipped", "result: passed", "record/evidence.json")]
#[case::its_outcome("report.yaml", "result: partial", "result: success", "record/evidence.json")]
#[case::its_summary("report.yaml", "core: partial", "core: success", "record/evidence.json")]
#[case::its_profile("report.yaml", "name: kserve-core", "name: models-web-app", "record/evidence.json")]
#[case::the_readme("README.md", "| partial |", "| success |", "report.yaml")]
#[case::the_evidence("evidence.md", "core: partial", "core: success", "report.yaml")]
#[case::the_plugin("sonobuoy_results.yaml", "status: unknown", "status: passed", "report.yaml")]
#[case::the_submission("robust_controller.yaml", "status: ''", "status: Implemented", "report.yaml")]
#[case::the_catalogue("catalogue.json", "\"core\"", "\"extended\"", "catalogue.json")]
#[case::the_record("record/evidence.json", "\"skipped\"", "\"passed\"", "record/evidence.json")]
fn a_skipped_scenario_cannot_be_talked_into_a_success(
    #[case] file: &str,
    #[case] before: &str,
    #[case] after: &str,
    #[case] shown_by: &str,
) {
    let folder = written(&bundle(&[(Level::Core, Verdict::Passed), (Level::Core, Verdict::Skipped)], "monday"), None);
    assert_eq!(verify(folder.path(), None).unwrap().report.outcome(), Outcome::Partial);
    let path = folder.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(before), "{file}: {text}");
    std::fs::write(path, text.replace(before, after)).unwrap();
    listed_anew(folder.path());
    match verify(folder.path(), None).unwrap_err() {
        VerifyError::Contradicts(_, by) => assert_eq!(by, shown_by),
        other => panic!("{other}"),
    }
}

#[test]
fn files_that_belong_there_cannot_be_left_out() {
    let folder = written(&bundle(&GOOD, "monday"), None);
    let list = folder.path().join("bundle.json");
    let mut value: Value = proofmark_json::from_slice(&std::fs::read(&list).unwrap()).unwrap();
    value["files"].as_object_mut().unwrap().shift_remove("record/evidence.json");
    std::fs::write(&list, format!("{value:#}\n")).unwrap();
    std::fs::remove_file(folder.path().join("record/evidence.json")).unwrap();
    listed_anew(folder.path());
    let told = verify(folder.path(), None).unwrap_err();
    assert!(matches!(&told, VerifyError::Missing(name) if name == "record/evidence.json"), "{told}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What can happen to a file.
#[derive(Debug, Clone)]
enum Damage {
    Flipped { at: prop::sample::Index, bits: u8 },
    Cut(prop::sample::Index),
    Longer(u8),
    Gone,
    Renamed,
    Joined(String),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<prop::sample::Index>(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flipped { at, bits }),
        1 => any::<prop::sample::Index>().prop_map(Damage::Cut),
        1 => any::<u8>().prop_map(Damage::Longer),
        1 => Just(Damage::Gone),
        1 => Just(Damage::Renamed),
        1 => "[a-z]{1,8}(\\.[a-z]{1,4})?".prop_map(Damage::Joined),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_happens_to_a_file_is_found_and_the_file_named(
        signed in any::<bool>(),
        which in any::<prop::sample::Index>(),
        damage in damage(),
    ) {
        let key = Key::from_pem(KEY).unwrap();
        let folder = written(&bundle(&GOOD, "monday"), signed.then_some(&key));
        let all = files(folder.path());
        prop_assert_eq!(all.len(), if signed { 14 } else { 12 });
        let path = which.get(&all);
        let whole = std::fs::read(path).unwrap();
        let mut named = path.file_name().unwrap().to_str().unwrap().to_owned();
        match damage {
            Damage::Flipped { at, bits } => {
                let mut changed = whole.clone();
                changed[at.index(whole.len())] ^= bits;
                std::fs::write(path, changed).unwrap();
            }
            Damage::Cut(at) => std::fs::write(path, &whole[..at.index(whole.len())]).unwrap(),
            Damage::Longer(byte) => std::fs::write(path, [&whole[..], &[byte]].concat()).unwrap(),
            Damage::Gone => std::fs::remove_file(path).unwrap(),
            Damage::Renamed => std::fs::rename(path, path.with_extension("renamed")).unwrap(),
            Damage::Joined(name) => {
                let joined = path.with_file_name(&name);
                prop_assume!(!joined.exists());
                std::fs::write(joined, "").unwrap();
                named = name;
            }
        }
        let told = verify(folder.path(), None).unwrap_err().to_string();
        // A list without its signature's key is not told from a key that was taken away.
        prop_assert!(told.contains(&named) || told.contains("bundle.json.sig"), "{}: {}", named, told);
    }
}
