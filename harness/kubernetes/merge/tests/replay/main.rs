//! Replays recorded writes to single objects and compares what this crate decides of them: managedFields, conflicts and refusals,
//! the outcome of patches.
//!
//! `recorded.json` beside this file has random writes to custom resources and Deployments, answered by a real kube-apiserver
//! 1.35.4; the oracle's cases have more. A real server does more around each write (defaults, validation, admission). So recorded
//! objects are taken over where they are complete, an object's values need only be among the recorded ones, and refusals that this
//! crate does not make are passed over.

mod compare;
mod object;
mod resource;
mod step;

use std::path::PathBuf;

use proofmark_json::Value;

use step::{Outcome, World};

/// The oracle's cases of a file; `None` where the shared folder is absent.
fn oracle(file: &str) -> Option<Vec<Value>> {
    let shared = std::env::var_os("PROOFMARK_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared"), PathBuf::from);
    let text = std::fs::read_to_string(shared.join("oracle/cases").join(file)).ok()?;
    proofmark_json::from_str(&text).ok()
}

/// Plays all cases; everything that is decided here must agree, and that must be no less than so many steps.
fn replay(cases: &[Value], at_least: usize) {
    let (mut agreed, mut differing) = (0, Vec::new());
    for case in cases {
        let mut world = World::default();
        for (number, step) in case["steps"].as_array().into_iter().flatten().enumerate() {
            match world.play(step) {
                Outcome::Agrees => agreed += 1,
                Outcome::PassedOver => {}
                Outcome::Differs(how) => differing
                    .push(format!("{} step {number}: {} {}\n    {how}", case["case"], step["method"], step["path"])),
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(agreed >= at_least, "only {agreed} steps were decided");
}

#[test]
fn recorded_with_this_crate() {
    let cases: Vec<Value> = proofmark_json::from_str(include_str!("recorded.json")).unwrap();
    replay(&cases, 90);
}

#[rstest::rstest]
#[case("apply.json", 210)]
#[case("patch.json", 185)]
#[case("watch.json", 45)]
#[case("controllers.json", 90)]
fn recorded_by_the_oracle(#[case] file: &str, #[case] at_least: usize) {
    match oracle(file) {
        Some(cases) => replay(&cases, at_least),
        None => skip(),
    }
}

#[expect(clippy::print_stderr, reason = "says why nothing was tested")]
fn skip() {
    assert!(std::env::var_os("CI").is_none(), "the oracle's cases are missing");
    eprintln!("skipped: no oracle (PROOFMARK_SHARED)");
}
