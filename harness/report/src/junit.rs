//! For CI servers: a suite for each scenario, a test case for each case and each finding. Times are those of the simulated clock.

use std::io::{self, Write};
use std::time::Duration;

use proofmark_replay::{CaseResult, Collector, Event, Finding, Inspection, RunResult, Severity, Sink, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::failure::{as_text, finding, labelled};

/// JUnit XML.
pub(crate) struct JUnit<'a> {
    out: &'a mut dyn Write,
    collector: Collector,
}

impl<'a> JUnit<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl Sink for JUnit<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.collector.take(event);
        if matches!(event, Event::RunFinished { .. }) {
            report(self.collector.result()).serialize(&mut *self.out).map_err(io::Error::other)?;
            self.out.flush()?;
        }
        Ok(())
    }
}

fn report(run: &RunResult) -> Report {
    let mut report = Report::new("proofmark");
    for about in &run.scenarios {
        let mut suite = TestSuite::new(about.id.as_str());
        for result in run.cases.iter().filter(|result| result.case.scenario == about.id) {
            suite.add_test_case(case(run, result));
        }
        for inspection in run.inspections.iter().filter(|inspection| inspection.scenario == about.id) {
            suite.add_test_cases(inspected(inspection));
        }
        if suite.tests > 0 {
            report.add_test_suite(suite);
        }
    }
    report
}

fn case(run: &RunResult, result: &CaseResult) -> TestCase {
    let reason = result.conclusion.reason.clone().unwrap_or_default();
    let bad = |kind| {
        let mut status = TestCaseStatus::non_success(kind);
        status
            .set_type(result.conclusion.verdict.in_words())
            .set_message(reason.clone())
            .set_description(as_text(run, result));
        status
    };
    let status = match result.conclusion.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed | Verdict::DidNotReproduce => bad(NonSuccessKind::Failure),
        Verdict::InnerError => bad(NonSuccessKind::Error),
        Verdict::NotApplicable | Verdict::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason);
            status
        }
    };
    let mut case = TestCase::new(format!("{} on {}", result.case.name(), result.case.target), status);
    case.set_classname(format!("proofmark.{}", result.case.scenario))
        .set_time(Duration::from_millis(result.conclusion.simulated_ms));
    case
}

fn inspected(inspection: &Inspection) -> Vec<TestCase> {
    let classname = format!("proofmark.{}", inspection.scenario);
    let named = |name: &str, status: TestCaseStatus| {
        let mut case = TestCase::new(name, status);
        case.set_classname(classname.as_str()).set_time(Duration::ZERO);
        case
    };
    if let Some(why) = &inspection.inner_error {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("inner error").set_message(why.as_str());
        return vec![named("manifests", status)];
    }
    if inspection.findings.is_empty() {
        return vec![named("manifests", TestCaseStatus::success())];
    }
    inspection.findings.iter().map(|finding| found(finding, &named)).collect()
}

fn found(found: &Finding, named: &dyn Fn(&str, TestCaseStatus) -> TestCase) -> TestCase {
    let place =
        found.location.as_ref().map_or_else(String::new, |at| format!("{}:{}:{}\n", at.file, at.line, at.column));
    let told = format!("{}\n{place}{}", found.message, labelled(&finding(found), 0));
    let mut case = match found.severity {
        Severity::Error => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(found.id.as_str()).set_message(found.message.as_str()).set_description(told);
            named(&found.message, status)
        }
        Severity::Warning | Severity::Note => {
            let mut case = named(&found.message, TestCaseStatus::success());
            case.set_system_out(told);
            case
        }
    };
    if let Some(at) = &found.location {
        case.extra.insert("file".into(), at.file.as_str().into());
        case.extra.insert("line".into(), at.line.to_string().into());
    }
    case
}
