//! The matrix: scenarios down, targets across, one sign each.

use proofmark_replay::{Case, CaseResult, Expected, RunResult, Verdict};

/// What stands at a crossing. Ordered from best to worst, so that several cases make the worst of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    NotApplicable,
    NotAffected,
    Fixed,
    Skipped,
    DidNotReproduce,
    Failed,
    InnerError,
}

impl Cell {
    pub(crate) const ALL: [Self; 7] = [
        Self::Fixed,
        Self::NotAffected,
        Self::Failed,
        Self::DidNotReproduce,
        Self::NotApplicable,
        Self::Skipped,
        Self::InnerError,
    ];

    pub(crate) fn of(result: &CaseResult) -> Self {
        match (result.conclusion.verdict, &result.case.expected) {
            (Verdict::Passed, Expected::Absent) => Self::NotAffected,
            (Verdict::Passed, _) => Self::Fixed,
            (Verdict::Failed, _) => Self::Failed,
            (Verdict::DidNotReproduce, _) => Self::DidNotReproduce,
            (Verdict::NotApplicable, _) => Self::NotApplicable,
            (Verdict::Skipped, _) => Self::Skipped,
            (Verdict::InnerError, _) => Self::InnerError,
        }
    }

    pub(crate) fn sign(self) -> char {
        match self {
            Self::Fixed => '✓',
            Self::NotAffected => '·',
            Self::Failed => '✗',
            Self::DidNotReproduce => '?',
            Self::NotApplicable => '-',
            Self::Skipped => 's',
            Self::InnerError => '!',
        }
    }

    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Fixed => "reproduced, then fixed",
            Self::NotAffected => "not affected: holds without the fix",
            Self::Failed => "failed",
            Self::DidNotReproduce => "did not reproduce",
            Self::NotApplicable => "not applicable",
            Self::Skipped => "skipped",
            Self::InnerError => "inner error",
        }
    }
}

/// The whole matrix: a row for each scenario that was played.
pub(crate) struct Matrix<'a> {
    pub(crate) rows: Vec<(&'a str, Vec<Option<Cell>>)>,
}

impl<'a> Matrix<'a> {
    pub(crate) fn of(result: &'a RunResult) -> Self {
        let cell = |scenario: &str, target: &str| {
            let here = |case: &Case| case.scenario == scenario && case.target == target;
            result.cases.iter().filter(|played| here(&played.case)).map(Cell::of).max()
        };
        let row = |scenario: &'a str| (scenario, result.targets.iter().map(|target| cell(scenario, target)).collect());
        Self { rows: result.scenarios.iter().map(|about| row(&about.id)).collect() }
    }

    /// The signs that occur, in the order of the legend.
    pub(crate) fn legend(&self) -> impl Iterator<Item = Cell> {
        Cell::ALL.into_iter().filter(|cell| self.rows.iter().any(|(_, cells)| cells.contains(&Some(*cell))))
    }
}

/// The totals in one line: `3 passed, 1 failed`.
pub(crate) fn totals_in_words(result: &RunResult) -> String {
    let totals = result.totals();
    let plural = |count: usize, one: &'static str, many: &'static str| if count == 1 { one } else { many };
    let counts = [
        (totals.passed, "passed"),
        (totals.failed, "failed"),
        (totals.did_not_reproduce, "did not reproduce"),
        (totals.skipped, "skipped"),
        (totals.not_applicable, "not applicable"),
        (totals.errors, plural(totals.errors, "error", "errors")),
        (totals.warnings, plural(totals.warnings, "warning", "warnings")),
        (totals.inner_errors, plural(totals.inner_errors, "inner error", "inner errors")),
    ];
    let told: Vec<_> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}")).collect();
    match (told.is_empty(), result.inspections.is_empty()) {
        (false, _) => told.join(", "),
        (true, false) => "nothing found".to_owned(),
        (true, true) => "nothing played".to_owned(),
    }
}
