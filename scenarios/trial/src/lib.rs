//! What the tests of every family of scenarios do: play them in this process and want nothing bad.

use proofmark_env::Embedded;
use proofmark_replay::{RunResult, Runner, Scenario, Target};
use proofmark_report::{Format, Options, output};

/// Plays scenarios on targets, in memory.
///
/// # Panics
/// When a verdict is bad, with what `proofmark run --quiet` tells of it.
pub fn play(scenarios: &[Scenario], targets: impl IntoIterator<Item = Target>) -> RunResult {
    let targets: Vec<_> = targets.into_iter().collect();
    let mut told = Vec::new();
    let mut sink = output(Format::Text, &mut told, &Options { quiet: true, ..Options::default() });
    let result = Runner::new(&Embedded).run(scenarios, &targets, &mut *sink).expect("memory takes everything");
    drop(sink);
    let bad = result.cases.iter().any(|case| case.conclusion.verdict.is_bad());
    assert!(!bad, "{}", String::from_utf8_lossy(&told));
    result
}

/// One line a scenario and verdict, with the targets that it holds for.
pub fn grid(result: &RunResult) -> String {
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
