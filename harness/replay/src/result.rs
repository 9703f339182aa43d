//! What a run came to, as plain data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diff::Difference;
use crate::{About, Evidence, Expected, Inspection, PermissionChange, Phase, Severity, Slice};

/// What a case came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Everything was as expected: the failure reproduced and the fix mended it, or the release does not have it.
    Passed,
    /// The fix did not mend it, opened too much, or the failure occurred where it should not.
    Failed,
    /// The documented failure did not appear where the release is said to have it.
    DidNotReproduce,
    /// The scenario has no meaning there.
    NotApplicable,
    /// It was not played.
    Skipped,
    /// The harness itself failed.
    InnerError,
}

impl Verdict {
    /// In words, as they stand in a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::DidNotReproduce => "did not reproduce",
            Self::NotApplicable => "not applicable",
            Self::Skipped => "skipped",
            Self::InnerError => "inner error",
        }
    }

    /// Whether somebody must look at it.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::DidNotReproduce | Self::InnerError)
    }
}

/// One scenario, with one way to fix it, on one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// The scenario's id.
    pub scenario: String,
    /// Which of its fixes is played; none where there is one only, or where none is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The target's name.
    pub target: String,
    /// What the scenario should find there.
    pub expected: Expected,
    /// The command line that plays just this case again.
    pub rerun: String,
}

impl Case {
    /// `scenario` or `scenario/variant`.
    pub fn name(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{}/{variant}", self.scenario),
            None => self.scenario.clone(),
        }
    }

    /// `scenario/variant on target`: no two cases of a run are called the same.
    pub fn full_name(&self) -> String {
        format!("{} on {}", self.name(), self.target)
    }
}

/// A case, played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseResult {
    /// Which.
    pub case: Case,
    /// What it came to.
    pub conclusion: Conclusion,
    /// The phases that were played, in order.
    pub phases: Vec<PhaseResult>,
}

/// What a case came to, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conclusion {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, when it is not plain success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How much time passed on the universe's own clock, in milliseconds.
    pub simulated_ms: u64,
    /// Objects of the target that could not be installed, each with the reason; they were played without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

impl Conclusion {
    /// The conclusion of a case that was not played, or not to its end.
    pub(crate) fn without_playing(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self { verdict, reason: Some(reason.into()), simulated_ms: 0, left_out: Vec::new() }
    }
}

/// A phase, played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseResult {
    /// Which.
    pub phase: Phase,
    /// Its steps, in order.
    pub steps: Vec<StepResult>,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepVerdict {
    /// It met its expectations, or it was a symptom that is rightly missing.
    AsExpected,
    /// It did not.
    Unexpected,
    /// The harness failed in it.
    InnerError,
}

/// A step, played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepResult {
    /// What happens, as a sentence.
    pub title: String,
    /// Who did it.
    pub identity: String,
    /// What was done.
    pub action: String,
    /// What was expected, each in words.
    pub expected: Vec<String>,
    /// Whether this step is a symptom that should be missing here.
    pub should_be_missing: bool,
    /// What it came to.
    pub verdict: StepVerdict,
    /// The outcome in one line.
    pub found: String,
    /// What a command printed, or the full message of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Where the outcome differs from the expectations.
    pub differences: Vec<Difference>,
    /// The values that it took, oldest first, where it was looked at more than once.
    pub history: Vec<Taken>,
    /// Which permissions came and went, where two surveys were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<PermissionChange>,
    /// The exchanges behind it.
    pub evidence: Vec<Arc<Evidence>>,
}

/// A value at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// Milliseconds since the universe's start, on its own clock.
    pub at_ms: u64,
    /// The outcome in one line.
    pub found: String,
}

/// What a whole run came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunResult {
    /// The seed that it was played with.
    pub seed: u64,
    /// The scenarios, in the order of the catalogue.
    pub scenarios: Vec<About>,
    /// The targets' names, in order.
    pub targets: Vec<String>,
    /// The part of the run that this is, if it is not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Slice>,
    /// The cases, by scenario, then target, then variant.
    pub cases: Vec<CaseResult>,
    /// What was found by reading, by scenario.
    pub inspections: Vec<Inspection>,
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Cases that passed.
    pub passed: usize,
    /// Cases that failed.
    pub failed: usize,
    /// Cases whose failure did not appear.
    pub did_not_reproduce: usize,
    /// Cases without meaning.
    pub not_applicable: usize,
    /// Cases not played.
    pub skipped: usize,
    /// Cases and inspections in which the harness failed.
    pub inner_errors: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
}

/// What the caller of the program should be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bottom {
    /// All as expected.
    AsExpected,
    /// At least one case is bad, or one finding is an error.
    Findings,
    /// The harness failed somewhere; its other statements stand.
    InnerError,
}

impl RunResult {
    /// Counts.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for case in &self.cases {
            *match case.conclusion.verdict {
                Verdict::Passed => &mut totals.passed,
                Verdict::Failed => &mut totals.failed,
                Verdict::DidNotReproduce => &mut totals.did_not_reproduce,
                Verdict::NotApplicable => &mut totals.not_applicable,
                Verdict::Skipped => &mut totals.skipped,
                Verdict::InnerError => &mut totals.inner_errors,
            } += 1;
        }
        totals.inner_errors += self.inspections.iter().filter(|inspection| inspection.inner_error.is_some()).count();
        for finding in self.inspections.iter().flat_map(|inspection| &inspection.findings) {
            match finding.severity {
                Severity::Error => totals.errors += 1,
                Severity::Warning => totals.warnings += 1,
                Severity::Note => {}
            }
        }
        totals
    }

    /// The bottom line.
    pub fn bottom(&self) -> Bottom {
        let totals = self.totals();
        match (totals.inner_errors, totals.failed + totals.did_not_reproduce + totals.errors) {
            (1.., _) => Bottom::InnerError,
            (0, 1..) => Bottom::Findings,
            (0, 0) => Bottom::AsExpected,
        }
    }

    /// What is known about a scenario of this run.
    pub fn about(&self, scenario: &str) -> Option<&About> {
        self.scenarios.iter().find(|about| about.id == scenario)
    }
}
