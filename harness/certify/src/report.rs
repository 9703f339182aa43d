//! The conformance report: a versioned document in the shape of the Gateway API's (`apis/v1/conformancereport.go` of kubernetes-sigs/gateway-api).

use std::fmt;

use proofmark_replay::{Profile, RunResult};
use serde::{Deserialize, Serialize};

use crate::tally::{self, Came, Tally, TallyLevel};

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
        Self::told(&tally::of_run(run), profiles.iter().map(|profile| profile.name()), implementation)
    }

    /// The report on scenarios that came out so.
    pub(crate) fn told<'a>(
        tallies: &[Tally],
        profiles: impl IntoIterator<Item = &'a str>,
        implementation: Implementation,
    ) -> Self {
        Self {
            api_version: "proofmark.dev/v1alpha1".to_owned(),
            kind: "ConformanceReport".to_owned(),
            implementation,
            profiles: profiles.into_iter().map(|profile| profile_report(tallies, profile)).collect(),
        }
    }

    /// Profiles by level, with the name of the level.
    pub(crate) fn levels(&self) -> impl Iterator<Item = (&ProfileReport, &'static str, &LevelReport)> {
        self.profiles.iter().flat_map(|profile| {
            let levels = [("core", Some(&profile.core)), ("extended", profile.extended.as_ref())];
            levels.into_iter().filter_map(move |(name, level)| Some((profile, name, level?)))
        })
    }

    /// The worst of all core levels, which is what the distribution is certified by.
    pub fn outcome(&self) -> Outcome {
        self.profiles.iter().map(|profile| profile.core.result).max().unwrap_or(Outcome::Partial)
    }
}

/// `3 passed, 0 failed, 1 skipped, 2 not applicable`
impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, skipped, failed, not_applicable } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped, {not_applicable} not applicable")
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

fn profile_report(tallies: &[Tally], profile: &str) -> ProfileReport {
    let level = |level| level_report(tallies.iter().filter(|tally| tally.profile == profile && tally.level == level));
    let core = level(TallyLevel::Core);
    let extended = Some(level(TallyLevel::Extended)).filter(|level| !level.tests.is_empty());
    let mut summary = format!("core: {}", in_words(&core));
    if let Some(extended) = &extended {
        summary.push_str(&format!("; extended: {}", in_words(extended)));
    }
    ProfileReport { name: profile.to_owned(), core, extended, summary }
}

fn in_words(level: &LevelReport) -> String {
    format!("{} ({})", level.result.name(), level.statistics)
}

fn level_report<'a>(tallies: impl Iterator<Item = &'a Tally>) -> LevelReport {
    let mut statistics = Statistics::default();
    let mut tests = Vec::new();
    for Tally { name, came, .. } in tallies {
        *match came {
            Came::Passed => &mut statistics.passed,
            Came::NotApplicable => &mut statistics.not_applicable,
            Came::Skipped => &mut statistics.skipped,
            Came::Failed => &mut statistics.failed,
        } += 1;
        tests.push(TestResult { name: name.clone(), result: came.name().to_owned() });
    }
    let result = match statistics {
        Statistics { failed: 1.., .. } => Outcome::Failure,
        Statistics { skipped: 0, passed: 1.., .. } => Outcome::Success,
        _ => Outcome::Partial,
    };
    LevelReport { result, statistics, tests }
}
