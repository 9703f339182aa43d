//! What was found in manifests, in the shape that compilers have made familiar.

use proofmark_replay::{Finding, Inspection, RunResult, Severity};

use crate::failure::{finding, labelled};
use crate::{Options, Styles};

pub(super) fn list(run: &RunResult, options: &Options, out: &mut String) {
    for inspection in &run.inspections {
        for found in &inspection.findings {
            if !options.quiet || found.severity == Severity::Error {
                tell(found, options.styles, out);
            }
        }
        clean_or_broken(run, inspection, options, out);
    }
    if !run.inspections.is_empty() && !out.is_empty() && !out.ends_with("\n\n") {
        out.push('\n');
    }
}

fn tell(found: &Finding, styles: Styles, out: &mut String) {
    let style = match found.severity {
        Severity::Error => styles.bad,
        Severity::Warning => styles.doubtful,
        Severity::Note => styles.quiet,
    };
    let head = format!("{}[{}]", in_words(found.severity), found.id);
    out.push_str(&format!("{}: {}\n", Styles::paint(style, head), Styles::paint(styles.heading, &found.message)));
    if let Some(at) = &found.location {
        out.push_str(&format!("  --> {}:{}:{}\n", at.file, at.line, at.column));
    }
    out.push_str(&labelled(&finding(found), 2));
    out.push('\n');
}

fn clean_or_broken(run: &RunResult, inspection: &Inspection, options: &Options, out: &mut String) {
    let styles = options.styles;
    if let Some(why) = &inspection.inner_error {
        out.push_str(&format!("{} {}: {why}\n", Styles::paint(styles.bad, "! inner error in"), inspection.scenario));
    } else if inspection.findings.is_empty() && !options.quiet {
        let title = run.about(&inspection.scenario).map_or("", |about| about.title.as_str());
        out.push_str(&format!(
            "{} {}: nothing found {}\n",
            Styles::paint(styles.good, '✓'),
            inspection.scenario,
            Styles::paint(styles.quiet, format!("({title})"))
        ));
    }
}

pub(crate) fn in_words(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
