//! Words on standard error: errors, warnings, and the lines of files that they are about.
//!
//! On a terminal findings in files are drawn with their lines; elsewhere each is `severity: file:line:column: reason`, so that logs compare.

use std::error::Error;
use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use proofmark_manifests::{Diagnostic, Severity};

use crate::error::{Exit, ExpectedError};
use crate::terminal::{Snippets, Terminal};

/// One line on standard error.
#[expect(clippy::print_stderr, reason = "the one place where the program speaks to people beside its result")]
pub(crate) fn line(text: impl fmt::Display) {
    eprintln!("{text}");
}

/// One line on standard output, for results that come line by line.
#[expect(clippy::print_stdout, reason = "a release of the storage initializer writes as it goes")]
pub(crate) fn result(text: impl fmt::Display) {
    println!("{text}");
}

/// An error, with its causes and what to do about it.
pub(crate) fn error(error: &ExpectedError, terminal: &Terminal) {
    if let Exit::Other(_) = error.exit() {
        return;
    }
    if let ExpectedError::Manifests(findings) = error {
        return findings.iter().for_each(|finding| diagnostic(finding, terminal));
    }
    if let ExpectedError::BadScenario(problems) = error {
        return problems.iter().for_each(|problem| line(format_args!("error: {problem}")));
    }
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    if let Some(help) = error.help() {
        text.push_str(&format!("\n  help: {help}"));
    }
    line(text);
}

/// A finding about a file.
pub(crate) fn diagnostic(finding: &Diagnostic, terminal: &Terminal) {
    match (&finding.source_text, terminal.snippets()) {
        (Some(_), snippets @ (Snippets::Plain | Snippets::Coloured)) => line(drawn(finding, snippets).trim_end()),
        _ => line(format_args!("{}: {finding}", finding.severity)),
    }
}

fn drawn(finding: &Diagnostic, snippets: Snippets) -> String {
    let theme = match snippets {
        Snippets::Coloured => GraphicalTheme::unicode(),
        Snippets::Plain | Snippets::None => GraphicalTheme::unicode_nocolor(),
    };
    let mut out = String::new();
    match GraphicalReportHandler::new_themed(theme).render_report(&mut out, &Snippet::of(finding)) {
        Ok(()) => out,
        Err(fmt::Error) => format!("{}: {finding}", finding.severity),
    }
}

/// A finding as miette draws it.
#[derive(Debug)]
struct Snippet<'a> {
    finding: &'a Diagnostic,
    source: Option<NamedSource<String>>,
}

impl<'a> Snippet<'a> {
    fn of(finding: &'a Diagnostic) -> Self {
        let source = match (&finding.position, &finding.source_text) {
            (Some(at), Some(text)) => Some(NamedSource::new(at.file.display().to_string(), text.to_string())),
            _ => None,
        };
        Self { finding, source }
    }
}

impl fmt::Display for Snippet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.message)
    }
}

impl Error for Snippet<'_> {}

impl miette::Diagnostic for Snippet<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Note => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.finding.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.finding.position.as_ref()?.span.clone();
        Some(Box::new(std::iter::once(LabeledSpan::underline(span))))
    }
}

#[cfg(test)]
mod tests {
    use proofmark_manifests::{Source, load};

    use super::*;

    #[test]
    fn a_snippet_shows_the_line_and_the_help() {
        let broken = "apiVersion: v1\nkind: ConfigMap\nkind: Secret\nmetadata: {name: a}\n";
        let findings = load(&[Source::Stdin(broken.to_owned())]).expect_err("a key stands twice");
        insta::assert_snapshot!("snippet", drawn(&findings[0], Snippets::Plain));
    }
}
