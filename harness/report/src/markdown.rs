//! For issues, release notes and the summary of a CI job: GitHub-flavoured Markdown.

use std::io::{self, Write};

use proofmark_replay::{CaseResult, Collector, Event, Finding, RunResult, Severity, Sink};

use crate::cell::{Matrix, totals_in_words};
use crate::failure::{advice, bad_steps, finding, labelled};

/// Markdown.
pub(crate) struct Markdown<'a> {
    out: &'a mut dyn Write,
    collector: Collector,
}

impl<'a> Markdown<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl Sink for Markdown<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.collector.take(event);
        if matches!(event, Event::RunFinished { .. }) {
            self.out.write_all(whole(self.collector.result()).as_bytes())?;
            self.out.flush()?;
        }
        Ok(())
    }
}

fn whole(run: &RunResult) -> String {
    let mut out = format!("## Proofmark: {}\n\n", totals_in_words(run));
    if !run.cases.is_empty() {
        matrix(run, &mut out);
    }
    for result in run.cases.iter().filter(|result| result.conclusion.verdict.is_bad()) {
        bad(run, result, &mut out);
    }
    let found: Vec<_> = run.inspections.iter().flat_map(|inspection| &inspection.findings).collect();
    if !found.is_empty() {
        findings(&found, &mut out);
    }
    for inspection in &run.inspections {
        if let Some(why) = &inspection.inner_error {
            out.push_str(&format!("**Inner error** in `{}`: {}\n\n", inspection.scenario, inline(why)));
        }
    }
    out.push_str(&format!("<sub>Proofmark {}, seed {}</sub>\n", env!("CARGO_PKG_VERSION"), run.seed));
    out
}

fn matrix(run: &RunResult, out: &mut String) {
    let matrix = Matrix::of(run);
    let heads: Vec<_> = run.targets.iter().map(|target| inline(target)).collect();
    out.push_str(&format!("| scenario | {} |\n|---|{}\n", heads.join(" | "), ":-:|".repeat(heads.len())));
    for (id, cells) in &matrix.rows {
        let title = run.about(id).map_or_else(String::new, |about| inline(&about.title));
        let signs: Vec<_> = cells.iter().map(|cell| cell.map_or(' ', crate::cell::Cell::sign).to_string()).collect();
        out.push_str(&format!("| `{id}` {title} | {} |\n", signs.join(" | ")));
    }
    let legend: Vec<_> = matrix.legend().map(|cell| format!("{} {}", cell.sign(), cell.in_words())).collect();
    out.push_str(&format!("\n{}\n\n", legend.join("; ")));
}

fn bad(run: &RunResult, result: &CaseResult, out: &mut String) {
    let verdict = result.conclusion.verdict.in_words();
    let reason = result.conclusion.reason.as_deref().unwrap_or_default();
    let head = format!("<code>{}</code> on {}: {verdict}", html(&result.case.name()), html(&result.case.target));
    out.push_str(&format!("<details><summary>{head}</summary>\n\n{}\n\n", inline(reason)));
    for step in bad_steps(result) {
        out.push_str(&format!("**{}**\n\n{}\n", inline(&step.title), fenced(&labelled(&step.told, 0))));
    }
    out.push_str(&format!("{}\n</details>\n\n", fenced(&labelled(&advice(run, result), 0))));
}

fn findings(found: &[&Finding], out: &mut String) {
    for finding_ in found {
        let sign = match finding_.severity {
            Severity::Error => "❌",
            Severity::Warning => "⚠️",
            Severity::Note => "ℹ️",
        };
        out.push_str(&format!("- {sign} **{}**", inline(&finding_.message)));
        if let Some(at) = &finding_.location {
            out.push_str(&format!(" (`{}:{}:{}`)", at.file, at.line, at.column));
        }
        out.push('\n');
        for (label, text) in finding(finding_) {
            out.push_str(&format!("  - {label}: {}\n", inline(&text)));
        }
    }
    out.push('\n');
}

/// Text that stands within a line or a table's cell.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Text within an HTML element.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A code block whose fence no line of the text can close.
fn fenced(text: &str) -> String {
    let longest =
        text.lines().map(|line| line.trim_start().chars().take_while(|c| *c == '`').count()).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_out_of_its_place() {
        assert_eq!(inline("a|b\n<c>`d`"), "a\\|b &lt;c&gt;\\`d\\`");
        assert_eq!(fenced("x\n```\ny\n"), "````text\nx\n```\ny\n````\n");
    }
}
