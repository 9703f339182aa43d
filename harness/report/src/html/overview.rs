//! The page: everything but the cases in full, which it carries packed.

use askama::Template;
use proofmark_replay::{About, CaseResult, Finding, Inspection, RunResult, Severity};

use super::case::fragment;
use super::packed::{anchors, hash, pack};
use super::told::Told;
use super::{Cover, class};
use crate::cell::{Cell, Matrix, totals_in_words};
use crate::failure::{advice, bad_steps, finding};

const STYLE: &str = include_str!("../../templates/styles.css");
const SCRIPT: &str = include_str!("../../templates/page.js");

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    title: String,
    heading: String,
    version: &'static str,
    seed: u64,
    cover: Option<&'a Cover>,
    totals: Vec<Total>,
    bar: Vec<Part>,
    in_words: String,
    bad: Vec<Bad<'a>>,
    inspections: Vec<InspectionView<'a>>,
    targets: &'a [String],
    rows: Vec<Family<'a>>,
    legend: Vec<Sign>,
    abouts: &'a [About],
    cases: Vec<Packed<'a>>,
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
}

struct Total {
    class: &'static str,
    count: usize,
    words: &'static str,
}

/// A piece of the bar, in thousandths of its width.
struct Part {
    class: &'static str,
    x: usize,
    width: usize,
}

struct Bad<'a> {
    class: &'static str,
    verdict: &'static str,
    name: String,
    target: &'a str,
    reason: &'a str,
    steps: Vec<BadStep>,
    advice: Told,
    anchor: &'a str,
}

struct BadStep {
    title: String,
    told: Told,
}

struct InspectionView<'a> {
    scenario: &'a str,
    inner_error: Option<&'a str>,
    findings: Vec<FindingView<'a>>,
}

struct FindingView<'a> {
    severity: &'static str,
    message: &'a str,
    place: Option<String>,
    told: Told,
}

struct Family<'a> {
    name: &'a str,
    rows: Vec<RowView<'a>>,
}

struct RowView<'a> {
    id: &'a str,
    title: &'a str,
    bad: bool,
    cells: Vec<Option<CellView<'a>>>,
}

struct CellView<'a> {
    class: &'static str,
    sign: char,
    words: &'static str,
    target: &'a str,
    anchor: &'a str,
}

struct Sign {
    class: &'static str,
    sign: char,
    words: &'static str,
}

struct Packed<'a> {
    anchor: &'a str,
    packed: String,
}

pub(super) fn page(run: &RunResult, cover: Option<&Cover>) -> askama::Result<String> {
    let anchors = anchors(run.cases.iter().map(|result| &result.case));
    let matrix = Matrix::of(run);
    let legend = matrix.legend().map(|cell| Sign { class: class(cell), sign: cell.sign(), words: cell.in_words() });
    let mut cases = Vec::new();
    for (index, anchor) in anchors.iter().enumerate() {
        let packed = pack(&fragment(run, index, &anchors)?).map_err(askama::Error::custom)?;
        cases.push(Packed { anchor, packed });
    }
    let bad = run.cases.iter().zip(&anchors).filter(|(result, _)| result.conclusion.verdict.is_bad());
    let told = run.inspections.iter().filter(|told| told.inner_error.is_some() || !told.findings.is_empty());
    Page {
        title: cover.map_or_else(|| format!("Proofmark: {}", totals_in_words(run)), |cover| cover.title.clone()),
        heading: cover.map_or_else(|| heading(run), |cover| cover.title.clone()),
        version: env!("CARGO_PKG_VERSION"),
        seed: run.seed,
        cover,
        totals: totals(run),
        bar: bar(run),
        in_words: totals_in_words(run),
        bad: bad.map(|(result, anchor)| Bad::of(run, result, anchor)).collect(),
        inspections: told.map(InspectionView::of).collect(),
        targets: &run.targets,
        rows: if run.cases.is_empty() { Vec::new() } else { families(run, &anchors) },
        legend: legend.collect(),
        abouts: &run.scenarios,
        cases,
        style: STYLE,
        style_hash: hash(STYLE),
        script: SCRIPT,
        script_hash: hash(SCRIPT),
    }
    .render()
}

