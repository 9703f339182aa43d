//! The conformance report: a versioned document in the shape of the Gateway API's (`apis/v1/conformancereport.go` of kubernetes-sigs/gateway-api).

use proofmark_replay::{Level, Profile, RunResult, Severity, Verdict};
use serde::{Deserialize, Serialize};

/// What a distribution was certified for, and how it came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConformanceReport {
    /// `proofmark.dev/v1alpha1`
    pub api_version: String,
    /// `ConformanceReport`
    pub kind: String,
    /// Whose it is.
    pub implementation: Implementation,
    /// The profiles that were asked for.
    pub profiles: Vec<ProfileReport>,
}

/// Who made the distribution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Implementation {
    /// The company or community.
    pub organization: String,
    /// The distribution.
    pub project: String,
    /// Where to read about it.
    pub url: String,
    /// Its version.
    pub version: String,
    /// Whom to ask: addresses or handles.
    pub contact: Vec<String>,
}

/// How a profile came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileReport {
    /// `kubeflow-multiuser`
    pub name: String,
    /// What every distribution must get right.
    pub core: LevelReport,
    /// What is beyond that; none if the profile has nothing of the kind.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub extended: Option<LevelReport>,
    /// The same in one sentence.
    pub summary: String,
}

/// How one level of a profile came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LevelReport {
    /// In one word.
    pub result: Outcome,
    /// In numbers.
    pub statistics: Statistics,
    /// One by one, in the order of the catalogue.
    pub tests: Vec<TestResult>,
}

/// In one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Everything that applies was tested, and holds.
    Success,
    /// Nothing failed, but something was not tested, or nothing applies.
    Partial,
    /// Something failed.
    Failure,
}

/// How many of each; the names are the Gateway API's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statistics {
    /// It holds.
    pub passed: usize,
    /// It was not tested.
    pub skipped: usize,
    /// It does not hold.
    pub failed: usize,
    /// It has no meaning there.
    pub not_applicable: usize,
}

/// How one scenario came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// The scenario's id.
    pub name: String,
    /// `passed`, `failed`, `skipped` or `not applicable`.
    pub result: String,
}

impl ConformanceReport {
    /// The report of a run.
    pub fn of(run: &RunResult, profiles: &[Profile], implementation: Implementation) -> Self {
        Self {
            api_version: "proofmark.dev/v1alpha1".to_owned(),
            kind: "ConformanceReport".to_owned(),
            implementation,
            profiles: profiles.iter().map(|profile| profile_report(run, *profile)).collect(),
        }
    }

    /// The worst of all core levels, which is what the distribution is certified by.
    pub fn outcome(&self) -> Outcome {
        self.profiles.iter().map(|profile| profile.core.result).max().unwrap_or(Outcome::Partial)
    }
}

impl Outcome {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Partial => "partial",
            Self::Failure => "failure",
        }
    }
}

fn profile_report(run: &RunResult, profile: Profile) -> ProfileReport {
    let core = level_report(run, profile, Level::Core);
    let extended = Some(level_report(run, profile, Level::Extended)).filter(|level| !level.tests.is_empty());
    let mut summary = format!("core: {}", in_words(&core));
    if let Some(extended) = &extended {
        summary.push_str(&format!("; extended: {}", in_words(extended)));
    }
    ProfileReport { name: profile.name().to_owned(), core, extended, summary }
}

fn in_words(level: &LevelReport) -> String {
    let Statistics { passed, skipped, failed, not_applicable } = level.statistics;
    let name = level.result.name();
    format!("{name} ({passed} passed, {failed} failed, {skipped} skipped, {not_applicable} not applicable)")
}

fn level_report(run: &RunResult, profile: Profile, level: Level) -> LevelReport {
    let mut statistics = Statistics::default();
    let mut tests = Vec::new();
    for about in run.scenarios.iter().filter(|about| about.profile == Some(profile) && about.level == level) {
        let verdict = verdict(run, &about.id);
        let (count, result) = match verdict {
            Verdict::Passed => (&mut statistics.passed, "passed"),
            Verdict::NotApplicable => (&mut statistics.not_applicable, "not applicable"),
            Verdict::Skipped => (&mut statistics.skipped, "skipped"),
            Verdict::Failed | Verdict::DidNotReproduce | Verdict::InnerError => (&mut statistics.failed, "failed"),
        };
        *count += 1;
        tests.push(TestResult { name: about.id.clone(), result: result.to_owned() });
    }
    let result = match statistics {
        Statistics { failed: 1.., .. } => Outcome::Failure,
        Statistics { skipped: 0, passed: 1.., .. } => Outcome::Success,
        _ => Outcome::Partial,
    };
    LevelReport { result, statistics, tests }
}

/// What a scenario came to: the worst of its cases, and of what was found by reading. What nobody played was skipped.
fn verdict(run: &RunResult, scenario: &str) -> Verdict {
    let found = run.inspections.iter().filter(|inspection| inspection.scenario == scenario);
    if found.flat_map(|inspection| &inspection.findings).any(|finding| finding.severity == Severity::Error) {
        return Verdict::Failed;
    }
    let verdicts = run.cases.iter().filter(|result| result.case.scenario == scenario);
    let severity = |verdict: &Verdict| match verdict {
        Verdict::NotApplicable => 0,
        Verdict::Passed => 1,
        Verdict::Skipped => 2,
        Verdict::Failed | Verdict::DidNotReproduce | Verdict::InnerError => 3,
    };
    verdicts.map(|result| result.conclusion.verdict).max_by_key(severity).unwrap_or(Verdict::Skipped)
}
