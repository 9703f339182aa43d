//! A case from its first step to its last.

use askama::Template;
use proofmark_replay::{About, CaseResult, Difference, Phase, PhaseResult, RunResult, StepResult, StepVerdict};

use super::exchange::{Exchange, time};
use super::permissions::{Table, tables};
use super::{class, decision};
use crate::cell::Cell;
use crate::failure::shown;

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage<'a> {
    title: &'a str,
    name: String,
    target: &'a str,
    class: &'static str,
    sign: char,
    verdict: &'static str,
    bad: bool,
    simulated: String,
    reason: Option<&'a str>,
    row: Vec<Elsewhere<'a>>,
    about: Option<&'a About>,
    left_out: &'a [String],
    rerun: &'a str,
    phases: Vec<PhaseView<'a>>,
}

/// The same scenario, with another fix or on another target.
struct Elsewhere<'a> {
    class: &'static str,
    sign: char,
    words: String,
    target: &'a str,
    /// The fix, where it is another one.
    variant: Option<&'a str>,
    anchor: &'a str,
    here: bool,
}

struct PhaseView<'a> {
    name: String,
    means: &'static str,
    steps: Vec<StepView<'a>>,
}

struct StepView<'a> {
    title: &'a str,
    good: bool,
    class: &'static str,
    identity: &'a str,
    action: &'a str,
    at: Option<String>,
    found: &'a str,
    text: Option<&'a str>,
    should_be_missing: bool,
    expected: &'a [String],
    differences: Vec<DifferenceView<'a>>,
    history: Vec<(String, &'a str)>,
    permissions: Vec<Table>,
    /// HTML
    decision: Option<String>,
    exchanges: Vec<Exchange>,
}

struct DifferenceView<'a> {
    path: &'a str,
    expected: String,
    found: String,
}

/// The case at `index` as an HTML fragment; `anchors` are the names of all cases.
pub(super) fn fragment(run: &RunResult, index: usize, anchors: &[String]) -> askama::Result<String> {
    let Some(result) = run.cases.get(index) else { return Ok(String::new()) };
    let about = run.about(&result.case.scenario);
    let cell = Cell::of(result);
    let name = result.case.name();
    let phases: askama::Result<_> = result.phases.iter().map(PhaseView::of).collect();
    CasePage {
        title: about.map_or(name.as_str(), |about| about.title.as_str()),
        target: &result.case.target,
        class: class(cell),
        sign: cell.sign(),
        verdict: cell.in_words(),
        bad: result.conclusion.verdict.is_bad(),
        simulated: time(result.conclusion.simulated_ms),
        reason: result.conclusion.reason.as_deref(),
        row: elsewhere(run, result, anchors),
        about,
        left_out: &result.conclusion.left_out,
        rerun: &result.case.rerun,
        phases: phases?,
        name: name.clone(),
    }
    .render()
}

fn elsewhere<'a>(run: &'a RunResult, here: &CaseResult, anchors: &'a [String]) -> Vec<Elsewhere<'a>> {
    let of = |result: &'a CaseResult, anchor: &'a String| {
        let cell = Cell::of(result);
        let name = result.case.name();
        let target = result.case.target.as_str();
        let words = format!("{name} on {target}: {}", cell.in_words());
        let variant = result.case.variant.as_deref().filter(|variant| here.case.variant.as_deref() != Some(*variant));
        let here = std::ptr::eq(result, here);
        Elsewhere { class: class(cell), sign: cell.sign(), words, target, variant, anchor, here }
    };
    // Other fixes stand beside this one on its own target; other targets are told with the same fix, or with any where there are none.
    let variants = |result: &CaseResult| {
        result.case.target == here.case.target
            || result.case.variant == here.case.variant
            || result.case.variant.is_none()
            || here.case.variant.is_none()
    };
    let cases = run.cases.iter().zip(anchors);
    let same = cases.filter(|(result, _)| result.case.scenario == here.case.scenario && variants(result));
    same.map(|(result, anchor)| of(result, anchor)).collect()
}

impl<'a> PhaseView<'a> {
    fn of(phase: &'a PhaseResult) -> askama::Result<Self> {
        let means = match phase.phase {
            Phase::Arrange => "what the story needs",
            Phase::Reproduce => "the documented failure, to the letter",
            Phase::Fix => "what a user would do about it",
            Phase::Verify => "the failure is gone",
            Phase::Guard => "nothing more was opened",
        };
        let steps: askama::Result<_> = phase.steps.iter().map(StepView::of).collect();
        Ok(Self { name: phase.phase.to_string(), means, steps: steps? })
    }
}

impl<'a> StepView<'a> {
    fn of(step: &'a StepResult) -> askama::Result<Self> {
        let good = step.verdict == StepVerdict::AsExpected;
        let exchanges: askama::Result<Vec<_>> = step.evidence.iter().map(|evidence| Exchange::of(evidence)).collect();
        // A refusal is what a reader wants to understand; other decisions are told with their exchanges.
        let refused = step.evidence.last().and_then(|evidence| evidence.decision.as_ref()).filter(|told| !told.allowed);
        Ok(Self {
            title: &step.title,
            good,
            class: if good { "good" } else { "bad" },
            identity: &step.identity,
            action: &step.action,
            at: step.evidence.last().map(|evidence| time(evidence.at_ms)),
            found: &step.found,
            text: step.text.as_deref().filter(|text| !text.is_empty() && step.permissions.is_none()),
            should_be_missing: step.should_be_missing,
            expected: &step.expected,
            differences: step.differences.iter().filter(|_| !good).map(DifferenceView::of).collect(),
            history: match step.history.as_slice() {
                [] | [_] => Vec::new(),
                taken => taken.iter().map(|taken| (time(taken.at_ms), taken.found.as_str())).collect(),
            },
            permissions: step.permissions.as_ref().map(tables).unwrap_or_default(),
            decision: refused.map(decision::drawn).transpose()?,
            exchanges: exchanges?,
        })
    }
}

impl<'a> DifferenceView<'a> {
    fn of(difference: &'a Difference) -> Self {
        let path = if difference.path.is_empty() { "(whole)" } else { &difference.path };
        Self { path, expected: shown(difference.expected.as_ref()), found: shown(difference.found.as_ref()) }
    }
}
