//! How each scenario came out: told from a run, and told again from the evidence of one that lies in a bundle.

use std::collections::BTreeMap;

use proofmark_replay::{Level, RunResult, Severity, Verdict};
use serde::Deserialize;

/// What a scenario came to. Ordered, so that several cases make the worst of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Came {
    NotApplicable,
    Passed,
    Skipped,
    #[serde(alias = "didNotReproduce", alias = "innerError")]
    Failed,
}

impl Came {
    /// As reports say it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

impl From<Verdict> for Came {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::NotApplicable => Self::NotApplicable,
            Verdict::Passed => Self::Passed,
            Verdict::Skipped => Self::Skipped,
            Verdict::Failed | Verdict::DidNotReproduce | Verdict::InnerError => Self::Failed,
        }
    }
}

/// A scenario as it counts for one profile, and how it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) name: String,
    pub(crate) profile: String,
    pub(crate) level: TallyLevel,
    pub(crate) came: Came,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TallyLevel {
    Core,
    Extended,
}

impl From<Level> for TallyLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Core => Self::Core,
            Level::Extended => Self::Extended,
        }
    }
}

/// As much of a run as says how it came out. The members are those of the JSON report.
#[derive(Debug, Deserialize)]
struct Run {
    scenarios: Vec<Scenario>,
    cases: Vec<Played>,
    inspections: Vec<Inspection>,
}

#[derive(Debug, Deserialize)]
struct Scenario {
    id: String,
    profiles: BTreeMap<String, TallyLevel>,
}

#[derive(Debug, Deserialize)]
struct Played {
    case: Case,
    conclusion: Conclusion,
}

#[derive(Debug, Deserialize)]
struct Case {
    scenario: String,
}

#[derive(Debug, Deserialize)]
struct Conclusion {
    verdict: Came,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inspection {
    scenario: String,
    findings: Vec<Finding>,
    #[serde(default)]
    inner_error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Finding {
    severity: Grave,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Grave {
    Note,
    Warning,
    Error,
}

/// The JSON report.
#[derive(Debug, Deserialize)]
struct Document {
    run: Run,
}

/// Of a run.
pub(crate) fn of_run(run: &RunResult) -> Vec<Tally> {
    let scenario = |about: &proofmark_replay::About| Scenario {
        id: about.id.clone(),
        profiles: about.profiles.iter().map(|(profile, level)| (profile.name().to_owned(), (*level).into())).collect(),
    };
    let played = |result: &proofmark_replay::CaseResult| Played {
        case: Case { scenario: result.case.scenario.clone() },
        conclusion: Conclusion { verdict: result.conclusion.verdict.into() },
    };
    let grave = |finding: &proofmark_replay::Finding| Finding {
        severity: match finding.severity {
            Severity::Note => Grave::Note,
            Severity::Warning => Grave::Warning,
            Severity::Error => Grave::Error,
        },
    };
    let inspection = |read: &proofmark_replay::Inspection| Inspection {
        scenario: read.scenario.clone(),
        findings: read.findings.iter().map(grave).collect(),
        inner_error: read.inner_error.clone(),
    };
    tallies(&Run {
        scenarios: run.scenarios.iter().map(scenario).collect(),
        cases: run.cases.iter().map(played).collect(),
        inspections: run.inspections.iter().map(inspection).collect(),
    })
}

/// Of the JSON report of a run.
///
/// # Errors
/// When it is none.
pub(crate) fn of_evidence(json: &[u8]) -> Result<Vec<Tally>, proofmark_json::Error> {
    proofmark_json::from_slice::<Document>(json).map(|document| tallies(&document.run))
}

fn tallies(run: &Run) -> Vec<Tally> {
    let mut tallies = Vec::new();
    for scenario in &run.scenarios {
        let came = came(run, &scenario.id);
        tallies.extend(scenario.profiles.iter().map(|(profile, level)| Tally {
            name: scenario.id.clone(),
            profile: profile.clone(),
            level: *level,
            came,
        }));
    }
    tallies
}

/// The worst of a scenario's cases, and of what was found by reading. What nobody played was skipped.
fn came(run: &Run, scenario: &str) -> Came {
    let mut read = run.inspections.iter().filter(|read| read.scenario == scenario);
    let wrong = |read: &Inspection| {
        read.inner_error.is_some() || read.findings.iter().any(|finding| finding.severity == Grave::Error)
    };
    if read.any(wrong) {
        return Came::Failed;
    }
    let cases = run.cases.iter().filter(|played| played.case.scenario == scenario);
    cases.map(|played| played.conclusion.verdict).max().unwrap_or(Came::Skipped)
}
