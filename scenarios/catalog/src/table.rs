//! The catalogue as a page: what there is, and which release has what.

use std::fmt::Write as _;

use proofmark_kserve::Release;
use proofmark_replay::{Expected, Scenario, Target};

use crate::all;

/// Every scenario by family, each with its issues and a column for each minor release of KServe, as Markdown: `R` it reproduces, `.` it does not,
/// empty where it has no meaning. A minor release stands for its last patch release, unless an earlier one differs: then both signs stand there.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "# Catalogue\n\nWritten by `cargo run -p proofmark-catalog --example catalogue`; a test holds it against the scenarios.\n\n\
         `R`: the release has the failure. `.`: it does not, and the scenario proves that. Empty: the scenario has no meaning there. `R/.`: patch releases \
         differ.\n",
    );
    let minors = minors();
    let mut family = String::new();
    for scenario in all() {
        if scenario.about().family != family {
            family.clone_from(&scenario.about().family);
            let columns: Vec<&str> = minors.iter().map(|(minor, _)| minor.as_str()).collect();
            let _ = write!(
                page,
                "\n## {family}\n\n| scenario | what happens | {} | upstream |\n|---|---|{}---|\n",
                columns.join(" | "),
                "---|".repeat(columns.len()),
            );
        }
        let about = scenario.about();
        let signs: Vec<String> = minors.iter().map(|(_, releases)| sign(&scenario, releases)).collect();
        let links: Vec<String> = about.links.iter().map(|link| format!("[{}]({})", link.title, link.url)).collect();
        let _ = writeln!(page, "| `{}` | {} | {} | {} |", about.id, about.title, signs.join(" | "), links.join(", "));
    }
    page
}

/// Minor releases with their patch releases, oldest first.
fn minors() -> Vec<(String, Vec<Release>)> {
    let mut minors: Vec<(String, Vec<Release>)> = Vec::new();
    for release in Release::matrix() {
        let minor = release.version().rsplit_once('.').map_or(release.version(), |(minor, _)| minor);
        match minors.last_mut() {
            Some((last, releases)) if last == minor => releases.push(release),
            _ => minors.push((minor.to_owned(), vec![release])),
        }
    }
    minors
}

fn sign(scenario: &Scenario, releases: &[Release]) -> String {
    let mut signs: Vec<&str> = releases
        .iter()
        .map(|release| match scenario.expected(&Target::kserve(*release)) {
            Expected::Reproduces => "R",
            Expected::Absent => ".",
            Expected::NotApplicable { .. } => "",
        })
        .collect();
    signs.dedup();
    signs.join("/")
}
