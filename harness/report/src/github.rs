//! For GitHub Actions: annotations by workflow commands on standard output, and the step's summary in Markdown.
//!
//! Source of the syntax and its escapes: docs.github.com, "Workflow commands for GitHub Actions", and actions/toolkit, `core/src/command.ts`.

use std::io::{self, Write};

use proofmark_replay::{CaseResult, Collector, Event, Finding, RunResult, Severity, Sink};

use crate::cell::totals_in_words;
use crate::failure::{advice, finding, labelled};
use crate::markdown::Markdown;

/// Annotations.
pub(crate) struct Github<'a> {
    out: &'a mut dyn Write,
    collector: Collector,
}

impl<'a> Github<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl Sink for Github<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.collector.take(event);
        if matches!(event, Event::RunFinished { .. }) {
            self.out.write_all(commands(self.collector.result()).as_bytes())?;
            self.out.flush()?;
        }
        Ok(())
    }
}

/// The step's summary: write it to the file that `GITHUB_STEP_SUMMARY` names.
pub struct GithubSummary<'a>(Markdown<'a>);

impl<'a> GithubSummary<'a> {
    /// A summary written to `out` at the end of the run.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self(Markdown::new(out))
    }
}

impl Sink for GithubSummary<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.0.event(event)
    }
}

fn commands(run: &RunResult) -> String {
    let mut out = String::new();
    for result in run.cases.iter().filter(|result| result.conclusion.verdict.is_bad()) {
        out.push_str(&bad(run, result));
    }
    for inspection in &run.inspections {
        inspection.findings.iter().for_each(|found| out.push_str(&annotation(found)));
        if let Some(why) = &inspection.inner_error {
            out.push_str(&command("error", &[("title", format!("{}: inner error", inspection.scenario))], why));
        }
    }
    out.push_str(&command("notice", &[("title", "Proofmark".to_owned())], &totals_in_words(run)));
    out
}

fn bad(run: &RunResult, result: &CaseResult) -> String {
    let title = format!("{} on {}: {}", result.case.name(), result.case.target, result.conclusion.verdict.in_words());
    let reason = result.conclusion.reason.as_deref().unwrap_or_default();
    command("error", &[("title", title)], &format!("{reason}\n{}", labelled(&advice(run, result), 0)))
}

fn annotation(found: &Finding) -> String {
    let name = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(at) = &found.location {
        properties.extend([("file", at.file.clone()), ("line", at.line.to_string()), ("col", at.column.to_string())]);
    }
    properties.push(("title", found.id.clone()));
    command(name, &properties, &format!("{}\n{}", found.message, labelled(&finding(found), 0)))
}

fn command(name: &str, properties: &[(&str, String)], message: &str) -> String {
    let properties: Vec<_> =
        properties.iter().map(|(key, value)| format!("{key}={}", escaped_property(value))).collect();
    format!("::{name} {}::{}\n", properties.join(","), escaped(message.trim_end()))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_one_line_whatever_they_carry() {
        let line = command("error", &[("file", "a,b:c".to_owned())], "100%\nof: it,\r\n");
        assert_eq!(line, "::error file=a%2Cb%3Ac::100%25%0Aof: it,\n");
    }
}
