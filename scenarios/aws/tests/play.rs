//! The whole family, played in this process.

use proofmark_env::Embedded;
use proofmark_kserve::Release;
use proofmark_replay::{CaseResult, Event, RunResult, Runner, Target};
use proofmark_scenarios_aws::scenarios;

fn run(targets: &[Target]) -> RunResult {
    #[expect(clippy::disallowed_methods, reason = "a test is told by its environment what to play")]
    let only = std::env::var("SCENARIO").ok();
    let told: Vec<_> = scenarios()
        .into_iter()
        .filter(|scenario| only.as_ref().is_none_or(|only| scenario.about().id == *only))
        .collect();
    Runner::new(&Embedded).run(&told, targets, &mut |_: &Event| Ok(())).expect("a sink that takes everything")
}

/// What went wrong in a case, step by step.
fn wrong(case: &CaseResult) -> String {
    let mut lines = format!("{} on {}: {:?}\n", case.case.name(), case.case.target, case.conclusion);
    for step in case.phases.iter().flat_map(|phase| &phase.steps) {
        for difference in &step.differences {
            let (expected, found) = (&difference.expected, &difference.found);
            lines.push_str(&format!(
                "  {}: {}\n    expected {}\n    found    {}\n",
                step.title,
                difference.path,
                expected.clone().unwrap_or_default(),
                found.clone().unwrap_or_default()
            ));
        }
    }
    lines
}

/// One line a scenario and verdict, with the releases that it holds for.
fn grid(result: &RunResult) -> String {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for case in &result.cases {
        let expected = format!("{:?}", case.case.expected).split([' ', '{']).next().unwrap_or_default().to_owned();
        let line = format!("{}: {} ({expected})", case.case.name(), case.conclusion.verdict.in_words());
        match lines.iter_mut().find(|(other, _)| *other == line) {
            Some((_, targets)) => targets.push(&case.case.target),
            None => lines.push((line, vec![&case.case.target])),
        }
    }
    lines.iter().map(|(line, targets)| format!("{line}\n  {}\n", targets.join(", "))).collect()
}

#[test]
fn every_release_has_what_it_is_known_to_have() {
    // The last patch release of each minor one: none of them changed the initializer.
    let minor = |release: &Release| release.version().rsplit_once('.').map(|(minor, _)| minor.to_owned());
    let releases: Vec<_> = Release::matrix().collect();
    let last = releases.chunk_by(|a, b| minor(a) == minor(b)).filter_map(|same| same.last().copied());
    let targets: Vec<_> = last.map(Target::kserve).collect();
    let result = run(&targets);
    let mut bad: Vec<_> = result.cases.iter().filter(|case| case.conclusion.verdict.is_bad()).collect();
    bad.dedup_by_key(|case| case.case.scenario.clone());
    assert!(bad.is_empty(), "{}", bad.into_iter().map(wrong).collect::<Vec<_>>().join("\n"));
    insta::assert_snapshot!("releases", grid(&result));
}