fn heading(run: &RunResult) -> String {
    let count = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let scenarios = count(run.scenarios.len(), "scenario", "scenarios");
    match run.targets.len() {
        0 => format!("Manifests, read by {scenarios}"),
        targets => format!("{scenarios} on {}", count(targets, "target", "targets")),
    }
}

fn totals(run: &RunResult) -> Vec<Total> {
    let totals = run.totals();
    let all = [
        ("good", totals.passed, "passed"),
        ("bad", totals.failed, "failed"),
        ("doubt", totals.did_not_reproduce, "did not reproduce"),
        ("doubt", totals.skipped, "skipped"),
        ("rest", totals.not_applicable, "not applicable"),
        ("bad", totals.inner_errors, "inner errors"),
        ("bad", totals.errors, "errors found by reading"),
        ("doubt", totals.warnings, "warnings"),
    ];
    all.into_iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(class, count, words)| Total { class, count, words })
        .collect()
}

/// What part of the cases came out how.
fn bar(run: &RunResult) -> Vec<Part> {
    let totals = run.totals();
    let counts = [
        ("good", totals.passed),
        ("bad", totals.failed + totals.inner_errors),
        ("doubt", totals.did_not_reproduce + totals.skipped),
        ("rest", totals.not_applicable),
    ];
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let mut before = 0;
    let mut parts = Vec::new();
    for (class, count) in counts.into_iter().filter(|(_, count)| *count > 0 && all > 1) {
        let x = before * 1000 / all;
        before += count;
        // What is there is seen, however little it is.
        parts.push(Part { class, x, width: (before * 1000 / all - x).max(4) });
    }
    parts
}

impl<'a> Bad<'a> {
    fn of(run: &RunResult, result: &'a CaseResult, anchor: &'a str) -> Self {
        let step = |step: crate::failure::ToldStep| BadStep { title: step.title, told: Told::of(step.told) };
        Self {
            class: class(Cell::of(result)),
            verdict: result.conclusion.verdict.in_words(),
            name: result.case.name(),
            target: &result.case.target,
            reason: result.conclusion.reason.as_deref().unwrap_or_default(),
            steps: bad_steps(result).into_iter().map(step).collect(),
            advice: Told::of(advice(run, result)),
            anchor,
        }
    }
}

impl<'a> InspectionView<'a> {
    fn of(inspection: &'a Inspection) -> Self {
        let scenario = inspection.scenario.as_str();
        let findings = inspection.findings.iter().map(FindingView::of).collect();
        Self { scenario, inner_error: inspection.inner_error.as_deref(), findings }
    }
}

impl<'a> FindingView<'a> {
    fn of(found: &'a Finding) -> Self {
        Self {
            severity: match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            },
            message: &found.message,
            place: found.location.as_ref().map(|at| format!("{}:{}:{}", at.file, at.line, at.column)),
            told: Told::of(finding(found)),
        }
    }
}

/// The matrix, family by family. A cell stands for the worst of its cases, and leads to it.
fn families<'a>(run: &'a RunResult, anchors: &'a [String]) -> Vec<Family<'a>> {
    let mut families: Vec<Family<'a>> = Vec::new();
    for about in &run.scenarios {
        let here: Vec<_> =
            run.cases.iter().zip(anchors).filter(|(played, _)| played.case.scenario == about.id).collect();
        let cell = |target: &'a String| {
            let of_target = here.iter().filter(|(played, _)| played.case.target == *target);
            // Of several that came out alike the first is meant, so the worst is looked for from the end.
            let (played, anchor) = of_target.rev().max_by_key(|(played, _)| Cell::of(played))?;
            let cell = Cell::of(played);
            Some(CellView { class: class(cell), sign: cell.sign(), words: cell.in_words(), target, anchor })
        };
        let row = RowView {
            id: &about.id,
            title: &about.title,
            bad: here.iter().any(|(played, _)| played.conclusion.verdict.is_bad()),
            cells: run.targets.iter().map(cell).collect(),
        };
        match families.last_mut() {
            Some(family) if family.name == about.family => family.rows.push(row),
            _ => families.push(Family { name: &about.family, rows: vec![row] }),
        }
    }
    families
}
