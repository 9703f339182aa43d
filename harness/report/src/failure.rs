//! What a failure tells, as labelled lines that every output lays out in its own way.

use proofmark_env::Body;
use proofmark_json::Value;
use proofmark_replay::{CaseResult, Difference, Evidence, Finding, RunResult, StepResult, StepVerdict, Verdict};

/// How many characters of a body a report for people shows.
const SHOWN: usize = 1500;

/// A label and what it says; what it says may have several lines.
pub(crate) type Told = (&'static str, String);

/// A step that was not as expected, in full.
pub(crate) struct ToldStep {
    /// `verify: the editor sees it`
    pub(crate) title: String,
    /// Everything about it.
    pub(crate) told: Vec<Told>,
}

/// The steps of a case that were not as expected.
pub(crate) fn bad_steps(result: &CaseResult) -> Vec<ToldStep> {
    let mut told = Vec::new();
    for phase in &result.phases {
        let bad = phase.steps.iter().filter(|step| step.verdict != StepVerdict::AsExpected);
        told.extend(bad.map(|step| ToldStep { title: format!("{}: {}", phase.phase, step.title), told: tell(step) }));
    }
    told
}

fn tell(step: &StepResult) -> Vec<Told> {
    let mut told = vec![("as", step.identity.clone()), ("did", step.action.clone())];
    let expected = step.expected.join("\n");
    match step.should_be_missing {
        true => told.push(("expected", format!("on this release NOT that it\n{expected}"))),
        false => told.push(("expected", expected)),
    }
    told.push(("found", step.found.clone()));
    if let Some(text) = step.text.as_ref().filter(|text| **text != step.found) {
        told.push(("output", text.clone()));
    }
    if !step.differences.is_empty() {
        told.push(("differs", step.differences.iter().map(difference).collect::<Vec<_>>().join("\n")));
    }
    if step.history.len() > 1 {
        let taken: Vec<_> =
            step.history.iter().map(|taken| format!("{:>8} ms  {}", taken.at_ms, taken.found)).collect();
        told.push(("took", taken.join("\n")));
    }
    if let Some(evidence) = step.evidence.last() {
        told.extend(exchange(evidence));
    }
    told
}

fn difference(difference: &Difference) -> String {
    let path = if difference.path.is_empty() { "(whole)" } else { &difference.path };
    format!("{path}: expected {}, found {}", shown(difference.expected.as_ref()), shown(difference.found.as_ref()))
}

/// A value at a place of a document.
pub(crate) fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| clipped(&value.to_string()))
}

fn exchange(evidence: &Evidence) -> Vec<Told> {
    let line = |head: String, content: &Body| match body(content) {
        Some(content) => format!("{head}\n{content}"),
        None => head,
    };
    let mut told = vec![
        ("request", line(format!("{} {}", evidence.request.method, evidence.request.path), &evidence.request.body)),
        ("response", line(evidence.response.status.to_string(), &evidence.response.body)),
    ];
    told.extend(decision(evidence).map(|words| ("decision", words)));
    told
}

/// The authorizer's decision in words.
pub(crate) fn decision(evidence: &Evidence) -> Option<String> {
    evidence.decision.as_ref().map(|decision| decision.explanation.clone())
}

fn body(body: &Body) -> Option<String> {
    match body {
        Body::Empty => None,
        Body::Json(value) => Some(clipped(&value.to_string())),
        Body::Text(text) => Some(clipped(text)),
        Body::Omitted(bytes) => Some(format!("({bytes} bytes, not shown)")),
        Body::Stream => Some("(a stream)".to_owned()),
    }
}

fn clipped(text: &str) -> String {
    clip(text, SHOWN)
}

/// At most so many characters of a text, and how many were left out.
pub(crate) fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => {
            format!("{}... ({} more characters; the json format has all)", &text[..at], text[at..].chars().count())
        }
    }
}

/// What to read and do about a bad case. What the harness did wrong is no affair of the upstream issue.
pub(crate) fn advice(run: &RunResult, result: &CaseResult) -> Vec<Told> {
    let mut told = Vec::new();
    let about = run.about(&result.case.scenario).filter(|_| result.conclusion.verdict != Verdict::InnerError);
    if let Some(about) = about {
        if !about.links.is_empty() {
            told.push((
                "upstream",
                about.links.iter().map(|link| format!("{} {}", link.title, link.url)).collect::<Vec<_>>().join("\n"),
            ));
        }
        if !about.fix.is_empty() {
            told.push(("fix", about.fix.clone()));
        }
    }
    told.push(("again", result.case.rerun.clone()));
    told
}

/// Everything about a finding beside its message and place.
pub(crate) fn finding(finding: &Finding) -> Vec<Told> {
    let mut told = Vec::new();
    if let Some(missing) = &finding.missing {
        told.push(("missing", format!("{} in role {}: {}", missing.resource, missing.role, missing.verbs.join(", "))));
    }
    if !finding.help.is_empty() {
        told.push(("help", finding.help.clone()));
    }
    if !finding.links.is_empty() {
        told.push((
            "see",
            finding.links.iter().map(|link| format!("{} {}", link.title, link.url)).collect::<Vec<_>>().join("\n"),
        ));
    }
    told
}

/// One failed case as plain text: what JUnit and annotations carry.
pub(crate) fn as_text(run: &RunResult, result: &CaseResult) -> String {
    let mut out = String::new();
    for step in bad_steps(result) {
        out.push_str(&step.title);
        out.push('\n');
        out.push_str(&labelled(&step.told, 2));
    }
    out.push_str(&labelled(&advice(run, result), 0));
    out
}

/// Labelled lines, labels in a column.
pub(crate) fn labelled(told: &[Told], indent: usize) -> String {
    let mut out = String::new();
    for (label, text) in told {
        for (number, line) in text.lines().enumerate() {
            let label = if number == 0 { label } else { "" };
            out.push_str(format!("{:indent$}{label:<9} {line}", "").trim_end());
            out.push('\n');
        }
    }
    out
}
