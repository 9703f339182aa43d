//! Puts the parts of a run together again.
//!
//! Every part tells the plan of the whole, so it is known what is missing. Parts of different runs do not fit: other targets, another seed, or a catalogue
//! that tells another story under the same name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use thiserror::Error;

use crate::shard::Shard;
use crate::{CaseResult, RunResult};

/// How many cases an error names.
const NAMED: usize = 5;

/// Reports that do not make one run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// No report at all.
    #[error("there is nothing to merge")]
    Nothing,
    /// Parts of different runs.
    #[error("{one} and {other} are of different runs: {difference}")]
    Different {
        /// The first report.
        one: String,
        /// One that does not fit to it.
        other: String,
        /// What is different.
        difference: String,
    },
    /// The same case twice.
    #[error("{case} is in {one} and in {other}")]
    Doubled {
        /// The case's full name.
        case: String,
        /// A report that has it.
        one: String,
        /// Another one, or the same.
        other: String,
    },
    /// A case that the run does not have.
    #[error("{report} has a case that is not in its own plan: {case}")]
    Unplanned {
        /// The case's full name.
        case: String,
        /// The report.
        report: String,
    },
    /// Cases that no report has.
    #[error("cases are missing, those of the parts {parts}: {some}", parts = parts.join(", "), some = some(missing))]
    Missing {
        /// Their full names.
        missing: Vec<String>,
        /// The parts that should have them, or `1/1` where the run has no parts.
        parts: Vec<String>,
    },
}

