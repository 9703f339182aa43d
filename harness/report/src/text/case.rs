//! One case in full: what a contributor reads who reproduces an issue.

use proofmark_replay::{CaseResult, RunResult, StepResult, StepVerdict, Verdict};

use crate::Styles;
use crate::cell::Cell;
use crate::failure::{advice, bad_steps, decision, labelled};

/// How many of the objects that were left out are named.
const LEFT_OUT_SHOWN: usize = 5;

pub(super) fn full(run: &RunResult, result: &CaseResult, styles: Styles, out: &mut String) {
    let about = run.about(&result.case.scenario);
    let title = about.map_or("", |about| about.title.as_str());
    let head = format!("{} on {}: {title}", result.case.name(), result.case.target);
    out.push_str(&Styles::paint(styles.heading, head));
    out.push('\n');
    if let Some(about) = about {
        let chosen = about.variants.iter().find(|variant| result.case.variant.as_ref() == Some(&variant.id));
        let fix = chosen.map_or_else(|| about.fix.clone(), |variant| variant.title.clone());
        let links: Vec<_> = about.links.iter().map(|link| format!("{} {}", link.title, link.url)).collect();
        let told = [
            ("story", about.story.clone()),
            ("cause", about.cause.clone()),
            ("fix", fix),
            ("upstream", links.join("\n")),
        ];
        out.push_str(&labelled(&told.into_iter().filter(|(_, text)| !text.is_empty()).collect::<Vec<_>>(), 0));
    }
    let bad = bad_steps(result);
    let mut bad = bad.iter();
    for phase in &result.phases {
        out.push_str(&format!("\n{}\n", Styles::paint(styles.heading, phase.phase)));
        for step in &phase.steps {
            let good = step.verdict == StepVerdict::AsExpected;
            let (sign, style) = if good { ('✓', styles.good) } else { ('✗', styles.bad) };
            out.push_str(&format!("  {} {}\n", Styles::paint(style, sign), step.title));
            match (good, bad.as_slice()) {
                (false, [told, rest @ ..]) => {
                    out.push_str(&labelled(&told.told, 6));
                    bad = rest.iter();
                }
                _ => out.push_str(&told_well(step, styles)),
            }
        }
    }
    out.push('\n');
    conclusion(run, result, styles, out);
}

/// A step that went as expected: who did what, and what the cluster said.
fn told_well(step: &StepResult, styles: Styles) -> String {
    let mut out = format!("      {}\n", Styles::paint(styles.quiet, format!("{}: {}", step.identity, step.action)));
    for line in step.text.as_deref().unwrap_or(&step.found).lines() {
        out.push_str(&format!("      {line}\n"));
    }
    let denied =
        step.evidence.last().filter(|evidence| evidence.decision.as_ref().is_some_and(|decision| !decision.allowed));
    if let Some(words) = denied.and_then(|denied| decision(denied)) {
        for line in words.lines() {
            out.push_str(&format!("      {}\n", Styles::paint(styles.quiet, line)));
        }
    }
    out
}

fn conclusion(run: &RunResult, result: &CaseResult, styles: Styles, out: &mut String) {
    let verdict = result.conclusion.verdict;
    let style = match verdict {
        Verdict::Passed => styles.good,
        Verdict::NotApplicable | Verdict::Skipped => styles.doubtful,
        _ => styles.bad,
    };
    let words = match (verdict, &result.conclusion.reason) {
        (Verdict::Passed, _) => format!("{}: {}", verdict.in_words(), Cell::of(result).in_words()),
        (_, Some(reason)) => format!("{}: {reason}", verdict.in_words()),
        (_, None) => verdict.in_words().to_owned(),
    };
    out.push_str(&Styles::paint(style, words));
    out.push_str(&Styles::paint(styles.quiet, format!(" ({} ms of simulated time)", result.conclusion.simulated_ms)));
    out.push('\n');
    if !result.conclusion.left_out.is_empty() {
        out.push_str(&Styles::paint(styles.quiet, left_out(&result.conclusion.left_out)));
        out.push('\n');
    }
    if verdict.is_bad() {
        out.push_str(&labelled(&advice(run, result), 0));
    }
    out.push('\n');
}

/// The objects that were played without: the first few, and how many more.
fn left_out(objects: &[String]) -> String {
    let more = objects.len().saturating_sub(LEFT_OUT_SHOWN);
    let mut lines: Vec<String> = objects.iter().take(LEFT_OUT_SHOWN).map(|object| format!("  {object}")).collect();
    lines.insert(0, "played without".to_owned());
    if more > 0 {
        lines.push(format!("  and {more} more; the json format has all"));
    }
    lines.join("\n")
}
