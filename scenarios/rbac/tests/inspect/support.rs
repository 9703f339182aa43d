//! From manifests to lines that can be compared.

use std::path::Path;

use proofmark_manifests::{ManifestSet, Source, load};
use proofmark_replay::{Event, Finding, Severity, check};
use proofmark_scenarios_rbac::scenarios;

/// Reads sources; what cannot be read fails the test.
pub(crate) fn read(sources: &[Source]) -> ManifestSet {
    load(sources).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// Everything that the family finds, in the order of the catalogue.
pub(crate) fn findings(manifests: &ManifestSet) -> Vec<Finding> {
    let result = check(&scenarios(), manifests, &mut |_: &Event| Ok(())).expect("a sink that takes everything");
    let broken: Vec<_> = result.inspections.iter().filter_map(|inspection| inspection.inner_error.as_ref()).collect();
    assert!(broken.is_empty(), "{broken:?}");
    result.inspections.into_iter().flat_map(|inspection| inspection.findings).collect()
}

/// Findings as a report shows them, paths below `root`.
pub(crate) fn told(findings: &[Finding], root: &Path) -> String {
    let one = |finding: &Finding| {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let location = finding.location.as_ref().map(|at| {
            let file = Path::new(&at.file);
            format!("{}:{}:{}", file.strip_prefix(root).unwrap_or(file).display(), at.line, at.column)
        });
        let missing = finding.missing.as_ref().map_or_else(String::new, |missing| {
            format!("\n  missing: {} in {}: {}", missing.resource, missing.role, missing.verbs.join(" "))
        });
        format!(
            "{severity} {} ({})\n  at {}\n  {}{missing}\n  help: {}",
            finding.id,
            finding.scenario,
            location.unwrap_or_default(),
            finding.message,
            finding.help.replace('\n', "\n    ")
        )
    };
    match findings {
        [] => "nothing".to_owned(),
        findings => findings.iter().map(one).collect::<Vec<_>>().join("\n"),
    }
}

/// Findings in short: severity, id and what they are about.
pub(crate) fn short(findings: &[Finding]) -> Vec<String> {
    let about = |finding: &Finding| match &finding.missing {
        Some(missing) => format!("{} in {}", missing.resource, missing.role),
        None => finding.message.clone(),
    };
    findings.iter().map(|finding| format!("{:?} {} {}", finding.severity, finding.id, about(finding))).collect()
}
