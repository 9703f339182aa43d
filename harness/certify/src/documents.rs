//! The documents of a bundle that people read.

use proofmark_replay::{Phase, RunResult, StepVerdict, Verdict};

use crate::environment::{Subject, Tool};
use crate::report::{ConformanceReport, LevelReport};

/// `README.md`: what this is, how it came out, how to check it and how to repeat it.
pub(crate) fn readme(report: &ConformanceReport, subject: &Subject, tool: &Tool, again: &str) -> String {
    let implementation = &report.implementation;
    let name = match (implementation.project.as_str(), implementation.version.as_str()) {
        ("", _) => subject.name.clone(),
        (project, "") => project.to_owned(),
        (project, version) => format!("{project} {version}"),
    };
    let mut text = format!("# Conformance of {name}\n\n");
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
    text.push_str(
        "\n| profile | level | result | passed | failed | skipped | not applicable |\n|---|---|---|---|---|---|---|\n",
    );
    for profile in &report.profiles {
        let levels = [("core", Some(&profile.core)), ("extended", profile.extended.as_ref())];
        for (level, of) in levels.into_iter().filter_map(|(level, of)| Some((level, of?))) {
            let counted = of.statistics;
            text.push_str(&format!(
                "| {} | {level} | {} | {} | {} | {} | {} |\n",
                profile.name,
                of.result.name(),
                counted.passed,
                counted.failed,
                counted.skipped,
                counted.not_applicable
            ));
        }
    }
    text.push_str(
        "\nA level is a *success* when everything that applies was tested and holds, *partial* when something was not tested or nothing applies, and a \
         *failure* otherwise.\n\n## Not passed\n\n",
    );
    let levels = report.profiles.iter().flat_map(|profile| std::iter::once(&profile.core).chain(&profile.extended));
    let open: Vec<_> =
        levels.flat_map(|level: &LevelReport| &level.tests).filter(|test| test.result != "passed").collect();
    for test in &open {
        text.push_str(&format!("- `{}`: {}\n", test.name, test.result));
    }
    if open.is_empty() {
        text.push_str("Nothing.\n");
    }
    text.push_str(&format!(
        "\n## Check it\n\n```sh\nproofmark verify .\ncosign verify-blob --key key.pub --signature bundle.json.sig bundle.json   # where it is signed\n```\n\n\
         ## Repeat it\n\n```sh\n{again}\n```\n\n\
         The digest in `bundle.json` covers the result: `report.yaml`, `environment.yaml`, `catalogue.json`, `evidence.md` and this file. It is the same\n\
         whenever the same program looks at the same distribution. What differs from time to time (the date, the name of the run, uids, versions of objects) \
         stands in `record/`;\nthe signature covers both. `record/evidence.json` has every request and answer, without secrets.\n"
    ));
    text
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
    text.push_str("## Result\n\n");
    for profile in &report.profiles {
        text.push_str(&format!("- {}: {}\n", profile.name, profile.summary));
    }
    text
}
