//! The documents of a bundle that people read.

use std::collections::BTreeMap;

use proofmark_replay::{Phase, RunResult, StepVerdict, Verdict};
use proofmark_report::{Cover, Grade};

use crate::environment::{Subject, Tool};
use crate::report::{ConformanceReport, LevelReport, ProfileReport, Statistics};

/// `README.md`: what this is, how it came out, how to check it and how to repeat it.
pub(crate) fn readme(report: &ConformanceReport, subject: &Subject, tool: &Tool, again: &str) -> String {
    let implementation = &report.implementation;
    let mut text = format!("# {}\n\n", title(report, subject));
    for (label, value) in [
        ("Organization", implementation.organization.as_str()),
        ("Project", &implementation.url),
        ("Certified", &format!("{} ({})", subject.name, subject.kind)),
        ("By", &format!("{} {}", tool.name, tool.version)),
    ] {
        if !value.is_empty() {
            text.push_str(&format!("- {label}: {value}\n"));
        }
    }
    text.push_str(&grades(report));
    text.push_str(
        "\nA level is a *success* when everything that applies was tested and holds, *partial* when something was not tested or nothing applies, and a \
         *failure* otherwise.\n\n## Not passed\n\n",
    );
    let tests = report.levels().flat_map(|(_, _, level)| &level.tests);
    let open = tests.filter(|test| !matches!(test.result.as_str(), "passed" | "not applicable"));
    // One that counts for several profiles is told once.
    let open: BTreeMap<&str, &str> = open.map(|test| (test.name.as_str(), test.result.as_str())).collect();
    for (name, result) in &open {
        text.push_str(&format!("- `{name}`: {result}\n"));
    }
    if open.is_empty() {
        text.push_str("Nothing.\n");
    }
    text.push_str(&format!(
        "\n## Check it\n\n```sh\nproofmark verify .\ncosign verify-blob --key key.pub --signature bundle.json.sig bundle.json   # where it is signed\n```\n\n\
         `verify` holds every file against `bundle.json`, and what `report.yaml` says against the evidence. It needs no network.\n\n\
         ## Repeat it\n\n```sh\n{again}\n```\n\n\
         ## What is here\n\n| file | what it is |\n|---|---|\n\
         | `report.yaml` | the conformance report |\n\
         | `evidence.md`, `robust_controller.yaml` | what speaks for that requirement of CNCF's AI conformance, and its entry for a `PRODUCT.yaml` |\n\
         | `environment.yaml` | what was certified and by what: digests of objects, of the catalogue and of the program |\n\
         | `catalogue.json` | the scenarios |\n\
         | `sonobuoy_results.yaml` | the same result as a plugin of Sonobuoy hands it in (`result-format: manual`) |\n\
         | `record/report.html` | every step, request, answer and decision, for a browser |\n\
         | `record/evidence.json`, `record/junit.xml` | the same for programs |\n\
         | `record/run.yaml` | when, and as what run |\n\n\
         The digest in `bundle.json` covers all but `record/`. It is the same whenever the same program looks at the same distribution; what differs from time to \
         time\n(dates, the name of the run, uids, versions of objects) stands in `record/`. The signature covers both. Nothing here holds a secret.\n"
    ));
    text
}

/// How each level came out, as a table.
pub(crate) fn grades(report: &ConformanceReport) -> String {
    let mut text =
        "\n| profile | level | result | passed | failed | skipped | not applicable |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for (profile, level, of) in report.levels() {
        let Statistics { passed, failed, skipped, not_applicable } = of.statistics;
        let (name, result) = (&profile.name, of.result.name());
        text.push_str(&format!(
            "| {name} | {level} | {result} | {passed} | {failed} | {skipped} | {not_applicable} |\n"
        ));
    }
    text
}

/// `Conformance of Example 1.2`
pub(crate) fn title(report: &ConformanceReport, subject: &Subject) -> String {
    let name = match (report.implementation.project.as_str(), report.implementation.version.as_str()) {
        ("", _) => subject.name.clone(),
        (project, "") => project.to_owned(),
        (project, version) => format!("{project} {version}"),
    };
    format!("Conformance of {name}")
}

