//! The result in the forms that others hand in: an entry of CNCF's AI conformance, and the results of a Sonobuoy plugin.

use serde::Serialize;

use crate::environment::Subject;
use crate::report::{ConformanceReport, LevelReport, Outcome, TestResult};

/// An entry below `spec.operator` of a `PRODUCT.yaml`.
///
/// Source: cncf/k8s-ai-conformance, `docs/AIConformance-1.37.yaml`.
#[derive(Serialize)]
struct Requirement {
    id: &'static str,
    level: &'static str,
    status: &'static str,
    evidence: Vec<&'static str>,
    notes: String,
}

/// The entry for the requirement `robust_controller`. Only what succeeded on a cluster is called implemented; everything else is left to whoever submits.
pub(crate) fn robust_controller(report: &ConformanceReport, subject: &Subject) -> impl Serialize {
    let outcomes: Vec<_> =
        report.profiles.iter().map(|profile| format!("{} {}", profile.name, profile.core.result.name())).collect();
    let mut notes = format!("Proofmark on {}: {}.", subject.name, outcomes.join(", "));
    let on_cluster = subject.kind == "cluster";
    if !on_cluster {
        notes.push_str(" Played on an embedded API server; a submission needs what is observed on a cluster.");
    }
    let implemented = on_cluster && report.outcome() == Outcome::Success;
    vec![Requirement {
        id: "robust_controller",
        level: "MUST",
        status: if implemented { "Implemented" } else { "" },
        evidence: vec!["file://evidence.md", "file://report.yaml", "file://record/junit.xml"],
        notes,
    }]
}

/// A node of Sonobuoy's results.
///
/// Source: vmware-tanzu/sonobuoy, `pkg/client/results`, type `Item`.
#[derive(Serialize)]
pub(crate) struct Item {
    name: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<Item>,
}

/// The results of a plugin whose `result-format` is `manual`.
pub(crate) fn sonobuoy(report: &ConformanceReport) -> Item {
    let test = |test: &TestResult| Item {
        name: test.name.clone(),
        status: match test.result.as_str() {
            "passed" => "passed",
            "failed" => "failed",
            _ => "skipped",
        },
        items: Vec::new(),
    };
    let level = |name: &str, level: &LevelReport| Item {
        name: name.to_owned(),
        status: status(level.result),
        items: level.tests.iter().map(test).collect(),
    };
    let profile = |profile: &crate::report::ProfileReport| {
        let extended = profile.extended.as_ref().map(|extended| level("extended", extended));
        let items = std::iter::once(level("core", &profile.core)).chain(extended).collect();
        Item { name: profile.name.clone(), status: status(profile.core.result), items }
    };
    let items = report.profiles.iter().map(profile).collect();
    Item { name: "proofmark".to_owned(), status: status(report.outcome()), items }
}

/// What was not tested in full has not passed.
fn status(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "passed",
        Outcome::Partial => "unknown",
        Outcome::Failure => "failed",
    }
}