fn some(names: &[String]) -> String {
    let more = if names.len() > NAMED { ", ..." } else { "" };
    format!("{}{more}", names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// The run of these parts, each with the name of its report. Their order does not matter.
///
/// # Errors
/// When they do not make one run; the report that is at fault is named.
pub fn merge(parts: Vec<(String, RunResult)>) -> Result<RunResult, MergeError> {
    let Some((first_name, first)) = parts.first() else { return Err(MergeError::Nothing) };
    for (name, part) in &parts {
        if let Some(difference) = difference(first, part) {
            return Err(MergeError::Different { one: first_name.clone(), other: name.clone(), difference });
        }
    }
    let plan = plan(first);
    let of = first.shard.as_ref().map_or(1, |slice| slice.shard.of());
    let mut whole = RunResult {
        seed: first.seed,
        scenarios: first.scenarios.clone(),
        targets: first.targets.clone(),
        ..RunResult::default()
    };
    let mut played: BTreeMap<String, (String, CaseResult)> = BTreeMap::new();
    for (report, part) in parts {
        for result in part.cases {
            match played.entry(result.case.full_name()) {
                Entry::Vacant(place) => {
                    place.insert((report.clone(), result));
                }
                Entry::Occupied(place) => {
                    let one = place.get().0.clone();
                    return Err(MergeError::Doubled { case: place.key().clone(), one, other: report });
                }
            }
        }
        whole.inspections.extend(part.inspections);
    }
    let mut missing = Vec::new();
    for name in plan {
        match played.remove(&name) {
            Some((_, result)) => whole.cases.push(result),
            None => missing.push(name),
        }
    }
    if let Some((case, (report, _))) = played.pop_first() {
        return Err(MergeError::Unplanned { case, report });
    }
    if missing.is_empty() {
        return Ok(whole);
    }
    let mut parts: Vec<String> = missing.iter().map(|name| Shard::holding(name, of).to_string()).collect();
    parts.sort();
    parts.dedup();
    Err(MergeError::Missing { missing, parts })
}

/// The full names of all cases of the run that a report is of.
fn plan(report: &RunResult) -> Vec<String> {
    match &report.shard {
        Some(slice) => slice.plan.clone(),
        None => report.cases.iter().map(|result| result.case.full_name()).collect(),
    }
}

/// Why two reports are not of the same run, if they are not.
fn difference(one: &RunResult, other: &RunResult) -> Option<String> {
    if one.seed != other.seed {
        return Some(format!("seed {} and seed {}", one.seed, other.seed));
    }
    if one.targets != other.targets {
        return Some(format!("{} and {}", one.targets.join(", "), other.targets.join(", ")));
    }
    if let Some(about) = one.scenarios.iter().chain(&other.scenarios).find(|a| one.about(&a.id) != other.about(&a.id)) {
        return Some(format!("their catalogues do not agree on {}", about.id));
    }
    let parts = |report: &RunResult| report.shard.as_ref().map_or(1, |slice| slice.shard.of());
    if parts(one) != parts(other) {
        return Some(format!("{} and {} parts", parts(one), parts(other)));
    }
    (one.shard.is_some() && plan(one) != plan(other)).then(|| "their plans are not the same".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::Slice;
    use crate::{About, Affected, Case, Conclusion, Expected, Scenario, Verdict};

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    fn case(scenario: &str) -> Case {
        let target = "KServe 0.14.1".to_owned();
        Case { scenario: scenario.to_owned(), variant: None, target, expected: Expected::Absent, rerun: String::new() }
    }

    fn played(scenario: &str) -> CaseResult {
        let conclusion = Conclusion::without_playing(Verdict::Skipped, "interrupted");
        CaseResult { case: case(scenario), conclusion, phases: Vec::new() }
    }

    fn about(scenario: &str) -> About {
        Scenario::new(scenario, "a title", Affected::new("all", |_| Expected::Absent)).about().clone()
    }

    fn whole() -> RunResult {
        RunResult {
            scenarios: NAMES.map(about).into(),
            targets: vec!["KServe 0.14.1".to_owned()],
            cases: NAMES.map(played).into(),
            ..RunResult::default()
        }
    }

    /// The parts of [`whole`], the last one first.
    fn parts(of: u32) -> Vec<(String, RunResult)> {
        let part = |number| {
            let shard = Shard::new(number, of).unwrap();
            let slice = Slice::of(shard, NAMES.map(case).iter());
            let cases = NAMES.map(played).into_iter().filter(|played| shard.holds(&played.case)).collect();
            (format!("{number}.json"), RunResult { shard: Some(slice), cases, ..whole() })
        };
        (1..=of).rev().map(part).collect()
    }

    #[test]
    fn parts_make_the_whole_in_any_order() {
        for of in 1..6 {
            assert_eq!(merge(parts(of)), Ok(whole()), "{of}");
        }
        assert_eq!(merge(vec![("all.json".to_owned(), whole())]), Ok(whole()));
    }

    #[test]
    fn a_report_survives_json() {
        for (name, part) in parts(2) {
            let text = proofmark_json::to_string(&part).unwrap();
            assert_eq!(proofmark_json::from_str::<RunResult>(&text).unwrap(), part, "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told() {
        type Spoil = fn(&mut Vec<(String, RunResult)>);
        let table: [(Spoil, &str); 9] = [
            (|parts| parts.clear(), "there is nothing to merge"),
            (|parts| parts[1].1.seed = 1, "2.json and 1.json are of different runs: seed 0 and seed 1"),
            (
                |parts| parts[1].1.targets[0].push_str("-rc0"),
                "2.json and 1.json are of different runs: KServe 0.14.1 and KServe 0.14.1-rc0",
            ),
            (
                |parts| parts[1].1.scenarios[1].fix = "another".to_owned(),
                "2.json and 1.json are of different runs: their catalogues do not agree on b",
            ),
            (
                |parts| parts[1].1.shard.as_mut().unwrap().plan.truncate(3),
                "2.json and 1.json are of different runs: their plans are not the same",
            ),
            (|parts| parts[1].1.shard = None, "2.json and 1.json are of different runs: 2 and 1 parts"),
            (
                |parts| {
                    let twice = parts[0].clone();
                    parts.push(twice);
                },
                "d on KServe 0.14.1 is in 2.json and in 2.json",
            ),
            (
                |parts| parts[0].1.cases.push(played("e")),
                "2.json has a case that is not in its own plan: e on KServe 0.14.1",
            ),
            (
                |parts| parts.truncate(1),
                "cases are missing, those of the parts 1/2: a on KServe 0.14.1, b on KServe 0.14.1, c on KServe 0.14.1",
            ),
        ];
        for (spoil, words) in table {
            let mut parts = parts(2);
            spoil(&mut parts);
            assert_eq!(merge(parts).unwrap_err().to_string(), words);
        }
    }
}