/// `evidence.md`: what speaks for the requirement `robust_controller` of CNCF's AI conformance: that the operator is installed, its webhooks answer, and its
/// custom resources work.
pub(crate) fn evidence(report: &ConformanceReport, result: &RunResult, subject: &Subject) -> String {
    let mut text = String::from("# Evidence for `robust_controller`\n\n");
    text.push_str(
        "At least one complex AI operator with a CustomResourceDefinition is installed and works reliably.\n\n",
    );
    text.push_str(&format!("Observed on {} ({}).\n\n", subject.name, subject.kind));
    if subject.kind != "cluster" {
        text.push_str("This was played on an API server embedded in Proofmark, without pods. A submission needs what is observed on a cluster.\n\n");
    }
    text.push_str("## Kinds of the operator\n\n");
    let kinds: Vec<_> =
        subject.objects.keys().filter_map(|name| name.strip_prefix("CustomResourceDefinition/")).collect();
    let own = kinds.iter().filter(|name| name.ends_with(".kserve.io") || name.ends_with(".kubeflow.org"));
    own.for_each(|name| text.push_str(&format!("- {name}\n")));
    if kinds.is_empty() {
        text.push_str("None was found.\n");
    }
    text.push_str("\n## Admission\n\n");
    let hooks = subject.admission.iter().filter(|name| name.contains("kserve") || name.contains("kubeflow"));
    let hooks: Vec<_> = hooks.map(|name| format!("- {name}\n")).collect();
    text.push_str(&if hooks.is_empty() {
        "No webhook of the operator was registered.\n".to_owned()
    } else {
        hooks.concat()
    });
    text.push_str("\n## What was tried\n\n");
    for about in &result.scenarios {
        let cases = result.cases.iter().filter(|played| played.case.scenario == about.id);
        for played in cases.filter(|played| played.conclusion.verdict != Verdict::NotApplicable) {
            text.push_str(&format!(
                "### {}: {}\n\n{}\n\n",
                played.case.name(),
                played.conclusion.verdict.in_words(),
                about.title
            ));
            let verified = played.phases.iter().filter(|phase| matches!(phase.phase, Phase::Verify | Phase::Guard));
            for step in verified.flat_map(|phase| &phase.steps) {
                let sign = if step.verdict == StepVerdict::AsExpected { 'x' } else { ' ' };
                text.push_str(&format!("- [{sign}] {}\n", step.title));
            }
            text.push('\n');
        }
    }
    text.push_str(&results(report));
    text
}

/// The end of `evidence.md`.
pub(crate) fn results(report: &ConformanceReport) -> String {
    let lines = report.profiles.iter().map(|profile| format!("- {}: {}\n", profile.name, profile.summary));
    format!("## Result\n\n{}", lines.collect::<String>())
}

/// What stands above `record/report.html`.
pub(crate) fn cover(
    report: &ConformanceReport,
    subject: &Subject,
    tool: &Tool,
    record: &BTreeMap<String, String>,
) -> Cover {
    let implementation = &report.implementation;
    let facts = [
        ("Organization", implementation.organization.clone()),
        ("Project", implementation.url.clone()),
        ("Certified", format!("{} ({})", subject.name, subject.kind)),
        ("By", format!("{} {}", tool.name, tool.version)),
        ("Date", record.get("date").cloned().unwrap_or_default()),
        ("Contact", implementation.contact.join(", ")),
    ];
    let grade = |(profile, level, of): (&ProfileReport, &str, &LevelReport)| Grade {
        profile: profile.name.clone(),
        level: level.to_owned(),
        outcome: of.result.name().to_owned(),
        counts: of.statistics.to_string(),
    };
    Cover {
        title: title(report, subject),
        facts: facts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(l, value)| (l.to_owned(), value))
            .collect(),
        grades: report.levels().map(grade).collect(),
    }
}
